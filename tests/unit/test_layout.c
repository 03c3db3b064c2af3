#include "mfrl/replay/layout.h"

#include "unit/replay_test.h"

START_TEST(records_have_the_documented_shape)
{
    const struct {
        int n_actions, obs_bytes, neighbours, with_prob, wide;
        size_t prob_at, obs_at, stride;
    } cases[] = {
        {2, 0, 4, 0, 0, 0, 12, 12},    {2, 1, 255, 0, 0, 0, 12, 16},
        {2, 0, 256, 0, 1, 0, 14, 16},  {3, 5, 8, 0, 0, 0, 13, 20},
        {3, 5, 999, 0, 1, 0, 16, 24},  {21, 900, 168, 0, 0, 0, 31, 932},
        {2, 0, 4, 1, 0, 12, 16, 16},   {3, 5, 8, 1, 0, 13, 17, 24},
        {3, 5, 999, 1, 1, 16, 20, 28},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const mf_layout l =
            mf_layout_make(cases[i].n_actions, cases[i].obs_bytes,
                           cases[i].neighbours, cases[i].with_prob);

        ck_assert_int_eq(l.n_actions, cases[i].n_actions);
        ck_assert_int_eq(l.obs_bytes, cases[i].obs_bytes);
        ck_assert_int_eq(l.wide, cases[i].wide);
        ck_assert_uint_eq(l.prob_at, cases[i].prob_at);
        ck_assert_uint_eq(l.obs_at, cases[i].obs_at);
        ck_assert_uint_eq(l.stride, cases[i].stride);
    }
}
END_TEST

/* Every field of agent i comes back, and nothing beside the record is
 * written. */
static void check_pack(const mf_layout *l)
{
    enum { N = 5 };
    const uint32_t id[N] = {0, 7, 0xFFFFFFFE, 3, 70000};
    const float rew[N] = {0, -1.5f, 3e30f, 1e-20f, 42};
    const float prob[N] = {1, 0.25f, 1e-20f, 0.5f, 0.125f};
    const uint8_t act[N] = {0, 1, 254, 2, 3}, done[N] = {0, 1, 0, 0, 1};
    uint16_t counts[N * MAX_ACTIONS], got[MAX_ACTIONS];
    uint8_t obs[N * MAX_OBS], out[MAX_RECORD];
    const mf_step_view v = {id, rew, act, done, counts, obs, prob, NULL};
    const size_t n_actions = (size_t)l->n_actions;
    const size_t obs_bytes = (size_t)l->obs_bytes;

    for (size_t k = 0; k < COUNT_OF(counts); k++) {
        counts[k] = count_of(l, (uint32_t)k, 1);
    }
    for (size_t k = 0; k < COUNT_OF(obs); k++) {
        obs[k] = (uint8_t)(k * 3 + 1);
    }
    for (size_t i = 0; i < N; i++) {
        float r;

        memset(out, 0xEE, sizeof(out));
        mf_layout_pack(l, &v, i, out);
        ck_assert_uint_eq(mf_record_id(out), id[i]);
        memcpy(&r, out + 4, sizeof(r));
        ck_assert(r == rew[i]);
        ck_assert_uint_eq(out[8], act[i]);
        ck_assert_uint_eq(out[9], done[i]);
        mf_layout_counts(l, out, got);
        ck_assert_mem_eq(got, counts + i * n_actions, 2 * n_actions);
        if (l->prob_at > 0) {
            ck_assert_mem_eq(out + l->prob_at, &prob[i], sizeof(prob[i]));
        }
        if (obs_bytes > 0) {
            ck_assert_mem_eq(out + l->obs_at, obs + i * obs_bytes, obs_bytes);
        }
        for (size_t k = l->obs_at + obs_bytes; k < l->stride; k++) {
            ck_assert_uint_eq(out[k], 0); /* equal records, equal bytes */
        }
        ck_assert_uint_eq(out[l->stride], 0xEE);
    }
}

START_TEST(records_hold_what_was_packed)
{
    for (int n_actions = 2; n_actions <= MAX_ACTIONS; n_actions++) {
        for (int obs = 0; obs <= MAX_OBS; obs++) {
            for (int k = 0; k < 4; k++) {
                const mf_layout l =
                    mf_layout_make(n_actions, obs, k / 2 ? 60000 : 255, k % 2);

                check_pack(&l);
            }
        }
    }
}
END_TEST

/* Records of every learner are those of mf_layout_pack one after another, of
 * its agents that are not skipped. */
static void check_scatter(const mf_layout *l, const uint8_t *skip)
{
    enum { N = 40, SHARDS = 5, LEARNERS = 3, ROOM = N * MAX_RECORD };
    const int owner[SHARDS] = {2, 0, 1, 1, 2};
    static uint8_t got[LEARNERS][ROOM], want[LEARNERS][ROOM];
    uint8_t *cursor[LEARNERS], *end[LEARNERS];
    uint32_t id[N];
    float rew[N], prob[N];
    uint8_t act[N], done[N], obs[N * MAX_OBS];
    uint16_t counts[N * MAX_ACTIONS];
    const mf_step_view v = {id, rew, act, done, counts, obs, prob, skip};

    for (uint32_t k = 0; k < N; k++) {
        id[k] = 3 * k + 1;
        rew[k] = (float)k - 7;
        prob[k] = 1 / (1 + (float)k);
        act[k] = (uint8_t)(k % (uint32_t)l->n_actions);
        done[k] = (uint8_t)(k % 3);
    }
    for (size_t k = 0; k < COUNT_OF(counts); k++) {
        counts[k] = count_of(l, (uint32_t)k, 2);
    }
    for (size_t k = 0; k < COUNT_OF(obs); k++) {
        obs[k] = (uint8_t)(k * 3 + 1);
    }
    memset(got, 0xEE, sizeof(got));
    memset(want, 0xEE, sizeof(want));
    for (int i = 0; i < LEARNERS; i++) {
        cursor[i] = got[i];
        end[i] = want[i];
    }
    for (size_t k = 0; k < N; k++) {
        if (skip == NULL || !skip[k]) {
            uint8_t **at = &end[owner[id[k] % SHARDS]];

            mf_layout_pack(l, &v, k, *at);
            *at += l->stride;
        }
    }
    mf_layout_scatter(l, &v, N, SHARDS, owner, cursor);
    for (int i = 0; i < LEARNERS; i++) {
        ck_assert(cursor[i] - got[i] == end[i] - want[i]);
        ck_assert(end[i] > want[i]);
    }
    ck_assert_mem_eq(got, want, sizeof(got));
}

START_TEST(scattered_records_are_packed_ones)
{
    uint8_t skip[40];

    for (size_t k = 0; k < COUNT_OF(skip); k++) {
        skip[k] = k % 7 == 0 || k % 5 == 3;
    }
    for (int n_actions = 2; n_actions <= 4; n_actions++) {
        for (int k = 0; k < 12; k++) { /* two actions: a case of its own */
            const mf_layout l =
                mf_layout_make(n_actions, k / 2 % 3, k % 2 ? 300 : 4, k / 6);

            check_scatter(&l, NULL);
            check_scatter(&l, skip);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        records_have_the_documented_shape,
        records_hold_what_was_packed,
        scattered_records_are_packed_ones,
    };

    return run_suite("layout", tests, COUNT_OF(tests));
}
