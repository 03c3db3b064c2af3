#!/bin/sh
# The Ising experiment of the mean-field paper (Yang et al., ICML 2018, section
# 5.2) beside the exact solution, on 20 x 20 agents that learn from zero:
#
#   susceptibility  N (<m^2> - <|m|>^2) of MF-Q at 1.16 .. 1.22, many worlds for
#                   each temperature: where a lattice of this size orders
#   curve           order and reward from 0.5 to 2.0 of MF-Q, MF-AC, IL, and of
#                   MF-Q keyed by the mean action before (lagged, as the public
#                   code); mean squared error of Q to the reward
#
#   sh configs/paper/ising.sh
#   QUICK=1 sh configs/paper/ising.sh    only whether it works; two minutes
#
# It may be stopped (Ctrl-C, TERM) and called again: what is finished is not run
# again, what was begun goes on.  Results: susceptibility.csv, peak.csv,
# curve.csv, ising.png.
set -eu

. configs/paper/lib.sh
: "${RUNS:=runs/paper/ising${QUICK:+-quick}}" # what is run
: "${OUT:=$RUNS}"                             # the results
: "${SEED:=1}"
if [ "$QUICK" ]; then
    : "${WORLDS:=8}" "${PEAK_ROUNDS:=200}" "${CURVE_ROUNDS:=400}"
else
    : "${WORLDS:=16}" "${PEAK_ROUNDS:=4000}" "${CURVE_ROUNDS:=4000}"
fi
near="1.16, 1.17, 1.18, 1.19, 1.20, 1.21, 1.22"
exact=configs/plots/ising-20x20.dat

ising() { # NAME ROUNDS ARGS...
    name=$1
    rounds=$2
    shift 2
    train "$RUNS/$name" "$rounds" configs/ising-curve.ini run.seed="$SEED" \
        checkpoint.every=200 checkpoint.keep=1 "$@"
}

# ---- susceptibility ---------------------------------------------------------

# Worlds of one temperature are alike: their spread is the error.
susceptibility() {
    awk -F, -v sweeps=$((PEAK_ROUNDS * 20)) '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    {
        t = $at["temperature"]
        if (!(t in n)) order[++k] = t
        n[t]++
        m[t, n[t]] = $at["order"]; sum[t] += $at["order"]
        m2[t, n[t]] = $at["order2"]; sum2[t] += $at["order2"]
    }
    function chi(s2, s, n) { return 400 * (s2 / n - (s / n) ^ 2) }
    END {
        print "temperature,worlds,sweeps,order,order2,susceptibility,error"
        for (i = 1; i <= k; i++) {
            t = order[i]; all = chi(sum2[t], sum[t], n[t]); v = 0
            for (w = 1; w <= n[t]; w++) { # leave one out
                d = chi(sum2[t] - m2[t, w], sum[t] - m[t, w], n[t] - 1) - all
                v += d * d * (n[t] - 1) / n[t]
            }
            printf "%.3f,%d,%d,%.5f,%.5f,%.3f,%.3f\n", t, n[t], sweeps,
                sum[t] / n[t], sum2[t] / n[t], all, sqrt(v)
        }
    }' "$RUNS/peak/summary.csv" >"$OUT/susceptibility.csv"
}

# Top of the parabola through all points (least squares); its error from 400
# draws of the points within theirs.
peak() {
    awk -F, '
    function top(y,    i, x, s1, s2, s3, s4, a, b, c) {
        s1 = s2 = s3 = s4 = a = b = c = 0
        for (i = 1; i <= n; i++) {
            x = t[i] - mid
            s1 += x; s2 += x ^ 2; s3 += x ^ 3; s4 += x ^ 4
            a += y[i]; b += x * y[i]; c += x ^ 2 * y[i]
        }
        # s1 = s3 = 0 as the temperatures lie evenly about the middle
        return mid - b / s2 / (2 * (n * c - s2 * a) / (n * s4 - s2 ^ 2))
    }
    function normal() {
        return sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand())
    }
    NR > 1 { t[++n] = $1; y[n] = $6; e[n] = $7; mid += $1 }
    END {
        srand(1)
        mid /= n
        best = top(y)
        for (k = 0; k < 400; k++) {
            for (i = 1; i <= n; i++) z[i] = y[i] + e[i] * normal()
            d = top(z) - best
            v += d * d / 400
        }
        print "peak,error,expected,tolerance"
        printf "%.4f,%.4f,1.185,0.015\n", best, sqrt(v)
    }' "$OUT/susceptibility.csv" >"$OUT/peak.csv"
}

# ---- the curve --------------------------------------------------------------

numbers() { # NET ARRAY: one a line
    h5dump -y -w 1 -A 0 -d "$2" "$1" 2>/dev/null |
        sed -n '/DATA {/,/}/p' | grep -E '^ *-?[0-9]' | tr -d ' ,'
}

# "mean squared error, largest error" of every temperature's Q [5][2] to the
# reward, over the samples that were learned from.
errors_of_q() { # NET Q VISITS
    [ "$2" ] && command -v h5dump >/dev/null 2>&1 || return 0
    numbers "$1" "$2" >"$OUT/q.tmp"
    numbers "$1" "$3" | paste "$OUT/q.tmp" - | awk '
    {
        i = NR - 1; up = i % 2; key = int(i / 2) % 5; set = int(i / 10)
        e = $1 - (up ? key - 2 : 2 - key)
        if ($2 > 0) {
            n[set] += $2; sum[set] += $2 * e * e
            if (e * e > worst[set]) worst[set] = e * e
        }
    }
    END { for (s = 0; s <= set; s++)
        printf "%.3g,%.3g\n", sum[s] / n[s], sqrt(worst[s]) }'
    rm "$OUT/q.tmp"
}

curve() { # NAME Q VISITS: rows of curve.csv
    dir=$RUNS/$1
    errors_of_q "$dir/checkpoints/latest/net.h5" "$2" "$3" >"$OUT/errors.tmp"
    awk -F, -v name="$1" -v exact="$exact" -v errors="$OUT/errors.tmp" '
    BEGIN {
        while ((getline line <exact) > 0)
            if (line !~ /^#/) { split(line, f, ", *"); o[f[1] + 0] = f[2]
                r[f[1] + 0] = f[4] }
        while ((getline line <errors) > 0) e[n++] = line
    }
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    {
        t = $at["temperature"] + 0
        printf "%s,%s,%s,%s,%s,%s,%s,%s,%s\n", name, t, $at["order"],
            $at["order_se"], $at["reward"], $at["reward_se"], o[t], r[t],
            $1 in e ? e[$1] : ","
    }' "$dir/summary.csv" >>"$OUT/curve.csv"
    rm "$OUT/errors.tmp"
}

# ---- the whole --------------------------------------------------------------

mkdir -p "$RUNS" "$OUT"
steps=0
finished "$RUNS/peak" "$PEAK_ROUNDS" ||
    steps=$((WORLDS * 7 * PEAK_ROUNDS * 20 * 400))
for name in mfq mfac il mfq-lagged; do
    finished "$RUNS/$name" "$CURVE_ROUNDS" ||
        steps=$((steps + 16 * CURVE_ROUNDS * 20 * 400))
done
if [ $steps -gt 0 ]; then
    measure_rate "$RUNS/rate" 200 configs/ising-curve.ini
    awk -v steps=$steps -v rate="$RATE" 'BEGIN {
        printf "%.2g agent-steps to go: about %.1f hours at %.2g " \
            "agent-steps/s\n", steps, steps / rate / 3600, rate }'
fi

ising peak "$PEAK_ROUNDS" "env.ising.temperature=$near" \
    world.count=$((7 * WORLDS)) learner.samples_per_step=0.01 run.burn_in=0.05
ising mfq "$CURVE_ROUNDS"
ising mfac "$CURVE_ROUNDS" algo.name=mfac learner.lr=0.03
ising il "$CURVE_ROUNDS" algo.name=il
ising mfq-lagged "$CURVE_ROUNDS" env.ising.keying=lagged \
    env.ising.schedule=synchronous

susceptibility
peak
echo "algorithm,temperature,order,order_se,reward,reward_se,exact_order,\
exact_reward,q_mse,q_worst" \
    >"$OUT/curve.csv"
curve mfq /table/q /visits/q
curve mfac /critic/q /visits/critic/q
curve il "" ""
curve mfq-lagged /table/q /visits/q
cat "$OUT/susceptibility.csv" "$OUT/peak.csv" "$OUT/curve.csv"
if command -v gnuplot >/dev/null 2>&1; then
    gnuplot -e "dir='$OUT'" configs/plots/ising-paper.gp
fi
echo "results are in $OUT"
