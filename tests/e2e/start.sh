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
    says "error: run.rounds = 1: .* has done 6 rounds" "$dir/log.txt"
small "$SCRATCH/quiet" log.level=error
check "log.level holds from the start" [ ! -s "$SCRATCH/quiet/log.txt" ]

# ---- paths that do not fit -----------------------------------------------

long=$SCRATCH/$(printf 'd%.0s' $(seq 150))/$(printf 'e%.0s' $(seq 150))
mkdir -p "$long"
cp "$dir/config.used.ini" "$long"
check "--resume of a path that is too long: exit code 2" \
    exits 2 run train --resume "$long"
check "and one line that says so" err_says "path has [0-9]* bytes, at most 255"
