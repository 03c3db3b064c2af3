#!/bin/sh
# The program on one rank under valgrind (WRAP): no error, nothing lost.  What
# Open MPI itself loses is listed in tests/openmpi.supp.
. tests/e2e/lib.sh

WRAP=${WRAP:-valgrind -q --leak-check=full --show-leak-kinds=definite
  --errors-for-leak-kinds=definite --error-exitcode=99}

wrapped() { # ARGS...
    # shellcheck disable=SC2086  # WRAP is a command with arguments
    timeout -k 10 "$TIMEOUT" $WRAP --num-callers=40 \
        --suppressions=tests/openmpi.supp "$MFRL" "$@" >"$LOG" 2>&1 </dev/null
}

check "tables, with a checkpoint" wrapped train run.dir="$SCRATCH/table" \
    env.name=ising     run.rounds=6 checkpoint.every=4 log.metrics_every=4
check "and its end, resumed" wrapped train --resume "$SCRATCH/table" \
    run.rounds=10
check "a network, bootstrapped, with lag" wrapped train \
    run.dir="$SCRATCH/network" env.name=ising "net.layers=dense 16, dense 16" \
    learner.gamma=0.9 pipeline.lag=1 run.rounds=6 log.digest=on
check "one agent after another, tables of their own" wrapped train \
    run.dir="$SCRATCH/agents" env.name=ising env.ising.schedule=sequential \
    table.sharing=per_agent env.ising.width=19 env.ising.height=13 run.rounds=4
check "a refused config" exits 2 wrapped train run.dir="$SCRATCH/none" \
    net.layers=dense
