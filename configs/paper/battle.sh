#!/bin/sh
# The battle tournament of the mean-field paper (Yang et al., ICML 2018, section
# 5.3), with intervals: five algorithms and several seeds are trained, then all
# policies play each other, random and rush, from both sides.  Once as the paper
# has it (configs/battle.ini), once with every deviation of the public code
# (configs/battle-reference.ini); all else is the same in both.
#
#   sh configs/paper/battle.sh          64 against 64 on 40 x 40, as the paper
#   SMALL=1 sh configs/paper/battle.sh  12 against 12 on 20 x 20, small networks
#   QUICK=1 sh configs/paper/battle.sh  only whether it works; two minutes
#
# It may be stopped (Ctrl-C, TERM) and called again: what is finished is not run
# again, what was begun or is now to be longer goes on.  Further settings, with
# their defaults, are the assignments below; RATE, agent-steps a second for the
# estimate, is measured if it is not given.  Results: matrix.csv (rows against
# columns), policies.csv (budget and digest of every policy), deviations.txt,
# battle.png; and alone.csv: the paper's form with one deviation alone against
# the paper's form.
set -eu

. configs/paper/lib.sh
: "${SMALL:=$QUICK}"
name=battle${SMALL:+-small}${QUICK:+-quick}
: "${RUNS:=runs/paper/$name}" # what is trained
: "${OUT:=runs/paper/$name}"  # the results
: "${ALGOS:=mfq il mfac ac mfppo}"
: "${SETS:=paper reference}"
: "${ALONE:=mfq ac}" # algorithms whose deviations are also tried alone
: "${ALONE_SEEDS:=1}"
if [ "$QUICK" ]; then
    : "${SEEDS:=1}" "${ROUNDS:=4}" "${COOL:=2}" "${GAMES:=2}"
elif [ "$SMALL" ]; then
    : "${SEEDS:=1 2 3}" "${ROUNDS:=100}" "${COOL:=30}" "${GAMES:=10}"
else
    : "${SEEDS:=1 2 3}" "${ROUNDS:=1000}" "${COOL:=300}" "${GAMES:=20}"
fi

# Of both sets.  T is how the policies play in the end, and in the games.
T=0.03
common="ranks.layout=colocated world.count=8 pipeline.steps_per_round=50
    replay.capacity=100000 replay.shards=4 learner.batch=256
    learner.samples_per_step=1 checkpoint.every=20 checkpoint.keep=1
    eval.every=0 eval.rounds=100 eval.against=random"
n_agents=128
if [ "$SMALL" ]; then
    n_agents=24
    common="$common env.battle.width=20 env.battle.height=20 learner.lr=0.001"
    layers="view: dense 64 | features: dense 32 | abar: dense 32 | dense 64"
else
    common="$common learner.lr=0.0003"
    layers=auto
fi

config_of() { # SET
    case $1 in
    reference) echo configs/battle-reference.ini ;;
    *) echo configs/battle.ini ;;
    esac
}

# The deviations of an algorithm, each a set of its own.
rows_of() { # ALGO
    case $1 in
    mfq) echo argmax double team lagged mask selfplay ;;
    il) echo argmax double mask selfplay ;;
    ac) echo bootstrap weights lambda selfplay ;;
    mfac) echo onpolicy team lagged selfplay ;;
    mfppo) echo blind bootstrap weights lambda team lagged selfplay ;;
    esac
}

keys_of() { # ROW ALGO
    case $1 in
    argmax) echo policy.temperature=0.000001 ;;
    double) echo "algo.$2.target=double" ;;
    team) echo env.battle.mean_action=team ;;
    lagged) echo env.battle.keying=lagged ;;
    mask) echo learner.terminal=mask ;;
    selfplay) echo selfplay.rule=reference selfplay.keep=0.01 ;;
    onpolicy) echo algo.mfac.form=onpolicy ;;
    blind) echo "algo.$2.actor_abar=off" ;;
    bootstrap) echo "algo.$2.bootstrap=last" ;;
    weights) echo "algo.$2.entropy=0.08 algo.$2.value=0.1" ;;
    lambda) echo "algo.$2.lambda=1" ;;
    esac
}

# Arguments that follow from the set: COOL rounds to cool down; what the public
# code's actor-critics do after a death is algo.*.bootstrap.
extra() { # SET ALGO
    case $1-$2 in
    reference-mfq | reference-il) ;;
    reference-*) echo "learner.terminal=learn" ;;
    *) echo "policy.temperature=0:0.1,$COOL:$T $(keys_of "$1" "$2")" ;;
    esac
}

# ---- one training -----------------------------------------------------------

train_one() { # SET ALGO SEED: unless it is finished
    mkdir -p "$RUNS/$1"
    # shellcheck disable=SC2046,SC2086  # lists of arguments
    train "$RUNS/$1/$2-$3" "$ROUNDS" "$(config_of "$1")" $common \
        "net.layers=$layers" $(extra "$1" "$2") algo.name="$2" run.seed="$3"
}

# ---- all against all --------------------------------------------------------

players() { # SET
    for algo in $ALGOS; do
        for seed in $SEEDS; do
            echo "$RUNS/$1/$algo-$seed"
        done
    done
    echo random rush
}

# Everyone plays as at the end of its training: Q by its temperature, actors by
# their own probabilities.
games() { # SET
    t=$T
    [ "$1" = paper ] || t=0.000001
    # shellcheck disable=SC2046,SC2086
    play "$OUT/$1.log" $(players "$1") run.seed=4711 \
        eval.rounds="$GAMES" eval.temperature=$t --out "$OUT/$1"
}

# A policy's row in policies.csv.
policies() { # SET
    for algo in $ALGOS; do
        for seed in $SEEDS; do
            dir=$RUNS/$1/$algo-$seed
            echo "$1,$algo,$seed,$((ROUNDS * 400)),$(from_json "$dir" \
                agent_steps),$(from_json "$dir" wall_s),$(from_json "$dir" \
                digest_weights)"
        done
    done
}

# Pool the seeds of each pair of algorithms.  low, high: Wilson's 95 % interval
# of the games; seeds_low, seeds_high: least and most of a pair of seeds.
pool() { # SET
    awk -F, -v set="$1" '
    function algo(name) { sub(/.*\//, "", name); sub(/-[0-9]+$/, "", name)
        return name }
    function add(a, b, won, tied, lost,    k, rate) {
        k = a "," b
        games[k] += won + tied + lost
        wins[k] += won; ties[k] += tied; losses[k] += lost
        rate = won / (won + tied + lost)
        if (!(k in least) || rate < least[k]) least[k] = rate
        if (!(k in most) || rate > most[k]) most[k] = rate
        if (!(k in seen)) { seen[k] = 1; order[++n] = k }
    }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    algo($1) != algo($2) {
        add(algo($1), algo($2), $at["wins"], $at["ties"], $at["losses"])
        add(algo($2), algo($1), $at["losses"], $at["ties"], $at["wins"])
    }
    END {
        z = 1.959964
        for (i = 1; i <= n; i++) {
            k = order[i]; g = games[k]; p = wins[k] / g
            m = (p + z * z / (2 * g)) / (1 + z * z / g)
            h = z * sqrt(p * (1 - p) / g + z * z / (4 * g * g))
            h /= 1 + z * z / g
            printf "%s,%s,%d,%d,%d,%d,%.4f,%.4f,%.4f,%.4f,%.4f\n", set, k, g,
                wins[k], ties[k], losses[k], p, (m > h ? m - h : 0), m + h,
                least[k], most[k]
        }
    }' "$OUT/$1/eval.csv"
}

# ---- one deviation alone ----------------------------------------------------

# The paper's policies of an algorithm and those with one deviation.
alone() { # ALGO
    players=
    for seed in $SEEDS; do
        players="$players $RUNS/paper/$1-$seed"
    done
    for row in $(rows_of "$1"); do
        for seed in $ALONE_SEEDS; do
            train_one "$row" "$1" "$seed"
            players="$players $RUNS/$row/$1-$seed"
        done
    done
    say "one deviation alone: $1"
    # shellcheck disable=SC2086
    play "$OUT/alone-$1.log" $players random rush run.seed=4711 \
        eval.rounds="$GAMES" eval.temperature=$T --out "$OUT/alone-$1"
    awk -F, -v name="$1" -v rows="paper $(rows_of "$1")" '
    function set(path,    part, n) { n = split(path, part, "/")
        return n > 1 ? part[n - 1] : path }
    function add(a, b, won, lost, kills) {
        g[a, b] += $at["games"]; w[a, b] += won; l[a, b] += lost
        k[a, b] += kills * $at["games"] }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    set($1) != set($2) {
        add(set($1), set($2), $at["wins"], $at["losses"], $at["kills_a"])
        add(set($2), set($1), $at["losses"], $at["wins"], $at["kills_b"])
    }
    END {
        n = split(rows, row, " ")
        m = split("paper random rush", other, " ")
        for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) {
            a = row[i]; b = other[j]
            if (g[a, b] > 0)
                printf "%s,%s,%s,%d,%d,%d,%d,%.2f\n", name, a, b, g[a, b],
                    w[a, b], g[a, b] - w[a, b] - l[a, b], l[a, b],
                    k[a, b] / g[a, b]
        }
    }' "$OUT/alone-$1/eval.csv" >>"$OUT/alone.csv"
}

show() { # SET: the matrix as text
    echo "$1: games won by the row, % (95 % of the games)"
    awk -F, -v set="$1" -v names="$ALGOS random rush" '
    $1 == set { cell[$2, $3] = sprintf("%3.0f (%3.0f-%3.0f)", 100 * $8,
        100 * $9, 100 * $10) }
    END {
        n = split(names, name, " ")
        printf "%-8s", ""
        for (b = 1; b <= n; b++) printf " %13s", name[b]
        print ""
        for (a = 1; a <= n; a++) {
            printf "%-8s", name[a]
            for (b = 1; b <= n; b++)
                printf " %13s", (name[a], name[b]) in cell ? \
                    cell[name[a], name[b]] : "-"
            print ""
        }
    }' "$OUT/matrix.csv"
}

# What the second set changes, for every algorithm.
deviations() {
    for algo in $ALGOS; do
        echo "[$algo]"
        for set in paper reference; do
            # shellcheck disable=SC2046,SC2086
            "$MFRL" config "$(config_of $set)" $common "net.layers=$layers" \
                $(extra $set "$algo") algo.name="$algo" >"$OUT/$set.ini"
        done
        (cd "$OUT" && "$program" config --diff paper.ini reference.ini) |
            grep -vE '^algo\.' || true
        (cd "$OUT" && "$program" config --diff paper.ini reference.ini) |
            grep "^algo\.$algo\." || true
    done
    rm "$OUT/paper.ini" "$OUT/reference.ini"
}

# ---- the whole --------------------------------------------------------------

program=$(readlink -f "$MFRL")
mkdir -p "$RUNS" "$OUT"
to_go=0
for set in $SETS; do
    for seed in $SEEDS; do
        for algo in $ALGOS; do
            finished "$RUNS/$set/$algo-$seed" "$ROUNDS" || to_go=$((to_go + 1))
        done
    done
done
if [ $to_go -gt 0 ]; then
    # shellcheck disable=SC2046,SC2086  # lists of arguments
    measure_rate "$RUNS/rate" 2 configs/battle.ini $common \
        "net.layers=$layers" $(extra paper mfq)
    awk -v n=$to_go -v steps=$((ROUNDS * 400 * n_agents)) -v rate="$RATE" '
    BEGIN { printf "%d trainings of %.2g agent-steps to go: about %.1f hours " \
        "at %d agent-steps/s, and the games\n", n, steps,
        n * steps / rate / 3600, rate }'
fi

deviations >"$OUT/deviations.txt"
for seed in $SEEDS; do
    for set in $SETS; do
        for algo in $ALGOS; do
            train_one "$set" "$algo" "$seed"
        done
    done
done
echo "set,algorithm,seed,environment_steps,agent_steps,wall_s,digest_weights" \
    >"$OUT/policies.csv"
echo "set,row,column,games,wins,ties,losses,win_rate,low,high,seeds_low,\
seeds_high" \
    >"$OUT/matrix.csv"
for set in $SETS; do
    policies "$set" >>"$OUT/policies.csv"
    say "all against all: $set"
    games "$set"
    pool "$set" >>"$OUT/matrix.csv"
    show "$set"
done
echo "algorithm,deviation,against,games,wins,ties,losses,kills" \
    >"$OUT/alone.csv"
for algo in $ALONE; do
    alone "$algo"
done
if command -v gnuplot >/dev/null 2>&1; then
    gnuplot -e "dir='$OUT'" configs/plots/battle-matrix.gp
fi
echo "results are in $OUT"
