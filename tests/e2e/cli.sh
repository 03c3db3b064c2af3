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

# ---- mistakes: one line on stderr, the right exit code, nothing on disk --

cd_clean() { # the directory in which mistakes would leave something is empty
    [ -z "$(ls -A "$SCRATCH/empty")" ]
}

# refused CODE PATTERN ARGS...: exit code CODE, one line on stderr that matches
# PATTERN, nothing on stdout, nothing created.
refused() {
    want=$1
    pattern=$2
    shift 2
    got=0
    run "$@" || got=$?
    [ "$got" -eq "$want" ] || echo "exit code $got, not $want" >>"$LOG"
    [ "$got" -eq "$want" ] && one_line "$ERR" "^mfrl-dist: error: .*$pattern" &&
        cmp -s "$ERR" "$LOG" && cd_clean
}

mkdir "$SCRATCH/empty"
dir=$SCRATCH/empty/run

check "an unknown command" refused 2 "no-such-command" no-such-command
check "an unknown option of train" refused 2 "--no-such" train --no-such
check "an unknown option of config" refused 2 "--no-such" config --no-such
check "--diff of one config" refused 2 "needs two configs" config --diff a.ini
check "--diff of a config that is missing" refused 3 "none\.ini" \
    config --diff "$SCRATCH/none.ini" configs/ising.ini
check "an unknown bench" refused 2 "bench --help" bench no-such
check "--resume without a directory" refused 2 "run directory" train --resume
check "an unknown key, with the nearest one" \
    refused 2 "'sede'.*did you mean 'seed'" run.dir="$dir" run.sede=7
check "an unknown section, with those that there are" \
    refused 2 "\[rum\].*\[run\]" train run.dir="$dir" rum.seed=7
check "a value that is no number" \
    refused 2 "run.seed = many" train run.dir="$dir" run.seed=many
check "a value out of range" \
    refused 2 "run.rounds = 0: expected .* from 1" train run.dir="$dir" \
    run.rounds=0
check "a choice that there is not" \
    refused 2 "schedule = chess: expected checkerboard, sequential or sync" \
    train run.dir="$dir" env.ising.schedule=chess
check "an unknown environment" \
    refused 2 "env.name = chess.*ising" train run.dir="$dir" env.name=chess
check "an unknown algorithm" \
    refused 2 "algo.name = chess.*mfq" train run.dir="$dir" algo.name=chess
check "masked deaths where nothing is drawn from the replay" \
    refused 2 "learner.terminal = mask.*algo.mfppo.bootstrap" train \
    run.dir="$dir" algo.name=mfppo learner.terminal=mask
printf '[run]\nseed = 7\nrouns = 3\n' >"$SCRATCH/typo.ini"
check "a typing error in a file, with its line" \
    refused 2 "typo\.ini:3: .*'rouns'.*'rounds'" \
    train "$SCRATCH/typo.ini" run.dir="$dir"
check "a missing config" \
    refused 3 "none\.ini" train "$SCRATCH/none.ini" run.dir="$dir"
check "two configs" \
    refused 2 "two config files" train "$SCRATCH/typo.ini" \
    "$SCRATCH/typo.ini" run.dir="$dir"
check "an odd lattice has no checkerboard, and the cure" \
    refused 2 "19 x 20.*checkerboard.*sequential" train run.dir="$dir" \
    env.name=ising env.ising.width=19
check "more learners than shards" \
    refused 2 "ranks.learners = 5.*at most 4" train run.dir="$dir" \
    ranks.learners=5
check "a batch that shards cannot share" \
    refused 2 "learner.batch = 10.*nearest" train run.dir="$dir" \
    learner.batch=10
check "layers that make no sense" \
    refused 2 "net.layers" train run.dir="$dir" "net.layers=dense x"
check "a table per agent of a network" \
    refused 2 "per_agent" train run.dir="$dir" "net.layers=dense 8" \
    table.sharing=per_agent
check "tiles that make no sense" \
    refused 2 "world.tiles = 2by2" train run.dir="$dir" world.tiles=2by2
check "resuming what is no run" \
    refused 3 "not a run directory" train --resume "$SCRATCH/none"

# Keys that only together make no sense are found in the file, too.
# refused_line TEXT KEY=VALUE SECTION PATTERN: on line 2 of a file
refused_line() {
    printf '[%s]\n%s\n[run]\ndir = %s\n' "$2" "$1" "$dir" >"$SCRATCH/two.ini"
    refused 2 "two\.ini:2: $3" train "$SCRATCH/two.ini" env.name=ising
}

check "file and line of a batch that shards cannot share" \
    refused_line "batch = 10" learner "learner.batch = 10"
check "of shards that cannot share the batch" \
    refused_line "shards = 3" replay "learner.batch = 256.*replay.shards = 3"
check "of a replay that is too small" \
    refused_line "capacity = 5" replay "replay.capacity = 5"
check "of too many learners" \
    refused_line "learners = 5" ranks "ranks.learners = 5"
check "of an odd lattice" \
    refused_line "height = 19" env.ising "env.ising.height = 19.*20 x 19"
check "of tiles that make no sense" \
    refused_line "tiles = 2by2" world "world.tiles = 2by2"
check "of tiles that do not fit the ranks" \
    refused_line "tiles = 2x2" world "world.tiles = 2x2"
check "of layers that make no sense" \
    refused_line "layers = dense x" net "net.layers"
check "of an unknown algorithm" \
    refused_line "name = chess" algo "algo.name = chess"
check "of a key on the command line" \
    refused 2 "command line: learner.batch = 10" train run.dir="$dir" \
    learner.batch=10

# ---- the same under mpirun: said once, by one rank -----------------------

# refused_mpi RANKS CODE PATTERN ARGS...
refused_mpi() {
    ranks=$1
    want=$2
    pattern=$3
    shift 3
    exits "$want" run_mpi "$ranks" "$@" || return 1
    grep '^mfrl-dist' "$LOG" >"$SCRATCH/said"
    one_line "$SCRATCH/said" "^mfrl-dist: error: .*$pattern" && cd_clean
}

check "a mistake on three ranks" \
    refused_mpi 3 2 "did you mean 'seed'" train run.dir="$dir" run.sede=7
check "an unknown command on three ranks" \
    refused_mpi 3 2 "no-such-command" no-such-command
check "too many ranks for a world, and the nearest that work" \
    refused_mpi 7 2 "7 ranks.*nearest that works: -np 5" train run.dir="$dir" \
    env.name=ising ranks.learners=1 env.ising.width=2 env.ising.height=2
check "tiles that do not fit, and the nearest that do" \
    refused_mpi 4 2 "world.tiles = 2x2.*: -np 5" train run.dir="$dir" \
    env.name=ising world.tiles=2x2 ranks.learners=1
check "no rank left to act" \
    refused_mpi 2 2 "at least 3 ranks" train run.dir="$dir" \
    ranks.learners=2 ranks.layout=split
run_mpi 3 --version
check "--version on three ranks is printed once" one_line "$LOG" '^mfrl-dist '

# ---- a run directory: used once, then resumed ----------------------------

dir=$SCRATCH/run
check "a run finishes" exits 0 run train run.dir="$dir" run.rounds=2
check "and says so in run.json" \
    [ "$(json_get "$dir/run.json" state)" = finished ]
check "its directory is not used again" \
    refused 2 "holds a run already.*--resume" train run.dir="$dir"
check "resuming refuses what would change the run" \
    refused 2 "run.seed=3.*resumed" train --resume "$dir" run.seed=3
check "resuming refuses a config file" \
    refused 2 "leave .*typo" train --resume "$dir" "$SCRATCH/typo.ini"
check "a run goes on" exits 0 run train --resume "$dir" run.rounds=4
check "to where it was told to" [ "$(json_get "$dir/run.json" rounds)" = 4 ]
: >"$SCRATCH/file"
check "a file in the place of the run directory" \
    refused 5 "is a file" train run.dir="$SCRATCH/file"


# ---- one owner, and an honest end ----------------------------------------

owned=$SCRATCH/owned
"$MFRL" train run.rounds=100000000 run.dir="$owned" >/dev/null 2>&1 &
owner=$!
while [ ! -e "$owned/metrics.csv" ] && kill -0 "$owner" 2>/dev/null; do
    sleep 0.1
done
check "a second job in a run directory is refused" \
    exits 2 run train --resume "$owned"
check "with one line that says so" err_says "in use by another job"
touch "$owned/STOP"
check "a STOP file ends the first one" wait "$owner"
check "cleanly" [ "$(json_get "$owned/run.json" state)" = stopped ]
rm -r "$owned/checkpoints"
check "a run that ended is not begun again without its checkpoints" \
    refused 3 "none of its checkpoints" train --resume "$owned"

full=$SCRATCH/full
"$MFRL" train run.rounds=100000000 checkpoint.every=0 run.dir="$full" \
    >"$LOG" 2>&1 &
owner=$!
while [ ! -e "$full/run.json" ] && kill -0 "$owner" 2>/dev/null; do
    sleep 0.1
done
: >"$full/checkpoints" # so that nothing can be saved there
touch "$full/STOP"
check "a last checkpoint that cannot be written: exit code 5" \
    exits 5 wait "$owner"
check "and the run has failed" \
    [ "$(json_get "$full/run.json" state)" = failed ]
printf '[run]\nrounds=3\0\0\nseed=2\n' >"$SCRATCH/nul.ini"
check "a config with zero bytes" \
    refused 2 "nul.ini: byte 15 is zero" config "$SCRATCH/nul.ini"
check "more memory than there is" \
    refused 2 "would need .* GB.*this host has" train run.dir="$SCRATCH/big" \
    replay.capacity=900000000000 replay.shards=256 learner.batch=256
check "leaves nothing behind" [ ! -e "$SCRATCH/big" ]

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
