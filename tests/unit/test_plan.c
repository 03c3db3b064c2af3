#include "mfrl/comm/plan.h"

#include <stdio.h>
#include <string.h>

#include "unit/log_catch.h"
#include "unit/suite.h"

/* 20 x 20 cells with a halo of 1, four shards, the rest automatic. */
static mf_plan_request want(int n_ranks, mf_plan_kind layout, int n_worlds)
{
    return (mf_plan_request){.n_ranks = n_ranks,
                             .layout = layout,
                             .n_worlds = n_worlds,
                             .n_shards = 4,
                             .width = 20,
                             .height = 20,
                             .halo = 1,
                             .periodic = 1};
}

/* Every rank has a role, rank 0 learns, roles and ranks are inverse. */
static void check_roles(const mf_plan *p)
{
    int actors = 0, learners = 0;

    for (int rank = 0; rank < p->n_ranks; rank++) {
        const int a = mf_plan_actor(p, rank), l = mf_plan_learner(p, rank);

        ck_assert(a >= 0 || l >= 0);
        ck_assert_int_eq(l >= 0, rank < p->n_learners);
        ck_assert_int_eq(a >= 0, p->colocated || l < 0);
        if (a >= 0) {
            ck_assert_int_eq(a, actors++);
            ck_assert_int_eq(mf_plan_actor_rank(p, a), rank);
        }
        if (l >= 0) {
            ck_assert_int_eq(l, learners++);
            ck_assert_int_eq(mf_plan_learner_rank(p, l), rank);
        }
    }
    ck_assert_int_eq(actors, p->n_actors);
    ck_assert_int_eq(learners, p->n_learners);
    ck_assert(actors >= 1 && learners >= 1);
}

static void check_shards(const mf_plan *p)
{
    int next = 0;

    for (int l = 0; l < p->n_learners; l++) {
        int first, last;

        mf_plan_shards(p, l, &first, &last);
        ck_assert_int_eq(first, next);
        ck_assert_int_gt(last, first);
        for (int v = first; v < last; v++) {
            ck_assert_int_eq(mf_plan_shard_owner(p, v), l);
        }
        next = last;
    }
    ck_assert_int_eq(next, p->n_shards);
}

/* Every tile of every world has one actor. */
static void check_worlds(const mf_plan *p)
{
    const int n_tiles = p->decomp.px * p->decomp.py;
    int seen[64][64] = {{0}};

    ck_assert_int_eq(n_tiles * p->n_groups, p->n_actors);
    ck_assert(p->n_worlds <= 64 && n_tiles <= 64);
    ck_assert(mf_decomp_fits(p->decomp.px, p->decomp.py, p->decomp.width,
                             p->decomp.height, p->decomp.w));
    for (int a = 0; a < p->n_actors; a++) {
        const int tile = mf_plan_tile(p, a);
        int first, last;

        mf_plan_worlds(p, a, &first, &last);
        ck_assert_int_gt(last, first); /* nobody idles */
        ck_assert(tile >= 0 && tile < n_tiles);
        /* the group's ranks are in order of tile */
        ck_assert_int_eq(tile, a % n_tiles);
        for (int w = first; w < last; w++) {
            ck_assert(w >= 0 && w < p->n_worlds);
            ck_assert_int_eq(seen[w][tile]++, 0);
        }
    }
    for (int w = 0; w < p->n_worlds; w++) {
        for (int t = 0; t < n_tiles; t++) {
            ck_assert_int_eq(seen[w][t], 1);
        }
    }
}

static void check_plan(const mf_plan_request *w)
{
    mf_plan p;

    ck_assert_msg(mf_plan_make(w, &p) == MF_OK, "%d ranks, %d worlds",
                  w->n_ranks, w->n_worlds);
    ck_assert_int_eq(p.n_ranks, w->n_ranks);
    ck_assert_int_eq(p.n_worlds, w->n_worlds);
    ck_assert_int_eq(p.n_shards, w->n_shards);
    ck_assert(p.n_learners <= p.n_shards);
    ck_assert(w->n_learners == 0 || p.n_learners == w->n_learners);
    ck_assert(w->layout != MF_PLAN_SPLIT || !p.colocated);
    ck_assert(w->layout != MF_PLAN_COLOCATED || p.colocated);
    ck_assert(p.decomp.width == w->width && p.decomp.height == w->height);
    ck_assert(p.decomp.w == w->halo && p.decomp.periodic == w->periodic);
    check_roles(&p);
    check_shards(&p);
    check_worlds(&p);
}

START_TEST(any_number_of_ranks_works)
{
    for (int n = 1; n <= 64; n++) {
        for (int worlds = 1; worlds <= 16; worlds += 5) {
            const mf_plan_request w = want(n, MF_PLAN_AUTO, worlds);

            check_plan(&w);
        }
    }
}
END_TEST

START_TEST(learners_and_shards_of_every_number)
{
    for (int layout = MF_PLAN_SPLIT; layout <= MF_PLAN_COLOCATED; layout++) {
        for (int shards = 1; shards <= 9; shards++) {
            for (int l = 1; l <= shards; l++) {
                for (int actors = l; actors <= 12; actors++) {
                    mf_plan_request w =
                        want(layout == MF_PLAN_SPLIT ? actors + l : actors,
                             (mf_plan_kind)layout, 3);

                    w.n_shards = shards;
                    w.n_learners = l;
                    check_plan(&w);
                }
            }
        }
    }
}
END_TEST

START_TEST(one_rank_has_both_roles)
{
    mf_plan_request w = want(1, MF_PLAN_AUTO, 3);
    mf_plan p;

    ck_assert(mf_plan_make(&w, &p) == MF_OK);
    ck_assert(p.colocated && p.n_actors == 1 && p.n_learners == 1);
    ck_assert(p.decomp.px == 1 && p.decomp.py == 1 && p.n_groups == 1);
    w.n_ranks = 2;
    ck_assert(mf_plan_make(&w, &p) == MF_OK);
    ck_assert(!p.colocated && p.n_actors == 1 && p.n_learners == 1);
}
END_TEST

START_TEST(worlds_are_cut_as_little_as_can_be)
{
    static const struct {
        int n_ranks, n_worlds, n_groups, px, py;
    } cases[] = {
        {5, 4, 4, 1, 1},   /* a world each */
        {5, 9, 4, 1, 1},   /* several each */
        {7, 4, 3, 1, 2},   /* six actors: three groups of two */
        {7, 1, 1, 1, 6},   /* one world over all, in strips */
        {8, 2, 1, 1, 7},   /* seven is prime */
        {33, 1, 1, 2, 16}, /* more actors than rows */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        mf_plan_request w =
            want(cases[i].n_ranks, MF_PLAN_SPLIT, cases[i].n_worlds);
        mf_plan p;

        w.n_learners = 1;
        ck_assert(mf_plan_make(&w, &p) == MF_OK);
        ck_assert_int_eq(p.n_groups, cases[i].n_groups);
        ck_assert_int_eq(p.decomp.px, cases[i].px);
        ck_assert_int_eq(p.decomp.py, cases[i].py);
    }
}
END_TEST

START_TEST(tiles_can_be_given)
{
    mf_plan_request w = want(13, MF_PLAN_SPLIT, 2);
    mf_plan p;

    w.n_learners = 1;
    w.px = 2;
    w.py = 3;
    check_plan(&w);
    ck_assert(mf_plan_make(&w, &p) == MF_OK);
    ck_assert(p.decomp.px == 2 && p.decomp.py == 3 && p.n_groups == 2);
}
END_TEST

/* Refused with one line that holds all of these words; *out is untouched. */
static void check_refused(const mf_plan_request *w, const char *const *words)
{
    mf_plan p, before;
    const char *line;

    memset(&p, 0x5A, sizeof(p));
    before = p;
    ck_assert(mf_plan_make(w, &p) == MF_ERR_USAGE);
    ck_assert_mem_eq(&p, &before, sizeof(p));
    line = log_take();
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    for (; *words != NULL; words++) {
        ck_assert_msg(strstr(line, *words) != NULL, "no '%s' in: %s", *words,
                      line);
    }
}

START_TEST(impossible_layouts_name_the_nearest)
{
    mf_plan_request w = want(24, MF_PLAN_SPLIT, 1);

    log_catch();
    w.n_learners = 1; /* 23 actors: prime, and more than 20 columns */
    check_refused(&w, (const char *const[]){"24 ranks cannot share 1 world of "
                                            "20 x 20 cells",
                                            "-np 23 or -np 25", NULL});
    w.n_ranks = 23;
    check_plan(&w);
    w.n_ranks = 25;
    check_plan(&w);
    w = want(7, MF_PLAN_SPLIT, 1);
    w.n_learners = 1;
    w.px = w.py = 2;
    check_refused(&w, (const char *const[]){"world.tiles = 2x2", "7 ranks",
                                            "nearest that works: -np 5", NULL});
    w.px = 21;
    w.py = 1;
    check_refused(&w, (const char *const[]){"world.tiles = 21x1",
                                            "at least 1 cells", NULL});
    w.px = w.py = 65535; /* their product does not fit an int */
    check_refused(&w, (const char *const[]){"world.tiles = 65535x65535", NULL});
    ck_assert_str_eq(log_take(), "");
    w = want(3, MF_PLAN_SPLIT, 1);
    w.halo = 30;
    check_refused(&w, (const char *const[]){"at least 30 cells a side", NULL});
}
END_TEST

START_TEST(too_many_learners_are_told_so)
{
    mf_plan_request w = want(3, MF_PLAN_SPLIT, 1);

    log_catch();
    w.n_learners = 3;
    check_refused(&w, (const char *const[]){"3 learners", "none of 3 ranks",
                                            "layout=colocated",
                                            "at least 4 ranks", NULL});
    w.layout = MF_PLAN_AUTO;
    check_refused(&w, (const char *const[]){"3 learners", "none of 3 ranks",
                                            "layout=colocated",
                                            "at least 4 ranks", NULL});
    w.layout = MF_PLAN_COLOCATED;
    w.n_learners = 4;
    check_refused(&w, (const char *const[]){"learners = 4", "3 ranks",
                                            "at least 4 ranks", NULL});
    w.layout = MF_PLAN_AUTO;
    w.n_ranks = 1;
    check_refused(&w, (const char *const[]){"4 learners", "1 rank",
                                            "at least 5 ranks", NULL});
    w = want(1, MF_PLAN_SPLIT, 1);
    check_refused(&w, (const char *const[]){"1 learner leaves none of 1 rank ",
                                            "at least 2 ranks",
                                            "layout=colocated", NULL});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        any_number_of_ranks_works,
        learners_and_shards_of_every_number,
        one_rank_has_both_roles,
        worlds_are_cut_as_little_as_can_be,
        tiles_can_be_given,
        impossible_layouts_name_the_nearest,
        too_many_learners_are_told_so,
    };

    return run_suite("plan", tests, COUNT_OF(tests));
}
