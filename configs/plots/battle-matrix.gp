# Who beats whom: the matrices of a battle tournament.
#
#   gnuplot -e "dir='results/battle'" configs/plots/battle-matrix.gp
#
# Reads <dir>/matrix.csv of configs/paper/battle.sh, writes <dir>/battle.png.

if (!exists("dir")) dir = "runs/paper/battle"
table = dir . "/matrix.csv"
names = "mfq il mfac ac mfppo random rush"
titles = "MF-Q IL MF-AC AC MF-PPO random rush"
n = words(names)

at(name) = int(sum [i=1:n] (word(names, i) eq name ? i : 0))
titled(set) = set eq "paper" ? "As the paper" : "With the public code's deviations"
sets = system("cut -d, -f1 '" . table . "' | tail -n +2 | sort -u")

set datafile separator ","
set terminal pngcairo size 1900, words(sets) > 1 ? 950 : 1000 \
    font "DejaVu Sans,11" fontscale 1.3
set output dir . "/battle.png"
set palette defined (0 "#F0A878", 0.5 "#FFFFFF", 1 "#7FB8DC")
set cbrange [0:1]
unset colorbox
unset key
set border 0
set tics scale 0
set xrange [0.5:n + 0.5]
set yrange [n + 0.5:0.5]
set size square
set xtics rotate by 0
do for [i=1:n] {
    set xtics add (word(titles, i) i)
    set ytics add (word(titles, i) i)
}
set xlabel "against"
cell(p, low, high) = sprintf("%.0f %%\n%.0f-%.0f", 100 * p, 100 * low, 100 * high)
set multiplot layout 1, words(sets) title \
    "Games won by the row, all seeds together, with 95 % intervals of the games"
do for [s in sets] {
    set title titled(s)
    plot table every ::1 using (strcol(1) eq s ? at(strcol(3)) : NaN): \
             (at(strcol(2))):(0.5):(0.5):8 with boxxyerror linecolor palette \
             fillstyle solid noborder, \
         table every ::1 using (strcol(1) eq s ? at(strcol(3)) : NaN): \
             (at(strcol(2))):(cell($8, $9, $10)) with labels font ",9"
}
unset multiplot
