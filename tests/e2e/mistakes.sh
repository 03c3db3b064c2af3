#!/bin/sh
# What a mistake costs: one line on stderr that says what, where and what to do,
# the right exit code, and nothing on the disk that was not there before.
. tests/e2e/lib.sh

one_line() { # FILE has one line that matches PATTERN
    [ "$(wc -l <"$1")" -eq 1 ] && grep -qE -e "$2" "$1"
}

# What a mistake could leave behind: names, sizes and sums of all there is,
# but for the log of a run that exists and its lock.
disk() {
    (cd "$SCRATCH/disk" && find . -type f ! -name log.txt ! -name LOCK \
        -exec cksum {} + | sort -k 3 && find . | sort)
}

# refused CODE PATTERN ARGS...: exit code CODE, one line on stderr that matches
# PATTERN, nothing on stdout, nothing changed on the disk.
refused() {
    want=$1
    pattern=$2
    shift 2
    disk >"$SCRATCH/before"
    got=0
    run "$@" || got=$?
    disk >"$SCRATCH/after"
    [ "$got" -eq "$want" ] || echo "exit code $got, not $want" >>"$LOG"
    cmp "$SCRATCH/before" "$SCRATCH/after" >>"$ERR" 2>&1
    [ "$got" -eq "$want" ] && one_line "$ERR" "^mfrl-dist: error: .*$pattern" &&
        cmp -s "$ERR" "$LOG"
}

# ---- what is there before -------------------------------------------------

mkdir "$SCRATCH/disk"
cd "$SCRATCH/disk" || exit 1
d=$SCRATCH/disk
dir=$d/run # is not there, and must not be afterwards
used=$d/used
printf '[run]\nseed = 7\nrouns = 3\n' >"$d/typo.ini"
printf '[run]\nrounds=3\0\0\nseed=2\n' >"$d/nul.ini"
: >"$d/file"
mkdir "$d/noconfig"
cd - >/dev/null || exit 1
check "a run that mistakes are made with" run train env.name=ising \
    run.dir="$used" run.rounds=4 checkpoint.every=2 trajectory.every=1

# ---- the table ------------------------------------------------------------

# exit code ; what the line says ; arguments
table() {
    cat <<'END'
2 ; no command 'no-such-command'.*--help ; no-such-command
2 ; train has no option --no-such.*train --help ; train --no-such
2 ; --no-such ; config --no-such
2 ; --no-such ; eval --no-such
2 ; needs two configs ; config --diff a.ini
3 ; none\.ini ; config --diff $d/none.ini configs/ising.ini
2 ; bench --help ; bench no-such
2 ; --resume needs a run directory ; train --resume
2 ; --resume is given twice: a and b ; train --resume a --resume=b
2 ; 'sede'.*did you mean 'seed' ; run.dir=$dir run.sede=7
2 ; \[rum\].*\[run\] ; train run.dir=$dir rum.seed=7
2 ; run.seed = many: expected ; train run.dir=$dir run.seed=many
2 ; run.rounds = 0: expected .* from 1 ; train run.dir=$dir run.rounds=0
2 ; run.max_hours = -1: expected .* from 0 ; train run.dir=$dir run.max_hours=-1
2 ; run.stall_seconds = soon ; train run.dir=$dir run.stall_seconds=soon
2 ; schedule = chess: expected checkerboard, sequential or sync ; train run.dir=$dir env.ising.schedule=chess
2 ; env.name = chess: .*ising ; train run.dir=$dir env.name=chess
2 ; algo.name = chess: .*mfq ; train run.dir=$dir algo.name=chess
2 ; learner.terminal = mask.*algo.mfppo.bootstrap ; train run.dir=$dir algo.name=mfppo learner.terminal=mask
2 ; fmq.*table.sharing *= *per_agent ; train run.dir=$dir env.name=ising algo.name=fmq
2 ; steps_per_round = 1000000.*ac keeps.*fewer steps ; train run.dir=$dir algo.name=ac pipeline.steps_per_round=1000000 world.count=1024
2 ; typo\.ini:3: .*'rouns'.*'rounds' ; train $d/typo.ini run.dir=$dir
2 ; nul.ini: byte 15 is zero ; config $d/nul.ini
3 ; none\.ini ; train $d/none.ini run.dir=$dir
2 ; two config files ; train $d/typo.ini $d/typo.ini run.dir=$dir
2 ; 19 x 20.*checkerboard.*sequential ; train run.dir=$dir env.name=ising env.ising.width=19
2 ; ranks.learners = 5.*at most 4 ; train run.dir=$dir ranks.learners=5
2 ; learner.batch = 10.*nearest that works ; train run.dir=$dir learner.batch=10
2 ; net.layers ; train run.dir=$dir "net.layers=dense x"
2 ; per_agent.*net.layers = table ; train run.dir=$dir "net.layers=dense 8" table.sharing=per_agent
2 ; auto is a network in squeeze.*set net.layers=table ; train run.dir=$dir env.name=squeeze table.sharing=per_agent
2 ; reward = log: falls below.*larger env.squeeze.sigma ; train run.dir=$dir env.name=squeeze env.squeeze.reward=log env.squeeze.sigma=1e-6 env.squeeze.mu=-1e9
2 ; world.tiles = 2by2.*such as 4x2 ; train run.dir=$dir world.tiles=2by2
2 ; eval.rounds = 3.*use 4 ; train run.dir=$dir eval.rounds=3
2 ; run.burn_in = 1.*0.5 ; train run.dir=$dir run.burn_in=1
2 ; needs selfplay.opponent ; train run.dir=$dir selfplay.rule=frozen
2 ; trajectory.fields = hp, actions.*none of hp, action ; train run.dir=$dir "trajectory.fields=hp, actions"
2 ; would need .* GB.*this host has.*smaller ; train run.dir=$dir replay.capacity=900000000000 replay.shards=256
5 ; file is a file.*choose another ; train run.dir=$d/file
5 ; file is a file.*choose another ; train run.dir=$d/file/run
3 ; none: there is no config.used.ini.*not a run ; train --resume $d/none
3 ; noconfig: there is no config.used.ini ; train --resume $d/noconfig
2 ; holds a run already.*--resume.*another run.dir ; train env.name=ising run.dir=$used
2 ; run.seed=3.*resumed.*start a new run ; train --resume $used run.seed=3
2 ; leave .*typo.ini out ; train --resume $used $d/typo.ini
2 ; run.rounds = 2.* has done 4 rounds already ; train --resume $used run.rounds=2
2 ; none.h5: no such player; give ; eval $d/none.h5 random
3 ; none.h5 ; verify $d/none.h5
3 ; file ; verify $d/file
END
}

n_mistakes=0
table >"$SCRATCH/table"
while IFS= read -r row; do
    code=${row%% ; *}
    rest=${row#* ; }
    pattern=${rest%% ; *}
    args=${rest#* ; }
    eval "set -- $args"
    n_mistakes=$((n_mistakes + 1))
    check "mfrl-dist $args" refused "$code" "$pattern" "$@"
done <"$SCRATCH/table"
check "the table has at least twenty" [ "$n_mistakes" -ge 20 ]

# A disk without room is known before the start.
if [ "$(id -u)" -eq 0 ] && mkdir "$SCRATCH/disk/small" &&
    mount -t tmpfs -o size=100k tmpfs "$SCRATCH/disk/small" 2>/dev/null; then
    check "a disk that is too small" refused 5 \
        "needs [0-9.]+ MB, but .*small has 0.1 MB free; make room" \
        train env.name=ising run.dir="$SCRATCH/disk/small/run"
    mount -o remount,ro "$SCRATCH/disk/small"
    check "a disk that is read-only" refused 5 \
        "cannot write to .*small: Read-only file system; choose another" \
        train env.name=ising run.dir="$SCRATCH/disk/small/run"
    umount "$SCRATCH/disk/small"
else
    skip "a disk that is too small or read-only: needs root"
fi

# ---- keys that only together make no sense are found in the file, too -----

# refused_line KEY=VALUE SECTION PATTERN: on line 2 of a file
refused_line() {
    printf '[%s]\n%s\n[run]\ndir = %s\n' "$2" "$1" "$dir" \
        >"$SCRATCH/two.ini"
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

# ---- under mpirun: said once, by one rank ---------------------------------

# refused_mpi RANKS CODE PATTERN ARGS...
refused_mpi() {
    ranks=$1
    want=$2
    pattern=$3
    shift 3
    disk >"$SCRATCH/before"
    exits "$want" run_mpi "$ranks" "$@" || return 1
    disk >"$SCRATCH/after"
    grep '^mfrl-dist' "$LOG" >"$SCRATCH/said"
    one_line "$SCRATCH/said" "^mfrl-dist: error: .*$pattern" &&
        cmp "$SCRATCH/before" "$SCRATCH/after" >>"$LOG" 2>&1
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
