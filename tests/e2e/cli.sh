#!/bin/sh
# The command line: help, version, one run directory; mistakes.sh has mistakes.
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

run_mpi 3 --version
check "--version on three ranks is printed once" one_line "$LOG" '^mfrl-dist '

# ---- a run directory: used once, then resumed ----------------------------

dir=$SCRATCH/run
check "a run finishes" exits 0 run train run.dir="$dir" run.rounds=2
check "and says so in run.json" \
    [ "$(json_get "$dir/run.json" state)" = finished ]
check "a run goes on" exits 0 run train --resume "$dir" run.rounds=4
check "to where it was told to" [ "$(json_get "$dir/run.json" rounds)" = 4 ]

# ---- one owner, and an honest end ----------------------------------------

owned=$SCRATCH/owned
"$MFRL" train run.rounds=100000000 run.dir="$owned" >/dev/null 2>&1 &
owner=$!
while [ ! -e "$owned/metrics.csv" ] && kill -0 "$owner" 2>/dev/null; do
    sleep 0.1
done
check "a second job in a run directory is refused" \
    exits 9 run train --resume "$owned"
check "with one line that says so" err_says "in use by another job"
touch "$owned/STOP"
check "a STOP file ends the first one" wait "$owner"
check "cleanly" [ "$(json_get "$owned/run.json" state)" = stopped ]
rm -r "$owned/checkpoints"
check "a run that ended is not begun again without its checkpoints" \
    exits 3 run train --resume "$owned"
check "with one line that says so" err_says "none of its checkpoints"

full=$SCRATCH/full
"$MFRL" train run.rounds=100000000 checkpoint.every=0 run.dir="$full" \
    >"$LOG" 2>"$ERR" &
owner=$!
while [ ! -e "$full/run.json" ] && kill -0 "$owner" 2>/dev/null; do
    sleep 0.1
done
: >"$full/checkpoints" # so that nothing can be saved there
touch "$full/STOP"
check "a last checkpoint that cannot be written: exit code 5" \
    exits 5 wait "$owner"
check "why is one warning" [ "$(grep -c "warning: .*checkpoint" "$ERR")" -eq 1 ]
check "beside the one error" [ "$(grep -c error: "$ERR")" -eq 1 ]
check "the warning names the place" \
    err_says "no checkpoint after round .*: .*$full/checkpoints"
check "and the run has failed" \
    [ "$(json_get "$full/run.json" state)" = failed ]

# Nobody reads its log.txt, so that at some point it hangs in writing a line.
stuck=$SCRATCH/stuck
mkdir "$stuck"
mkfifo "$stuck/log.txt"
sleep 60 <>"$stuck/log.txt" &
reader=$!
head -c 65000 /dev/zero >"$stuck/log.txt" # of the 65536 that it takes
check "a rank that hangs ends itself: exit code 8" exits 8 run train \
    run.rounds=100000000 run.dir="$stuck" run.stall_seconds=1 log.digest=on
check "and says so" err_says "rank 0 on .* is stuck: no sign of life"
check "the run has failed" [ "$(json_get "$stuck/run.json" state)" = failed ]
check "and why is in run.json" \
    grep -q '"exit_reason":.*rank 0 on .* is stuck' "$stuck/run.json"
kill "$reader"

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
run config env.name=ising run.seed=7
check "config leaves a run.dir that follows from other keys open" \
    grep -qE '^dir *= *$' "$LOG"
check "a run can start from the config of another" \
    exits 0 run train "$dir/config.used.ini" run.dir="$SCRATCH/again"
check "and is the same run" same_digest "$dir" "$SCRATCH/again"

# ---- config --diff: what differs between two of them ---------------------

diff_is() { # LINE ARGS...: that line alone is printed
    line=$1
    shift
    run config --diff "$@" && printf '%s\n' "$line" | cmp -s - "$LOG"
}

ini=$SCRATCH/typo.ini
printf '[run]\nseed = 7\ndir = x\n' >"$ini"
check "a config does not differ from itself" diff_is "no difference" "$ini" "$ini"
sed 's/^dir = .*/dir = x/' "$SCRATCH/again/config.used.ini" >"$SCRATCH/x.ini"
check "a file against a run" diff_is \
    "run.dir: x in $SCRATCH/x.ini | $SCRATCH/again in $SCRATCH/again" \
    "$SCRATCH/x.ini" "$SCRATCH/again" run.seed=8
printf '[run]\ndir = x\nseed = 9\n[env.ising]\nwidth = 8\n' >"$SCRATCH/b.ini"
check "several keys" run config --diff "$ini" "$SCRATCH/b.ini"
check "have a line each" [ "$(wc -l <"$LOG")" -eq 2 ]
check "with both values" \
    log_says "^env.ising.width: 20 in $ini | 8 in $SCRATCH/b.ini\$"
