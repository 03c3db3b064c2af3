#!/bin/sh
# slurm/lib.sh without a SLURM: what a life of a job makes of exit codes and of
# the settings on its line.
. tests/e2e/lib.sh

# A program that notes its arguments and ends as it is told to, but for the keys
# that the real one tells; and a scontrol.
mkdir "$SCRATCH/bin"
cat >"$SCRATCH/bin/program" <<END
#!/bin/sh
[ "\$1" != config ] || exec "$(readlink -f "$MFRL")" "\$@"
echo "\$@" >"$SCRATCH/arguments"
exit "\$CODE"
END
printf '#!/bin/sh\necho scontrol "$@"\n' >"$SCRATCH/bin/scontrol"
chmod +x "$SCRATCH/bin/program" "$SCRATCH/bin/scontrol"
cat >"$SCRATCH/job" <<END
. slurm/lib.sh
launch=(env)
train configs/ising.ini "$SCRATCH/run" "\$@"
END

# life N CODE ARGS...: the N-th, whose program ends with that code.
life() {
    life_restarts=$1
    life_code=$2
    shift 2
    SLURM_JOB_ID=1 SLURM_RESTART_COUNT=$life_restarts CODE=$life_code \
        MFRL=$SCRATCH/bin/program PATH=$SCRATCH/bin:$PATH \
        bash "$SCRATCH/job" "$@" >"$LOG" 2>&1 </dev/null
}

for code in 2 3 4 6; do
    for n in 0 1; do
        check "life $n, exit code $code is final" exits $code life $n $code
        check "and says so" log_says "exit code $code is final"
    done
done
check "a directory that is another job's from the start" exits 9 life 0 9
check "is not waited for" log_says "exit code 9 is final"
check "one that the life before still holds" exits 0 life 1 9
check "is" log_says "exit code 9; back into the queue"

mkdir "$SCRATCH/run"
: >"$SCRATCH/run/config.used.ini"
check "a life that resumes" exits 0 life 1 5 run.seed=7 run.stall_seconds=30 \
    env.ising.width=40 eval.every=5 run.dir=elsewhere "log.digest=on"
check "passes on what may change" [ "$(cat "$SCRATCH/arguments")" = \
    "train --resume $SCRATCH/run run.stall_seconds=30 eval.every=5 log.digest=on" ]
check "all keys that it knows of are keys" \
    [ "$("$MFRL" config --resumable | sed 's/\*//' | while read -r key; do
        section=${key%.*}
        "$MFRL" config | grep -A 99 "^\[$section\]" |
            grep -q "^;* *${key#"$section".}" || echo "$key"
    done)" = "" ]
touch "$SCRATCH/run/STOP"
rm "$SCRATCH/arguments"
check "a STOP that was laid between two lives" exits 0 life 1 5
check "ends the job" log_says "STOP is there"
check "without a start" [ ! -e "$SCRATCH/arguments" ]
check "submitted again it goes on" exits 0 life 0 5
check "with a start" [ -e "$SCRATCH/arguments" ]
