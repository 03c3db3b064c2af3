# shellcheck shell=sh
# What the scripts of the paper's experiments share: trainings and games that
# can be stopped (Ctrl-C, TERM, HUP) and gone on with, and how fast they go.

: "${MFRL:=build/release/mfrl-dist}"
: "${MPIRUN:=mpirun --oversubscribe --bind-to none}"
: "${NP:=$(nproc)}"
: "${QUICK:=}"

say() { # TEXT
    echo "$(date +%T) $*"
}

from_json() { # RUN_DIR KEY
    sed -nE "s/^\s*\"$2\":\s*\"?([^\",]*).*/\1/p" "$1/run.json" 2>/dev/null
}

finished() { # RUN_DIR ROUNDS
    [ "$(from_json "$1" state)" = finished ] &&
        [ "$(from_json "$1" rounds)" -ge "$2" ]
}

stopping=
trap 'stopping=yes' INT TERM HUP

leave_if_asked() {
    [ "$stopping" ] || return 0
    echo "stopped; the same command goes on"
    exit 0
}

# The exit code of $job.  From a signal on it is asked to stop, by COMMAND, and
# again: a job that is still starting does not hear it.
attend() { # COMMAND...
    while :; do
        code=0
        wait "$job" || code=$?
        kill -0 "$job" 2>/dev/null || return "$code"
        while [ "$stopping" ] && kill -0 "$job" 2>/dev/null; do
            "$@"
            sleep 1
        done
    done
}

fail() { # LOG
    tail -n 3 "$1" >&2
    exit 1
}

# Jobs are in sessions of their own: Ctrl-C comes to the script alone.

# Train, or go on, unless that is finished.
train() { # RUN_DIR ROUNDS CONFIG [KEY=VALUE ...]
    dir=$1
    rounds=$2
    shift 2
    ! finished "$dir" "$rounds" || return 0
    leave_if_asked
    say "training $dir"
    if [ -d "$dir/checkpoints" ]; then
        set -- --resume "$dir" run.rounds="$rounds"
    else
        rm -rf "$dir"
        set -- "$@" run.dir="$dir" run.rounds="$rounds"
    fi
    mkdir -p "$dir"
    # shellcheck disable=SC2086  # MPIRUN is a command with arguments
    setsid $MPIRUN -n "$NP" "$MFRL" train "$@" >>"$dir.log" 2>&1 &
    job=$!
    attend touch "$dir/STOP" || true
    rm -f "$dir/STOP"
    leave_if_asked
    finished "$dir" "$rounds" || fail "$dir.log"
}

# Let policies play; what is stopped begins again.
play() { # LOG ARGS...
    log=$1
    shift
    leave_if_asked
    # shellcheck disable=SC2086
    setsid $MPIRUN -n "$NP" "$MFRL" eval "$@" >"$log" 2>&1 &
    job=$!
    code=0
    attend kill "$job" || code=$?
    leave_if_asked
    [ "$code" -eq 0 ] || fail "$log"
}

# Agent-steps a second on this machine, unless RATE says it: from a few rounds.
measure_rate() { # SCRATCH_DIR ROUNDS CONFIG [KEY=VALUE ...]
    [ -z "${RATE:-}" ] || return 0
    dir=$1
    rounds=$2
    shift 2
    rm -rf "$dir"
    train "$dir" "$rounds" "$@" checkpoint.every=0 eval.every=0
    RATE=$(awk -v n="$(from_json "$dir" agent_steps)" \
        -v s="$(from_json "$dir" wall_s)" \
        'BEGIN { printf "%.3g", n / (s > 0.001 ? s : 0.001) }')
    rm -rf "$dir" "$dir.log"
}
