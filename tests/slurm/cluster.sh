# shellcheck shell=sh
# A SLURM cluster of two nodes n1 and n2 on this machine, all in the folder
# $SCRATCH/slurm: munged, slurmctld and two slurmd, started by hand.  Sourced
# after tests/e2e/lib.sh; root only.
#
#   cluster_start && ... ; cluster_stop        (cluster_stop also on failure)

CLUSTER=$SCRATCH/slurm
cluster_pids=

# In a session of its own: Ctrl-C must not end it before the jobs are stopped.
daemon() { # NAME COMMAND...: in the background, to be stopped later
    daemon_name=$1
    shift
    setsid "$@" >"$CLUSTER/log/$daemon_name.out" 2>&1 </dev/null &
    cluster_pids="$! $cluster_pids" # the last one started is stopped first
}

# within SECONDS COMMAND...: true once the command succeeds.
within() {
    deadline=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt $deadline ] || return 1
        sleep 0.2
    done
}

# A port on which nothing listens, and the two after it.
free_ports() {
    port=$((20000 + $$ % 10000))
    while cut -d' ' -f4- /proc/net/tcp | grep -qiE "$(printf \
        ':(%04X|%04X|%04X) ' $port $((port + 1)) $((port + 2)))"; do
        port=$((port + 3))
    done
    echo $port
}

# The delay of requeued jobs is the life of a credential, two minutes unless
# told.  Nodes have more CPUs than the machine, so that jobs run side by side.
cluster_conf() {
    ports=$(free_ports)
    host=$(hostname)
    cat <<END
ClusterName=mfrl-test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$CLUSTER/run/munge.sock,cred_expire=5
CredType=cred/munge
SlurmctldPort=$ports
SlurmctldPidFile=$CLUSTER/run/slurmctld.pid
SlurmdPidFile=$CLUSTER/run/slurmd.%n.pid
StateSaveLocation=$CLUSTER/state
SlurmdSpoolDir=$CLUSTER/spool/%n
SlurmctldLogFile=$CLUSTER/log/slurmctld.log
SlurmdLogFile=$CLUSTER/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
MinJobAge=3600
JobRequeue=1
TmpFS=$CLUSTER/tmpfs/%n
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((ports + 1)) CPUs=16
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((ports + 2)) CPUs=16
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

# munge wants its key in a closed directory and its socket in an open one.
cluster_munge() {
    mkdir -m 700 "$CLUSTER/munge"
    (umask 377 && head -c 1024 /dev/urandom >"$CLUSTER/munge/key")
    daemon munged munged --foreground --key-file="$CLUSTER/munge/key" \
        --socket="$CLUSTER/run/munge.sock" \
        --pid-file="$CLUSTER/run/munged.pid" \
        --log-file="$CLUSTER/log/munged.log" --seed-file="$CLUSTER/munge/seed"
    within 10 munge -S "$CLUSTER/run/munge.sock" -n
}

two_nodes_idle() {
    [ "$(sinfo -h -N -o '%T' | grep -c '^idle')" -eq 2 ]
}

# True once both nodes are ready; else LOG holds what the daemons said.
cluster_start() {
    umask 022
    # shellcheck disable=SC2046  # none of a job that this may run in
    unset $(env | sed -n 's/^\(\(SLURM\|SBATCH\)_[A-Z_]*\)=.*/\1/p')
    chmod 755 "$SCRATCH"
    for dir in run state log spool/n1 spool/n2 tmpfs/n1 tmpfs/n2; do
        mkdir -p "$CLUSTER/$dir"
    done
    export SLURM_CONF="$CLUSTER/slurm.conf"
    cluster_conf >"$SLURM_CONF"
    if cluster_munge; then
        daemon slurmctld slurmctld -D -f "$SLURM_CONF"
        daemon n1 slurmd -D -f "$SLURM_CONF" -N n1
        daemon n2 slurmd -D -f "$SLURM_CONF" -N n2
        within 30 two_nodes_idle && return 0
    fi
    tail -n 5 "$CLUSTER"/log/* >"$LOG" 2>&1
    return 1
}

no_jobs() {
    jobs_left=$(timeout 5 squeue -h) && [ -z "$jobs_left" ]
}

# Processes of the cluster and of its jobs, which outlive the daemons.
cluster_processes() {
    for environ in /proc/[0-9]*/environ; do
        if grep -qs "SLURM_CONF=$SLURM_CONF" "$environ"; then
            environ=${environ#/proc/}
            echo "${environ%/environ}"
        fi
    done
}

cluster_stop() {
    [ -n "$cluster_pids" ] || return 0
    if timeout 5 scancel --user=root 2>/dev/null; then
        within 20 no_jobs
    fi
    for pid in $cluster_pids; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    cluster_pids=
    # shellcheck disable=SC2046  # a list
    kill -9 $(cluster_processes) 2>/dev/null
}
