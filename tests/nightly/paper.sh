#!/bin/sh
# The scripts of the paper's experiments: their quick forms, stopped on the way
# and called again.
. tests/e2e/lib.sh

export MFRL MPIRUN NP=2 QUICK=1

# script NAME: its output in $LOG.
script() {
    RUNS=$SCRATCH/$1 OUT=$SCRATCH/$1 timeout -k 10 "$TIMEOUT" \
        sh "configs/paper/$1.sh" >"$LOG" 2>&1 </dev/null
}

rows() { # FILE: without its head
    tail -n +2 "$1" | wc -l
}

battle=$SCRATCH/battle
RUNS=$battle OUT=$battle sh configs/paper/battle.sh >"$LOG" 2>&1 </dev/null &
job=$!
until [ -e "$battle/paper/il-1/run.json" ] || ! kill -0 "$job" 2>/dev/null; do
    sleep 0.2
done
kill -TERM "$job"
check "the tournament stops" wait "$job"
check "and says how to go on" log_says "the same command goes on"
cp "$battle/paper/mfq-1/run.json" "$SCRATCH/first.json"
check "it goes on" script battle
check "without what was finished" \
    cmp -s "$SCRATCH/first.json" "$battle/paper/mfq-1/run.json"
check "10 policies" [ "$(rows "$battle/policies.csv")" -eq 10 ]
check "each has a digest" \
    [ "$(grep -cE ',[0-9a-f]{16}$' "$battle/policies.csv")" -eq 10 ]
check "all pairs of 5 algorithms and 2 scripts, twice" \
    [ "$(rows "$battle/matrix.csv")" -eq 84 ]
# shellcheck disable=SC2016  # awk's $
check "what a row wins its column loses" awk -F, '
    NR > 1 { won[$1, $2, $3] = $5; lost[$1, $3, $2] = $7 }
    END { for (k in won) if (won[k] != lost[k]) exit 1 }' "$battle/matrix.csv"
for row in learner.terminal policy.temperature selfplay.rule \
    env.battle.mean_action env.battle.keying algo.mfq.target algo.il.target \
    algo.mfac.actor_abar algo.mfac.form algo.ac.bootstrap algo.ac.entropy \
    algo.ac.value; do
    check "a deviation: $row" grep -q "^$row: " "$battle/deviations.txt"
done

ising=$SCRATCH/ising
check "Ising" script ising
check "7 susceptibilities" [ "$(rows "$ising/susceptibility.csv")" -eq 7 ]
check "4 curves of 16 temperatures" [ "$(rows "$ising/curve.csv")" -eq 64 ]
check "MF-Q's Q is the reward at every temperature" \
    [ "$(grep -cE '^mfq,.*,0,0$' "$ising/curve.csv")" -eq 16 ]
check "lagged, it is not at any" \
    [ "$(grep -cE '^mfq-lagged,.*,0,0$' "$ising/curve.csv")" -eq 0 ]

squeeze=$SCRATCH/squeeze
RUNS=$squeeze OUT=$squeeze sh configs/paper/squeeze.sh >"$LOG" 2>&1 </dev/null &
job=$!
until [ -e "$squeeze/fmq-100/run.json" ] || ! kill -0 "$job" 2>/dev/null; do
    sleep 0.2
done
kill -TERM "$job"
check "the squeeze stops" wait "$job"
check "and says how to go on" log_says "the same command goes on"
cp "$squeeze/mfq-100/run.json" "$SCRATCH/first.json"
check "it goes on" script squeeze
check "without what was finished" \
    cmp -s "$SCRATCH/first.json" "$squeeze/mfq-100/run.json"
check "7 algorithms" [ "$(rows "$squeeze/summary.csv")" -eq 7 ]
check "MF-Q finds the best sum with every seed" \
    grep -q '^mfq,100,4,4,42[23]\.' "$squeeze/summary.csv"
check "which nobody knew before" [ "$(awk -F, '$1 == "mfq" && $10 < 418' \
    "$squeeze/summary.csv" | wc -l)" -eq 1 ]
