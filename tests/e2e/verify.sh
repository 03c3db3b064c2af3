#!/bin/sh
# verify and recordings: what was recorded plays again to the same bytes, on
# any number of tiles, after kills and resumes; what was changed does not.
. tests/e2e/lib.sh

for file in tests/data/*.h5; do
    check "verify $(basename "$file")" exits 0 run verify "$file"
done
check "which says what it compared" log_says \
    'walls-24.h5: 18 frames of 64 agents agree in position, alive, hp, .* views'
check "a file that is not there" exits 3 run verify "$SCRATCH/none.h5"
check "a file that is no trajectory" exits 3 run verify README.md
check "no file" exits 2 run verify
check "verify --help" exits 0 run verify --help

# Crowded, with walls, and episodes that end in mid-file.
cat >"$SCRATCH/battle.ini" <<'END'
[env.battle]
width = 30
height = 28
max_steps = 25
walls = 0.1
damage = 6
swap_sides = off
[net]
layers = view: dense 8 | features: dense 8 | abar: dense 8 | dense 16
[ranks]
layout = colocated
[pipeline]
steps_per_round = 8
[learner]
batch = 64
samples_per_step = 0.01
[replay]
capacity = 2000
shards = 1
[checkpoint]
every = 10
[trajectory]
every = 1
fields = all
END

# record NAME RANKS ARGS...: train into $SCRATCH/NAME.
record() {
    name=$1
    ranks=$2
    shift 2
    run_mpi "$ranks" train "$SCRATCH/battle.ini" run.dir="$SCRATCH/$name" "$@"
}

segments() { # NAME
    (cd "$SCRATCH/$1/traj" 2>/dev/null && find . -name '*.h5' ! -name '*.part-*' |
        sed 's|^./||' | sort)
}

# Every segment of a run verifies, and there is one.
verifies() { # NAME
    [ -n "$(segments "$1")" ] || return 1
    for one in $(segments "$1"); do
        run verify "$SCRATCH/$1/traj/$one" || return 1
    done
}

# ---- tiles ---------------------------------------------------------------

for tiles in 1x1 2x1 2x2 3x2; do
    n=$((${tiles%x*} * ${tiles#*x}))
    check "recorded on $tiles tiles" record "tiles-$n" $n run.rounds=20 \
        checkpoint.every=0 world.tiles=$tiles
    check "which verifies" verifies "tiles-$n"
    check "in whole" log_says '160 frames of 50 agents'
done
check "sides change: more segments" record swap 2 run.rounds=20 \
    world.tiles=2x1 env.battle.swap_sides=on pipeline.lag=1 \
    trajectory.steps=40 "trajectory.fields=hp, action, reward" \
    env.battle.mean_action=team env.battle.keying=lagged
check "which verify" verifies swap
check "as many as there must be" [ "$(segments swap | wc -l)" -ge 5 ]

for rule in checkerboard:current sequential:current synchronous:lagged; do
    dir=$SCRATCH/ising-$rule
    check "Ising, $rule" run_mpi 2 train env.name=ising run.dir="$dir" \
        env.ising.schedule=${rule%:*} env.ising.keying=${rule#*:} \
        run.rounds=10 ranks.layout=colocated world.tiles=2x1 \
        trajectory.every=1 trajectory.fields=all
    check "which verifies" verifies "ising-$rule"
done

check "every third step" record third 1 run.rounds=5 trajectory.every=3
check "cannot be verified" exits 3 run verify \
    "$SCRATCH/third/traj/step-000000000000.h5"
check "and is told why" err_says 'step 0 .* step 3, so that steps are missing'

# ---- kills and resumes ---------------------------------------------------

# Wait, for some minutes at most, until a command succeeds.
wait_until() {
    for _ in $(seq 1800); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    return 1
}

# Start without an end and kill a rank as soon as a command succeeds.
kill_once() { # NAME CONDITION...
    name=$1
    shift
    # shellcheck disable=SC2086  # MPIRUN is a command with arguments
    $MPIRUN -n 2 "$MFRL" train "$SCRATCH/battle.ini" \
        run.dir="$SCRATCH/$name" world.tiles=2x1 run.rounds=1000000 \
        $more >"$LOG" 2>&1 </dev/null &
    job=$!
    wait_until "$@"
    alive=$?
    kill -9 "$(pgrep -P "$job" | tail -n 1)"
    wait "$job" 2>/dev/null
    return "$alive"
}

first=step-000000000000.h5
more=checkpoint.every=0
check "a running job verifies" kill_once killed \
    "$MFRL" verify "$SCRATCH/killed/traj/$first"
check "and so does one that was killed" run verify \
    "$SCRATCH/killed/traj/$first"
check "some chunks of 64 frames" log_says '[0-9][0-9]+ frames of 50 agents'

has_checkpoints() { # RUN_DIR N: that many rounds are saved
    [ "$(json_get "$1/checkpoints/latest/manifest.json" round)" -ge "$2" ]
}

more=
check "killed past two checkpoints" kill_once resumed \
    has_checkpoints "$SCRATCH/resumed" 20
at=$(json_get "$SCRATCH/resumed/checkpoints/latest/manifest.json" round)
traj=$SCRATCH/resumed/traj
later=$traj/step-$(printf %012d $((at * 8 + 5)))
touch "$later.h5" "$later.part-0001.h5" "$traj/notes.txt"
check "goes on" run_mpi 1 train --resume "$SCRATCH/resumed" \
    run.rounds=$((at + 15)) world.tiles=auto
check "without what began after the checkpoint" [ ! -e "$later.h5" ]
check "parts included" [ ! -e "$later.part-0001.h5" ]
check "and with what is no segment" rm "$traj/notes.txt"
check "with segments that verify" verifies resumed
check "a new one where it went on" [ -f \
    "$SCRATCH/resumed/traj/step-$(printf %012d $((at * 8))).h5" ]
check "undisturbed, on one tile" record whole 1 run.rounds=$((at + 15))
check "has the same segments" [ "$(segments resumed)" = "$(segments whole)" ]

# ---- a disk that fails ---------------------------------------------------

# A directory is in the way of a file: of the master, of a part.
for file in step-000000000040.h5 step-000000000040.part-0001.h5; do
    dir=$SCRATCH/full-$file
    mkdir -p "$dir/traj/$file"
    check "$file cannot be written, the run goes on" record "full-$file" 2 \
        run.rounds=12 world.tiles=2x1 trajectory.steps=40 checkpoint.every=0
    check "with one warning" [ "$(grep -c 'recording ends' "$LOG")" -eq 1 ]
    check "and the segment before it" run verify \
        "$dir/traj/step-000000000000.h5"
    check "but none after it" [ ! -e "$dir/traj/step-000000000080.h5" ]
done

# ---- by another HDF5 reader ----------------------------------------------

if ! python=$(h5py_python); then
    skip "bytes of recordings: needs python3-h5py"
    exit 0
fi

# same_bytes A B: all datasets of two files.
same_bytes() {
    "$python" - "$1" "$2" >>"$LOG" 2>&1 <<'END'
import sys, h5py
def datasets(path):
    found = {}
    def visit(name, obj):
        if isinstance(obj, h5py.Dataset):
            a = obj[()]
            found[name] = (a.dtype, a.shape, a.tobytes())
    def links(group, at):
        for key in group:
            visit(at + key, group[key])
            if isinstance(group[key], h5py.Group):
                links(group[key], at + key + "/")
    with h5py.File(path, "r") as f:
        links(f, "/")
    return found
a, b = datasets(sys.argv[1]), datasets(sys.argv[2])
wrong = [k for k in a if a[k] != b.get(k)] + [k for k in b if k not in a]
print("differ:", wrong, "of", len(a))
sys.exit(len(wrong) > 0 or len(a) < 20)
END
}

for n in 2 4 6; do
    check "1 and $n tiles record the same bytes" same_bytes \
        "$SCRATCH/tiles-1/traj/$first" "$SCRATCH/tiles-$n/traj/$first"
done
for one in $(segments whole); do
    check "$one: the same bytes after a kill" same_bytes \
        "$SCRATCH/whole/traj/$one" "$SCRATCH/resumed/traj/$one"
done

# change FIELD FRAME EXPRESSION: in a copy, a new value (of the old one, v) for
# the first agent that was alive in that frame, did not die in it and did not
# attack; $agent is who.  "dead:...": for the first that died, when it has.
change() {
    cp "$SCRATCH/tiles-1/traj/$first" "$SCRATCH/changed.h5"
    agent=$("$python" - "$SCRATCH/changed.h5" "$@" <<'END'
import sys, h5py, numpy as np
path, field, t, how = sys.argv[1:]
t = int(t)
with h5py.File(path, "r+") as f:
    p = f["particles/agents"]
    fit = (p["alive/value"][t] == 1) & (p["action/value"][t] < 13) & \
          (p["reward/value"][t] == np.float32(-0.005))
    if how.startswith("dead:"):
        dead = p["alive/value"][()] == 0
        t = int(np.flatnonzero(dead.any(axis=1))[0])
        fit, how = dead[t], how[5:]
    i = int(np.flatnonzero(fit)[0])
    row = p[field + "/value"][t]
    v = row[i].copy()
    row[i] = eval(how)
    p[field + "/value"][t] = row
    print(i)
END
)
}

# found FIELD FRAME EXPRESSION PATTERN: the change fails with exit code 3 and
# one line.
found() {
    change "$1" "$2" "$3"
    exits 3 run verify "$SCRATCH/changed.h5" && [ "$(wc -l <"$LOG")" -eq 1 ] &&
        err_says "$4"
}

# named FRAME FIELD: the pattern of a state that is wrong.
named() {
    echo "frame $1 \(step $1\), agent [0-9]+, $2.*: expected .*, got "
}

for t in 1 63 64 130 159; do
    check "position of frame $t, changed in one bit" found position $t \
        '[v[0] ^ 1, v[1], v[2]]' "$(named $t position)"
    check "which names the agent" err_says "agent $agent, position"
    check "hp of frame $t, by one unit in the last place" found hp $t \
        'np.nextafter(v, np.float32(0))' "$(named $t hp)"
    check "reward of frame $t, likewise" found reward $t \
        'np.nextafter(v, np.float32(0))' "$(named $t reward)"
    check "an attack for a move in frame $t" found action $t 20 \
        "$(named $t '(reward|mean)')"
    check "another move in frame $t" found action $t 'v ^ 1' \
        "frame ($t |$((t + 1)) .*after frame $t)"
    check "an action that there is not in frame $t" found action $t 21 \
        "$(named $t action)"
    check "a count of frame $t" found mean_action_counts $t \
        'v + (np.arange(21) == 7)' "$(named $t mean_action_counts)"
done
dead='frame [0-9]+ .*agent [0-9]+,'
check "an action of the dead" found action 0 'dead:0' "$dead action: expected 255"
check "the dead arise" found alive 0 'dead:1' "$dead alive .*expected 0, got 1"
check "someone is missing" found alive 20 0 "$(named 20 alive)"
