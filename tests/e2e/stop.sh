#!/bin/sh
# Whatever asks a run to stop leads to the same end: a checkpoint, "stopped" and
# the reason in run.json, exit code 0; and it goes on as if nothing had been.
. tests/e2e/lib.sh

ended() { # DIR STATE REASON
    [ "$(json_get "$1/run.json" state)" = "$2" ] &&
        [ "$(json_get "$1/run.json" exit_reason)" = "$3" ]
}

# kept_asking JOB FILE: touch it until the job ends, in a minute; its exit code.
kept_asking() {
    for _ in $(seq 600); do
        kill -0 "$1" 2>/dev/null || break
        touch "$2"
        sleep 0.1
    done
    wait "$1"
}

cat >"$SCRATCH/ising.ini" <<END
[env]
name = ising
[env.ising]
width = 12
height = 12
temperature = 1.6
keying = lagged
[checkpoint]
every = 20
[run]
rounds = 1000000000
END

ising() { # DIR ARGS...
    ising_dir=$1
    shift
    run_mpi 3 train "$SCRATCH/ising.ini" run.dir="$ising_dir" "$@"
}

# ---- limits of time ------------------------------------------------------

dir=$SCRATCH/hours
check "run.max_hours ends a run with exit code 0" \
    exits 0 ising "$dir" run.max_hours=0.0001
check "it is stopped, and why" ended "$dir" stopped "run.max_hours are over"
check "it can be given anew on a resume" exits 0 run_mpi 2 train \
    --resume "$dir" run.max_hours=0.0002
dir=$SCRATCH/allocation
SLURM_JOB_END_TIME=$(($(date +%s) + 62))
export SLURM_JOB_END_TIME
check "the end of the allocation ends a run with exit code 0" \
    exits 0 ising "$dir"
check "it is stopped, and why" \
    ended "$dir" stopped "the SLURM allocation ends soon"
dir=$SCRATCH/late
SLURM_JOB_END_TIME=$(($(date +%s) + 30))
check "one that is near at the start leaves before the first round" \
    exits 0 ising "$dir"
check "it has stopped at round 0" [ "$(json_get "$dir/run.json" rounds)" = 0 ]
unset SLURM_JOB_END_TIME
check "and goes on from there" \
    exits 0 run train --resume "$dir" run.rounds=30
check "as a run that was never stopped" exits 0 ising "$SCRATCH/whole" \
    run.rounds=30
check "with the same digests" same_digest "$dir" "$SCRATCH/whole"

# ---- a file STOP ---------------------------------------------------------

touch "$dir/STOP"
check "a STOP that is older than a resume" \
    exits 0 run train --resume "$dir" run.rounds=40
check "is removed" [ ! -e "$dir/STOP" ]
check "and stops nothing" ended "$dir" finished "all rounds done"
mkdir "$SCRATCH/early"
touch "$SCRATCH/early/STOP"
check "one that is there before a run begins" \
    exits 0 ising "$SCRATCH/early"
check "stops it" ended "$SCRATCH/early" stopped "file STOP"
# shellcheck disable=SC2086  # MPIRUN is a command with arguments
$MPIRUN -n 3 "$MFRL" train --resume "$dir" run.rounds=1000000000 \
    >"$LOG" 2>&1 </dev/null &
job=$!
check "one that is laid again and again while a resume starts" \
    kept_asking "$job" "$dir/STOP"
check "stops it" ended "$dir" stopped "file STOP"

# ---- in the midst of an evaluation ---------------------------------------

cat >"$SCRATCH/battle.ini" <<END
[env]
name = battle
[env.battle]
width = 24
height = 20
max_steps = 100
[net]
layers = dense 64
[pipeline]
steps_per_round = 3
[replay]
capacity = 4000
[eval]
every = 10
[log]
metrics_every = 10
[checkpoint]
every = 10
[run]
rounds = 20
END

battle() { # DIR ARGS...
    battle_dir=$1
    shift
    run_mpi 3 train "$SCRATCH/battle.ini" run.dir="$battle_dir" "$@"
}

# wait_for COMMAND...: until it is true, a minute at the most
wait_for() {
    for _ in $(seq 1200); do
        ! "$@" || return 0
        sleep 0.05
    done
    return 1
}

row_of_10() {
    grep -qs '^10,' "$SCRATCH/cut/metrics.csv"
}

check "undisturbed, with two evaluations" battle "$SCRATCH/two" eval.rounds=8
# An evaluation that would take minutes
# shellcheck disable=SC2086  # MPIRUN is a command with arguments
$MPIRUN -n 3 "$MFRL" train "$SCRATCH/battle.ini" run.dir="$SCRATCH/cut" \
    eval.rounds=20000 >"$LOG" 2>&1 </dev/null &
job=$!
check "an evaluation begins" wait_for row_of_10
kill -s USR1 "$job"
check "USR1 ends it with exit code 0" wait "$job"
check "the run is stopped" ended "$SCRATCH/cut" stopped "signal USR1"
check "at the round of the evaluation" \
    [ "$(json_get "$SCRATCH/cut/run.json" rounds)" = 10 ]
check "it goes on" exits 0 \
    run_mpi 2 train --resume "$SCRATCH/cut" eval.rounds=8
check "with the same digests" same_digest "$SCRATCH/two" "$SCRATCH/cut"
for name in two cut; do
    cut -d , -f 1-2,4- "$SCRATCH/$name/eval.csv" >"$SCRATCH/$name.rows"
done
check "and has made up for the evaluation" \
    cmp -s "$SCRATCH/two.rows" "$SCRATCH/cut.rows"
