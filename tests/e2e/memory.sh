#!/bin/sh
# What a run says that it will take, against what it took.
. tests/e2e/lib.sh

near() { # RUN_DIR: the estimate is within a tenth of the peak
    peak=$(json_get "$1/perf.json" memory_peak_bytes) || return 1
    told=$(json_get "$1/perf.json" memory_estimate_bytes) || return 1
    awk -v told="$told" -v peak="$peak" 'BEGIN {
        off = told / peak - 1
        exit !(off >= -0.1 && off <= 0.1)
    }' && return
    echo "estimated $told bytes, took $peak" >>"$LOG"
    return 1
}

# holds NAME RANKS ARGS...: such a run ends, and its memory was known
holds() {
    dir=$SCRATCH/$1
    name=$1
    ranks=$2
    shift 2
    check "$name ends" exits 0 run_mpi "$ranks" train run.dir="$dir" "$@"
    check "$name takes what was estimated" near "$dir"
    check "$name says both" log_says \
        "^memory +estimated [0-9.]+ MB, at most [0-9.]+ MB a rank"
}

holds table 1 env.name=ising run.rounds=10
holds layers 2 env.name=ising "net.layers=dense 64, dense 64" \
    learner.batch=4096 run.rounds=2
holds battle 1 env.name=battle run.rounds=1
holds large-battle 5 env.name=battle env.battle.width=160 \
    env.battle.height=160 learner.samples_per_step=0.01 run.rounds=1
holds counters 3 env.name=ising world.count=200 run.rounds=2 \
    pipeline.steps_per_round=100 replay.capacity=1000
holds trajectory 3 env.name=ising env.ising.width=200 env.ising.height=200 \
    trajectory.every=1 run.rounds=2
holds evaluation 2 env.name=battle eval.every=1 eval.rounds=2 \
    eval.against="random, $SCRATCH/battle" run.rounds=1
holds rollout 2 env.name=battle algo.name=mfppo pipeline.steps_per_round=60 \
    "net.layers=dense 16" learner.samples_per_step=0.01 run.rounds=1
holds rollout-table 3 env.name=ising algo.name=ac world.count=60 \
    pipeline.steps_per_round=100 learner.samples_per_step=0.01 run.rounds=2 \
    ranks.learners=2

# What fits a host once need not fit it twice: a replay of 1.4 hosts, half of it
# on either rank.
too_large() { # RANKS CAPACITY
    run_mpi "$1" train run.dir="$SCRATCH/none" env.name=ising \
        replay.shards=256 replay.capacity="$2" ranks.layout=colocated
}
check "a replay that is too large" exits 2 too_large 1 900000000000
capacity=$(sed -n 's/.*would need \([0-9.]*\) GB.*host has \([0-9.]*\) GB.*/\1 \2/p' \
    "$LOG" | awk '{ printf "%.0f", 1.4 * 9e11 * $2 / $1 }')
check "one of two halves that are, on one host" exits 2 too_large 2 "$capacity"
check "is refused for both ranks" log_says 'host of rank 0, 2 in all, would need'
check "before anything is there" [ ! -e "$SCRATCH/none" ]
