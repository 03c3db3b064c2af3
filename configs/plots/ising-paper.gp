# The Ising experiment: susceptibility, order by algorithm, error of Q.
#
#   gnuplot -e "dir='results/ising'" configs/plots/ising-paper.gp
#
# Reads susceptibility.csv and curve.csv of configs/paper/ising.sh in dir,
# writes <dir>/ising.png.

if (!exists("dir")) dir = "runs/paper/ising"
near = dir . "/susceptibility.csv"
curve = dir . "/curve.csv"
spec = "configs/plots/ising-20x20.dat"

# Average field: the m > 0 with m = tanh(2 m / T), which T is easier of.
field(m) = 2 * m / atanh(m)
ink = "#333333"

set datafile separator ","
set terminal pngcairo size 2100,700 font "DejaVu Sans,11" fontscale 1.4 \
    linewidth 1.6 pointscale 1.5
set output dir . "/ising.png"
set border 3 linecolor rgb ink
set tics nomirror out scale 0.6
set grid ytics linetype 1 linecolor rgb "#E4E4E4"
set key samplen 1.5 spacing 1.2
set xlabel "Temperature"
of(name, x) = strcol(1) eq name ? x : NaN

set multiplot layout 1,3
set title "Susceptibility of MF-Q on 20 x 20"
set ylabel "N (<m^2> - <|m|>^2)"
set xrange [1.155:1.225]
set xtics 0.02
set arrow 1 from 1.185, graph 0 to 1.185, graph 1 nohead dashtype 3 \
    linecolor rgb "#777777"
f(x) = a + b * (x - 1.19) + c * (x - 1.19)**2
a = 21; b = 1; c = -2000
set fit quiet logfile "/dev/null"
fit f(x) near every ::1 using 1:6:7 yerrors via a, b, c
plot f(x) linecolor rgb "#777777" title "parabola", \
    near every ::1 using 1:6:7 with yerrorbars pointtype 7 \
    linecolor rgb "#D55E00" title "learned"
unset arrow 1

set title "Order"
set key bottom left
set ylabel "Magnitude of the mean spin"
set xrange [0.4:2.1]
set yrange [0:1.05]
set xtics 0.4
set samples 400
set parametric
set trange [0.001:0.9999]
plot field(t), t with lines linecolor rgb "#777777" dashtype 2 \
        title "average field", \
    spec using 1:2 with points pointtype 6 pointsize 1.6 linecolor rgb ink \
        title "exact", \
    curve using (of("mfq", $2)):3 pointtype 7 linecolor rgb "#D55E00" \
        title "MF-Q", \
    curve using (of("mfac", $2)):3 pointtype 5 pointsize 0.7 \
        linecolor rgb "#0072B2" title "MF-AC", \
    curve using (of("il", $2)):3 pointtype 9 linecolor rgb "#009E73" \
        title "IL", \
    curve using (of("mfq-lagged", $2)):3 pointtype 2 linecolor rgb "#CC79A7" \
        title "MF-Q, lagged"
unset parametric

set title "Error of Q to the reward"
set ylabel "Mean squared error" offset 1
set yrange [-0.05:1.3]
set ytics 0.2
set key top left
plot curve using (of("mfq-lagged", $2)):9 pointtype 2 \
        linecolor rgb "#CC79A7" title "MF-Q, lagged", \
    curve using (of("mfq", $2)):9 pointtype 7 pointsize 1.2 \
        linecolor rgb "#D55E00" title "MF-Q", \
    curve using (of("mfac", $2)):9 pointtype 5 pointsize 0.6 \
        linecolor rgb "#0072B2" title "MF-AC's critic"
unset multiplot
