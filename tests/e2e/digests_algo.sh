#!/bin/sh
# "Same bytes" of every algorithm in every environment: however many ranks
# there are and whatever they do, and after a kill in mid-episode.
#
# Both lists come from the program, so that a new algorithm or environment is
# tested as soon as it is listed.  digests.sh and resume.sh look at fewer of
# them, but more closely.  FULL=1: on more ranks, too.
. tests/e2e/lib.sh

ROUNDS=6
n_runs=0
ran=" " # environments and algorithms

run config
cp "$LOG" "$SCRATCH/config"

listed() { # SECTION: names of the sections [SECTION.name]
    sed -n "s/^\[$1\.\(.*\)\]\$/\1/p" "$SCRATCH/config"
}

# forms ALGO: values of its option "form", or "-" if it has none.
forms() {
    awk -v section="[algo.$1]" '
        /^\[/ { inside = $0 == section }
        inside && /^form = / { found = said }
        { said = $0 }
        END {
            sub(/;.*/, "", found)
            gsub(/^# *| or |, /, " ", found)
            print found == "" ? "-" : found
        }' "$SCRATCH/config"
}

# settings ENV: as small as it gets.  Episodes of battle end in mid-round and
# are longer than it is until the run is killed, and a blow kills; in squeeze
# agents rest now and then.
settings() {
    case $1 in
    battle)
        cat <<END
[env.battle]
width = 20
height = 16
max_steps = 13
hp = 1
[net]
layers = dense 6
[pipeline]
lag = 1
END
        ;;
    ising)
        cat <<END
[env.ising]
width = 8
height = 8
temperature = 0.9, 1.6
keying = lagged
[world]
count = 3
END
        ;;
    squeeze)
        cat <<END
[env.squeeze]
agents = 20
inertia = 0.3
temperature = 30
[world]
count = 5
[net]
layers = dense 6
[pipeline]
lag = 1
END
        ;;
    esac
}

# begin ENV ALGO FORM: its config.
begin() {
    name="$1 $2"
    [ "$3" = - ] || name="$name $3"
    {
        cat <<END
[env]
name = $1
[algo]
name = $2
[pipeline]
steps_per_round = 5
[learner]
batch = 16
samples_per_step = 0.5
gamma = 0.9
[replay]
capacity = 2000
[run]
rounds = $ROUNDS
[log]
digest = on
END
        [ "$3" = - ] || printf '[algo.%s]\nform = %s\n' "$2" "$3"
        settings "$1"
    } >"$SCRATCH/case.ini"
}

next_dir() {
    n_runs=$((n_runs + 1))
    dir=$SCRATCH/$n_runs
}

go() { # RANKS ARGS...
    go_ranks=$1
    shift
    next_dir
    # shellcheck disable=SC2086  # settings with blanks between
    run_mpi "$go_ranks" train "$SCRATCH/case.ini" run.dir="$dir" \
        checkpoint.every=0 $overrides "$@"
}

# The run that the others are compared with.  Some algorithms are for games of
# one step, or for tables: what the program says must be set, is set.
first_run() {
    overrides=
    for _ in 1 2 3; do
        # shellcheck disable=SC2086  # settings with blanks between
        run train "$SCRATCH/case.ini" run.dir="$SCRATCH/first" $overrides
        code=$?
        [ $code -eq 2 ] || break
        more=$(sed -n 's/.* error: .*; set \([a-z_.]*=.*\)/\1/p' "$LOG")
        [ -n "$more" ] || break
        overrides="$overrides $more"
    done
    digests "$SCRATCH/first" >"$SCRATCH/reference"
    rm -rf "$SCRATCH/first"
    return "$code"
}

# one_case ENV ALGO FORM: an algorithm may refuse an environment.
one_case() {
    begin "$@"
    first_run
    case $? in
    0)
        ok "$name: runs on 1 rank"
        ran="$ran$1 $2 "
        ;;
    2)
        skip "$name: $(sed -n 's/.* error: //p' "$LOG")"
        return
        ;;
    *) not_ok "$name: runs on 1 rank" ;;
    esac
    check "$name: each round changes weights and worlds" changes
    check "$name: killed on 3 ranks, goes on on 2" goes_on
    [ -n "${FULL:-}" ] || return
    check "$name: 2 ranks, 1 learner" same 2
    check "$name: 5 ranks, 2 learners" same 5 ranks.learners=2
    check "$name: 3 colocated, 2 of them learn" \
        same 3 ranks.layout=colocated ranks.learners=2
}

changes() { # weights and worlds of each round are others
    for key in weights worlds; do
        n=$(grep -o "$key=[0-9a-f]*" "$SCRATCH/reference" | sort -u | wc -l)
        [ "$n" -eq "$ROUNDS" ] || return 1
    done
}

as_reference() {
    digests "$dir" >"$SCRATCH/digests"
    diff "$SCRATCH/reference" "$SCRATCH/digests" >>"$LOG"
}

same() { # RANKS ARGS...
    go "$@" && as_reference
}

# Killed when it saves for the second time, a run goes on from its first
# checkpoint, of round 2, in the midst of an episode, on other ranks.
goes_on() {
    next_dir
    MFRL_TEST_KILL_AT=3:2
    export MFRL_TEST_KILL_AT
    # shellcheck disable=SC2086
    exits 137 run_mpi 3 train "$SCRATCH/case.ini" run.dir="$dir" \
        checkpoint.every=2 ranks.learners=2 $overrides
    killed=$?
    unset MFRL_TEST_KILL_AT
    [ $killed -eq 0 ] &&
        run_mpi 2 train --resume "$dir" ranks.layout=colocated &&
        log_says "^resuming from .*, round 2$" && as_reference
}

for env in $(listed env); do
    for algo in $(listed algo); do
        for form in $(forms "$algo"); do
            one_case "$env" "$algo" "$form"
        done
    done
done
for name in $(listed env) $(listed algo); do
    check "$name was run" [ "${ran#* "$name" }" != "$ran" ]
done
