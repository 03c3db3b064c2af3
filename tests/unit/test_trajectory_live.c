#include "mfrl/io/trajectory.h"

#include <sys/wait.h>

#include "mfrl/io/h5.h"
#include "trajectory_test.h"

enum { N = 60, WRITERS = 3 };

/* All writers in one other process, which does a thing for each byte we send:
 * another frame, a flush of one writer, or its end.  (HDF5 would give a reader
 * in the same process the writer's handle.) */
enum { FRAME = 1, FLUSH = 10, END = 20 };

static void obey(int orders, int answers)
{
    const mf_trajectory_spec spec = t_spec(N);
    mf_trajectory *w[WRITERS];
    unsigned char order = 0;
    uint64_t t = 0;

    for (int k = 0; k < WRITERS; k++) {
        if (mf_trajectory_create(tmp_root, "s", &spec, k, WRITERS, &w[k]) !=
            MF_OK) {
            _exit(2);
        }
    }
    while (write(answers, &order, 1) == 1 && read(orders, &order, 1) == 1) {
        mf_status st = MF_OK;

        if (order == FRAME) {
            for (int k = 0; k < WRITERS && st == MF_OK; k++) {
                st = t_add(w[k], t);
            }
            t++;
        } else if (order >= END) {
            st = mf_trajectory_destroy(&w[order - END]);
        } else {
            st = mf_trajectory_flush(w[order - FLUSH]);
        }
        if (st != MF_OK) {
            _exit(3);
        }
    }
    _exit(0);
}

static int order_fd[2], answer_fd[2];

static void tell(int order)
{
    unsigned char byte = (unsigned char)order;

    ck_assert_int_eq(write(order_fd[1], &byte, 1), 1);
    ck_assert_int_eq(read(answer_fd[0], &byte, 1), 1);
}

static void start_obeying(void)
{
    char byte;

    ck_assert_int_eq(pipe(order_fd) | pipe(answer_fd), 0);
    if (fork() == 0) {
        close(order_fd[1]);
        obey(order_fd[0], answer_fd[1]);
    }
    close(answer_fd[1]);
    ck_assert_int_eq(read(answer_fd[0], &byte, 1), 1);
}

START_TEST(what_is_flushed_can_be_watched)
{
    start_obeying();
    t_check(in_tmp("s.h5"), N, 0);
    for (uint64_t t = 0; t < 150; t++) {
        tell(FRAME);
        if (t == 40) { /* all frames are those that all writers have */
            tell(FLUSH + 0);
            t_check(in_tmp("s.h5"), N, 0);
            tell(FLUSH + 2);
            t_check(in_tmp("s.h5"), N, 0);
            tell(FLUSH + 1);
            t_check(in_tmp("s.h5"), N, 41);
        }
        if (t % 20 == 10) { /* a full chunk is flushed by itself */
            t_check(in_tmp("s.h5"), N,
                    t < 40    ? 0
                    : t < 64  ? 41
                    : t < 128 ? 64
                              : 128);
        }
    }
    tell(END + 1);
    t_check(in_tmp("s.h5"), N, 128);
    tell(END + 0);
    t_check(in_tmp("s.h5"), N, 128);
    tell(END + 2);
    t_check(in_tmp("s.h5"), N, 150);
}
END_TEST

START_TEST(an_open_reader_keeps_what_it_saw)
{
    mf_trajectory_reader *r;

    start_obeying();
    for (uint64_t t = 0; t < 70; t++) {
        tell(FRAME);
    }
    ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
    for (uint64_t t = 70; t < 200; t++) {
        tell(FRAME);
    }
    ck_assert_uint_eq(mf_trajectory_frames(r), 64);
    t_check_fields(r, 0, 64);
    t_check_series(r, 0, 64);
    mf_trajectory_close(&r);
}
END_TEST

/* One process per writer, as ranks are; each tells of every flush. */
static pid_t start_writer(int k, int n_writers, int fd, uint64_t flush_every)
{
    const mf_trajectory_spec spec = t_spec(N);
    const pid_t child = fork();
    mf_trajectory *w;

    if (child != 0) {
        return child;
    }
    if (mf_trajectory_create(tmp_root, "s", &spec, k, n_writers, &w) != MF_OK) {
        _exit(2);
    }
    for (uint64_t t = 0;; t++) {
        const uint64_t frames = t + 1;

        if (t_add(w, t) != MF_OK ||
            (frames % flush_every == 0 && mf_trajectory_flush(w) != MF_OK)) {
            _exit(3);
        }
        if (frames % flush_every == 0 &&
            write(fd, &frames, sizeof(frames)) != sizeof(frames)) {
            _exit(4);
        }
        usleep(100);
    }
}

/* Kill the writers at a moment we do not choose: all that was flushed is
 * there and right, also while they write. */
START_TEST(a_kill_takes_nothing_that_was_flushed)
{
    for (uint32_t trial = 0; trial < 12; trial++) {
        const int n_writers = trial % 2 ? WRITERS : 1;
        const uint64_t stop = 1 + draw(2 * trial, 300);
        uint64_t frames[WRITERS] = {0}, fewest = UINT64_MAX, seen;
        int fd[WRITERS][2];
        pid_t child[WRITERS];
        mf_trajectory_reader *r;

        for (int k = 0; k < n_writers; k++) {
            ck_assert_int_eq(pipe(fd[k]), 0);
            child[k] = start_writer(k, n_writers, fd[k][1], 1 + trial * 5);
            close(fd[k][1]);
        }
        for (int k = 0; k < n_writers; k++) {
            while (frames[k] < stop) {
                ck_assert_int_eq(read(fd[k][0], &frames[k], 8), 8);
            }
        }
        ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
        seen = mf_trajectory_frames(r);
        ck_assert_uint_ge(seen, stop);
        t_check_fields(r, seen - stop > 100 ? seen - 100 : seen - 1, 1);
        mf_trajectory_close(&r);
        usleep((useconds_t)draw(2 * trial + 1, 5000));
        for (int k = 0; k < n_writers; k++) {
            kill(child[k], SIGKILL);
        }
        for (int k = 0; k < n_writers; k++) {
            waitpid(child[k], NULL, 0);
            while (read(fd[k][0], &frames[k], 8) == 8) {
            }
            close(fd[k][0]);
            fewest = frames[k] < fewest ? frames[k] : fewest;
        }
        ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
        seen = mf_trajectory_frames(r);
        ck_assert_uint_ge(seen, fewest);
        mf_trajectory_close(&r);
        t_check(in_tmp("s.h5"), N, seen);
    }
}
END_TEST

static mf_status write_much(const char *dir, uint64_t frames)
{
    const mf_trajectory_spec spec = t_spec(N);
    mf_trajectory *w;

    MF_TRY(mf_trajectory_create(dir, "s", &spec, 0, 1, &w));
    for (uint64_t t = 0; t < frames; t++) {
        t_add(w, t);
    }
    return mf_trajectory_destroy(&w);
}

/* The failing write is reported once, and the frames before it stay. */
START_TEST(a_full_disk_ends_the_file_not_the_run)
{
    struct stat all;
    uint64_t most = 0;

    ck_ok(write_much(tmp_root, 500));
    ck_assert_int_eq(stat(in_tmp("s.h5"), &all), 0);
    for (int i = 0; i < 20; i++) {
        mf_trajectory_reader *r;

        unlink(in_tmp("s.h5"));
        log_begin();
        limit_files((rlim_t)all.st_size * (rlim_t)i / 20);
        const mf_status st = write_much(tmp_root, 500);
        limit_files(RLIM_INFINITY);
        const char *log = log_end();
        ck_assert_int_eq(st, MF_ERR_IO);
        ck_log_has(log, "s.h5: ");
        ck_log_has(log, "File too large");
        ck_assert_ptr_null(strstr(strstr(log, "error: ") + 1, "error: "));
        if (!exists(in_tmp("s.h5"))) { /* it did not get as far as that */
            continue;
        }
        ck_ok(mf_trajectory_open(in_tmp("s.h5"), &r));
        most = mf_trajectory_frames(r);
        mf_trajectory_close(&r);
        t_check(in_tmp("s.h5"), N, most);
    }
    ck_assert_uint_ge(most, 64 * 4);
    ck_assert_uint_lt(most, 500);
}
END_TEST

START_TEST(a_full_tmpfs_is_the_same)
{
    mf_trajectory_reader *r;

    ck_assert_int_eq(mkdir(in_tmp("small"), 0700), 0);
    if (!small_disk(in_tmp("small"), "size=200k")) {
        return;
    }
    log_begin();
    const mf_status st = write_much(in_tmp("small"), 2000);
    const char *log = log_end();
    ck_ok(mf_trajectory_open(in_tmp("small/s.h5"), &r));
    const uint64_t frames = mf_trajectory_frames(r);
    mf_trajectory_close(&r);
    t_check(in_tmp("small/s.h5"), N, frames);
    umount(in_tmp("small"));
    ck_assert_int_eq(st, MF_ERR_IO);
    ck_log_has(log, "No space left on device");
    ck_assert_uint_ge(frames, 64);
}
END_TEST

START_TEST(a_directory_that_is_not_there)
{
    const mf_trajectory_spec spec = t_spec(N);
    mf_trajectory *w;

    ck_fails(MF_ERR_IO, "none/s.h5: cannot create: No such file",
             mf_trajectory_create(in_tmp("none"), "s", &spec, 0, 1, &w));
    ck_assert_ptr_null(w);
    ck_fails(MF_ERR_IO, "none/s.part-0001.h5: cannot create",
             mf_trajectory_create(in_tmp("none"), "s", &spec, 1, 2, &w));
    ck_assert_ptr_null(w);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_flushed_can_be_watched,
        an_open_reader_keeps_what_it_saw,
        a_kill_takes_nothing_that_was_flushed,
        a_full_disk_ends_the_file_not_the_run,
        a_full_tmpfs_is_the_same,
        a_directory_that_is_not_there,
    };

    return run_io_suite("trajectory_live", tests,
                        sizeof(tests) / sizeof(tests[0]));
}
