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

# stopped_at FILE NAME: the script, told to stop once FILE is there.
stopped_at() {
    RUNS=$SCRATCH/$2 OUT=$SCRATCH/$2 sh "configs/paper/$2.sh" \
        >"$LOG" 2>&1 </dev/null &
    job=$!
    until [ -e "$1" ] || ! kill -0 "$job" 2>/dev/null; do
        sleep 0.1
    done
    kill -TERM "$job"
    wait "$job" && log_says "the same command goes on" &&
        ! pgrep -f "mfrl-dist (train|eval) .*$SCRATCH/$2/" >>"$LOG"
}

rows() { # FILE: without its head
    tail -n +2 "$1" | wc -l
}

battle=$SCRATCH/battle
check "the tournament stops, and says how to go on" \
    stopped_at "$battle/paper/il-1/run.json" battle
cp "$battle/paper/mfq-1/run.json" "$SCRATCH/first.json"
check "it goes on" script battle
check "without what was finished" \
    cmp -s "$SCRATCH/first.json" "$battle/paper/mfq-1/run.json"
rm "$battle/paper.log"
check "it stops in the midst of games" stopped_at "$battle/paper.log" battle
check "and plays them again" script battle
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
for name in rate mfq-100; do
    check "the squeeze stops at the start of $name" \
        stopped_at "$squeeze/$name" squeeze
done
check "before another begins" [ ! -e "$squeeze/fmq-100" ]
check "it stops later" stopped_at "$squeeze/fmq-100/run.json" squeeze
cp "$squeeze/mfq-100/run.json" "$SCRATCH/first.json"
check "it goes on" script squeeze
check "without what was finished" \
    cmp -s "$SCRATCH/first.json" "$squeeze/mfq-100/run.json"
check "7 algorithms" [ "$(rows "$squeeze/summary.csv")" -eq 7 ]
check "MF-Q finds the best sum with every seed" \
    grep -q '^mfq,100,4,4,42[23]\.' "$squeeze/summary.csv"
check "which nobody knew before" [ "$(awk -F, '$1 == "mfq" && $10 < 418' \
    "$squeeze/summary.csv" | wc -l)" -eq 1 ]
