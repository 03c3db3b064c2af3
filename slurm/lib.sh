# shellcheck shell=bash
# One life of a training job under SLURM.  The .sbatch files beside this one
# source it, say how ranks are started, and call `train`:
#
#     launch=(srun --mpi=pmix)
#     train CONFIG RUN_DIR [section.key=value ...]
#
# A job whose run is not done when this life ends goes back into the queue; its
# next life resumes from the newest checkpoint.
set -u

program=${MFRL:-mfrl-dist}
max_idle=${MAX_IDLE:-3} # lives in a row that add no checkpoint
life=${SLURM_RESTART_COUNT:-0}
job=$SLURM_JOB_ID
if [ -n "${SLURM_ARRAY_JOB_ID:-}" ]; then # an array's last task has its id
    job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
fi

# SLURM's USR1 comes to this shell alone, which passes it on: the ranks write a
# checkpoint and leave.  Its TERM (cancelled, preempted, requeued, out of time)
# comes to the ranks as well; all there is to do is to wait for them.
launched=
warned=no
terminated=no
woken=no
# shellcheck disable=SC2317  # called by trap
on_warning() {
    warned=yes
    woken=yes
    [ -z "$launched" ] || tell_ranks &
}
# More than once: a launcher that is still starting loses what it is told.
tell_ranks() {
    while kill -USR1 "$launched" 2>/dev/null; do
        sleep 10
    done
}
trap on_warning USR1
trap 'terminated=yes woken=yes' TERM

export OPENBLAS_NUM_THREADS=1 # a rank is one thread

# With more ranks than CPUs one that waits must let the others go first.
# mpirun arranges that only if it knows, srun never.
crowded=no
tasks=${SLURM_TASKS_PER_NODE:-1}
if [ "${tasks%%[^0-9]*}" -gt "$(env -u OMP_NUM_THREADS nproc)" ]; then
    crowded=yes
    export OMPI_MCA_mpi_yield_when_idle=1
fi

# mpirun's daemons notice a dead link after 10 to 15 s instead of 8 minutes, and
# one that is back within that time does no harm.
export OMPI_MCA_oob_tcp_keepalive_time=${OMPI_MCA_oob_tcp_keepalive_time:-5}
export OMPI_MCA_oob_tcp_keepalive_intvl=${OMPI_MCA_oob_tcp_keepalive_intvl:-2}
export OMPI_MCA_oob_tcp_keepalive_probes=${OMPI_MCA_oob_tcp_keepalive_probes:-3}

say() {
    echo "slurm: job $job, life $life: $*"
}

# recorded KEY: of run.json; nothing if it is not there.
recorded() {
    sed -n "s/^[[:space:]]*\"$1\":[[:space:]]*\"\{0,1\}\([^\",]*\).*/\1/p" \
        "$run/run.json" 2>/dev/null | head -n 1
}

newest_checkpoint() {
    readlink "$run/checkpoints/latest"
}

# Finished, and not asked for more rounds than it has.
is_done() {
    local setting
    [ "$(recorded state)" = finished ] || return 1
    for setting in "${settings[@]}"; do
        case $setting in
        run.rounds=*)
            [ "${setting#*=}" -le "$(recorded rounds)" ] 2>/dev/null || return 1
            ;;
        esac
    done
}

# The program's arguments.  A run that has begun goes on with the settings it
# began with, but for those that may change.
set_arguments() {
    local setting key free
    if [ ! -e "$run/config.used.ini" ]; then
        arguments=(train "$config" run.dir="$run" "${settings[@]}")
        return
    fi
    arguments=(train --resume "$run")
    [ ${#settings[@]} -gt 0 ] || return
    free=$("$program" config --resumable)
    for setting in "${settings[@]}"; do
        while read -r key; do
            # shellcheck disable=SC2254  # a pattern, as ranks.*
            case ${setting%%=*} in
            $key) arguments+=("$setting") ;;
            esac
        done <<<"$free"
    done
}

# How many lives of this job, with this one, have begun at the same checkpoint.
# Also after one that was killed, hence the file.
count_idle() {
    local last_began_at=
    began_at=$(newest_checkpoint)
    idle=$life
    if [ "$life" -gt 0 ] && [ -e "$run/slurm.lives" ]; then
        read -r idle last_began_at <"$run/slurm.lives"
    fi
    [ "$last_began_at" = "$began_at" ] || idle=0
    idle=$((idle + 1))
    [ ! -d "$run" ] || echo "$idle $began_at" >"$run/slurm.lives"
}

# Wait for the ranks, however often a signal interrupts that: $code.
wait_for_ranks() {
    while :; do
        woken=no
        wait "$launched"
        code=$?
        [ "$woken" = yes ] || break
    done
}

requeue() { # WHY
    if [ "$idle" -ge "$max_idle" ] &&
        [ "$(newest_checkpoint)" = "$began_at" ]; then
        say "$1; no new checkpoint in $idle lives (MAX_IDLE), so it ends here"
        exit $((code == 0 ? 1 : code))
    fi
    say "$1; back into the queue"
    scontrol requeue "$job" && exit 0
    say "cannot be requeued; submit the same line again to go on"
    exit 1
}

# What is to be done after this life.
conclude() {
    local state reason
    state=$(recorded state)
    reason=$(recorded exit_reason)
    if [ "$code" -eq 0 ] && [ "$state" = finished ]; then
        say "$run is finished"
        exit 0
    fi
    if [ "$terminated" = yes ]; then # SLURM requeues it, or nobody wants it
        say "ended by SLURM, $run is ${state:-not begun}"
        exit "$code"
    fi
    if [ "$code" -eq 0 ] && [ "$state" = stopped ]; then
        case $warned,$reason in
        *,*STOP*) ;;
        yes,* | *SLURM*) requeue "stopped in time" ;;
        esac
        say "$run is stopped ($reason); submit the same line again to go on"
        exit 0
    fi
    # What would come again.  9, that another job has the run directory, may
    # only say that the life before, on a lost node, still holds it; but at
    # first it is another job's.
    case $life,$code,$reason in
    *,[2346],* | 0,9,* | *,numerical*)
        say "exit code $code is final"
        exit "$code"
        ;;
    esac
    requeue "exit code $code"
}

train() { # CONFIG RUN_DIR [section.key=value ...]
    config=$1
    run=$2
    shift 2
    settings=("$@")

    if is_done; then
        say "$run is finished already, there is nothing to do"
        exit 0
    fi
    if [ "$life" -gt 0 ] && [ -e "$run/STOP" ]; then
        say "$run/STOP is there; submit the same line again to go on"
        exit 0
    fi
    count_idle
    set_arguments
    [ "$crowded" = no ] || say "more tasks than CPUs: ranks that wait yield"
    # shellcheck disable=SC2154  # launch is the caller's
    say "${launch[*]} $program ${arguments[*]}"
    "${launch[@]}" "$program" "${arguments[@]}" &
    launched=$!
    [ "$warned" = no ] || tell_ranks &
    wait_for_ranks
    conclude
}
