#!/bin/sh
# "Same bytes": config and seed decide every bit of weights and worlds; how
# many ranks there are, which role they have and how worlds are cut does not.
# Each case runs on one rank first; the others must have its digests in every
# round, not only in the last.
#
# Not the full product: every count of actors (1 2 3 4 6 8), of learners
# (1 2 4), both layouts and every lag come up, the most of them in the first
# case, which depends on everything; the others take the cuts that are hardest
# for them.
. tests/e2e/lib.sh

env=ising # of the cases that follow

ROUNDS=8
n_runs=0

# go RANKS ARGS...: a run of the case; its digests are in $SCRATCH/digests.
go() {
    go_ranks=$1
    shift
    n_runs=$((n_runs + 1))
    run_mpi "$go_ranks" train "$SCRATCH/case.ini" run.dir="$SCRATCH/$n_runs" \
        run.rounds=$ROUNDS log.digest=on log.metrics_every=4 \
        checkpoint.every=0 "$@" &&
        digests "$SCRATCH/$n_runs" >"$SCRATCH/digests"
}

# Weights and worlds change in every round, or equal digests would say little.
changes() {
    for key in weights worlds; do
        n=$(grep -o "$key=[0-9a-f]*" "$SCRATCH/digests" | sort -u | wc -l)
        [ "$n" -eq "$ROUNDS" ] || return 1
    done
}

# begin NAME, the case's config on stdin: run it on one rank.
begin() {
    name=$1
    {
        printf '[env]\nname = %s\n' "$env"
        cat
    } >"$SCRATCH/case.ini"
    check "$name: runs on 1 rank" go 1
    check "$name: each round changes weights and worlds" changes
    mv "$SCRATCH/digests" "$SCRATCH/reference"
}

# same TEXT RANKS ARGS...: a run of the case with the digests of the first.
same() {
    check "$name: $1" same_rounds "$@"
}

same_rounds() {
    shift
    go "$@" && diff "$SCRATCH/reference" "$SCRATCH/digests" >>"$LOG"
}

differ() { # FILE FILE
    ! cmp -s "$1" "$2"
}

# Two weight sets, lagged and synchronous: choices follow learnt averages, so
# that weights never come to rest.
for lag in 0 1 2; do
    begin "two sets, lag $lag" <<END
[pipeline]
lag = $lag
steps_per_round = 3
[env.ising]
temperature = 0.9, 1.6
schedule = synchronous
keying = lagged
[replay]
capacity = 2000
END
    cp "$SCRATCH/reference" "$SCRATCH/lag-$lag"
    same "1 actor, 1 learner" 2
    same "4 colocated, 2 of them learn" 4 \
        ranks.layout=colocated ranks.learners=2
    same "6 actors in 3x2 tiles, 2 learners" 8 \
        world.tiles=3x2 ranks.learners=2
    [ $lag -gt 0 ] || {
        same "3 actors, 1 learner" 4
        same "2 actors, 4 learners" 6 ranks.learners=4
        same "8 actors, 4 learners" 12 ranks.learners=4
        same "6 colocated, 1 of them learns" 6 \
            ranks.layout=colocated ranks.learners=1
    }
done
for pair in 0-1 0-2 1-2; do
    check "lags $pair are different runs" \
        differ "$SCRATCH/lag-${pair%-*}" "$SCRATCH/lag-${pair#*-}"
done

begin "network" <<END
[net]
layers = dense 16, dense 16
[pipeline]
lag = 1
steps_per_round = 3
END
same "2 actors, 1 learner" 3
same "4 actors, 4 learners" 8 ranks.learners=4
same "3 colocated, all learn" 3 ranks.layout=colocated ranks.learners=3
same "6 actors in 3x2 tiles, 2 learners" 8 world.tiles=3x2 ranks.learners=2

begin "19 x 13, one agent after another, own tables" <<END
[env.ising]
width = 19
height = 13
temperature = 1.2
schedule = sequential
[table]
sharing = per_agent
[pipeline]
steps_per_round = 3
[replay]
capacity = 3000
END
same "2 actors, 2 learners" 4 ranks.learners=2
same "3 actors, 1 learner" 4
same "8 actors, 4 learners" 12 ranks.learners=4
same "6 colocated in 2x3 tiles, 2 of them learn" 6 \
    ranks.layout=colocated ranks.learners=2 world.tiles=2x3

for layers in "table" "dense 16, dense 16"; do
    begin "bootstrapped, $layers" <<END
[net]
layers = $layers
[learner]
gamma = 0.9
tau_soft = 0.05
[pipeline]
lag = 1
steps_per_round = 3
[replay]
capacity = 3000
END
    same "3 actors, 1 learner" 4
    same "4 colocated, all learn" 4 ranks.layout=colocated ranks.learners=4
    same "6 actors in 3x2 tiles, 2 learners" 8 \
        world.tiles=3x2 ranks.learners=2
done

# Squeeze: sums over the world decide, groups are drawn, some agents pause.
env=squeeze
begin "squeeze, two sets, groups of 7, lag 1" <<END
[env.squeeze]
agents = 101
sample = 7
inertia = 0.3
observation = id
start = matched
start_steps = 4
temperature = 2, 20
[net]
layers = id: dense 8 | abar: dense 8 | dense 8
[learner]
batch = 64
[pipeline]
lag = 1
steps_per_round = 3
[replay]
capacity = 2000
END
same "3 actors, 1 learner" 4
same "7 actors in strips, 1 learner" 8 world.tiles=7x1
same "4 colocated, 2 of them learn" 4 \
    ranks.layout=colocated ranks.learners=2

# Battle: a blow kills, the dead leave gaps, agents cross tiles, and episodes
# end in mid-round.
env=battle

someone_dies() { # in the last run
    awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        NR > 1 && $at["env/kills"] > 0 { any = 1 }
        END { exit !any }' "$SCRATCH/$n_runs/metrics.csv"
}

begin "battle, episodes end in mid-round, lag 1, against an older self" <<END
[env.battle]
width = 30
height = 24
max_steps = 37
hp = 1
[world]
count = 1
[net]
layers = dense 16
[pipeline]
lag = 1
steps_per_round = 15
[selfplay]
rule = reference
[replay]
capacity = 8000
END
check "$name: someone dies" someone_dies
same "1 actor, 1 learner" 2
same "3 actors, 1 learner" 4
same "4 actors in 2x2 tiles, 4 learners" 8 ranks.learners=4 world.tiles=2x2
same "8 actors, 2 learners" 10 ranks.learners=2
same "2 colocated, both learn" 2 ranks.layout=colocated ranks.learners=2
same "4 colocated, 1 of them learns" 4 \
    ranks.layout=colocated ranks.learners=1

begin "battle, two worlds with walls, mean action of the team" <<END
[env.battle]
width = 30
height = 24
max_steps = 37
hp = 1
walls = 0.1
mean_action = team
keying = lagged
[world]
count = 2
[net]
layers = view: conv 3x3x4, dense 16
[pipeline]
steps_per_round = 5
[replay]
capacity = 8000
[learner]
samples_per_step = 0.5
END
check "$name: someone dies" someone_dies
same "2 actors, 1 learner" 3
same "8 actors, 4 learners" 12 ranks.learners=4
same "3 colocated, 2 of them learn" 3 \
    ranks.layout=colocated ranks.learners=2
same "4 colocated, all learn" 4 ranks.layout=colocated ranks.learners=4

ROUNDS=4
begin "battle, blocks of armies, the network of the paper" <<END
[env.battle]
width = 48
height = 40
start = blocks
block = 20
[world]
count = 1
[pipeline]
steps_per_round = 5
[replay]
capacity = 4000
[learner]
batch = 16
samples_per_step = 0.05
END
same "3 actors, 2 learners" 5 ranks.learners=2
same "4 colocated in 2x2 tiles, all learn" 4 \
    ranks.layout=colocated ranks.learners=4 world.tiles=2x2
