#!/bin/sh
# traj plot and traj video: pictures of every kind, and honest words where
# gnuplot or ffmpeg is missing.
. tests/e2e/lib.sh

battle=tests/data/battle-40.h5

# magic FILE HEX: the file begins with these bytes.
magic() {
    [ -s "$1" ] || return 1
    [ "$(od -An -tx1 -N $((${#2} / 2)) "$1" | tr -d ' \n')" = "$2" ]
}
png=89504e470d0a1a0a

is_svg() { # FILE
    grep -q '^<svg' "$1" && grep -q '^</svg>' "$1"
}

# drawn DIR NAME: script and data, and pictures made of them.
drawn() {
    if [ ! -s "$1/$2.gp" ] || [ ! -s "$1/$2.dat" ]; then
        return 1
    fi
    [ -n "$no_gnuplot" ] || { is_svg "$1/$2.svg" && magic "$1/$2.png" $png; }
}

# plot CODE ARGS...: where there is no gnuplot it cannot draw, but says so.
plot() {
    plot_code=$1
    shift
    if [ -n "$no_gnuplot" ]; then
        exits 5 run traj plot "$@" && err_says 'apt install gnuplot-nox'
    else
        exits "$plot_code" run traj plot "$@"
    fi
}

no_gnuplot=
if ! command -v gnuplot >/dev/null 2>&1; then
    skip "pictures by gnuplot: it is not installed"
    no_gnuplot=yes
fi

# ---- an Ising run of several temperatures, two seeds -----------------------

for seed in 1 2; do
    check "Ising, seed $seed" run train env.name=ising run.seed=$seed \
        run.dir="$SCRATCH/ising $seed" run.rounds=60 log.metrics_every=5 \
        env.ising.width=12 env.ising.height=12 \
        "env.ising.temperature=0.6, 0.9, 1.2, 2.0" net.layers=table \
        learner.gamma=0 trajectory.every=1 env.ising.start=up
done
one="$SCRATCH/ising 1"
two="$SCRATCH/ising 2"

check "all that there is of a run" plot 0 "$one"
for name in curve-env-reward curve-env-order order actions; do
    check "$name" drawn "$one/plots" $name
done
check "but no density of a lattice" [ ! -e "$one/plots/density.gp" ]

check "curves of two seeds" plot 0 curves "$one" "$two" --out "$SCRATCH/two"
check "reward" drawn "$SCRATCH/two" curve-env-reward
check "order" drawn "$SCRATCH/two" curve-env-order
check "no other kind" [ ! -e "$SCRATCH/two/order.gp" ]

# Column 2 of the first block is the mean of the runs' own metrics.csv.
csv_get "$one/metrics.csv" env/order >"$SCRATCH/a"
csv_get "$two/metrics.csv" env/order >"$SCRATCH/b"
is_mean() {
    awk 'NF == 0 { exit } !/^#/ { print $2, $3, $4 }' \
        "$SCRATCH/two/curve-env-order.dat" |
        paste -d ' ' "$SCRATCH/a" "$SCRATCH/b" - | awk '
        function off(x, y) { return x - y > 1e-6 || y - x > 1e-6 }
        { least = $1 < $2 ? $1 : $2; most = $1 < $2 ? $2 : $1
          if (off($3, ($1 + $2) / 2) || off($4, least) || off($5, most)) bad++
          n++ }
        END { exit bad > 0 || n != 12 }'
}
check "mean and band are those of the two" is_mean
check "one standard error" plot 0 curves "$one" "$two" --band error \
    --metric env/staggered --metric world/0/env/order --out "$SCRATCH/two"
check "of a metric by name" drawn "$SCRATCH/two" curve-env-staggered
check "and of one world" drawn "$SCRATCH/two" curve-world-0-env-order
mv "$two/metrics.h5" "$SCRATCH/metrics.h5"
check "from metrics.csv alone" plot 0 curves "$two" --out "$SCRATCH/csv"
check "which has the same" drawn "$SCRATCH/csv" curve-env-order
mv "$SCRATCH/metrics.h5" "$two/metrics.h5"

check "order of two seeds" plot 0 order "$one" "$two" --out "$SCRATCH/two"
check "order" drawn "$SCRATCH/two" order
check "beside the exact solution" grep -q 'exact, infinite lattice' \
    "$SCRATCH/two/order.dat"
check "of worlds together" grep -q '^0.6 .* 2$' "$SCRATCH/two/order.dat"
check "another coupling" run train env.name=ising run.dir="$SCRATCH/strong" \
    run.rounds=4 "env.ising.temperature=1, 2" env.ising.coupling=2 \
    net.layers=table learner.gamma=0
check "is drawn" plot 0 order "$SCRATCH/strong"
check "without it" [ "$(grep -c exact "$SCRATCH/strong/plots/order.dat")" = 0 ]

# ---- games and trajectories ------------------------------------------------

check "games" run eval random rush "stay" eval.rounds=2 --out "$SCRATCH/games" \
    env.battle.width=16 env.battle.height=16 env.battle.max_steps=60
check "the win matrix" plot 0 matrix "$SCRATCH/games"
check "matrix" drawn "$SCRATCH/games/plots" matrix
check "from the file" plot 0 "$SCRATCH/games/eval.csv" --out "$SCRATCH/file"
check "too" cmp -s "$SCRATCH/games/plots/matrix.dat" "$SCRATCH/file/matrix.dat"
won() { # ROW COLUMN: as eval.csv says, in %
    awk -F, -v a="$1" -v b="$2" '$1 == a && $2 == b { print 100 * $7 }' \
        "$SCRATCH/games/eval.csv"
}
check "with its numbers" grep -q "^1 0 $(won random rush) 2\$" \
    "$SCRATCH/file/matrix.dat"
# A player's name may hold what CSV knows.
check "a policy" run train env.name=battle run.dir="$SCRATCH/policy" \
    run.rounds=1 env.battle.width=16 env.battle.height=16 \
    net.layers="dense 4" replay.capacity=200 learner.batch=8
cp "$SCRATCH/policy/checkpoints/latest/net.h5" "$SCRATCH/a, \"b\".h5"
check "its games" run eval "$SCRATCH/a, \"b\".h5" rush eval.rounds=2 \
    --out "$SCRATCH/comma" env.battle.max_steps=20
check "are drawn" plot 0 matrix "$SCRATCH/comma"
check "and its name" grep -qF 'a, "b"' "$SCRATCH/comma/plots/matrix.gp"
cp "$one/checkpoints/latest/net.h5" "$SCRATCH/c, d.h5"
check "it alone" run eval "$SCRATCH/c, d.h5" eval.rounds=2 \
    --out "$SCRATCH/alone"
check "is one field" grep -q '^"[^"]*c, d[^"]*",0,' "$SCRATCH/alone/eval.csv"

check "a trajectory" plot 0 "$battle" --out "$SCRATCH/battle"
check "actions" drawn "$SCRATCH/battle" actions
check "density" drawn "$SCRATCH/battle" density
# 128 agents began; a team's density sums to its mean number, above 0.
sums_to() {
    awk '/^# team/ { team++ } /^# walls/ { exit }
        !/^#/ { for (i = 1; i <= NF; i++) sum[team] += $i }
        END { exit !(sum[1] > 20 && sum[1] < 64 && sum[2] > 20 &&
            sum[2] < 64) }' "$1"
}
check "of both teams" sums_to "$SCRATCH/battle/density.dat"

# ---- in the terminal, and by hand -------------------------------------------

if [ -z "$no_gnuplot" ]; then
    check "in the terminal" run traj plot "$one" --term --out "$SCRATCH/term"
    check "with words" log_says 'exact, infinite lattice'
    check "and without picture files" [ ! -e "$SCRATCH/term/order.png" ]
    check "a heat map in the terminal" run traj plot density "$battle" --term \
        --out "$SCRATCH/term"
    check "of characters" log_says '[=+*#%].*[=+*#%]'
    check "without a word of gnuplot" [ ! -s "$ERR" ]
    rm "$SCRATCH/two"/*.png
    draw_again() {
        (cd "$SCRATCH/two" && gnuplot curve-env-order.gp)
    }
    check "the script draws again" draw_again
    check "the same picture" magic "$SCRATCH/two/curve-env-order.png" $png
    # Names reach gnuplot as text, whatever they are.
    nasty="$SCRATCH/it's \`touch hacked\` \$(touch hacked) {\"}"
    cp -r "$one" "$nasty"
    check "a name with everything in it" plot 0 curves "$nasty"
    check "is drawn" drawn "$nasty/plots" curve-env-order
    check "not run" [ -z "$(find "$SCRATCH" . -maxdepth 3 -name hacked)" ]
fi

# ---- without gnuplot and ffmpeg ---------------------------------------------

# A PATH that has neither.
mkdir "$SCRATCH/empty"
bare() { # ARGS...: the program, which nobody can be found by
    case $MFRL in
    /*) program=$MFRL ;;
    *) program=$PWD/$MFRL ;;
    esac
    PATH=$SCRATCH/empty "$program" "$@" >"$LOG" 2>"$ERR" </dev/null
    bare_code=$?
    cat "$ERR" >>"$LOG"
    return "$bare_code"
}
check "no gnuplot" exits 5 bare traj plot "$one" --out "$SCRATCH/bare"
check "is said in one line" [ "$(wc -l <"$ERR")" -eq 1 ]
check "with what to do" err_says 'apt install gnuplot-nox'
for name in curve-env-reward curve-env-order order actions; do
    check "$name.gp is there" [ -s "$SCRATCH/bare/$name.gp" ]
    check "$name.dat is there" [ -s "$SCRATCH/bare/$name.dat" ]
done
check "no ffmpeg" bare traj video "$battle" --from 10 --to 14 \
    --out "$SCRATCH/film.mp4"
check "is said" err_says 'apt install ffmpeg'
check "no film" [ ! -e "$SCRATCH/film.mp4" ]
check "but five frames" [ "$(find "$SCRATCH/film" -name '*.png' | wc -l)" = 5 ]
check "from the first" magic "$SCRATCH/film/frame-000000.png" $png
check "to the last" magic "$SCRATCH/film/frame-000004.png" $png
check "a directory of frames" bare traj video "$battle" --from 10 --to 10 \
    --out "$SCRATCH/frames"
check "has the same" cmp -s "$SCRATCH/frames/frame-000000.png" \
    "$SCRATCH/film/frame-000000.png"
check "a lattice too" bare traj video "$one"/traj/*.h5 --to 3 --scale 3 \
    --out "$SCRATCH/spins"
check "in frames" magic "$SCRATCH/spins/frame-000003.png" $png

if command -v ffmpeg >/dev/null 2>&1; then
    check "a film" run traj video "$battle" --to 20 --out "$SCRATCH/b.mp4"
    check "as MP4" [ "$(dd if="$SCRATCH/b.mp4" bs=1 skip=4 count=4 \
        2>/dev/null)" = ftyp ]
    check "a small GIF" run traj video "$battle" --to 20 --fps 10 --scale 4 \
        --out "$SCRATCH/b.gif"
    check "as GIF" magic "$SCRATCH/b.gif" 474946383961
    check "with no half file" [ -z "$(find "$SCRATCH" -name '*.tmp-*')" ]
else
    skip "films: ffmpeg is not installed"
fi

# A film that fails on its way: the old one stays.
mkdir "$SCRATCH/bin" "$SCRATCH/films" "$SCRATCH/films/d.gif"
cat >"$SCRATCH/bin/ffmpeg" <<'END'
#!/bin/sh
for to; do :; done
head -c 9 >"${to#file:}"
exit 1
END
chmod +x "$SCRATCH/bin/ffmpeg"
echo old >"$SCRATCH/films/c.gif"
failing() (
    PATH="$SCRATCH/bin:$PATH"
    run traj video "$battle" --to 3 --out "$SCRATCH/films/$1"
)
check "a film that fails" exits 5 failing c.gif
check "leaves the old one" grep -q '^old$' "$SCRATCH/films/c.gif"
check "one in a directory's place" exits 2 failing d.gif
check "and no half ones" [ "$(find "$SCRATCH/films" -type f | wc -l)" = 1 ]

# ---- mistakes ---------------------------------------------------------------

# refused CODE PATTERN ARGS...: this exit code and one line.
refused() {
    want_code=$1
    pattern=$2
    shift 2
    exits "$want_code" run traj "$@" && err_says "$pattern" &&
        [ "$(wc -l <"$LOG")" -eq 1 ]
}
check "plot nothing" refused 2 'needs a run' plot
check "plot what is not there" refused 3 'no such run' plot "$SCRATCH/none"
check "an unknown option" refused 2 'no option --fast' plot "$one" --fast
check "an option without its value" refused 2 'needs a value' plot "$one" --out
check "an unknown band" refused 2 'range or error' plot "$one" --band wide
check "the kind after an option" plot 0 --out "$SCRATCH/kind" curves "$one"
check "is that kind" [ -s "$SCRATCH/kind/curve-env-reward.gp" ]
check "and no other" [ ! -e "$SCRATCH/kind/order.gp" ]
check "an unknown metric" refused 3 'no values of env/luck' plot curves \
    "$one" --metric env/luck
check "no games" refused 3 'no eval.csv' plot matrix "$one"
check "no temperatures" refused 3 'no summary.csv' plot order "$SCRATCH/games"
check "density of a lattice" refused 3 'do not move' plot density "$one"
check "no trajectories" refused 3 'no trajectories' plot actions \
    "$SCRATCH/strong"
check "nothing to draw" refused 3 'nothing to draw' plot "$SCRATCH/empty"
check "a film of nothing" refused 2 'FILE' video
check "a film of no trajectory" refused 3 'not an HDF5 file' video README.md
check "an unknown ending" refused 2 'mp4 or .gif' video "$battle" --out a.avi
check "frames that are not there" refused 2 'frames 0 to 120' video "$battle" \
    --from 200
check "no speed" refused 2 '1 to 240' video "$battle" --fps 0
check "no size" refused 2 '1 to 64' video "$battle" --scale 0
check "a file in the way" refused 5 'README.md is a file, .*give another' \
    video "$battle" --out README.md/frames.mp4
check "too large" refused 2 'smaller --scale|1 to 64' video "$battle" \
    --scale 400
check "help" run traj plot --help
check "of films" run traj video --help
