#!/bin/sh
# One job over three hosts by TCP: the same run as on one; a link that is down
# for three seconds does no harm, one that stays down ends the job, and what it
# saved goes on as if nothing had happened.
. tests/e2e/lib.sh

if [ "$(id -u)" -ne 0 ] || ! command -v ip >/dev/null; then
    skip "hosts need root and iproute2: NO JOB OVER SEVERAL HOSTS WAS TESTED"
    exit 0
fi
. tests/hosts/network.sh
leave() { # with the script's exit code
    set -- $?
    network_stop
    (exit "$1")
    end_script
}
trap leave EXIT

if ! network_start 3 >"$LOG" 2>&1 || ! on 1 true >>"$LOG" 2>&1; then
    sed 's/^/#   /' "$LOG"
    skip "no namespaces here: NO JOB OVER SEVERAL HOSTS WAS TESTED"
    exit 0
fi

MFRL=$(realpath "$MFRL") || exit 1
for i in 1 2 3; do
    echo "$NET-$i slots=2"
done >"$SCRATCH/hostfile"
cat >"$SCRATCH/ising.ini" <<END
[env]
name = ising
[env.ising]
width = 16
height = 16
[run]
rounds = 1000000000
[checkpoint]
every = 20
END

# As in slurm/lib.sh and README.md.
mpi="mpirun --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 2"
mpi="$mpi --mca oob_tcp_keepalive_probes 3 --mca plm_rsh_agent $SCRATCH/rsh"
mpi="$mpi --hostfile $SCRATCH/hostfile --bind-to none -n 6"

# start NAME: on all hosts in the background, mpirun on the first: $job.
start() {
    dir=$SCRATCH/$1
    LOG=$SCRATCH/$1.log # also of what checks say
    "$SCRATCH/in" "$NET-1" "exec $mpi $MFRL train $SCRATCH/ising.ini \
        run.dir=$dir" >"$LOG" 2>&1 </dev/null &
    job=$!
}

# ends SECONDS: the job does, within that time; $code and $took.
ends() {
    began=$(date +%s)
    code=
    while kill -0 "$job" 2>/dev/null; do
        took=$(($(date +%s) - began))
        [ $took -le "$1" ] || return 1
        sleep 0.2
    done
    code=0
    wait "$job" || code=$?
}

latest() {
    readlink "$dir/checkpoints/latest"
}

# saves: a checkpoint that was not there before, in half a minute.
saves() {
    before=$(latest)
    for _ in $(seq 150); do
        [ "$(latest)" = "$before" ] || return 0
        sleep 0.2
    done
    return 1
}

state_is() {
    [ "$(json_get "$dir/run.json" state)" = "$1" ]
}

# alone ROUNDS: the run that was never disturbed, on one process.
alone() {
    "$MFRL" train "$SCRATCH/ising.ini" run.dir="$SCRATCH/alone-$1" \
        run.rounds="$1" checkpoint.every=0 >/dev/null 2>&1
}

as_undisturbed() {
    rounds=$(json_get "$dir/run.json" rounds) && alone "$rounds" &&
        same_digest "$SCRATCH/alone-$rounds" "$dir"
}

nothing_left() {
    for _ in $(seq 50); do
        [ -n "$(processes_on 1)$(processes_on 2)$(processes_on 3)" ] || return 0
        sleep 0.2
    done
    return 1
}

start short
check "a job over three hosts runs" saves
check "each host has ranks" log_says "$NET-1 x 2.*$NET-2 x 2.*$NET-3 x 2"
link 3 down
sleep 3
link 3 up
check "a link was down for 3 s: the job goes on" saves
kill -USR1 "$job"
check "USR1 to mpirun reaches all hosts" ends 30
check "it stops with exit code 0" [ "$code" = 0 ]
check "and says so" state_is stopped
check "the digests of one process" as_undisturbed
check "no process is left" nothing_left

start lost
check "another job runs" saves
link 3 down
check "a link is down for good: the job ends within 60 s" ends 60
echo "# it took ${took:-more than 60} s"
check "with an exit code that says so" [ "${code:-0}" -ne 0 ]
check "no process is left, also on the lost host" nothing_left
link 3 up
last=$(json_get "$dir/checkpoints/latest/manifest.json" round)
check "it resumes on one host" run_mpi 2 train --resume "$dir" \
    run.rounds=$((last + 20))
check "as if undisturbed" as_undisturbed
