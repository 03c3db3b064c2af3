# Win rate and reward of a battle run against agent-steps, from its
# evaluations.
#
#   gnuplot -e "run='runs/battle-mfq-1'" configs/plots/battle-learning.gp
#
# Reads <run>/eval.csv and writes <run>/plots/battle-learning.svg and .png.

if (!exists("run")) run = "runs/battle-mfq-1"
out = run . "/plots/"
table = run . "/eval.csv"

if (system("test -r '" . table . "' && echo yes") ne "yes") \
    exit error sprintf("there is no %s to draw; train with eval.every", table)
if (system("mkdir -p '" . out . "' && echo yes") ne "yes") \
    exit error sprintf("cannot make %s", out)

# ---- looks: colours of Okabe and Ito, told apart by shape as well ---------
ink    = "#333333"
blue   = "#0072B2"
orange = "#D55E00"

set datafile separator ","
set border 3 linecolor rgb ink linewidth 1
set tics nomirror out scale 0.6 textcolor rgb ink
set grid ytics linetype 1 linecolor rgb "#E4E4E4" linewidth 0.8
set xlabel "Agent-steps, millions" textcolor rgb ink
set key center right samplen 2 spacing 1.25 textcolor rgb ink

# the rows of one opponent, so that lines join them
rows(name) = sprintf("< awk -F, '$4 == \"%s\"' '%s'", name, table)
M = 1e-6 # columns: 2 agent-steps, 6 to 8 win rate and interval, 12 reward

draw = 'set multiplot layout 1, 2; \
    set style line 2 linecolor rgb blue pointtype 7 pointsize dot; \
    set style line 3 linecolor rgb orange pointtype 4 pointsize 1.3 * dot; \
    set ylabel "Games won, %" textcolor rgb ink; set yrange [0:100]; \
    plot rows("random") using (M * $2):(100 * $6) \
             with linespoints linestyle 2 title "against random", \
         rows("rush") using (M * $2):(100 * $6) \
             with lines linestyle 3 notitle, \
         rows("rush") using (M * $2):(100 * $6):(100 * $7):(100 * $8) \
             with yerrorbars linestyle 3 title "against rush"; \
    set ylabel "Reward of a side in a game" textcolor rgb ink; \
    set autoscale y; \
    plot rows("random") using (M * $2):12 \
             with linespoints linestyle 2 title "against random", \
         rows("rush") using (M * $2):12 \
             with linespoints linestyle 3 title "against rush"; \
    unset multiplot'

set terminal svg size 900, 360 font "Helvetica,13" background rgb "white"
set output out . "battle-learning.svg"
dot = 0.5
eval draw
set terminal pngcairo size 1350, 540 font "Helvetica,15" background rgb "white"
set output out . "battle-learning.png"
dot = 0.8
eval draw
