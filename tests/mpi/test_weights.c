/* RANKS: 1 2 3 5 */
#include "mfrl/comm/weights.h"

#include <stdint.h>

#include "roles_test.h"

enum { ROUNDS = 12 };

static float value(int64_t version, size_t i)
{
    return (float)(version * 1000 + (int64_t)(i % 997));
}

static int64_t word(int64_t version) { return version % 3 == 2 ? -version : 0; }

static int wrong_version(const mf_weights_version *v, int64_t version, size_t n)
{
    int wrong = v->version != version || v->word != word(version) ||
                (uintptr_t)v->values % 64 != 0;

    for (size_t i = 0; i < n; i++) {
        wrong += v->values[i] != value(version, i);
    }
    return wrong;
}

static int publish(mf_weights *w, int64_t version, float *buffer, size_t n)
{
    int wrong;

    for (size_t i = 0; i < n; i++) {
        buffer[i] = value(version, i);
    }
    wrong = mf_weights_publish(w, buffer, word(version)) != MF_OK;
    for (size_t i = 0; i < n; i++) { /* it was copied */
        buffer[i] = -1;
    }
    return wrong;
}

/* Every rank asks for the version that is `behind` the newest, on its own
 * schedule; those that ask rarely get several at once.  Rank 0 asks least, so
 * that only publishing itself can hold it back. */
static int run_rank(mf_weights *w, int64_t first, int keep, size_t n,
                    float *buffer)
{
    const int64_t behind = world_rank() % keep;
    const int every = world_rank() == 0 ? 6 : 1 + world_rank() % 3;
    int wrong = 0;

    for (int64_t v = first; v < first + ROUNDS; v++) {
        mf_weights_version got;

        dawdle((int)v);
        if (world_rank() == 0) {
            wrong += publish(w, v, buffer, n);
        }
        if (v - behind >= first && v % every == 0) {
            wrong += mf_weights_get(w, v - behind, &got) != MF_OK;
            wrong += wrong_version(&got, v - behind, n);
        }
    }
    return wrong;
}

/* The last `keep` versions are there, also while the newer ones are asked
 * for; the one before is gone and said to be. */
static int check_kept(mf_weights *w, int64_t first, int keep, size_t n)
{
    const int64_t last = first + ROUNDS - 1;
    mf_weights_version got[8];
    int wrong = 0, saved;

    wrong += mf_weights_get(w, last, &got[0]) != MF_OK;
    for (int k = 0; k < keep; k++) {
        wrong += mf_weights_get(w, last - keep + 1 + k, &got[k]) != MF_OK;
    }
    for (int k = 0; k < keep; k++) {
        wrong += wrong_version(&got[k], last - keep + 1 + k, n);
    }
    saved = hush();
    wrong += mf_weights_get(w, last - keep, &got[0]) != MF_ERR_MPI;
    unhush(saved);
    return wrong;
}

static void check_channel(const mf_roles *roles, int64_t first, int keep,
                          size_t n)
{
    mf_weights *w;
    float *buffer;
    int wrong;

    wrong = mf_weights_create(roles, n, keep, first, &w) != MF_OK;
    wrong += mf_alloc(n, sizeof(*buffer), "weights", &buffer) != MF_OK;
    ck_assert_all(wrong == 0);
    wrong += run_rank(w, first, keep, n, buffer);
    wrong += check_kept(w, first, keep, n);
    mf_free(&buffer);
    mf_weights_destroy(&w);
    ck_assert_all(wrong == 0 && w == NULL);
}

START_TEST(every_version_arrives_with_its_word)
{
    const size_t sizes[] = {1, 50, 100003};
    mf_roles roles;

    ck_assert_all(roles_open(MF_PLAN_AUTO, 0, 4, &roles));
    for (int keep = 1; keep <= 4; keep++) {
        for (int s = 0; s < 3; s++) {
            check_channel(&roles, 0, keep, sizes[s]);
            check_channel(&roles, (int64_t)5 << 33, keep, sizes[s]);
        }
    }
    mf_roles_clear(&roles);
}
END_TEST

/* Versions stay where they are until `keep` newer ones were asked for. */
START_TEST(values_in_hand_do_not_change)
{
    enum { KEEP = 3, N = 5000 };
    mf_weights_version held[ROUNDS];
    mf_weights *w;
    mf_roles roles;
    float buffer[N];
    int wrong;

    ck_assert_all(roles_open(MF_PLAN_AUTO, 0, 4, &roles));
    wrong = mf_weights_create(&roles, N, KEEP, 0, &w) != MF_OK;
    ck_assert_all(wrong == 0);
    for (int v = 0; v < ROUNDS; v++) {
        if (world_rank() == 0) {
            wrong += publish(w, v, buffer, N);
        }
        wrong += mf_weights_get(w, v, &held[v]) != MF_OK;
        dawdle(v);
        for (int k = v; k >= 0 && k > v - KEEP; k--) {
            wrong += wrong_version(&held[k], k, N);
        }
    }
    mf_weights_destroy(&w);
    ck_assert_all(wrong == 0);
    mf_roles_clear(&roles);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("weights");
    TCase *tc = tcase_create("weights");

    tcase_add_test(tc, every_version_arrives_with_its_word);
    tcase_add_test(tc, values_in_hand_do_not_change);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return slow_suite_main(argc, argv, make); }
