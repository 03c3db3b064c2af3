#!/bin/sh
# net.h5: every algorithm's policy is told from other files, and its networks
# can be run from the file alone.
. tests/e2e/lib.sh

# saved NAME ARGS...: a run of one round, whose net.h5 is $net then.
saved() {
    net=$SCRATCH/$1/checkpoints/latest/net.h5
    name=$1
    shift
    check "$name trains" run_mpi 1 train env.name=battle run.rounds=1 \
        env.battle.width=12 env.battle.height=12 pipeline.steps_per_round=2 \
        learner.batch=16 learner.samples_per_step=0.01 replay.capacity=200 \
        run.dir="$SCRATCH/$name" "$@"
    check "$name: info" run traj info "$net"
    check "calls it a policy" log_says ': a policy '
}

has() { # GROUP VALUES PART...
    "$python" tests/e2e/net.py "$net" "$@" >"$LOG" 2>&1
}

net_is() { # GROUP VALUES PART...
    if [ -n "$python" ]; then
        check "$name: $1 runs from the file" has "$@"
    else
        skip "$name: $1 from the file: needs python3-h5py"
    fi
}

python=$(h5py_python) || python=
conv="view: conv 3x3x4, dense 8 | features: dense 8 | abar: dense 8 | dense 16"

saved mfq algo.name=mfq net.layers="$conv"
net_is net 21 view features abar
check "an input too few would be found" not_zero has net 21 view features
saved il algo.name=il net.layers="$conv"
net_is net 21 view features
saved mfac algo.name=mfac net.layers="$conv" algo.mfac.actor_abar=off
net_is actor 21 view features
net_is critic 21 view features abar
saved ac algo.name=ac net.layers="$conv"
net_is actor 21 view features
net_is critic 1 view features
saved mfppo algo.name=mfppo net.layers="$conv" algo.mfppo.actor_abar=on
net_is actor 21 view features abar
net_is critic 1 view features abar
check "a frozen opponent" run_mpi 1 train env.name=battle run.rounds=1 \
    env.battle.width=12 env.battle.height=12 pipeline.steps_per_round=2 \
    learner.batch=16 learner.samples_per_step=0.01 replay.capacity=200 \
    algo.name=il net.layers="$conv" selfplay.rule=frozen \
    selfplay.opponent="$SCRATCH/il/checkpoints/latest/net.h5" \
    run.dir="$SCRATCH/two"
name=two
net=$SCRATCH/two/checkpoints/latest/net.h5
net_is opponent 21 view features

for algo in mfac fmq; do
    name=$algo-table
    net=$SCRATCH/$name/checkpoints/latest/net.h5
    check "$name trains" run_mpi 1 train env.name=squeeze algo.name=$algo table.sharing=per_agent \
        net.layers=table run.rounds=1 run.dir="$SCRATCH/$name"
    check "$name: info" run traj info "$net"
    check "calls it a policy" log_says ': a policy '
done
if [ -n "$python" ]; then
    check "a table says what its states are" "$python" -c '
import h5py, sys
f = h5py.File(sys.argv[1])
assert f["actor/logits"].ndim == f["critic/q"].ndim == 3
assert "observation" in str(f["actor"].attrs["state"])
assert "mean action" in str(f["critic"].attrs["state"])' \
        "$SCRATCH/mfac-table/checkpoints/latest/net.h5"
fi
