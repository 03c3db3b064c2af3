/* RANKS: 1 2 3 5 9 */
#include "mfrl/comm/gradsum.h"

#include <string.h>

#include "mfrl/base/rng.h"
#include "roles_test.h"

enum { N = 1003, MAX_SHARDS = 9, ROUNDS = 3 };

/* Sizes from 2^-8 to 2^7, so that the order of a sum shows in its bits. */
static void fill(int round, int shard, float *g)
{
    const mf_rng key = {.seed = 3,
                        .step = (uint64_t)round,
                        .world = (uint32_t)shard,
                        .purpose = MF_RNG_TEST};

    for (uint32_t i = 0; i < N; i++) {
        const uint32_t bits = mf_rng_u32(&key, i);
        const float scale = (float)(1u << (bits & 15)) / 256.0f;

        g[i] = scale * (mf_rng_unit(bits) - 0.5f);
    }
}

/* The oracle, recursive: the tree over shards v .. v + width - 1, width a power
 * of two, of which those below n_shards exist. */
static void tree(int round, int v, int width, int n_shards, float *out)
{
    float right[N];

    if (width == 1) {
        fill(round, v, out);
        return;
    }
    tree(round, v, width / 2, n_shards, out);
    if (v + width / 2 < n_shards) {
        tree(round, v + width / 2, width / 2, n_shards, right);
        for (int i = 0; i < N; i++) {
            out[i] += right[i];
        }
    }
}

static int check_sum(const mf_roles *roles)
{
    const int n_shards = roles->plan.n_shards;
    static float block[MAX_SHARDS][N];
    float *shards[MAX_SHARDS];
    float want[N];
    mf_gradsum *g;
    int first, last, wrong;

    mf_plan_shards(&roles->plan, roles->learner, &first, &last);
    wrong = mf_gradsum_create(roles, N, &g) != MF_OK;
    for (int round = 0; round < ROUNDS && wrong == 0; round++) {
        for (int v = first; v < last; v++) {
            shards[v - first] = block[v];
            fill(round, v, block[v]);
        }
        dawdle(round);
        wrong += mf_gradsum_run(g, shards) != MF_OK;
        tree(round, 0, 16, n_shards, want);
        wrong += memcmp(shards[0], want, sizeof(want)) != 0;
    }
    mf_gradsum_destroy(&g);
    return wrong;
}

START_TEST(any_number_of_learners_gives_the_serial_bits)
{
    int done = 0;

    for (int shards = 1; shards <= MAX_SHARDS; shards++) {
        for (int l = 1; l <= shards && l <= world_size(); l++) {
            for (int k = MF_PLAN_SPLIT; k <= MF_PLAN_COLOCATED; k++) {
                mf_roles roles;
                int wrong = 0;

                if (roles_open((mf_plan_kind)k, l, shards, &roles)) {
                    if (roles.learner >= 0) {
                        wrong = check_sum(&roles);
                    }
                    ck_assert_all(wrong == 0);
                    mf_roles_clear(&roles);
                    done++;
                }
            }
        }
    }
    ck_assert_all(done >= MAX_SHARDS);
}
END_TEST

/* What the other test leans on: another order gives other bits. */
START_TEST(order_shows_in_the_bits)
{
    float sum[N], want[N], g[N];

    tree(0, 0, 16, 4, want);
    fill(0, 0, sum);
    for (int v = 1; v < 4; v++) { /* ((0 + 1) + 2) + 3 */
        fill(0, v, g);
        for (int i = 0; i < N; i++) {
            sum[i] += g[i];
        }
    }
    ck_assert_all(memcmp(sum, want, sizeof(sum)) != 0);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("gradsum");
    TCase *tc = tcase_create("gradsum");

    tcase_add_test(tc, any_number_of_learners_gives_the_serial_bits);
    tcase_add_test(tc, order_shows_in_the_bits);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return slow_suite_main(argc, argv, make); }
