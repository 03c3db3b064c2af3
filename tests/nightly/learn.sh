#!/bin/sh
# It learns: a small battle, from zero, beats random players.  Minutes, so not
# a part of `make test`; `make test-nightly` runs it.
. tests/e2e/lib.sh

dir=$SCRATCH/run
check "12 against 12 learn" run_mpi 2 train configs/battle-20.ini run.dir="$dir"
grep -o 'evaluated .*' "$LOG" | sed 's/^/#   /'
check "the best policy was kept" [ -s "$dir/best.h5" ]
check "it plays random players" run_mpi 2 eval "$dir/best.h5" random \
    --out "$SCRATCH" eval.rounds=200
sed -n '2p' "$SCRATCH/eval.csv" | sed 's/^/#   /'
wins=$(awk -F, 'NR == 2 { print $4 }' "$SCRATCH/eval.csv")
check "and beats them in 95 % of 200 games ($wins)" [ "${wins:-0}" -ge 190 ]
