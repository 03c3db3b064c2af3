#!/bin/sh
# traj: what it says of trajectories is what another reader finds in them, also
# while they are written and after a kill.
. tests/e2e/lib.sh

recording=tests/data/battle-40.h5
first=step-000000000000.h5

# ---- runs of our own -----------------------------------------------------

# Crowded, with walls, deaths, and episodes that end in mid-file.
cat >"$SCRATCH/battle.ini" <<'END'
[env.battle]
width = 20
height = 20
max_steps = 60
walls = 0.1
damage = 6
swap_sides = off
[net]
layers = view: dense 8 | features: dense 8 | abar: dense 8 | dense 16
[ranks]
layout = colocated
[pipeline]
steps_per_round = 8
[policy]
temperature = 10
[learner]
batch = 64
samples_per_step = 0.01
[replay]
capacity = 2000
shards = 1
[trajectory]
every = 1
fields = all
END
check "a battle is recorded" run_mpi 2 train "$SCRATCH/battle.ini" \
    run.dir="$SCRATCH/battle" world.tiles=2x1 run.rounds=25 checkpoint.every=25
check "Ising is recorded" run_mpi 1 train env.name=ising \
    run.dir="$SCRATCH/ising" run.rounds=10 trajectory.every=1 \
    trajectory.fields=all
battle=$SCRATCH/battle/traj/$first
ising=$SCRATCH/ising/traj/$first

# ---- the command line ----------------------------------------------------

one_line() {
    [ "$(wc -l <"$LOG")" -eq 1 ]
}

# refused CODE PATTERN ARGS...: that exit code, and one line that says so.
refused() {
    code=$1
    pattern=$2
    shift 2
    exits "$code" run traj "$@" && one_line && err_says "$pattern"
}

check "traj --help" exits 0 run traj --help
for command in info stats agent export repair; do
    run traj --help
    check "names $command" log_says "^  $command "
    check "traj $command --help" exits 0 run traj $command --help
    check "says how to use it" log_says "^usage: mfrl-dist traj $command"
    check "traj $command FILE --help" exits 0 run traj $command "$recording" -h
    check "says it too" log_says "^usage: mfrl-dist traj $command"
    check "traj $command without a file" refused 2 "needs .*FILE" $command
    check "traj $command with an option it has not" refused 2 "no option --x" \
        $command --x
done
check "no command" refused 2 "needs a command"
check "an unknown command" refused 2 "no command 'inof'" inof "$recording"
check "windows of what is no number" refused 2 "'many' is not a whole" \
    stats --every many "$recording"
check "two formats at once" refused 2 "needs one of" \
    export --csv a --xdmf b "$recording"
check "windows of nothing" refused 2 "every: give 1" stats --every 0 "$recording"
check "windows of two kinds" refused 2 "not both" \
    stats --every 3 --episodes "$recording"
check "a file whose name begins with -" refused 3 "^mfrl-dist: error: -x.h5: " \
    stats -- -x.h5
check "an agent that there is not" refused 2 "which has agents 0 to 127" \
    agent 128 "$recording"
check "an agent that is no number" refused 2 "ID: '1x' is not a whole" \
    agent 1x "$recording"
check "a full disk for the output" exits 5 sh -c \
    "$MFRL traj stats $recording >/dev/full 2>$LOG"

# ---- info ----------------------------------------------------------------

check "info of a recording" run traj info --check "$recording"
for text in 'a trajectory, .*, closed$' '^world +battle, seed 1, .* 40 x 40 ' \
    '^frames +121, steps 0 to 120, every step$' \
    '^agents +128 in 2 teams, 64 in team 0, 64 in team 1$' \
    '^damage +none found in any frame$' '^position +int32 \[3\] +185.9 kB'; do
    check "says $text" log_says "$text"
done
check "info of a battle" run traj info "$battle"
for text in 'and the 2 parts beside it, closed$' '^algorithm +mfq$' \
    '^frames +200, steps 0 to 199, every step$' '^episodes +[3-9], number 0' \
    '^actions +21: move \(0,-2\), .*attack \(1,1\)$' '^config .*digest [0-9a-f]{16}' \
    '^mean_action_counts +uint8 \[actions\]' '^observables: .*team_0/alive'; do
    check "says $text" log_says "$text"
done
check "on one screen" [ "$(wc -l <"$LOG")" -le 24 ]
check "info of Ising" run traj info "$ising"
check "says that it is a lattice" log_says '^agents +400 in 1 team, each in its'
check "the config" run traj info --config "$battle"
check "as it was" log_says '^steps_per_round = 8$'
checkpoint=$SCRATCH/battle/checkpoints/latest
for other in "$SCRATCH/battle/metrics.h5:the metrics of a run" \
    "$checkpoint/net.h5:a policy" \
    "$checkpoint/replay-000.h5:replay memory" \
    "$checkpoint/world-0000.tile-00000-00000.h5:the state of a world" \
    "${battle%.h5}.part-0001.h5:a part of a trajectory"; do
    check "info of ${other##*/}" run traj info "${other%%:*}"
    check "is one line" one_line
    check "with what it is" log_says ": ${other##*:}"
    check "stats of it are refused" refused 3 "${other%%:*}: " stats \
        "${other%%:*}"
done

# ---- bad files -----------------------------------------------------------

head -c 40000 "$recording" >"$SCRATCH/cut.h5"
head -c 100 "$recording" >"$SCRATCH/head.h5"
: >"$SCRATCH/empty.h5"
mkdir "$SCRATCH/dir.h5" "$SCRATCH/out"
for bad in README.md "$SCRATCH/cut.h5" "$SCRATCH/head.h5" \
    "$SCRATCH/empty.h5" "$SCRATCH/dir.h5" "$SCRATCH/none.h5"; do
    for command in info stats "stats --csv $SCRATCH/out/o" "agent 0" \
        "export --csv $SCRATCH/out/o" "export --xdmf $SCRATCH/out/o" \
        "export --minari $SCRATCH/out/o" repair; do
        # shellcheck disable=SC2086  # a command with options
        check "$command of $(basename "$bad")" refused 3 "$bad" $command "$bad"
    done
done
check "leaves nothing" [ -z "$(ls -A "$SCRATCH/out")" ]

# A byte in the middle of a chunk.
offset=$(($(grep -obUaP '\x78\x01' "$ising" | tail -n 1 | cut -d: -f1) + 8))
cp "$ising" "$SCRATCH/flip.h5"
printf '\377\377\377' | dd of="$SCRATCH/flip.h5" bs=1 seek="$offset" \
    conv=notrunc 2>/dev/null
check "a flipped byte is found" exits 3 run traj info --check "$SCRATCH/flip.h5"
check "and told" err_says 'flip.h5: /particles/agents/.*: damaged'
check "a directory for an output" refused 5 "cannot write" \
    stats --csv "$SCRATCH/dir.h5" "$recording"
check "no directory for an output" refused 5 "cannot write" \
    export --csv "$SCRATCH/no/o" "$recording"
check "a Minari dataset that exists" refused 2 "exists" \
    export --minari "$SCRATCH/out" "$recording"
check "every third step" run_mpi 1 train "$SCRATCH/battle.ini" \
    run.dir="$SCRATCH/third" run.rounds=3 trajectory.every=3 \
    "trajectory.fields=hp, action, reward"
check "info says so" run traj info "$SCRATCH/third/traj/$first"
check "in words" log_says 'steps 0 to 21, every 3 steps'
check "is no Minari dataset" refused 3 "steps are missing" \
    export --minari "$SCRATCH/out/o" "$SCRATCH/third/traj/$first"
check "and leaves nothing" [ -z "$(ls -A "$SCRATCH/out")" ]

# ---- the other commands, and what they write -----------------------------

for name in recording battle ising; do
    eval "file=\$$name"
    out=$SCRATCH/$name-
    check "$name: stats" run traj stats --every 7 --csv "${out}stats.csv" \
        "$file"
    check "with the actions" log_says '^actions, %'
    check "$name: the track of agent 7" run traj agent 7 "$file"
    check "a line a frame" [ "$(wc -l <"$LOG")" -eq \
        "$(($("$MFRL" traj info "$file" |
            sed -n 's/^frames *\([0-9]*\),.*/\1/p') + 2))" ]
    check "and to a file" run traj agent 7 --csv "${out}agent.csv" "$file"
    check "$name: export --csv" run traj export --csv "${out}long.csv" "$file"
    check "$name: export --xdmf" run traj export --xdmf "${file%.h5}.xdmf" \
        "$file"
    mv "${file%.h5}.xdmf" "${out}beside.xdmf"
    check "elsewhere" run traj export --xdmf "${out}away.xdmf" "$file"
    check "$name: export --minari" run traj export --minari "${out}minari" \
        "$file"
done

# What is written to must not be what is read, by whatever name, and nothing
# but a regular file is replaced by one.
cp "$ising" "$SCRATCH/same.h5"
ln "$SCRATCH/same.h5" "$SCRATCH/same.mp4"
ln -s same.h5 "$SCRATCH/link.h5"
for command in "stats --csv" "agent 7 --csv" "export --csv" "export --xdmf"; do
    for name in same.h5 same.mp4 link.h5; do
        # shellcheck disable=SC2086  # a command with options
        check "$command $name of it" refused 2 "is the recording itself" \
            $command "$SCRATCH/$name" "$SCRATCH/same.h5"
    done
done
check "a film of it" refused 2 "is the recording itself" \
    video --out "$SCRATCH/same.mp4" "$SCRATCH/same.h5"
part=${battle%.h5}.part-0001.h5
check "nor a part" refused 2 "part-0001.h5 is the recording itself, or a part" \
    stats --csv "$part" "$battle"
check "all are as they were" cmp "$ising" "$SCRATCH/same.h5"
check "the link too" [ -L "$SCRATCH/link.h5" ]
ln -s /dev/null "$SCRATCH/null"
ln -s /dev/full "$SCRATCH/full"
ln -s /proc/self/fd/1 "$SCRATCH/stdout"
mkfifo "$SCRATCH/pipe.mp4"
cat "$SCRATCH/pipe.mp4" >"$SCRATCH/piped" &
check "a pipe as output" run traj agent 7 --csv "$SCRATCH/pipe.mp4" "$ising"
wait $!
check "has it all" cmp "$SCRATCH/piped" "$SCRATCH/ising-agent.csv"
check "and is there" [ -p "$SCRATCH/pipe.mp4" ]
check "a film into a pipe" refused 2 "no regular file" \
    video --out "$SCRATCH/pipe.mp4" "$ising"
check "into a device" run traj agent 7 --csv "$SCRATCH/null" "$ising"
check "into one that is full" refused 5 "No space" \
    agent 7 --csv "$SCRATCH/full" "$ising"
check "into standard output" run traj agent 7 --csv "$SCRATCH/stdout" "$ising"
check "which has it" cmp "$LOG" "$SCRATCH/ising-agent.csv"
check "the links stay" [ "$(readlink "$SCRATCH/null" "$SCRATCH/full" \
    "$SCRATCH/stdout" | wc -l)" -eq 3 ]
: >"$SCRATCH/target.csv"
ln -s target.csv "$SCRATCH/link.csv"
check "through a link" run traj agent 7 --csv "$SCRATCH/link.csv" "$ising"
check "to its file" cmp "$SCRATCH/target.csv" "$SCRATCH/ising-agent.csv"
check "which stays a link" [ -L "$SCRATCH/link.csv" ]
check "nothing is left over" [ -z "$(find "$SCRATCH" -name '*.tmp-*')" ]

# In the squeeze some rest, and nobody dies.
check "a squeeze is recorded" run_mpi 1 train env.name=squeeze \
    run.dir="$SCRATCH/squeeze" run.rounds=3 trajectory.every=1 \
    trajectory.fields=all
check "its stats" run traj stats "$SCRATCH/squeeze/traj/$first"
check "tell who acts" log_says '^steps +team +acting +return'
check "a row of them, without deaths" log_says '^all +0 +100 {10,}[0-9]'
check "Ising has no reward of -0" sh -c \
    "! grep -qE ',-0\$' $SCRATCH/ising-agent.csv"
check "stats by episode" run traj stats --episodes --csv \
    "$SCRATCH/episodes.csv" "$battle"
check "a row for each" [ "$(wc -l <"$SCRATCH/episodes.csv")" -eq \
    "$(($("$MFRL" traj info "$battle" |
        sed -n 's/^episodes *\([0-9]*\),.*/\1/p') + 1))" ]
check "where there are none" refused 3 "episodes are not recorded" \
    stats --episodes "$recording"

# ---- while it is written, and after a kill --------------------------------

# Wait, for some minutes at most, until a command succeeds.
wait_until() {
    for _ in $(seq 1800); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    return 1
}

has_frames() { # FILE
    "$MFRL" traj info "$1" | grep -qE '^frames +[1-9][0-9]{2}'
}

for ranks in 1 2; do
    dir=$SCRATCH/killed-$ranks
    file=$dir/traj/$first
    # shellcheck disable=SC2086  # MPIRUN is a command with arguments
    $MPIRUN -n $ranks "$MFRL" train "$SCRATCH/battle.ini" run.dir="$dir" \
        world.tiles=${ranks}x1 run.rounds=1000000 checkpoint.every=0 \
        >"$LOG" 2>&1 </dev/null &
    job=$!
    check "$ranks ranks write" wait_until has_frames "$file"
    check "info of a running job" run traj info --check "$file"
    check "says that it runs" log_says 'being written by a running job$'
    check "stats of a running job" run traj stats "$file"
    check "are of its frames" log_says '^all  '
    check "the track of an agent in it" run traj agent 3 "$file"
    check "repair leaves it alone" refused 2 "is still writing" repair "$file"
    kill -9 "$(pgrep -P "$job" | tail -n 1)"
    wait "$job" 2>/dev/null
    check "info after a kill" run traj info "$file"
    check "says so" log_says 'not closed: its run was killed'
    check "h5dump does not read it" not_zero h5dump -d /parameters/episode \
        "$file" >/dev/null 2>&1
    "$MFRL" traj info "$file" | grep '^frames' >"$SCRATCH/before"
    check "repair" run traj repair "$file"
    check "says what it did" log_says 'repaired, [0-9]{3,} frames in'
    check "info after it" run traj info --check "$file"
    check "says closed" log_says ', closed$'
    check "with the same frames" grep -qxF "$(cat "$SCRATCH/before")" "$LOG"
    check "verify takes it" run verify "$file"
    check "h5dump reads it" h5dump -d /particles/agents/hp/value \
        -o "$SCRATCH/dump" "$file" >/dev/null
    check "and finds all rows" grep -q "^ *($(($(sed 's/^frames *\([0-9]*\).*/\1/' \
        "$SCRATCH/before") - 1)),0):" "$SCRATCH/dump"
    check "nothing is left over" [ -z "$(find "$dir/traj" -name '*tmp*')" ]
    check "repair has no more to do" run traj repair "$file"
    check "and says so" log_says 'nothing to repair'
done

# ---- by another HDF5 reader ----------------------------------------------

if ! python=$(h5py_python); then
    skip "numbers of traj against those of h5py: needs python3-h5py"
    skip "XDMF and Minari files as others read them: needs python3-h5py"
    exit 0
fi

by_h5py() { # WHAT NAME FILE: compare what traj wrote with FILE
    "$python" tests/e2e/traj.py "$1" "$3" "$SCRATCH/$2-" >"$LOG" 2>&1
}

for name in recording battle ising; do
    eval "file=\$$name"
    for what in stats agent long xdmf minari; do
        check "$name: $what as h5py has it" by_h5py $what $name "$file"
    done
done
check "repaired files are read by h5py" by_h5py repaired killed-1 \
    "$SCRATCH/killed-1/traj/$first"
check "and those of several parts" by_h5py repaired killed-2 \
    "$SCRATCH/killed-2/traj/$first"
sed 's/^\(14,7,14,20,[^,]*,[0-9.]*\)./\19/' "$SCRATCH/ising-stats.csv" \
    >"$SCRATCH/wrong-stats.csv"
check "and what is wrong would be found" not_zero by_h5py stats wrong "$ising"
