#!/bin/sh
# The scripts in slurm/ under a real SLURM: jobs on few and on many ranks, over
# two nodes, ones that run out of time or are requeued, arrays, and mistakes.
# However a job came to its end, its digests are those of one process that was
# never disturbed.
. tests/e2e/lib.sh

if [ "$(id -u)" -ne 0 ]; then
    skip "SLURM's daemons need root: NOTHING under slurm/ WAS TESTED"
    exit 0
fi
if ! mountpoint -q /sys/fs/cgroup; then
    skip "slurmd needs /sys/fs/cgroup: NOTHING under slurm/ WAS TESTED"
    exit 0
fi
. tests/slurm/cluster.sh
leave() { # with the script's exit code
    set -- $?
    cluster_stop
    (exit "$1")
    end_script
}
trap leave EXIT

# Nodes that are one machine would share names of shared memory.
export OMPI_MCA_btl=self,tcp
MFRL=$(realpath "$MFRL") || exit 1
export MFRL
OUT=$SCRATCH/out
mkdir "$OUT"
cat >"$SCRATCH/ising.ini" <<END
[env]
name = ising
[env.ising]
width = 16
height = 16
[run]
rounds = 20
[checkpoint]
every = 10
END

# submit NAME SBATCH-OPTIONS... -- SCRIPT ARGS...: its id is in $id.
submit() {
    submit_name=$1
    shift
    options="--parsable --job-name=$submit_name --output=$OUT/$submit_name"
    while [ "$1" != -- ]; do
        options="$options $1"
        shift
    done
    shift
    # shellcheck disable=SC2086  # options are words
    id=$(sbatch $options "$@" 2>"$OUT/$submit_name.sbatch") ||
        not_ok "sbatch $submit_name: $(cat "$OUT/$submit_name.sbatch")"
}

# ended ID: no task of the job is in the queue any more.
ended() {
    queued=$(squeue -h -j "$1" -t all -O State:20) || return 1
    ! echo "$queued" | grep -qE 'PENDING|RUNNING|COMPLETING|CONFIGURING|REQUEUE'
}

await() { # NAME ID: LOG is what it printed
    within 240 ended "$2" || scancel "$2"
    LOG=$OUT/$1
}

job_state() { # ID
    scontrol show job -o "$1" | sed -n 's/.* JobState=\([A-Z]*\).*/\1/p'
}

exit_code_is() { # ID CODE
    scontrol show job -o "$1" >"$SCRATCH/show"
    grep -q " ExitCode=$2:0 " "$SCRATCH/show" ||
        { grep -o ' ExitCode=[^ ]*' "$SCRATCH/show" >>"$LOG"; false; }
}

# as_undisturbed RUN RANKS [SEED]: it is finished, by so many ranks, and has the
# digests of as many rounds on one rank.
as_undisturbed() {
    rounds=$(json_get "$1/run.json" rounds) || return 1
    alone=$SCRATCH/alone-$rounds-${3:-1}
    [ -d "$alone" ] ||
        "$MFRL" train "$SCRATCH/ising.ini" run.dir="$alone" checkpoint.every=0 \
            run.rounds="$rounds" run.seed="${3:-1}" >/dev/null 2>&1
    [ "$(json_get "$1/run.json" state)" = finished ] &&
        [ "$(json_get "$1/run.json" ranks)" -eq "$2" ] &&
        same_digest "$alone" "$1"
}

# A program that stands for mfrl-dist: in a job's first life it has no last
# round, in the next it makes 20 more, so that jobs last as long as they must
# on any machine.
endless() { # RUN
    cat >"$1.program" <<END
#!/bin/sh
if [ -z "\$SLURM_RESTART_COUNT" ]; then
    rounds=1000000000
else
    rounds=\$(grep -o '"round":[^,]*' "$1/checkpoints/latest/manifest.json")
    rounds=\$((\${rounds#*:} + 20))
fi
exec "$MFRL" "\$@" run.rounds=\$rounds
END
    chmod +x "$1.program"
}

submit_endless() { # NAME SCRIPT SBATCH-OPTIONS...
    dir=$SCRATCH/$1
    name=$1
    script=$2
    shift 2
    endless "$dir"
    submit "$name" -n2 --export=ALL,MFRL="$dir.program" "$@" -- \
        "$script" "$cfg" "$dir"
}

has_checkpoint() { # RUN
    [ -e "$1/checkpoints/latest" ]
}

# ---- all at once: most of the time they wait -----------------------------

check "a cluster of two nodes starts" cluster_start
[ $n_failed -eq 0 ] || exit 1
cfg=$SCRATCH/ising.ini

# Out of time: a minute, warned half a minute or more before.
submit_endless limit slurm/train.sbatch --time=1 --signal=B:USR1@30
limit=$id
submit_endless mpi-limit slurm/train-mpirun.sbatch --time=1 --signal=B:USR1@30
mpi_limit=$id

# Requeued by hand, cancelled, and one that loses a rank.
submit_endless again slurm/train.sbatch
again=$id
submit_endless cancelled slurm/train.sbatch
cancelled=$id
submit_endless lost slurm/train.sbatch
lost=$id

submit four -N2 -n4 -- slurm/train.sbatch "$cfg" "$SCRATCH/fo ur"
four=$id
submit mpi-four -N2 -n4 -- slurm/train-mpirun.sbatch "$cfg" "$SCRATCH/mpi-four"
mpi_four=$id
submit seeds --array=1-3 -n1 -- slurm/array.sbatch "$cfg" "$SCRATCH/seeds"
seeds=$id
printf '%s\n' 'run.seed=7 run.rounds=15' 'run.seed=8 "run.rounds=15"' \
    >"$SCRATCH/points"
submit sweep --array=1-2 -n2 -- \
    slurm/array.sbatch "$cfg" "$SCRATCH/sweep" "$SCRATCH/points"
sweep=$id
submit no-config -n2 -- slurm/train.sbatch "$SCRATCH/none.ini" "$SCRATCH/none"
no_config=$id
submit usage -n1 -- slurm/train.sbatch "$cfg"
usage=$id

# One that cannot work: a rank dies at once, in every life.
printf '#!/bin/sh\nkill -SEGV $$\n' >"$SCRATCH/broken"
chmod +x "$SCRATCH/broken"
submit broken -n2 --export=ALL,MFRL="$SCRATCH/broken",MAX_IDLE=2 -- \
    slurm/train.sbatch "$cfg" "$SCRATCH/broken.run"
broken=$id

# Many tasks on few CPUs, one job after the other; one node shares memory.
export OMPI_MCA_btl=self,vader
submit many -N1 -n64 --overcommit -- \
    slurm/train.sbatch "$cfg" "$SCRATCH/many"
many=$id
submit mpi-many -N1 -n64 --overcommit -d "afterany:$many" -- \
    slurm/train-mpirun.sbatch "$cfg" "$SCRATCH/mpi-many"
mpi_many=$id
export OMPI_MCA_btl=self,tcp

within 60 has_checkpoint "$SCRATCH/again"
check "scontrol requeue is accepted" scontrol requeue "$again"
within 60 has_checkpoint "$SCRATCH/cancelled"
scancel "$cancelled"
within 60 has_checkpoint "$SCRATCH/lost"
rank=$(pgrep -f "^$MFRL train .*=$SCRATCH/lost " | head -n 1)
check "a rank is killed" kill -9 "$rank"

await four "$four"
check "srun, 4 tasks on two nodes, a space in the folder" \
    as_undisturbed "$SCRATCH/fo ur" 4
await mpi-four "$mpi_four"
check "mpirun, 4 tasks on two nodes" as_undisturbed "$SCRATCH/mpi-four" 4
await no-config "$no_config"
check "no config: exit code 3" exit_code_is "$no_config" 3
check "no config: the program says so" log_says 'none.ini'
check "no config: not queued again" log_says 'exit code 3 is final'
check "no config: nothing is created" [ ! -e "$SCRATCH/none" ]
await usage "$usage"
check "no folder: usage, exit code 2" exit_code_is "$usage" 2
await seeds "$seeds"
for seed in 1 2 3; do
    check "array: seed $seed" as_undisturbed "$SCRATCH/seeds/$seed" 1 $seed
done
await sweep "$sweep"
for seed in 7 8; do
    check "array: line $((seed - 6)) of a sweep" \
        as_undisturbed "$SCRATCH/sweep/$((seed - 6))" 2 $seed
done

# ---- the second lives ----------------------------------------------------

await again "$again"
check "scontrol requeue: as if undisturbed" as_undisturbed "$SCRATCH/again" 2
check "scontrol requeue: SLURM queued it, not the script" \
    log_says 'life 0: ended by SLURM'
check "scontrol requeue: one log of both lives" \
    log_says 'life 1: .* is finished'

await lost "$lost"
check "a lost rank: the job is queued again" \
    log_says 'life 0: exit code [0-9]*; back into the queue'
check "a lost rank: as if undisturbed" as_undisturbed "$SCRATCH/lost" 2

await cancelled "$cancelled"
check "scancel: a checkpoint, and the end" \
    log_says 'life 0: ended by SLURM, .* is stopped'
check "scancel: not queued again" [ "$(job_state "$cancelled")" = CANCELLED ]

await broken "$broken"
check "a job without progress ends after MAX_IDLE lives" \
    log_says 'life 1: .*no new checkpoint in 2 lives'
check "and fails" [ "$(job_state "$broken")" = FAILED ]

submit finished -n2 -- slurm/train.sbatch "$cfg" "$SCRATCH/again"
finished=$id
await finished "$finished"
check "a finished run submitted again ends at once" \
    log_says 'is finished already, there is nothing to do'
check "with exit code 0" exit_code_is "$finished" 0
more=$(($(json_get "$SCRATCH/again/run.json" rounds) + 20))
submit more -n2 -- slurm/train.sbatch "$cfg" "$SCRATCH/again" \
    run.seed=1 run.rounds=$more
more=$id
await more "$more"
check "but goes on when asked for more rounds" \
    as_undisturbed "$SCRATCH/again" 2
check "20 more" log_says "resumed at round"
await many "$many"
check "srun, 64 tasks on one node" as_undisturbed "$SCRATCH/many" 64
check "srun, 64 tasks: those that wait let others go first" \
    log_says 'more tasks than CPUs'
await mpi-many "$mpi_many"
check "mpirun, 64 tasks on one node" as_undisturbed "$SCRATCH/mpi-many" 64

limited() { # NAME ID
    await "$1" "$2"
    check "$1: warned before the end of its time, it stops and is queued" \
        log_says 'life 0: stopped in time; back into the queue'
    check "$1: it resumes and finishes in its second life" \
        log_says "life 1: $SCRATCH/$1 is finished"
    check "$1: as if undisturbed" as_undisturbed "$SCRATCH/$1" 2
}
limited limit "$limit"
limited mpi-limit "$mpi_limit"
