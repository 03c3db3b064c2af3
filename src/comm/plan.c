#include "mfrl/comm/plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { RANKS_PER_LEARNER = 8 }; /* of an automatic split */

/* Cut @p n_actors actors into groups: as many groups as there are worlds for,
 * so that tiles are as few and large as can be. */
static bool cut(const mf_plan_request *w, int n_actors, mf_plan *p)
{
    for (int groups = n_actors < w->n_worlds ? n_actors : w->n_worlds;
         groups >= 1; groups--) {
        int px = w->px, py = w->py;
        bool fits;

        if (n_actors % groups != 0) {
            continue;
        }
        if (px > 0) {
            fits = (int64_t)groups * px * py == n_actors &&
                   mf_decomp_fits(px, py, w->width, w->height, w->halo);
        } else {
            fits = mf_decomp_choose(n_actors / groups, w->width, w->height,
                                    w->halo, &px, &py) == MF_OK;
        }
        if (fits) {
            p->n_groups = groups;
            p->n_actors = n_actors;
            p->decomp = (mf_decomp){.width = w->width,
                                    .height = w->height,
                                    .px = px,
                                    .py = py,
                                    .w = w->halo,
                                    .periodic = w->periodic};
            return true;
        }
    }
    return false;
}

static bool try_learners(const mf_plan_request *w, bool colocated, int n,
                         mf_plan *p)
{
    const int n_actors = colocated ? w->n_ranks : w->n_ranks - n;

    if (n < 1 || n > w->n_shards || n > w->n_ranks || n_actors < 1 ||
        !cut(w, n_actors, p)) {
        return false;
    }
    p->colocated = colocated;
    p->n_learners = n;
    return true;
}

static bool colocates(const mf_plan_request *w)
{
    return w->layout == MF_PLAN_COLOCATED ||
           (w->layout == MF_PLAN_AUTO && w->n_ranks == 1);
}

static bool find(const mf_plan_request *w, mf_plan *p)
{
    const bool colocated = colocates(w);
    int wish = colocated ? w->n_ranks : w->n_ranks / RANKS_PER_LEARNER;

    *p = (mf_plan){.n_ranks = w->n_ranks,
                   .n_worlds = w->n_worlds,
                   .n_shards = w->n_shards};
    if (w->n_learners > 0) {
        return try_learners(w, colocated, w->n_learners, p);
    }
    wish = wish < 1 ? 1 : wish > w->n_shards ? w->n_shards : wish;
    for (int n = wish; n >= 1; n--) {
        if (try_learners(w, colocated, n, p)) {
            return true;
        }
    }
    for (int n = wish + 1; n <= w->n_shards; n++) {
        if (try_learners(w, colocated, n, p)) {
            return true;
        }
    }
    return false;
}

/* Too few ranks for n learners, whatever the world. */
static mf_status refuse_learners(const mf_plan_request *w, int n)
{
    if (w->layout == MF_PLAN_COLOCATED) {
        return MF_FAIL(MF_ERR_USAGE,
                       "ranks.learners = %d, but there are %d ranks; start at "
                       "least %d ranks or use fewer learners",
                       n, w->n_ranks, n);
    }
    return MF_FAIL(
        MF_ERR_USAGE,
        "ranks.layout = split with %d learner%s leaves none of %d "
        "rank%s to act; start at least %d ranks or use %s",
        n, n == 1 ? "" : "s", w->n_ranks, w->n_ranks == 1 ? "" : "s", n + 1,
        n == w->n_ranks ? "ranks.layout=colocated" : "fewer learners");
}

static mf_status refuse(const mf_plan_request *w)
{
    const int n_learners = w->n_learners > 0 ? w->n_learners : 1;
    mf_plan_request other = *w;
    mf_plan p;
    int below = 0, above = 0;
    char cure[128] = "";

    if (n_learners >= w->n_ranks + colocates(w)) {
        return refuse_learners(w, n_learners);
    }
    for (int d = 1; d < 4096 && (below == 0 || above == 0); d++) {
        other.n_ranks = w->n_ranks - d;
        if (below == 0 && other.n_ranks >= 1 && find(&other, &p)) {
            below = other.n_ranks;
        }
        other.n_ranks = w->n_ranks + d;
        if (above == 0 && find(&other, &p)) {
            above = other.n_ranks;
        }
    }
    if (below > 0 && above > 0) {
        snprintf(cure, sizeof(cure), "; nearest that work: -np %d or -np %d",
                 below, above);
    } else if (below + above > 0) {
        snprintf(cure, sizeof(cure), "; nearest that works: -np %d",
                 below + above);
    }
    if (w->px > 0) {
        return MF_FAIL(MF_ERR_USAGE,
                       "world.tiles = %dx%d: %d ranks cannot cut %d world%s of "
                       "%d x %d cells that way (tiles of at least %d cells a "
                       "side, every actor in use)%s",
                       w->px, w->py, w->n_ranks, w->n_worlds,
                       w->n_worlds == 1 ? "" : "s", w->width, w->height,
                       w->halo > 1 ? w->halo : 1, cure);
    }
    return MF_FAIL(MF_ERR_USAGE,
                   "%d ranks cannot share %d world%s of %d x %d cells: every "
                   "actor needs a tile of at least %d cells a side%s",
                   w->n_ranks, w->n_worlds, w->n_worlds == 1 ? "" : "s",
                   w->width, w->height, w->halo > 1 ? w->halo : 1, cure);
}

mf_status mf_plan_make(const mf_plan_request *want, mf_plan *out)
{
    mf_plan p;

    if (!find(want, &p)) {
        return refuse(want);
    }
    *out = p;
    return MF_OK;
}

int mf_plan_actor(const mf_plan *p, int rank)
{
    return p->colocated           ? rank
           : rank < p->n_learners ? -1
                                  : rank - p->n_learners;
}

int mf_plan_learner(const mf_plan *p, int rank)
{
    return rank < p->n_learners ? rank : -1;
}

int mf_plan_actor_rank(const mf_plan *p, int actor)
{
    return p->colocated ? actor : p->n_learners + actor;
}

int mf_plan_learner_rank(const mf_plan *p, int learner)
{
    (void)p;
    return learner;
}

void mf_plan_shards(const mf_plan *p, int learner, int *first, int *last)
{
    *first = learner * p->n_shards / p->n_learners;
    *last = (learner + 1) * p->n_shards / p->n_learners;
}

int mf_plan_shard_owner(const mf_plan *p, int shard)
{
    /* the last learner whose first shard is not past this one */
    return ((shard + 1) * p->n_learners - 1) / p->n_shards;
}

void mf_plan_worlds(const mf_plan *p, int actor, int *first, int *last)
{
    const int group = actor / (p->decomp.px * p->decomp.py);

    *first = group * p->n_worlds / p->n_groups;
    *last = (group + 1) * p->n_worlds / p->n_groups;
}

int mf_plan_tile(const mf_plan *p, int actor)
{
    return actor % (p->decomp.px * p->decomp.py);
}
