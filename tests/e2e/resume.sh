#!/bin/sh
# A run that was killed or stopped and goes on is the run that was never
# disturbed: same digests in every round, same metrics, also on other ranks.
#
# Which rank is killed and when is drawn from E2E_SEED (default 1).
. tests/e2e/lib.sh

env=ising # of the cases that follow

SEED=${E2E_SEED:-1}
n_draws=0

draw() { # N: a number from 0 to N - 1, in $drawn
    n_draws=$((n_draws + 1))
    drawn=$(awk -v n="$1" -v s="$SEED" -v k=$n_draws \
        'BEGIN { srand(s * 1000 + k); rand(); print int(n * rand()) }')
}

# ---- cases: a config, an undisturbed run, disturbed ones beside it -------

# begin NAME, the case's config on stdin.
begin() {
    name=$1
    {
        printf '[env]\nname = %s\n' "$env"
        cat
    } >"$SCRATCH/case.ini"
    cat >>"$SCRATCH/case.ini" <<END
[checkpoint]
every = 20
[log]
digest = on
metrics_every = 20
END
    longest=0
    ends=""
}

# Start a run that has no end on RANKS in the background, wait until it has a
# checkpoint and a little longer: $job is mpirun, $dir the directory.
start() { # NAME RANKS ARGS...
    dir=$SCRATCH/$1
    ranks=$2
    shift 2
    start_job train "$SCRATCH/case.ini" run.dir="$dir" run.rounds=1000000000 \
        "$@"
}

restart() { # RANKS: go on with $dir
    ranks=$1
    shift
    start_job train --resume "$dir" run.rounds=1000000000 "$@"
}

start_job() {
    begun=$(readlink "$dir/checkpoints/latest")
    # shellcheck disable=SC2086  # MPIRUN is a command with arguments
    $MPIRUN -n "$ranks" "$MFRL" "$@" >"$LOG" 2>&1 </dev/null &
    job=$!
    for _ in $(seq 1200); do
        [ "$(readlink "$dir/checkpoints/latest")" = "$begun" ] || break
        sleep 0.05
    done
    draw 30
    sleep "0.$((10 + drawn))"
}

gone() { # PID...: all have ended, at most ten seconds from now
    for _ in $(seq 100); do
        any=0
        for pid; do
            ! kill -0 "$pid" 2>/dev/null || any=1
        done
        [ $any -eq 1 ] || return 0
        sleep 0.1
    done
    return 1
}

# What Open MPI leaves behind of a job that is killed: its shared memory, and
# its directory if it was mpirun that was killed.
leftovers() {
    for pid in $pids; do
        grep -o '/dev/shm/vader.*' "/proc/$pid/maps"
    done | sort -u
    find "${TMPDIR:-/tmp}" -maxdepth 2 -path "*/ompi.*/pid.$job" 2>/dev/null
}

# disturb SIGNAL WHOM CODE: send it to mpirun ("job") or to a rank that is
# drawn ("rank"); true if mpirun's exit code then is CODE and no rank is left.
disturb() {
    pids=$(pgrep -P "$job")
    left=$(leftovers)
    to=$job
    if [ "$2" = rank ]; then
        draw "$(echo "$pids" | wc -l)"
        to=$(echo "$pids" | sed -n "$((drawn + 1))p")
    fi
    kill -s "$1" "$to"
    code=0
    wait "$job" 2>/dev/null || code=$?
    [ "$code" -eq "$3" ] || echo "mpirun: exit code $code, not $3" >>"$LOG"
    # shellcheck disable=SC2086  # lists
    [ "$code" -eq "$3" ] && gone $pids && rm -rf $left
}

state_is() { # STATE
    [ "$(json_get "$dir/run.json" state)" = "$1" ]
}

round_of_latest() {
    json_get "$dir/checkpoints/latest/manifest.json" round
}

# go_on RANKS ARGS...: resume $dir and run 40 rounds past its checkpoint.
go_on() {
    ranks=$1
    shift
    rounds=$(round_of_latest) || rounds=0
    rounds=$((rounds / 20 * 20 + 40))
    [ "$rounds" -le "$longest" ] || longest=$rounds
    ends="$ends $dir"
    run_mpi "$ranks" train --resume "$dir" run.rounds="$rounds" "$@" &&
        state_is finished
}

# Metrics that a run must reproduce: not wall_s and perf/*.
metrics() { # RUN_DIR
    awk -F , '
        NR == 1 { for (i = 1; i <= NF; i++) keep[i] = $i !~ /^(wall_s|perf)/ }
        { for (i = 1; i <= NF; i++) if (keep[i]) printf "%s,", $i; print "" }
    ' "$1/metrics.csv"
}

rounds_increase() { # RUN_DIR
    awk -F , 'NR > 2 && $1 != last + 20 { exit 1 } { last = $1 }' \
        "$1/metrics.csv"
}

# as_undisturbed RUN_DIR: its digests and metrics are the beginning of those of
# the undisturbed run, and it ends in the digest of its last round.
as_undisturbed() {
    n=$(json_get "$1/run.json" rounds) || return 1
    digests "$1" >"$SCRATCH/a"
    head -n "$n" "$SCRATCH/digests" >"$SCRATCH/b"
    metrics "$1" >"$SCRATCH/c"
    metrics "$SCRATCH/whole" | head -n $((1 + n / 20)) >"$SCRATCH/d"
    tail -n 1 "$SCRATCH/b" | grep -q "weights=$(json_get "$1/run.json" \
        digest_weights) worlds=$(json_get "$1/run.json" digest_worlds)" &&
        cmp "$SCRATCH/a" "$SCRATCH/b" >>"$LOG" 2>&1 &&
        cmp "$SCRATCH/c" "$SCRATCH/d" >>"$LOG" 2>&1
}

# End of a case: the undisturbed run, on one rank, and all others against it.
compare() {
    rm -rf "$SCRATCH/whole"
    check "$name: undisturbed, $longest rounds" run train "$SCRATCH/case.ini" \
        run.dir="$SCRATCH/whole" run.rounds="$longest"
    digests "$SCRATCH/whole" >"$SCRATCH/digests"
    for one in $ends; do
        check "$name: ${one##*/} is as undisturbed" as_undisturbed "$one"
        check "$name: ${one##*/} has a row for every 20 rounds" \
            rounds_increase "$one"
    done
}

# ---- kill -9 -------------------------------------------------------------

begin "tables, lag 0" <<END
[env.ising]
temperature = 0.9, 1.6
keying = lagged
[replay]
capacity = 4000
END
start killed-rank 3
check "$name: kill -9 of a rank ends the job" disturb KILL rank 137
check "$name: run.json still says running" state_is running
check "$name: goes on, on 4 ranks" go_on 4 ranks.learners=2
start killed-mpirun 2
check "$name: kill -9 of mpirun ends the ranks" disturb KILL job 137
check "$name: goes on, on 1 rank" go_on 1
start killed-twice 2
check "$name: kill -9 of a rank" disturb KILL rank 137
restart 6
check "$name: and again on 6 ranks" disturb KILL rank 137
check "$name: goes on, on 3 ranks" go_on 3 ranks.layout=colocated

# ---- asked to stop -------------------------------------------------------

# mpirun forwards USR1 and goes on.  TERM and INT it answers with exit code 1
# whatever the ranks do; it passes them on after the time below, and kills the
# ranks when that time has passed again.
OMPI_MCA_odls_base_sigkill_timeout=3
export OMPI_MCA_odls_base_sigkill_timeout
start USR1 3
check "$name: USR1 stops the run" disturb USR1 job 0
check "$name: USR1: run.json says stopped" state_is stopped
check "$name: USR1: goes on, on 2 ranks" go_on 2
for signal in TERM INT; do
    start $signal 2
    check "$name: $signal stops the run" disturb $signal job 1
    check "$name: $signal: run.json says stopped" state_is stopped
    check "$name: $signal: goes on, on 3 ranks" go_on 3
done
start USR1-to-one-rank 3
check "$name: USR1 to one rank stops the run" disturb USR1 rank 0
check "$name: USR1 to one rank: run.json says stopped" state_is stopped
check "$name: USR1 to one rank: goes on, on 1 rank" go_on 1
compare
unset OMPI_MCA_odls_base_sigkill_timeout

begin "tables of agents, lag 1" <<END
[table]
sharing = per_agent
[learner]
gamma = 0.9
[pipeline]
lag = 1
[replay]
capacity = 4000
END
start killed-lag 3
check "$name: kill -9 of a rank ends the job" disturb KILL rank 137
check "$name: goes on, on 5 ranks" go_on 5 ranks.learners=2
start stopped-lag 4 ranks.layout=colocated
check "$name: USR1 stops the run" disturb USR1 job 0
check "$name: goes on, on 1 rank" go_on 1
compare

for lag in 0 2; do
    begin "network, lag $lag" <<END
[net]
layers = dense 16, dense 16
[learner]
gamma = 0.9
[pipeline]
lag = $lag
[replay]
capacity = 4000
END
    start killed-network-$lag 3
    check "$name: kill -9 of a rank ends the job" disturb KILL rank 137
    check "$name: goes on, on 2 ranks" go_on 2 ranks.layout=colocated
    compare
done

# ---- battle ---------------------------------------------------------------

# Recordings of a run play again, those that were begun before it was killed,
# too.
recordings_verify() { # RUN_DIR
    set -- "$1"/traj/*.h5
    [ $# -ge 2 ] || return 1
    for file; do
        run verify "$file" || return 1
    done
}

# Two rows at least, the first ones of the undisturbed run, but for wall_s.
same_evaluations() { # RUN_DIR
    n=$(wc -l <"$1/eval.csv")
    cut -d , -f 1-2,4- "$1/eval.csv" >"$SCRATCH/a"
    cut -d , -f 1-2,4- "$SCRATCH/whole/eval.csv" | head -n "$n" >"$SCRATCH/b"
    [ "$n" -gt 2 ] && cmp "$SCRATCH/a" "$SCRATCH/b" >>"$LOG" 2>&1
}

# A checkpoint comes every 60 steps, episodes end after 37 at most, and a blow
# kills.
env=battle
begin "battle, in mid-episode" <<END
[env.battle]
width = 24
height = 20
max_steps = 37
hp = 1
[world]
count = 2
[net]
layers = dense 16
[pipeline]
steps_per_round = 3
[replay]
capacity = 4000
[selfplay]
rule = reference
[eval]
every = 10
rounds = 2
[trajectory]
every = 1
END
start killed-battle 3
check "$name: kill -9 of a rank ends the job" disturb KILL rank 137
check "$name: goes on, on 4 ranks" go_on 4 ranks.learners=2
compare
check "$name: recordings verify" recordings_verify "$SCRATCH/killed-battle"
check "$name: evaluations are as undisturbed" \
    same_evaluations "$SCRATCH/killed-battle"
env=ising

# ---- kill -9 inside a save -----------------------------------------------

begin "killed in a save" <<END
[pipeline]
lag = 1
[env.ising]
temperature = 1.6
keying = lagged
END
# The points of src/io/ckpt_dir.h, POINT:TIMES; the second save is hit, that of
# files of a rank (2) in its midst, and the first save, too: then the run has
# to begin again.
for at in 1:2 2:3 2:7 3:2 4:2 7:2 8:2 9:2 10:2 11:1 12:2; do
    dir=$SCRATCH/save-$at
    MFRL_TEST_KILL_AT=$at
    export MFRL_TEST_KILL_AT
    check "$name: at point $at" exits 137 run_mpi 2 \
        train "$SCRATCH/case.ini" run.dir="$dir" run.rounds=100 \
        checkpoint.keep=1
    unset MFRL_TEST_KILL_AT
    check "$name: at point $at: goes on" go_on 1
    check "$name: at point $at: nothing is left over" \
        [ "$(find "$dir/checkpoints" -name '.*' | wc -l)" -eq 0 ]
done
compare

# ---- longer than was thought, and damaged checkpoints --------------------

begin "finished" <<END
[env.ising]
temperature = 1.6
keying = lagged
END
dir=$SCRATCH/longer
check "$name: runs 50 rounds" \
    run train "$SCRATCH/case.ini" run.dir="$dir" run.rounds=50
check "$name: goes on" go_on 2
for damage in flipped cut missing; do
    dir=$SCRATCH/$damage
    run train "$SCRATCH/case.ini" run.dir="$dir" run.rounds=60
    file=$dir/checkpoints/latest/net.h5
    case $damage in
    flipped)
        printf 'x' | dd of="$file" bs=1 seek=2000 conv=notrunc 2>/dev/null
        ;;
    cut) truncate -s 2000 "$file" ;;
    missing) rm "$dir/checkpoints/latest/manifest.json" ;;
    esac
    check "$name: newest checkpoint damaged ($damage): goes on" \
        exits 0 run train --resume "$dir" run.rounds=80
    check "$name: $damage: it is named and skipped" \
        log_says "warning: checkpoint .*step-000000240000 is damaged and skip"
    check "$name: $damage: the one before is taken" \
        log_says "^resuming from .*step-000000160000, round 40"
    ends="$ends $dir"
done
compare

for file in "$SCRATCH"/flipped/checkpoints/step-*/net.h5; do
    echo damaged >"$file"
done
check "no good checkpoint left: exit code 3" \
    exits 3 run train --resume "$SCRATCH/flipped" run.rounds=100
check "no good checkpoint left: says so" err_says "all [0-9]* are damaged"

# ---- what a user did to the run's files in between -----------------------

dir=$SCRATCH/touched
check "a small run" run_mpi 2 train configs/ising.ini run.dir="$dir" \
    run.rounds=10 world.count=1 env.ising.width=12 env.ising.height=12 \
    log.metrics_every=2
cp "$dir/checkpoints/latest/world-0000.tile-00000-00000.h5" \
    "$dir/checkpoints/latest/world-0000.copy.h5"
check "a file in its checkpoint that the manifest does not name does no harm" \
    run_mpi 2 train --resume "$dir" run.rounds=20
check "no row is missed" not_zero log_says "are missing"
truncate -s -7 "$dir/metrics.csv"
check "a cut last row" run train --resume "$dir" run.rounds=30
check "is missed" err_says "metrics.csv: rows of rounds 19 to 20 are missing"
rm "$dir/metrics.csv" "$dir/metrics.h5"
check "without metrics" run train --resume "$dir" run.rounds=40
check "all rows are missed" \
    err_says "metrics.csv: rows of rounds 1 to 30 are missing"
