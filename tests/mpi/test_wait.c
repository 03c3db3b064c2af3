/* RANKS: 1 2 3 4 6 */
#include <limits.h>
#include <string.h>
#include <time.h>

#include "mpi_suite.h"

#include "mfrl/base/clock.h"
#include "mfrl/comm/collective.h"
#include "mfrl/comm/mpi_check.h"
#include "mfrl/comm/wait.h"

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* All ranks but 0 wait for a message that rank 0 sends ms later: seconds
 * waited, CPU seconds used meanwhile, and the value (the own rank). */
static mf_status wait_for_partner(int ms, double *waited, double *cpu, int *got)
{
    MPI_Request req = MPI_REQUEST_NULL;
    mf_status st = MF_OK;
    int value = -1;

    MPI_Barrier(MPI_COMM_WORLD);
    *waited = mf_clock_now();
    *cpu = mf_clock_cpu();
    if (world_rank() == 0) {
        sleep_ms(ms);
        for (int r = 1; r < world_size(); r++) {
            MPI_Send(&r, 1, MPI_INT, r, 7, MPI_COMM_WORLD);
        }
        value = 0;
    } else {
        MPI_Irecv(&value, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, &req);
        st = mf_wait(&req);
    }
    *waited = mf_clock_now() - *waited;
    *cpu = mf_clock_cpu() - *cpu;
    *got = value;
    return st == MF_OK && req == MPI_REQUEST_NULL ? MF_OK : MF_ERR_MPI;
}

START_TEST(waits_until_the_message_is_there)
{
    for (int k = 0; k < 5; k++) {
        double waited, cpu;
        int got;
        const mf_status st = wait_for_partner(k, &waited, &cpu, &got);

        ck_assert_all(st == MF_OK);
        ck_assert_all(got == world_rank());
    }
}
END_TEST

START_TEST(long_waits_sleep_and_are_counted)
{
    const double before = mf_wait_seconds();
    double waited, cpu;
    int got;
    const mf_status st = wait_for_partner(200, &waited, &cpu, &got);
    const double counted = mf_wait_seconds() - before;

    ck_assert_all(st == MF_OK && got == world_rank());
    if (world_rank() == 0) { /* did not wait */
        ck_assert_all(counted == 0);
    } else {
        ck_assert_all(counted > 0.15 && counted <= waited);
    }
    ck_assert_all(cpu < waited / 2);
}
END_TEST

START_TEST(complete_requests_do_not_sleep)
{
    const double before = mf_wait_seconds();
    MPI_Request req[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};

    ck_assert_all(mf_wait(&req[0]) == MF_OK);
    ck_assert_all(mf_wait_all(2, req) == MF_OK);
    ck_assert_all(mf_wait_all(0, NULL) == MF_OK);
    ck_assert_all(mf_wait_seconds() == before);
}
END_TEST

/* All requests of the list, one of them null, not just the first. */
START_TEST(wait_all_waits_for_all)
{
    enum { N = 4 };
    const int n = world_size(), rank = world_rank();
    const int next = (rank + 1) % n, last = (rank + n - 1) % n;

    for (int k = 0; k < 5; k++) {
        MPI_Request req[N + 1];
        int got[N], put[N];

        req[2] = MPI_REQUEST_NULL;
        for (int i = 0; i < N; i++) {
            got[i] = -1;
            MPI_Irecv(&got[i], 1, MPI_INT, last, i, MPI_COMM_WORLD,
                      &req[i < 2 ? i : i + 1]);
        }
        for (int i = 0; i < N; i++) {
            put[i] = rank * 100 + k * 10 + i;
            sleep_ms(rank == k % n ? 2 : 0);
            MPI_Send(&put[i], 1, MPI_INT, next, i, MPI_COMM_WORLD);
        }
        const mf_status st = mf_wait_all(N + 1, req);
        int wrong = 0;

        for (int i = 0; i < N; i++) {
            wrong += got[i] != last * 100 + k * 10 + i;
        }
        ck_assert_all(st == MF_OK);
        ck_assert_all(wrong == 0);
    }
}
END_TEST

START_TEST(failed_requests_are_reported)
{
    /* To oneself Open MPI lets a few bytes too many pass, and writes them all
     * when they are many: hence a long message and room for it. */
    enum { LONG = 4000 };
    const int rank = world_rank();
    int put[LONG] = {1}, got[2][LONG];
    MPI_Request req[2];

    for (int bad = 0; bad < 2; bad++) {
        for (int i = 0; i < 2; i++) {
            MPI_Irecv(got[i], 1, MPI_INT, rank, i, MPI_COMM_WORLD, &req[i]);
            MPI_Send(put, i == bad ? LONG : 1, MPI_INT, rank, i,
                     MPI_COMM_WORLD);
        }
        const int err = hush();
        const mf_status all = mf_wait_all(2, req);
        const mf_status call =
            MF_MPI(MPI_Send(put, 1, MPI_INT, 0, -77, MPI_COMM_WORLD));

        unhush(err);
        ck_assert_all(all == MF_ERR_MPI);
        ck_assert_all(call == MF_ERR_MPI);
    }
}
END_TEST

START_TEST(counts_are_checked)
{
    int n = -1;

    ck_assert_all(mf_mpi_count(INT_MAX, "test", &n) == MF_OK);
    ck_assert_all(n == INT_MAX);

    const int err = hush();
    const mf_status st = mf_mpi_count((size_t)INT_MAX + 1, "test", &n);

    unhush(err);
    ck_assert_all(st == MF_ERR_USAGE);
    ck_assert_all(n == INT_MAX);
}
END_TEST

START_TEST(ranks_agree_on_the_worst)
{
    const int n = world_size(), rank = world_rank();

    ck_assert_all(mf_comm_agree(MPI_COMM_WORLD, MF_OK) == MF_OK);
    for (int bad = 0; bad < n; bad++) {
        ck_assert_all(
            mf_comm_agree(MPI_COMM_WORLD, rank == bad ? MF_ERR_IO : MF_OK) ==
            MF_ERR_IO);
        ck_assert_all(mf_comm_agree(MPI_COMM_WORLD, rank == bad
                                                        ? MF_ERR_MEMORY
                                                        : MF_ERR_USAGE) ==
                      MF_ERR_MEMORY);
    }
}
END_TEST

START_TEST(any_finds_one)
{
    int any = -1;

    ck_assert_all(mf_comm_any(0, MPI_COMM_WORLD, &any) == MF_OK);
    ck_assert_all(any == 0);
    for (int r = 0; r < world_size(); r++) {
        const int mine = world_rank() == r ? -8 : 0;

        ck_assert_all(mf_comm_any(mine, MPI_COMM_WORLD, &any) == MF_OK);
        ck_assert_all(any == 1);
    }
}
END_TEST

/* Nobody leaves before the last has entered (one clock: one host). */
START_TEST(barrier_holds_everyone)
{
    for (int late = 0; late < world_size(); late++) {
        double entered, left;

        sleep_ms(world_rank() == late ? 5 : 0);
        entered = mf_clock_now();
        const mf_status st = mf_comm_barrier(MPI_COMM_WORLD);

        left = mf_clock_now();
        MPI_Allreduce(MPI_IN_PLACE, &entered, 1, MPI_DOUBLE, MPI_MAX,
                      MPI_COMM_WORLD);
        ck_assert_all(st == MF_OK);
        ck_assert_all(left >= entered);
    }
}
END_TEST

static unsigned char byte_at(size_t i, int root)
{
    return (unsigned char)((i * 2654435761u + (unsigned)root * 97u) >> 13);
}

static int bcast_wrong(size_t bytes, int root)
{
    unsigned char *data;
    int wrong = 0;

    if (mf_alloc(bytes + 1, 1, "test", &data) != MF_OK) {
        return 1;
    }
    for (size_t i = 0; i < bytes && world_rank() == root; i++) {
        data[i] = byte_at(i, root);
    }
    data[bytes] = 0xEE;
    wrong += mf_comm_bcast(data, bytes, root, MPI_COMM_WORLD) != MF_OK;
    for (size_t i = 0; i < bytes; i++) {
        wrong += data[i] != byte_at(i, root);
    }
    wrong += data[bytes] != 0xEE;
    mf_free(&data);
    return wrong;
}

/* The largest goes in three pieces. */
START_TEST(bcast_copies_any_size)
{
    const size_t piece = (size_t)1 << 24;

    for (int root = 0; root < world_size(); root++) {
        ck_assert_all(bcast_wrong(0, root) == 0);
        ck_assert_all(bcast_wrong(1, root) == 0);
        ck_assert_all(bcast_wrong(100003, root) == 0);
    }
    ck_assert_all(bcast_wrong(piece, 0) == 0);
    ck_assert_all(bcast_wrong(2 * piece + 5, world_size() - 1) == 0);
}
END_TEST

START_TEST(sums_are_exact)
{
    enum { N = 1000 };
    const int64_t n = world_size();
    int64_t v[N];
    int wrong = 0;

    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < N; i++) { /* beyond what a double can hold */
            v[i] = ((int64_t)1 << 58) + i * (k + 1) - world_rank();
        }
        v[N - 1] = 42;
        ck_assert_all(mf_comm_sum_i64(v, N - 1, MPI_COMM_WORLD) == MF_OK);
        for (int i = 0; i < N - 1; i++) {
            wrong += v[i] !=
                     n * (((int64_t)1 << 58) + i * (k + 1)) - n * (n - 1) / 2;
        }
        ck_assert_all(wrong == 0 && v[N - 1] == 42);
    }
    ck_assert_all(mf_comm_sum_i64(v, 0, MPI_COMM_WORLD) == MF_OK);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("wait");
    TCase *tc = tcase_create("wait");

    tcase_add_test(tc, waits_until_the_message_is_there);
    tcase_add_test(tc, long_waits_sleep_and_are_counted);
    tcase_add_test(tc, complete_requests_do_not_sleep);
    tcase_add_test(tc, wait_all_waits_for_all);
    tcase_add_test(tc, failed_requests_are_reported);
    tcase_add_test(tc, counts_are_checked);
    suite_add_tcase(s, tc);
    tc = tcase_create("collective");
    tcase_add_test(tc, ranks_agree_on_the_worst);
    tcase_add_test(tc, any_finds_one);
    tcase_add_test(tc, barrier_holds_everyone);
    tcase_add_test(tc, bcast_copies_any_size);
    tcase_add_test(tc, sums_are_exact);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return mpi_suite_main(argc, argv, make); }
