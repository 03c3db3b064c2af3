# shellcheck shell=sh
# Helpers of the end-to-end scripts.  A script begins with
#
#     #!/bin/sh
#     . tests/e2e/lib.sh
#
# runs from the top of the tree, uses the program as a user would, and prints
# one line "ok - text" or "not ok - text" for each thing it checks;
# tests/run.sh counts them.  `make test-e2e` runs all scripts,
# `MFRL=build/release/mfrl-dist tests/e2e/cli.sh` one.

MFRL=${MFRL:-build/release/mfrl-dist}
MPIRUN=${MPIRUN:-mpirun --oversubscribe --bind-to none}
TIMEOUT=${TIMEOUT:-900}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# A directory of this script's own, gone when it ends.
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/mfrl-e2e.XXXXXX") || exit 1
LOG=$SCRATCH/log # what the last run or run_mpi printed on both channels
ERR=$SCRATCH/err # what the last run printed on stderr
n_failed=0

end_script() {
    code=$?
    rm -rf "$SCRATCH"
    [ "$code" -ne 0 ] || [ "$n_failed" -eq 0 ] || code=1
    exit "$code"
}
trap end_script EXIT
trap 'exit 130' INT TERM

ok() { # TEXT
    echo "ok - $*"
}

# not_ok TEXT: also shows the end of the last log, which tells why.
not_ok() {
    echo "not ok - $*"
    n_failed=$((n_failed + 1))
    [ ! -s "$LOG" ] || tail -n 20 "$LOG" | sed 's/^/#   /'
}

skip() { # TEXT
    echo "skip - $*"
}

# check TEXT COMMAND...: ok if the command succeeds.
check() {
    text=$1
    shift
    if "$@"; then
        ok "$text"
    else
        not_ok "$text"
    fi
}

# run ARGS...: the program without mpirun; gives its exit code (124 = hung),
# its output in $LOG, stderr alone in $ERR.
run() {
    timeout -k 10 "$TIMEOUT" "$MFRL" "$@" >"$LOG" 2>"$ERR" </dev/null
    run_code=$?
    cat "$ERR" >>"$LOG"
    return "$run_code"
}

# run_mpi N ARGS...: the program on N ranks; gives mpirun's exit code, the
# output of all ranks in $LOG.
run_mpi() {
    run_ranks=$1
    shift
    # shellcheck disable=SC2086  # MPIRUN is a command with arguments
    timeout -k 10 "$TIMEOUT" $MPIRUN -n "$run_ranks" "$MFRL" "$@" \
        >"$LOG" 2>&1 </dev/null
}

# exits CODE COMMAND...: true if the command ends with this exit code.
exits() {
    want=$1
    shift
    "$@"
    got=$?
    [ "$got" -eq "$want" ] || echo "exit code $got, not $want" >>"$LOG"
    [ "$got" -eq "$want" ]
}

# not_zero COMMAND...: true if the command fails, but neither hangs nor dies of
# a signal.
not_zero() {
    "$@"
    got=$?
    [ "$got" -ne 0 ] && [ "$got" -lt 124 ]
}

# log_says PATTERN, err_says PATTERN: an extended regular expression in what
# the last run printed.
log_says() {
    grep -qE -e "$1" "$LOG"
}

err_says() {
    grep -qE -e "$1" "$ERR"
}

# json_get FILE KEY: the value of the first such key, strings without quotes.
# For numbers, words and strings without escaped quotes; fails if there is no
# such key.
json_get() {
    json_value=$(grep -soE "\"$2\"\s*:\s*(\"[^\"]*\"|[^][{},\"[:space:]]+)" "$1" |
        head -n 1 | sed 's/^"[^"]*"[[:space:]]*:[[:space:]]*//')
    [ -n "$json_value" ] || return 1
    json_value=${json_value#\"}
    printf '%s\n' "${json_value%\"}"
}

# csv_get FILE COLUMN [COLUMN=VALUE ...]: the first column in all rows in which
# the others have these values.
csv_get() {
    csv_file=$1
    shift
    awk -F, -v asked="$*" '
        NR == 1 {
            for (i = 1; i <= NF; i++) at[$i] = i
            n = split(asked, want, " ")
            if (!(want[1] in at)) exit 1
            next
        }
        {
            for (k = 2; k <= n; k++) {
                split(want[k], pair, "=")
                if (!(pair[1] in at) || $at[pair[1]] != pair[2]) next
            }
            print $at[want[1]]
        }' "$csv_file"
}

# near VALUE WANT TOLERANCE: both ends count.
near() {
    echo "'$1' is to be $2 within $3" >>"$LOG"
    awk -v got="$1" -v want="$2" -v by="$3" \
        'BEGIN { e = got - want; exit !(got != "" && e <= by && -e <= by) }'
}

# same_digest A B: two run directories ended in the same weights and worlds.
same_digest() {
    for key in digest_weights digest_worlds; do
        digest_a=$(json_get "$1/run.json" "$key") || digest_a=
        digest_b=$(json_get "$2/run.json" "$key") || digest_b=
        if [ -z "$digest_a" ] || [ "$digest_a" != "$digest_b" ]; then
            echo "$key: '$digest_a' in $1, '$digest_b' in $2" >>"$LOG"
            return 1
        fi
    done
}

# digests RUN_DIR: one line for each round, of a run with log.digest=on; of
# rounds that were run more than once (after a resume) one line if they agree.
digests() {
    grep -o '^digest round=.*' "$1/log.txt" | sort -u -t = -k 2n -k 3
}

# h5py_python: a Python that has h5py, for checks by another HDF5 reader.
h5py_python() {
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import h5py, numpy' >/dev/null 2>&1; then
            echo "$python"
            return 0
        fi
    done
    return 1
}
