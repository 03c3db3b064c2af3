/* Observations of battle: recorded ones float by float, and small cases. */
#include "unit/battle_look.h"

typedef struct recorded {
    int64_t *frames;
    float *view, *features; /* [frames][N][13][13][7], [frames][N][34] */
    int n;
} recorded;

static void recorded_open(recorded *r, const char *path)
{
    mf_h5_array a;
    mf_h5 *f;

    ck_assert(mf_h5_open(path, &f) == MF_OK);
    b_read(f, "/golden/frames", MF_I64, &a, &r->frames);
    r->n = (int)a.dims[0];
    b_read(f, "/golden/view", MF_F32, &a, &r->view);
    ck_assert_uint_eq(a.dims[2] * a.dims[3] * a.dims[4], VIEW);
    b_read(f, "/golden/features", MF_F32, &a, &r->features);
    ck_assert_uint_eq(a.dims[2], FEATURES);
    ck_assert(mf_h5_close(&f) == MF_OK);
}

static void recorded_close(recorded *r)
{
    mf_free(&r->frames);
    mf_free(&r->view);
    mf_free(&r->features);
}

static void ck_floats(const char *what, int frame, size_t agent,
                      const float *got, const float *want, int n)
{
    if (memcmp(got, want, (size_t)n * sizeof(*got)) == 0) {
        return;
    }
    for (int i = 0; i < n; i++) {
        ck_assert_msg(memcmp(&got[i], &want[i], sizeof(*got)) == 0,
                      "frame %d, agent %zu: %s[%d] is %.9g, expected %.9g",
                      frame, agent, what, i, (double)got[i], (double)want[i]);
    }
}

/* All agents of frame t see what was recorded as the k-th observation, or if
 * k < 0 what the naive window shows; returns a sum of all packed bytes. */
static uint64_t check_frame(b_world *w, const mf_battle_view *v,
                            const b_golden *g, const recorded *r, int t, int k)
{
    static float shares[2 * SIDE * SIDE], view[VIEW], want[VIEW];
    float features[FEATURES];
    uint8_t obs[MF_BATTLE_OBS_BYTES + 1];
    uint64_t sum = 0;

    b_ghosts(w);
    shares_of(w, v, shares);
    for (size_t i = 0; i < (size_t)g->agents; i++) {
        const size_t row = (size_t)t * (size_t)g->agents + i;
        const size_t at = k < 0 ? 0 : (size_t)k * (size_t)g->agents + i;
        const int32_t *pos = &g->pos[3 * row];

        if (!g->alive[row]) {
            continue;
        }
        obs[v->obs_bytes] = GUARD;
        ck_assert_int_eq(pack_at(w, v, pos[0], pos[1], obs), 0);
        ck_assert_int_eq(obs[v->obs_bytes], GUARD);
        for (int b = 0; b < v->obs_bytes; b++) {
            sum = sum * 31 + obs[b];
        }
        mf_battle_view_unpack(v, obs, shares, view, features, NULL);
        naive_view(w, v, pos[0], pos[1], want);
        ck_floats("window", t, i, view, want, VIEW);
        if (k >= 0) {
            ck_floats("view", t, i, view, r->view + at * VIEW, VIEW);
            ck_floats("features", t, i, features, r->features + at * FEATURES,
                      FEATURES);
        }
    }
    return sum;
}

/* Play a recording on px x py tiles and look at every 5th frame and at all
 * that were recorded. */
static uint64_t play(const char *path, int px, int py)
{
    b_golden g;
    recorded r;
    b_world w;
    mf_battle_view v;
    uint64_t sum = 0;
    int k = 0;

    b_golden_open(&g, path);
    recorded_open(&r, path);
    b_start(&w, &g, px, py);
    ck_assert(mf_battle_view_init(&v, &w.rules, g.width, g.height, VIEW_RADIUS,
                                  0) == MF_OK);
    ck_assert_int_eq(v.side, SIDE);
    ck_assert_int_eq(v.n_features, FEATURES);
    ck_assert_int_eq(v.obs_bytes, MF_BATTLE_OBS_BYTES);
    for (int t = 0; t < g.frames; t++) {
        const int known = k < r.n && r.frames[k] == t;

        if (known || t % 5 == 0) {
            sum += check_frame(&w, &v, &g, &r, t, known ? k : -1);
            k += known;
        }
        b_step(&w, (uint64_t)t, g.action + (size_t)t * (size_t)g.agents);
    }
    ck_assert_int_eq(k, r.n);
    b_close(&w);
    recorded_close(&r);
    b_golden_close(&g);
    return sum;
}

START_TEST(recorded_views_come_out_float_by_float)
{
    for (size_t f = 0; f < COUNT_OF(GOLDEN); f++) {
        const uint64_t whole = play(GOLDEN[f], 1, 1);

        ck_assert(play(GOLDEN[f], 3, 2) == whole);
        ck_assert(play(GOLDEN[f], 1, 3) == whole);
    }
}
END_TEST

START_TEST(window_is_a_disc_and_beyond_the_world_is_nothing)
{
    static float view[SIDE][SIDE][CH];
    float features[FEATURES];
    b_world w;

    b_field(&w);
    b_put(&w, 2, 3, 7, 1, 4);
    b_put(&w, 8, 3, 8, 0, 5);  /* 6 to the right: seen */
    b_put(&w, 7, 7, 9, 0, 5);  /* (5, 4): not seen */
    b_put(&w, 5, 8, 10, 1, 5); /* (3, 5): seen */
    ck_assert_int_eq(look(&w, 2, 3, view, features), 0);
    ck_float("itself", view[6][6][1], 1);
    ck_float("its hp", view[6][6][2], 4.0f / 10);
    ck_float("enemy", view[6][12][4], 1);
    ck_float("its hp", view[6][12][5], 0.5f);
    ck_float("not own", view[6][12][1], 0);
    ck_float("hidden", view[10][11][4], 0);
    ck_float("friend", view[11][9][1], 1);
    ck_float("wall", view[6][4][0], 1);
    ck_float("beyond", view[6][3][0], 0);
    ck_float("wall above", view[3][6][0], 1);
    ck_float("above it", view[2][6][0], 0);
    b_close(&w);
}
END_TEST

START_TEST(minimap_marks_the_observer_on_both_planes)
{
    static float view[SIDE][SIDE][CH];
    float features[FEATURES];
    b_world w;

    b_open(&w, 26, 39, NULL, 1, 1, VIEW_RADIUS); /* parts of 2 x 3 cells */
    b_put(&w, 5, 7, 0, 0, 10);
    b_put(&w, 4, 6, 1, 0, 10);
    b_put(&w, 24, 37, 2, 0, 10);
    ck_assert_int_eq(look(&w, 5, 7, view, features), 0);
    ck_float("own part", view[2][2][3], 2.0f / 3 + 1);
    ck_float("far part", view[12][12][3], 1.0f / 3);
    ck_float("mark", view[2][2][6], 1);
    ck_float("no enemies", view[12][12][6], 0);
    b_put(&w, 23, 1, 3, 1, 10);
    ck_assert_int_eq(look(&w, 23, 1, view, features), 0);
    ck_float("alone", view[0][11][3], 2);
    ck_float("mark", view[0][11][6], 1);
    ck_float("enemies", view[2][2][6], 2.0f / 3);
    b_close(&w);
}
END_TEST

START_TEST(features_say_who_where_and_what_was)
{
    static float view[SIDE][SIDE][CH];
    float f[FEATURES];
    b_world w;

    b_field(&w);
    b_put(&w, 5, 7, 32768 + 1024 + 6, 0, 10); /* bits 1, 2, 10 and 15 */
    look(&w, 5, 7, view, f);
    ck_float("own share and mark", view[7][2][3], 2);
    for (int i = 0; i < 32; i++) {
        ck_float("new-born", f[i], i == 1 || i == 2);
    }
    ck_float("x", f[32], 5.0f / 16);
    ck_float("y", f[33], 7.0f / 12);
    b_at(&w, 5, 7)->act = 20;
    b_at(&w, 5, 7)->rew = -0.105f;
    look(&w, 5, 7, view, f);
    for (int i = 10; i < 31; i++) {
        ck_float("last action", f[i], i == 30);
    }
    ck_float("last reward", f[31], -0.105f);
    b_close(&w);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        recorded_views_come_out_float_by_float,
        window_is_a_disc_and_beyond_the_world_is_nothing,
        minimap_marks_the_observer_on_both_planes,
        features_say_who_where_and_what_was,
    };

    return run_suite("battle_view", tests, COUNT_OF(tests));
}
