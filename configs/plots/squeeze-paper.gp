# Gaussian Squeeze: seeds that reach G >= 418, and the mean of G, of every
# algorithm for each number of agents.
#
#   gnuplot -e "dir='results/squeeze'" configs/plots/squeeze-paper.gp
#
# Reads <dir>/summary.csv and writes <dir>/squeeze.svg and .png.

if (!exists("dir")) dir = "runs/paper/squeeze"
summary = dir . "/summary.csv"
if (system("test -r '" . summary . "' && echo yes") ne "yes") \
    exit error sprintf("there is no %s to draw", summary)

unique(column) = system(sprintf("tail -n +2 '%s' | cut -d, -f%d | awk '!s[$0]++'", summary, column))
algos = unique(1)
sizes = unique(2)
n = words(sizes)

ink = "#333333"
array color[3] = ["#0072B2", "#E69F00", "#009E73"]
set datafile separator ","
set border 3 linecolor rgb ink linewidth 1
set tics nomirror out scale 0.6 textcolor rgb ink
set grid ytics linetype 1 linecolor rgb "#E4E4E4" linewidth 0.8
set style fill solid 1 noborder
set boxwidth 0.8 / n
set xrange [0.4:words(algos) + 0.6]
set xtics ()
set for [i=1:words(algos)] xtics add (word(algos, i) i)
set key horizontal at graph 1, 1.17 right samplen 1

place(name) = sum [i=1:words(algos)] (word(algos, i) eq name ? i : 0)
at(name, k) = place(name) + (k - (n + 1) / 2.0) * 0.8 / n
draw = 'set multiplot layout 1,2 margins 0.06,0.985,0.12,0.86 spacing 0.08; \
    set title "Seeds that reach G = 418, %" textcolor rgb ink; \
    set yrange [0:105]; \
    plot for [k=1:n] summary using (at(strcol(1), k)):(strcol(2) eq word(sizes, k) ? 100.0 * $4 / $3 : NaN) \
        with boxes linecolor rgb color[1 + (k - 1) % 3] notitle; \
    set title "Mean G, exploration off" textcolor rgb ink; \
    set yrange [0:450]; \
    plot for [k=1:n] summary using (at(strcol(1), k)):(strcol(2) eq word(sizes, k) ? $5 : NaN):7:8:(0.8 / n) \
        with boxerrorbars linecolor rgb color[1 + (k - 1) % 3] title "N = " . word(sizes, k); \
    unset multiplot'

set terminal svg size 1100,380 font "DejaVu Sans,12" background rgb "white"
set output dir . "/squeeze.svg"
eval draw
set terminal pngcairo size 2200,760 font "DejaVu Sans,11" fontscale 1.8 \
    linewidth 2
set output dir . "/squeeze.png"
eval draw
set output
