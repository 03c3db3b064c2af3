#!/bin/sh
# How far trained policies are from an equilibrium: known values, the same on
# any number of ranks.
. tests/e2e/lib.sh

gap() { # NAME WORLD COLUMN
    csv_get "$SCRATCH/$1/summary.csv" "$3" world="$2"
}

train() { # RANKS NAME ARGS...
    train_ranks=$1
    train_name=$2
    shift 2
    run_mpi "$train_ranks" train "$@" run.dir="$SCRATCH/$train_name" \
        checkpoint.every=0
}

# Trained to the logit answer, which is no best response.
check "ising is trained" train 1 ising1 configs/ising.ini run.rounds=150 \
    env.ising.temperature=0.9,2
for world in 0 1; do
    value=$(gap ising1 $world gap_tv)
    check "ising, world $world: variation $value" near "$value" 0 0.01
done
value=$(gap ising1 1 gap_best_response)
check "at T = 2 a best response gains, $value" near "$value" 0.35 0.15
check "the gaps are printed" log_says \
    '^set +1  T 2 +variation 0.00[0-9]+  gain 0\.'

# All play evenly at a huge temperature, which is the logit answer; u of
# action 0 among even others is 0.34848 above the mean (squeeze_exact.h).
check "hot squeezers" train 2 hot configs/squeeze.ini run.rounds=4 \
    policy.temperature=1e6 env.squeeze.reward=raw env.squeeze.inertia=0
value=$(gap hot 0 gap_tv)
check "are at the logit answer, $value" near "$value" 0 1e-4
value=$(gap hot 0 gap_best_response)
check "and away from the best by $value" near "$value" 0.34848 1e-3

for n in 2 3 5; do
    check "ising on $n ranks" train $n "ising$n" configs/ising.ini \
        run.rounds=150 env.ising.temperature=0.9,2
    check "ising on $n ranks: the same" cmp "$SCRATCH/ising1/summary.csv" \
        "$SCRATCH/ising$n/summary.csv"
done
for n in 1 2 3 5; do
    check "squeeze on $n ranks" train $n "squeeze$n" configs/squeeze.ini \
        run.rounds=5 env.squeeze.temperature=2,3 net.layers=table \
        table.sharing=per_agent env.squeeze.inertia=0.5
    check "squeeze on $n ranks: the same" cmp "$SCRATCH/squeeze1/summary.csv" \
        "$SCRATCH/squeeze$n/summary.csv"
done

# A game of many steps has no such gap.
check "battle" train 2 battle configs/battle-20.ini run.rounds=1
check "has no gaps" not_zero grep -q gap "$SCRATCH/battle/summary.csv"
