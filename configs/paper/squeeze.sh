#!/bin/sh
# The Gaussian Squeeze of the mean-field paper (Yang et al., ICML 2018, section
# 5.1): which algorithms find the best sum from even play, for 100, 500 and 1000
# agents.  A success is a policy whose mean G with exploration off is 418 or
# more, of at most 423.03.
#
#   sh configs/paper/squeeze.sh
#   QUICK=1 sh configs/paper/squeeze.sh    only whether it works; two minutes
#
# Seeds are worlds of one run, each with weights and random numbers of its own;
# all algorithms start in the same worlds.  Two groups of settings:
#
#   together  configs/squeeze-paper.ini: one table for all, keyed by the mean
#             action; two agents choose in a step, or four.  mfq, mfac, mfppo
#   apart     a table for each agent, all choose in every step.  The others,
#             which do not see the mean action
#
# It may be stopped (Ctrl-C, TERM) and called again: what is finished is not run
# again, what was begun goes on.  Results: summary.csv, squeeze.png.
set -eu

. configs/paper/lib.sh
: "${RUNS:=runs/paper/squeeze${QUICK:+-quick}}" # what is run
: "${OUT:=$RUNS}"                               # the results
: "${SEED:=1}"
: "${ALGOS:=mfq fmq rec-fmq il mfac ac mfppo}"
if [ "$QUICK" ]; then
    : "${SIZES:=100}" "${SEEDS:=4}" "${SHORT:=10}"
else
    : "${SIZES:=100 500 1000}" "${SEEDS:=20}" "${SHORT:=1}"
fi
GOOD=418

# Rounds of 20 steps.  Frequency maximum Q and IL have cooled down, or made up
# their mind, by their end; actor-critics go on getting better for longer.
rounds_of() { # ALGO N
    case $1-$2 in
    mfq-100) echo 300 ;;
    mfq-500) echo 1800 ;;
    mfq-*) echo 3500 ;;
    mfac-100 | mfppo-100) echo $((1000 / SHORT)) ;;
    mfac-500 | mfppo-500) echo $((4200 / SHORT)) ;;
    mfac-* | mfppo-*) echo $((12000 / SHORT)) ;;
    ac-*) echo $((360 / SHORT)) ;;
    *) echo $((100 / SHORT)) ;;
    esac
}

# The same temperature for each seed: a list makes as many worlds.
temperatures() { # T
    awk -v t="$1" -v n="$SEEDS" \
        'BEGIN { for (i = 1; i <= n; i++) printf "%s%s", t, i < n ? "," : "" }'
}

# As configs/squeeze-paper.ini has it, for any number of agents of whom K choose
# in a step.
together() { # N K
    echo "env.squeeze.bins=$((3 * $1)) env.squeeze.start_steps=$((6 * $1))
        env.squeeze.inertia=$(awk -v n="$1" -v k="$2" \
            'BEGIN { print 1 - k / n }')
        eval.rounds=$((10 * $1))"
}

# Down from even play with the temperature.  Gradients fall by orders of
# magnitude on the way, which Adam remembers: made equally long, none is ahead
# of another.
cooled() { # ROUNDS
    echo "learner.clip=0.001 policy.temperature=0:0.05,$(($1 / 7)):0.02,$((
        $1 * 31 / 100)):0.01,$(($1 * 52 / 100)):0.005,$((
        $1 * 71 / 100)):0.0025,$(($1 * 88 / 100)):0.001"
}

apart() { # N
    echo "table.sharing=per_agent env.squeeze.inertia=0 eval.rounds=20
        env.squeeze.start_steps=0 env.squeeze.bins=1 replay.shards=2
        replay.capacity=$((40 * $1)) learner.batch=$((20 * $1))
        learner.samples_per_step=1"
}

settings() { # ALGO N ROUNDS
    t=0.001
    case $1-$2 in
    mfac-1000 | mfppo-1000) together "$2" 4 ;;
    mfq-* | mfac-* | mfppo-*) together "$2" 2 ;;
    *) apart "$2" ;;
    esac
    case $1 in
    mfac) echo "algo.mfac.form=onpolicy" ;;
    esac
    case $1 in
    mfac | mfppo)
        cooled "$3"
        echo "learner.lr=0.015 learner.batch=40 learner.samples_per_step=4"
        ;;
    ac)
        cooled "$3"
        echo "learner.lr=0.1"
        ;;
    esac
    case $1-$2 in # where even play earns something, G as the papers have it
    fmq-100 | rec-fmq-100 | il-100)
        t=1
        echo "env.squeeze.reward=raw"
        ;;
    fmq-* | rec-fmq-*) echo "algo.$1.floor=0.01" ;;
    esac
    echo "env.squeeze.temperature=$(temperatures $t)"
}

# ---- the results ------------------------------------------------------------

# Rows of eval.csv are round, agent_steps, wall_s, set, reward, G, x.
row() { # ALGO N: one of summary.csv
    dir=$RUNS/$1-$2
    awk -F, -v algo="$1" -v n="$2" -v good=$GOOD \
        -v rounds="$(from_json "$dir" rounds)" \
        -v digest="$(from_json "$dir" digest_weights)" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $1 == 0 { before += $at["G"]; seeds++ }
    $1 == rounds {
        g = $at["G"]; sum += g; square += g * g; x += $at["x"]; m++
        steps = $at["agent_steps"]
        wins += g >= good
        if (m == 1 || g < least) least = g
        if (m == 1 || g > most) most = g
    }
    END {
        v = m > 1 ? (square - sum * sum / m) / (m - 1) : 0
        printf "%s,%d,%d,%d,%.3f,%.3f,%.3f,%.3f,%.1f,%.3f,%d,%s\n", algo, n, m,
            wins, sum / m, sqrt(v > 0 ? v : 0), least, most, x / m,
            before / seeds, steps, digest
    }' "$dir/eval.csv"
}

# ---- the whole --------------------------------------------------------------

mkdir -p "$RUNS" "$OUT"
to_go=
for n in $SIZES; do
    for algo in $ALGOS; do
        rounds=$(rounds_of "$algo" "$n")
        finished "$RUNS/$algo-$n" "$rounds" || to_go="$to_go$algo $n $rounds
"
    done
done
if [ "$to_go" ]; then
    # shellcheck disable=SC2046  # a list of arguments
    measure_rate "$RUNS/rate" 20 configs/squeeze-paper.ini algo.name=il \
        env.squeeze.agents=100 $(settings il 100 20)
    printf %s "$to_go" | awk -v seeds="$SEEDS" -v rate="$RATE" '
    # a step together takes as long as 40 agents that choose
    { time += $3 * 20 * seeds * ($1 ~ /^mf/ ? 40 : $2) / rate }
    END { printf "%d runs to go: about %.0f minutes at %g agent-steps/s\n", NR,
        time / 60 + 0.5, rate }'
fi

for n in $SIZES; do
    for algo in $ALGOS; do
        rounds=$(rounds_of "$algo" "$n")
        # shellcheck disable=SC2046  # a list of arguments
        train "$RUNS/$algo-$n" "$rounds" configs/squeeze-paper.ini \
            run.seed="$SEED" algo.name="$algo" env.squeeze.agents="$n" \
            eval.every="$rounds" $(settings "$algo" "$n" "$rounds")
    done
done
echo "algo,N,seeds,successes,mean_G,sd_G,min_G,max_G,mean_x,untrained_G,\
agent_steps,digest_weights" \
    >"$OUT/summary.csv"
for n in $SIZES; do
    for algo in $ALGOS; do
        row "$algo" "$n"
    done
done >>"$OUT/summary.csv"
awk -F, -v good=$GOOD 'NR > 1 {
    printf "%-8s N %4d  %2d of %d at G >= %d  mean %7.2f  x %6.1f\n", $1, $2,
        $4, $3, good, $5, $9 }' "$OUT/summary.csv"
if command -v gnuplot >/dev/null 2>&1; then
    gnuplot -e "dir='$OUT'" configs/plots/squeeze-paper.gp
fi
echo "results are in $OUT"
