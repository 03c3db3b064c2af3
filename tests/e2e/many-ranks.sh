#!/bin/sh
# Many more ranks than cores, and numbers of ranks that divide nothing: the
# job finishes, and is the same run.
. tests/e2e/lib.sh

# go NAME RANKS ARGS...: a run; true if it ends well and says so.
go() {
    dir=$SCRATCH/$1
    ranks=$2
    shift 2
    run_mpi "$ranks" train run.dir="$dir" "$@" &&
        [ "$(json_get "$dir/run.json" state)" = finished ] &&
        [ "$(json_get "$dir/run.json" ranks)" = "$ranks" ]
}

# One large world over all actors; the automatic layout of every number.
large() { # RANKS
    go "large-$1" "$1" configs/ising.ini env.ising.width=256 \
        env.ising.height=256 run.rounds=4 pipeline.steps_per_round=5 \
        learner.samples_per_step=0.05
}

check "256 x 256 on 2 ranks" large 2
for n in 5 7 13 64; do
    check "256 x 256 on $n ranks" large $n
    check "256 x 256 on $n ranks: the digests of 2 ranks" \
        same_digest "$SCRATCH/large-2" "$SCRATCH/large-$n"
done

# A small world on a prime number of ranks: tiles of a few cells.
check "20 x 20 on 1 rank" go small-1 1 env.name=ising run.rounds=4
check "20 x 20 on 61 ranks" go small-61 61 env.name=ising run.rounds=4
check "20 x 20 on 61 ranks: the digests of 1 rank" \
    same_digest "$SCRATCH/small-1" "$SCRATCH/small-61"
