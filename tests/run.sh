#!/bin/sh
# Run tests, one after the other and all of them, and sum up.
#
#   tests/run.sh [PROGRAM | SCRIPT]...
#
# What a test is, its path says:
#   .../tests/unit/test_x   Check suite, serial
#   .../tests/mpi/test_x    Check suite, once for each number in the line
#                           "RANKS: ..." of tests/mpi/test_x.c
#   tests/x.sh, tests/e2e/x.sh and other folders
#                           script that prints "ok - ", "not ok - ", "skip - "
#
# Each prints one closing line, a failed one all its output before it.  The
# last line is the sum; the exit code is 1 if anything failed or nothing ran.
#
# From the environment: MPIRUN, MFRL (the program, for scripts), TIMEOUT (limit
# of one test in seconds; a hang is a failure), WRAP (command before a serial
# suite, such as valgrind).
set -u

MPIRUN=${MPIRUN:-mpirun --oversubscribe --bind-to none}
TIMEOUT=${TIMEOUT:-900}
WRAP=${WRAP:-}
export MPIRUN TIMEOUT

# Open MPI itself leaves blocks behind, so under mpirun leaks are not looked
# for; suites check the balance of mf_alloc instead.
no_leaks="ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}"

# A loaded machine is slow, not wrong: no limit on a single forked test.
export CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT:-0}"

all_passed=0
all_failed=0
all_skipped=0
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'exit 130' INT TERM

# Numbers of Check's line "100%: Checks: 12, Failures: 0, Errors: 0".
count_check() {
    line=$(grep '^[0-9]*%: Checks: ' "$out" | tail -n 1 |
        sed 's/^[0-9]*%//; s/[^0-9]\{1,\}/ /g')
    skipped=0
    if [ -z "$line" ]; then
        passed=0
        failed=1
        echo "(no summary line of Check)" >>"$out"
        return
    fi
    # shellcheck disable=SC2086  # three numbers
    set -- $line
    failed=$(($2 + $3))
    passed=$(($1 - failed))
    if [ "$1" -eq 0 ]; then
        failed=1
        echo "(no test in this suite)" >>"$out"
    fi
}

count_script() {
    passed=$(grep -c '^ok - ' "$out")
    failed=$(grep -c '^not ok - ' "$out")
    skipped=$(grep -c '^skip - ' "$out")
    if [ $((passed + failed + skipped)) -eq 0 ]; then
        failed=1
        echo "(the script checked nothing)" >>"$out"
    fi
}

# one NAME COUNT COMMAND...: run a test, count by COUNT, print its lines.
one() {
    name=$1
    count=$2
    shift 2
    begin=$(date +%s)
    timeout -k 10 "$TIMEOUT" "$@" >"$out" 2>&1 </dev/null
    code=$?
    seconds=$(($(date +%s) - begin))
    $count
    if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi
    if [ "$failed" -ne 0 ]; then
        sed 's/^/    /' "$out"
        if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
            echo "    stopped: exit code $code (limit $TIMEOUT s)"
        else
            echo "    exit code $code"
        fi
    else
        grep '^skip - ' "$out" | sed 's/^/    /'
    fi
    printf '%-28s %s passed, %s failed (%s s)\n' "$name:" "$passed" \
        "$failed" "$seconds"
    all_passed=$((all_passed + passed))
    all_failed=$((all_failed + failed))
    all_skipped=$((all_skipped + skipped))
}

# Ranks of a suite, from its source.
ranks_of() {
    n=$(sed -n 's/.*RANKS:\([0-9 ]*\).*/\1/p' "tests/mpi/$1.c" | head -n 1)
    echo "${n:-2}"
}

# shellcheck disable=SC2086  # WRAP and MPIRUN are commands with arguments
for test; do
    base=$(basename "$test" .sh)
    case $test in
    */tests/unit/*)
        one "unit/$base" count_check $WRAP "$test"
        ;;
    */tests/mpi/*)
        for n in $(ranks_of "$base"); do
            one "mpi/$base -n $n" count_check env $no_leaks \
                $MPIRUN -n "$n" "$test"
        done
        ;;
    tests/*.sh)
        folder=$(basename "$(dirname "$test")")
        one "$folder/$base" count_script env $no_leaks "$test"
        ;;
    *)
        echo "run.sh: not a test: $test" >&2
        all_failed=$((all_failed + 1))
        ;;
    esac
done

if [ $((all_passed + all_failed + all_skipped)) -eq 0 ]; then
    echo "run.sh: there was no test to run" >&2
    all_failed=1
fi
if [ "$all_skipped" -gt 0 ]; then
    echo "tests: $all_passed passed, $all_failed failed, $all_skipped skipped"
else
    echo "tests: $all_passed passed, $all_failed failed"
fi
[ "$all_failed" -eq 0 ]
