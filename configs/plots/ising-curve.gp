# Order and reward of an Ising run against temperature, beside the exact
# answers.
#
#   gnuplot -e "run='runs/demo'" configs/plots/ising-curve.gp
#
# Reads <run>/summary.csv (by the names of its columns) and writes
# <run>/plots/ising-curve.svg and .png.  A copy of this script and of its data
# stays there, so that the picture can be drawn again and changed.

if (!exists("run")) run = "runs/demo"
out = run . "/plots/"
summary = run . "/summary.csv"
script = ARG0
home = system("dirname '" . script . "'") . "/"
torus = home . "ising-20x20.dat"

if (system("test -r '" . summary . "' && echo yes") ne "yes") \
    exit error sprintf("there is no %s to draw", summary)
if (system("mkdir -p '" . out . "' && echo yes") ne "yes") \
    exit error sprintf("cannot make %s", out)
do for [file in script . " " . torus] {
    if (system("test '" . file . "' -ef '" . out . "'$(basename '" \
               . file . "') || echo other") eq "other") {
        system("cp '" . file . "' '" . out . "'")
    }
}

# ---- exact, infinite lattice ---------------------------------------------
# With K = 1 / (2 T): Onsager's magnetisation and energy.  The reward of an
# agent is half the sum over its 4 neighbours, twice <s s'>.  Checks:
# reward(0.9) = 1.85930, reward(2.0) = 0.55727.
critical = 1 / log(1 + sqrt(2))
order(T) = T < critical ? (1 - sinh(1 / T)**-4)**0.125 : 0
modulus(K) = 2 * sinh(2 * K) / cosh(2 * K)**2
energy(K) = (1 + 2 / pi * (2 * tanh(2 * K)**2 - 1) * EllipticK(modulus(K))) \
            / tanh(2 * K)
reward(T) = energy(1 / (2 * T))

# ---- looks: colours of Okabe and Ito, told apart by shape as well ---------
ink    = "#333333"
blue   = "#0072B2"
orange = "#D55E00"

set datafile separator ","
set samples 801
set border 3 linecolor rgb ink linewidth 1
set tics nomirror out scale 0.6 textcolor rgb ink
set grid ytics linetype 1 linecolor rgb "#E4E4E4" linewidth 0.8
set xrange [0.4:2.1]
set xtics 0.4, 0.4
set mxtics 2
set xlabel "Temperature" textcolor rgb ink
set key top right samplen 2 spacing 1.25 textcolor rgb ink
set style line 1 linecolor rgb ink linewidth 1.8
set arrow 1 from critical, graph 0 to critical, graph 1 nohead \
    linecolor rgb "#777777" linewidth 1 dashtype 3
set label 1 sprintf("critical\n%.4f", critical) at critical, graph 0.13 \
    offset character -0.8, 0 right textcolor rgb "#777777"

draw = 'set style line 2 linecolor rgb blue pointtype 6 pointsize 1.7 * dot \
        linewidth 1.6; \
    set style line 3 linecolor rgb orange pointtype 7 pointsize 0.75 * dot \
        linewidth 1.6; \
    set multiplot layout 1,2 margins 0.075,0.985,0.165,0.89 spacing 0.095; \
    set title "Order: do agents agree?" textcolor rgb ink; \
    set ylabel "Magnitude of the mean spin" offset 0.6 textcolor rgb ink; \
    set yrange [0:1.05]; set ytics 0.2; \
    plot order(x) with lines linestyle 1 title "exact, infinite lattice", \
        torus using 1:2 with points linestyle 2 title "reference, 20 x 20", \
        summary using "temperature":"order":"order_se" with yerrorbars linestyle 3 title "learned"; \
    set title "Reward: does it pay?" textcolor rgb ink; \
    set ylabel "Reward per agent and step" offset 0.6 textcolor rgb ink; \
    set yrange [0:2.1]; set ytics 0.5; \
    plot reward(x) with lines linestyle 1 title "exact, infinite lattice", \
        torus using 1:4 with points linestyle 2 title "exact, 20 x 20", \
        summary using "temperature":"reward":"reward_se" with yerrorbars linestyle 3 title "learned"; \
    unset multiplot'

set terminal svg size 1000,400 font "DejaVu Sans,13" background rgb "white"
dot = 0.75
set output out . "ising-curve.svg"
eval draw
set terminal pngcairo size 2000,800 font "DejaVu Sans,11" fontscale 1.85 \
    linewidth 2 pointscale 2
dot = 1
set output out . "ising-curve.png"
eval draw
set output
