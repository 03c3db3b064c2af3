#!/bin/sh
# Policies against each other: what is exactly known, on any number of ranks.
. tests/e2e/lib.sh

field() { # NAME: of the first pair in $SCRATCH/out/eval.csv
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        NR == 2 { print $at[name] }' "$SCRATCH/out/eval.csv"
}

play() { # RANKS ARGS...
    ranks=$1
    shift
    run_mpi "$ranks" eval "$@" --out "$SCRATCH/out"
}

is() { # NAME VALUE
    got=$(field "$1")
    [ "$got" = "$2" ] || echo "$1 is $got, not $2" >>"$LOG"
    [ "$got" = "$2" ]
}

small="env.battle.width=20 env.battle.height=20 env.battle.max_steps=60"

# Nobody attacks: 400 steps of -0.005 for 64 agents.
check "stay against stay" play 2 stay stay eval.rounds=2
check "ties" is ties 2
check "at -128 a side" near "$(field reward_a)" -128 0.001
check "with a warning that names it" log_says "stay never attacked"

# Couples of games that begin alike and swap roles: the same policy wins exactly
# as often as it loses, whoever plays which team.  (That no team is better is
# for tests/unit/test_battle.c, on games that begin differently.)
# shellcheck disable=SC2086
check "rush against itself" play 3 rush rush eval.rounds=40 $small
check "wins as often as it loses" is wins "$(field losses)"
check "and wins sometimes" [ "$(field wins)" -gt 0 ]

# shellcheck disable=SC2086
check "rush against random, 1 rank" play 1 rush random eval.rounds=10 $small
check "rush wins" is wins 10
cp "$SCRATCH/out/eval.csv" "$SCRATCH/one.csv"
for n in 2 3 5 7; do
    # shellcheck disable=SC2086
    check "rush against random, $n ranks" play $n rush random eval.rounds=10 \
        $small
    check "$n ranks: the same results" \
        cmp -s "$SCRATCH/out/eval.csv" "$SCRATCH/one.csv"
done

# shellcheck disable=SC2086
check "a policy is trained" run train run.dir="$SCRATCH/run" run.rounds=2 \
    "net.layers=dense 8" world.count=1 $small eval.every=1 eval.rounds=4 \
    eval.against=random,rush
check "and evaluated" [ "$(wc -l <"$SCRATCH/run/eval.csv")" -eq 5 ]
for player in run run/best.h5 run/checkpoints/latest; do
    check "$player plays rush" play 2 "$SCRATCH/$player" rush eval.rounds=4
    check "$player: in the worlds of its config" near "$(field steps)" 30 30
done
check "a player that does not exist" exits 2 run eval nobody rush
check "is told so" err_says "nobody: no such player"
check "one player" exits 2 run eval rush
check "is too few" err_says "two players"
check "another game than it was trained for" exits 3 run eval \
    "$SCRATCH/run" rush env.battle.speed=3
check "is refused" err_says "was trained in battle with 21 actions"

# ---- what a run makes of opponents ----------------------------------------

# shellcheck disable=SC2086
check "a frozen opponent" run_mpi 3 train run.dir="$SCRATCH/frozen" \
    run.rounds=2 "net.layers=dense 8" world.count=1 $small \
    selfplay.rule=frozen selfplay.opponent="$SCRATCH/run"
# shellcheck disable=SC2086
check "of another network is refused" exits 2 run train \
    run.dir="$SCRATCH/frozen2" run.rounds=2 "net.layers=dense 9" $small \
    selfplay.rule=frozen selfplay.opponent="$SCRATCH/run"
check "with one line that says so" err_says "is no mfq policy of this run's"
check "and leaves nothing" [ ! -e "$SCRATCH/frozen2" ]
# shellcheck disable=SC2086
check "so is one that reads the same numbers otherwise" exits 2 run train \
    run.dir="$SCRATCH/frozen3" run.rounds=2 $small world.count=1 \
    "net.layers=features: dense 8 | view: | abar: | dense 8" \
    selfplay.rule=frozen selfplay.opponent="$SCRATCH/run"
# shellcheck disable=SC2086
check "a script is refused" exits 2 run train run.dir="$SCRATCH/frozen4" \
    $small selfplay.rule=frozen selfplay.opponent=rush
check "and leaves nothing" [ ! -e "$SCRATCH/frozen4" ]
mv "$SCRATCH/run" "$SCRATCH/moved"
check "a run goes on without the file of its opponent" run train \
    --resume "$SCRATCH/frozen" run.rounds=3
mv "$SCRATCH/moved" "$SCRATCH/run"

# Every algorithm against a self that stays, and one that is raised; only team 0
# is learned from, with its 12 agents in each of 5 steps.
for algo in mfq il mfac ac mfppo; do
    small_run="run.rounds=1 pipeline.steps_per_round=5 world.count=1
        log.metrics_every=1 algo.name=$algo algo.mfac.actor_abar=off"
    # shellcheck disable=SC2086
    check "$algo against an older self" run train run.dir="$SCRATCH/$algo" \
        "net.layers=dense 8" $small $small_run selfplay.rule=reference
    # shellcheck disable=SC2086
    check "$algo against a frozen one" run train run.dir="$SCRATCH/$algo-2" \
        "net.layers=dense 8" $small $small_run selfplay.rule=frozen \
        selfplay.opponent="$SCRATCH/$algo"
    for dir in "$SCRATCH/$algo" "$SCRATCH/$algo-2"; do
        check "learns from team 0 alone" [ "$(awk -F, '
            NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
            END { print $at["replay/size"] }' "$dir/metrics.csv")" = 60 ]
    done
done
check "policies of all algorithms play each other" play 2 "$SCRATCH/mfq" \
    "$SCRATCH/il" "$SCRATCH/mfac" "$SCRATCH/ac" "$SCRATCH/mfppo" rush \
    eval.rounds=2
check "all pairs of them" [ "$(wc -l <"$SCRATCH/out/eval.csv")" -eq 16 ]

# shellcheck disable=SC2086
"$MFRL" train run.dir="$SCRATCH/stop" run.rounds=100000 "net.layers=dense 8" \
    world.count=1 $small eval.every=1 eval.rounds=2 >/dev/null 2>&1 &
job=$!
rows() { # of eval.csv so far
    grep -c , "$SCRATCH/stop/eval.csv" 2>/dev/null || true
}
while n=$(rows) && [ "${n:-0}" -lt 4 ] && kill -0 "$job" 2>/dev/null; do
    sleep 0.1
done
touch "$SCRATCH/stop/STOP"
check "a run that evaluates every round stops" wait "$job"
last=$(json_get "$SCRATCH/stop/run.json" rounds)
check "and has one row for each of its $last rounds" \
    [ "$(cut -d, -f1 "$SCRATCH/stop/eval.csv" | sort -u | wc -l)" -eq \
    "$(wc -l <"$SCRATCH/stop/eval.csv")" ]
check "resumed, the next rows follow" run train --resume "$SCRATCH/stop" \
    run.rounds=$((last + 2))
check "without a gap" \
    [ "$(wc -l <"$SCRATCH/stop/eval.csv")" -eq $((last + 3)) ]
check "an opponent that does not exist" exits 2 run train eval.every=1 \
    run.dir="$SCRATCH/none" eval.against=nobody
check "leaves nothing behind" [ ! -e "$SCRATCH/none" ]
