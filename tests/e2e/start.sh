#!/bin/sh
# How a run starts and how it fails: what log.txt and run.json say of it, and
# which checkpoints it goes on from.
. tests/e2e/lib.sh

# small DIR ARGS...: a run that takes no time.
small() {
    small_dir=$1
    shift
    run train env.name=ising run.dir="$small_dir" run.rounds=4 \
        checkpoint.every=2 "$@"
}

says() { # PATTERN FILE
    grep -qE -e "$1" "$2" || {
        echo "no '$1' in $2" >>"$LOG"
        false
    }
}

has() { # FILE KEY
    json_get "$@" >/dev/null
}

one_line() { # FILE has one line that matches PATTERN
    [ "$(wc -l <"$1")" -eq 1 ] && grep -qE -e "$2" "$1"
}

# ---- log.txt begins where the run directory is locked --------------------

dir=$SCRATCH/told
small "$dir"
echo x >"$dir/checkpoints/latest/net.h5"
check "a run goes on past a damaged checkpoint" \
    exits 0 run train --resume "$dir" run.rounds=6
check "log.txt: it is named and skipped" \
    says "^mfrl-dist: warning: checkpoint .* is damaged and skipped" \
    "$dir/log.txt"
check "log.txt: which checkpoint the run goes on from" \
    says "^resuming from .*, round 2" "$dir/log.txt"
check "log.txt: the round at which it was resumed" \
    says "^resumed at round 2\$" "$dir/log.txt"
check "log.txt: what was wrong with a resume" \
    exits 2 run train --resume "$dir" run.rounds=1
check "log.txt: is written there too" \
    says "error: .*run.rounds = 1: .* has done 6 rounds" "$dir/log.txt"
small "$SCRATCH/quiet" log.level=error
check "log.level holds from the start" [ ! -s "$SCRATCH/quiet/log.txt" ]

# ---- paths that do not fit -----------------------------------------------

long=$SCRATCH/$(printf 'd%.0s' $(seq 150))/$(printf 'e%.0s' $(seq 150))
mkdir -p "$long"
cp "$dir/config.used.ini" "$long"
check "--resume of a path that is too long: exit code 2" \
    exits 2 run train --resume "$long"
check "and one line that says so" err_says "path has [0-9]* bytes, at most 255"

# ---- run.json of a run that failed ---------------------------------------

dir=$SCRATCH/failed
MFRL_TEST_FAIL_AT=1:3
export MFRL_TEST_FAIL_AT
check "a rank that fails ends the job with its exit code" \
    exits 4 run_mpi 3 train env.name=ising run.dir="$dir" run.rounds=9 \
    checkpoint.every=2
unset MFRL_TEST_FAIL_AT
check "run.json: failed" [ "$(json_get "$dir/run.json" state)" = failed ]
check "run.json: the reason, and which rank" \
    says '"exit_reason":.*"numerical failure of rank 1"' "$dir/run.json"
check "run.json: rounds are those of the last checkpoint" \
    [ "$(json_get "$dir/run.json" rounds)" = 2 ]
for key in hosts mpi start end agent_steps; do
    check "run.json: $key is there" has "$dir/run.json" $key
done
check "a run that failed goes on" exits 0 run train --resume "$dir"

# A word in argv is not the state.
dir=$SCRATCH/word
small "$dir"
sed -i 's/"state":.*"finished"/"state": "running"/; s/"argv":.*\[/&"stopped", /' \
    "$dir/run.json"
rm -r "$dir/checkpoints"
check "run.json: only \"state\" says that a run has ended" \
    exits 0 run train --resume "$dir"

# ---- out of memory -------------------------------------------------------

# A start that has at most 2 GB of addresses, on a machine that has more.
scarce() {
    (
        # shellcheck disable=SC3045  # dash and bash have -v
        ulimit -v 2000000
        run train env.name=ising run.dir="$dir" run.rounds=2 "$@"
    )
}
dir=$SCRATCH/memory
# shellcheck disable=SC3045
if [ "$(awk '/MemTotal/ { print int($2 / 1e6) }' /proc/meminfo)" -ge 4 ] &&
    (ulimit -v 2000000 && "$MFRL" --version) >"$LOG" 2>&1; then
    check "out of memory: exit code 6" exits 6 scarce replay.capacity=1e8
    check "out of memory: one line says for what" \
        one_line "$ERR" "error: .*memory.*replay"
    check "and the run directory can still be used" exits 0 scarce
else
    skip "a start without memory: it would not start here"
fi

# ---- a checkpoint of another run -----------------------------------------

small "$SCRATCH/mine"
small "$SCRATCH/other" env.ising.temperature=1.25
rm -r "$SCRATCH/mine/checkpoints"
cp -R "$SCRATCH/other/checkpoints" "$SCRATCH/mine"
check "a checkpoint of another run is refused: exit code 3" \
    exits 3 run train --resume "$SCRATCH/mine" run.rounds=8
check "one line names the key, the file and both values" one_line "$ERR" \
    "error: .*net.h5 .*env.ising.temperature = 1.25, this one has 0.9"
check "also on several ranks, which leave cleanly" \
    exits 3 run_mpi 3 train --resume "$SCRATCH/mine" run.rounds=8
small "$SCRATCH/edited"
sed -i 's/^gamma = .*/gamma = 0.5/' "$SCRATCH/edited/config.used.ini"
check "an edited config is not the run that was saved" \
    exits 3 run train --resume "$SCRATCH/edited" run.rounds=8
check "what may change on a resume may differ" \
    exits 0 run train --resume "$SCRATCH/other" run.rounds=8 \
    run.burn_in=0.25 checkpoint.every=3 checkpoint.keep=1 log.digest=on
mv "$SCRATCH/other" "$SCRATCH/moved"
check "and the run directory may have been moved" \
    exits 0 run train --resume "$SCRATCH/moved" run.rounds=9

# ---- the end report names what it measured -------------------------------

check "a run that saves every round ends" \
    exits 0 run_mpi 3 train env.name=ising run.dir="$SCRATCH/saves" \
    run.rounds=20 checkpoint.every=1
check "its bottleneck is the checkpoint" log_says "^bottleneck checkpoint: "
check "perf.json: how much of a phase was waiting" \
    has "$SCRATCH/saves/perf.json" waiting
check "what acting costs beside choosing actions" log_says \
    "^outside inference: [0-9]+ % of the actors' busy time"
check "also in perf.json" has "$SCRATCH/saves/perf.json" outside_inference
check "what checkpoints and recordings cost" log_says \
    "^overhead   checkpoints [0-9.]+ % of the run's time, recording 0.00 % of"
for key in checkpoint_share recording_share; do
    check "perf.json: $key" has "$SCRATCH/saves/perf.json" $key
done
check "a run of four learners ends" \
    exits 0 run_mpi 5 train env.name=ising run.dir="$SCRATCH/many" \
    run.rounds=100 ranks.learners=4 pipeline.lag=1 checkpoint.every=0
if log_says "^bottleneck sum gradients: learners waited"; then
    check "with the cure for it" log_says "fewer ranks.learners would help"
else
    skip "learners that wait for each other: others waited longer here"
fi
