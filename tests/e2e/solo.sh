#!/bin/sh
# Evaluations where there is one team: what is exactly known, the same on any
# number of ranks, and after a resume.
. tests/e2e/lib.sh

value() { # FILE NAME ROUND SET
    csv_get "$1" "$2" round="$3" set="$4"
}

train() { # RANKS NAME ARGS...
    train_ranks=$1
    train_name=$2
    shift 2
    run_mpi "$train_ranks" train configs/squeeze.ini run.rounds=6 \
        run.dir="$SCRATCH/$train_name" eval.every=2 env.squeeze.reward=raw \
        env.squeeze.observation=none env.squeeze.inertia=0 net.layers=auto "$@"
}

same_rows() { # NAME NAME: all columns but the time
    cut -d, -f1,2,4- "$SCRATCH/$1/eval.csv" >"$SCRATCH/a"
    cut -d, -f1,2,4- "$SCRATCH/$2/eval.csv" >"$SCRATCH/b"
    diff "$SCRATCH/a" "$SCRATCH/b" >>"$LOG"
}

# At a huge temperature play is uniform: E[G] = 413.476, and 2000 steps have a
# standard error of 0.3.
check "hot agents are evaluated" train 2 hot eval.rounds=4000 \
    eval.temperature=1e6
check "the untrained policy, too" near \
    "$(value "$SCRATCH/hot/eval.csv" G 0 0)" 413.476 0.9
check "and earn what convolution says" near \
    "$(value "$SCRATCH/hot/eval.csv" G 6 0)" 413.476 0.9

# Whoever does not know its number does as all do: x is a multiple of N.  Over
# ten steps that is one of 10.
sets="env.squeeze.temperature=2,2,2 env.squeeze.start=matched \
    env.squeeze.start_steps=1000"
# shellcheck disable=SC2086
check "three sets, 1 rank" train 1 one eval.rounds=20 $sets
check "have a row each, before and after" \
    [ "$(wc -l <"$SCRATCH/one/eval.csv")" -eq 13 ]
check "by their own policy, not their start's" near \
    "$(awk -F, 'NR > 1 { s += $7 % 10 } END { print s }' \
        "$SCRATCH/one/eval.csv")" 0 1e-9
for n in 2 3 5; do
    # shellcheck disable=SC2086
    check "three sets, $n ranks" train $n "on-$n" eval.rounds=20 $sets
    check "$n ranks: the same rows" same_rows one "on-$n"
done

# shellcheck disable=SC2086
check "a run that ends early" train 1 early eval.rounds=20 $sets run.rounds=4
echo "6,1,1,0,1,1,1" >>"$SCRATCH/early/eval.csv"
check "goes on" run_mpi 2 train --resume "$SCRATCH/early" run.rounds=6
check "with the same rows" same_rows one early

for n in 1 3; do
    check "a stored policy by itself, $n ranks" run_mpi $n eval \
        "$SCRATCH/one" eval.rounds=20 --out "$SCRATCH/out-$n"
    check "prints its means" log_says "one, set 2: reward [0-9.]+, G"
done
tail -n 3 "$SCRATCH/one/eval.csv" | cut -d, -f4- >"$SCRATCH/a"
sed 1d "$SCRATCH/out-3/eval.csv" | cut -d, -f2- >"$SCRATCH/b"
check "which are those of its training" cmp -s "$SCRATCH/a" "$SCRATCH/b"
check "whatever the ranks" cmp -s "$SCRATCH/out-1/eval.csv" \
    "$SCRATCH/out-3/eval.csv"

# Cold lattices are ordered; 2 sets.
check "Ising" run_mpi 2 train configs/ising.ini run.rounds=300 eval.every=300 \
    run.dir="$SCRATCH/ising" eval.rounds=400 eval.temperature=0.5 \
    env.ising.temperature=0.5,0.6 env.ising.start=up
check "is evaluated" near \
    "$(value "$SCRATCH/ising/eval.csv" reward 300 1)" 1.99716 0.01

check "agents that can learn nothing" train 1 dead env.squeeze.agents=1000
check "are told so, and what helps" \
    [ "$(grep -c 'dead zone.*reward=log' "$LOG")" -eq 1 ]
check "and stay as they were" near "$(value "$SCRATCH/dead/eval.csv" x 0 0)" \
    "$(value "$SCRATCH/dead/eval.csv" x 6 0)" 0

# wait_for COMMAND...: until it is true, a minute at the most
wait_for() {
    for _ in $(seq 1200); do
        ! "$@" || return 0
        sleep 0.05
    done
    return 1
}

# A job that was given up for lost, and whose successor has the directory.
lost=$SCRATCH/lost
# shellcheck disable=SC2086  # MPIRUN is a command with arguments
$MPIRUN -n 2 "$MFRL" train configs/squeeze.ini run.dir="$lost" run.rounds=1500 \
    eval.every=10 eval.rounds=2 checkpoint.every=0 >"$LOG" 2>&1 </dev/null &
job=$!
check "a long run evaluates" wait_for grep -qs '^10,' "$lost/eval.csv"
sed -i 's/[0-9]/9/g' "$lost/LOCK"
check "a job that was superseded ends with exit code 9" exits 9 wait "$job"
check "because of its next evaluation" log_says 'LOCK: the run was taken over'
check "and has written nothing since" not_zero grep -q '^1500,' "$lost/eval.csv"

# ---- stopped and killed runs ---------------------------------------------

state() { # NAME STATE ROUNDS
    [ "$(json_get "$SCRATCH/$1/run.json" state)" = "$2" ] &&
        [ "$(json_get "$SCRATCH/$1/run.json" rounds)" = "$3" ]
}

# Evaluations that would take minutes, the first one before round 0.
resumes="run.rounds=6 eval.every=2 eval.rounds=20"
# shellcheck disable=SC2086
$MPIRUN -n 3 "$MFRL" train configs/squeeze.ini run.dir="$SCRATCH/cut" $resumes \
    env.squeeze.reward=raw env.squeeze.observation=none env.squeeze.inertia=0 \
    net.layers=auto $sets log.metrics_every=1 eval.rounds=1000000 \
    >"$LOG" 2>&1 </dev/null &
job=$!
check "an evaluation begins" wait_for state cut running 0
sleep 1
kill -s USR1 "$job"
check "USR1 ends it with exit code 0" wait "$job"
check "the run is stopped before its first round" state cut stopped 0
check "without rows" [ "$(wc -l <"$SCRATCH/cut/eval.csv")" -eq 1 ]
# shellcheck disable=SC2086
check "it goes on" run_mpi 2 train --resume "$SCRATCH/cut" $resumes run.rounds=2
# shellcheck disable=SC2086
$MPIRUN -n 3 "$MFRL" train --resume "$SCRATCH/cut" $resumes eval.rounds=1000000 \
    >"$LOG" 2>&1 </dev/null &
job=$!
check "the evaluation of round 4 begins" \
    wait_for grep -qs '^4,' "$SCRATCH/cut/metrics.csv"
kill -s USR1 "$job"
check "USR1 ends it with exit code 0" wait "$job"
check "after that round" state cut stopped 4
check "without gaps" not_zero grep -q gap "$SCRATCH/cut/summary.csv"
# shellcheck disable=SC2086
check "it goes on" run_mpi 2 train --resume "$SCRATCH/cut" $resumes
check "and has made up for all evaluations" same_rows one cut
check "with gaps" grep -q gap "$SCRATCH/cut/summary.csv"
check "with the same digests" same_digest "$SCRATCH/one" "$SCRATCH/cut"

SLURM_JOB_END_TIME=$(($(date +%s) + 30))
export SLURM_JOB_END_TIME
# shellcheck disable=SC2086
check "a run that must end at once" train 2 late $sets $resumes
unset SLURM_JOB_END_TIME
check "does not evaluate" [ "$(wc -l <"$SCRATCH/late/eval.csv")" -eq 1 ]
check "but goes on" run_mpi 2 train --resume "$SCRATCH/late"
check "with the same rows" same_rows one late

MFRL_TEST_FAIL_AT=0:1
export MFRL_TEST_FAIL_AT
# shellcheck disable=SC2086
check "a run that fails before its first checkpoint" \
    not_zero train 2 failed $sets $resumes
unset MFRL_TEST_FAIL_AT
check "starts again" run_mpi 2 train --resume "$SCRATCH/failed"
check "with each row once" same_rows one failed
