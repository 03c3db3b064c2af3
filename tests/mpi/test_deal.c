/* RANKS: 1 2 4 6 */
#include "mfrl/comm/deal.h"

#include <string.h>

#include "roles_test.h"

enum { N = 103, BYTES = 12, ROUNDS = 6 };

static uint32_t first[64];

/* Uneven blocks; one rank of several keeps nothing. */
static void make_blocks(void)
{
    const int n = world_size();

    for (int r = 0; r <= n; r++) {
        first[r] = (uint32_t)(N * r / n);
    }
    if (n > 2) {
        first[1] = first[2];
    }
}

static int holder(int round, uint32_t key)
{
    return (int)((key * 7 + (uint32_t)round * 5 + key / 9) %
                 (uint32_t)world_size());
}

static int is_there(int round, uint32_t key)
{
    return (key + (uint32_t)round) % 4 != 0;
}

static uint32_t value(int round, uint32_t key, uint32_t k)
{
    return (uint32_t)round * 1000 + key * 3 + k;
}

static uint32_t make_rows(int round, uint8_t *rows)
{
    uint32_t n = 0;

    for (uint32_t key = 0; key < N; key++) {
        const uint32_t row[3] = {key, value(round, key, 1),
                                 value(round, key, 2)};

        if (is_there(round, key) && holder(round, key) == world_rank()) {
            memcpy(rows + n++ * BYTES, row, BYTES);
        }
    }
    return n;
}

/* Every key of this rank's block once, with its values, and no other. */
static int wrong_rows(int round, const uint8_t *kept, uint32_t n)
{
    const uint32_t from = first[world_rank()], to = first[world_rank() + 1];
    uint8_t seen[N] = {0};
    uint32_t want = 0;
    int wrong = 0;

    for (uint32_t key = from; key < to; key++) {
        want += (uint32_t)is_there(round, key);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row[3];

        memcpy(row, kept + i * BYTES, BYTES);
        if (row[0] < from || row[0] >= to) {
            return 1;
        }
        wrong += seen[row[0]]++ > 0 || !is_there(round, row[0]);
        wrong += row[1] != value(round, row[0], 1);
        wrong += row[2] != value(round, row[0], 2);
    }
    return wrong + (n != want);
}

START_TEST(rows_come_to_their_keepers)
{
    uint8_t rows[N * BYTES];
    mf_deal *d;

    make_blocks();
    ck_assert_all(mf_deal_create(MPI_COMM_WORLD, first, BYTES, &d) == MF_OK);
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t n = make_rows(round, rows);
        /* one rank has something to say, another one each round */
        int word = world_rank() == round % world_size() ? round : 0;
        const uint8_t *kept;
        uint32_t n_kept;

        dawdle(round);
        ck_assert_all(mf_deal_run(d, rows, n, &word, &kept, &n_kept) == MF_OK);
        ck_assert_all(word == round);
        ck_assert_all(wrong_rows(round, kept, n_kept) == 0);
    }
    mf_deal_destroy(&d);
    ck_assert_all(d == NULL);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("deal");
    TCase *tc = tcase_create("deal");

    tcase_set_timeout(tc, 0);
    tcase_add_test(tc, rows_come_to_their_keepers);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return slow_suite_main(argc, argv, make); }
