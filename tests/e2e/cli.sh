#!/bin/sh
# The command line: help, version, and what a mistake costs.
. tests/e2e/lib.sh

one_line() { # FILE has one line that matches PATTERN
    [ "$(wc -l <"$1")" -eq 1 ] && grep -qE -e "$2" "$1"
}

silent() { # FILE is empty
    [ ! -s "$1" ]
}

# ---- help and version: on stdout, exit code 0 ----------------------------

check "--help exits 0" exits 0 run --help
check "--help prints nothing on stderr" silent "$ERR"
for word in mfrl-dist train config --resume; do
    check "--help names $word" log_says "(^|[^a-z-])$word([^a-z-]|\$)"
done
check "train --help exits 0" exits 0 run train --help
check "config --help exits 0" exits 0 run config --help
check "--version exits 0" exits 0 run --version
check "--version prints a name and a number" \
    one_line "$LOG" '^mfrl-dist [0-9]+\.[0-9]+'

# ---- mistakes: one clear message on stderr, exit code 2 ------------------

check "an unknown command exits 2" exits 2 run no-such-command
check "an unknown command is named" err_says "no-such-command"
check "an unknown option exits 2" exits 2 run train --no-such-option
check "an unknown option is named" err_says "no-such-option"

dir=$SCRATCH/run
check "an unknown key exits 2" \
    exits 2 run train run.dir="$dir" run.sede=7
check "an unknown key is named, with the nearest one" \
    err_says "sede.*did you mean.*seed"
check "a bad value exits 2" exits 2 run train run.dir="$dir" run.seed=many
check "a bad value is shown with its key" err_says "seed.*many"
printf '[run]\nseed = 7\nrouns = 3\n' >"$SCRATCH/typo.ini"
check "a typing error in a file exits 2" \
    exits 2 run train "$SCRATCH/typo.ini" run.dir="$dir"
check "file and line are named" err_says "typo\.ini:3:"
check "a missing config fails" \
    not_zero run train "$SCRATCH/none.ini" run.dir="$dir"
check "a missing config is named" err_says "none\.ini"
check "no mistake leaves a run directory behind" [ ! -e "$dir" ]
check "a mistake on three ranks exits 2" \
    exits 2 run_mpi 3 train run.dir="$dir" run.sede=7

# ---- config: what it prints is a config ----------------------------------

plain() { # the settings alone
    grep -v '^[;#]' "$1" | grep -v '^[[:space:]]*$'
}

check "config exits 0" exits 0 run config run.seed=7
cp "$LOG" "$SCRATCH/all.ini"
check "config prints what was set" \
    grep -qE '^seed *= *7$' "$SCRATCH/all.ini"
check "config takes its own output" exits 0 run config "$SCRATCH/all.ini"
plain "$SCRATCH/all.ini" >"$SCRATCH/a"
plain "$LOG" >"$SCRATCH/b"
check "and prints the same again" cmp -s "$SCRATCH/a" "$SCRATCH/b"
