/* RANKS: 1 2 3 5 */
#include "mfrl/comm/collective.h"

#include <string.h>

#include "roles_test.h"

enum { ROUNDS = 4 };

/* Blocks of all sizes, some of them empty. */
static size_t block_bytes(int round, int rank)
{
    static const size_t SIZES[] = {3, 0, 100003, 8, 1};

    return SIZES[(round * 2 + rank) % 5];
}

static uint8_t byte_at(int round, int rank, size_t i)
{
    return (uint8_t)(i * 5 + (size_t)(round * 41 + rank * 13 + 1));
}

static int wrong_gather(int round, int root)
{
    const size_t bytes = block_bytes(round, world_rank());
    void *all = (void *)&round;
    uint8_t *mine;
    size_t total = 77, at = 0;
    int wrong = mf_alloc(bytes, 1, "block", &mine) != MF_OK;

    for (size_t i = 0; i < bytes; i++) {
        mine[i] = byte_at(round, world_rank(), i);
    }
    dawdle(round);
    wrong += mf_comm_gather(mine, bytes, &all, &total, root, MPI_COMM_WORLD) !=
             MF_OK;
    memset(mine, 0xEE, bytes);
    mf_free(&mine);
    if (world_rank() != root) {
        return wrong + (all != NULL) + (total != 0);
    }
    for (int r = 0; r < world_size(); r++) {
        for (size_t i = 0; i < block_bytes(round, r) && at < total; i++) {
            wrong += ((uint8_t *)all)[at++] != byte_at(round, r, i);
        }
    }
    for (int r = 0; r < world_size(); r++) {
        total -= block_bytes(round, r);
    }
    mf_free(&all);
    return wrong + (total != 0);
}

START_TEST(gather_joins_blocks_in_order_of_rank)
{
    for (int root = 0; root < world_size(); root++) {
        for (int round = 0; round < ROUNDS; round++) {
            ck_assert_all(wrong_gather(round, root) == 0);
        }
    }
}
END_TEST

/* Bytes that fit no message, on one rank or only together: every rank hears of
 * it, none is left waiting for the others. */
START_TEST(gather_fails_everywhere_or_nowhere)
{
    const int last = world_rank() == world_size() - 1;
    const size_t half = (size_t)1 << 30;
    const int saved = hush();
    void *all = NULL;
    size_t total = 0;
    char byte = 0;
    int wrong = 0;

    wrong += mf_comm_gather(&byte, last ? 2 * half : 1, &all, &total, 0,
                            MPI_COMM_WORLD) != MF_ERR_USAGE;
    wrong += all != NULL || total != 0;
    if (world_size() > 2) {
        wrong += mf_comm_gather(&byte, half, &all, &total, 0, MPI_COMM_WORLD) !=
                 MF_ERR_USAGE;
        wrong += all != NULL || total != 0;
    }
    unhush(saved);
    ck_assert_all(wrong == 0);
    for (int round = 0; round < ROUNDS; round++) {
        ck_assert_all(wrong_gather(round, 0) == 0); /* and it works again */
    }
}
END_TEST

/* Doubles of which each rank has every so many. */
START_TEST(overlay_keeps_every_bit)
{
    enum { N = 1000 };

    for (int round = 0; round < ROUNDS; round++) {
        double values[N] = {0};
        int wrong = 0;

        for (int i = world_rank(); i < N; i += world_size()) {
            values[i] = -1.0 / (i + round * 7);
        }
        dawdle(round);
        wrong +=
            mf_comm_overlay(values, sizeof(values), MPI_COMM_WORLD) != MF_OK;
        for (int i = 0; i < N; i++) {
            const double want = -1.0 / (i + round * 7);

            wrong += memcmp(&values[i], &want, sizeof(want)) != 0;
        }
        ck_assert_all(wrong == 0);
    }
}
END_TEST

/* One after the other without anything between them: a rank that is ahead must
 * not take the bytes of another call. */
START_TEST(calls_in_a_row_do_not_mix)
{
    int wrong = 0;

    for (int round = 0; round < 20; round++) {
        int64_t sum[2] = {round, world_rank()};
        int any = -1, told = world_rank() == 0 ? round : -1;

        wrong += wrong_gather(round, round % world_size());
        wrong += mf_comm_bcast(&told, sizeof(told), 0, MPI_COMM_WORLD) != MF_OK;
        wrong += told != round;
        wrong += mf_comm_sum_i64(sum, 2, MPI_COMM_WORLD) != MF_OK;
        wrong += sum[0] != (int64_t)round * world_size();
        wrong += sum[1] != world_size() * (world_size() - 1) / 2;
        wrong += mf_comm_any(round % 2 && world_rank() == world_size() - 1,
                             MPI_COMM_WORLD, &any) != MF_OK;
        wrong += any != round % 2;
    }
    ck_assert_all(wrong == 0);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("collective");
    TCase *tc = tcase_create("collective");

    tcase_add_test(tc, gather_joins_blocks_in_order_of_rank);
    tcase_add_test(tc, gather_fails_everywhere_or_nowhere);
    tcase_add_test(tc, overlay_keeps_every_bit);
    tcase_add_test(tc, calls_in_a_row_do_not_mix);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return slow_suite_main(argc, argv, make); }
