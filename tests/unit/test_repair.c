#include "mfrl/io/repair.h"

#include <hdf5.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "mfrl/io/inspect.h"
#include "trajectory_test.h"

enum { N = 60 };

/* Writers in another process, which dies when writer k has flushed its
 * frames[k] and added some more. */
static void record_and_die(int n_writers, const uint64_t *frames)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        const mf_trajectory_spec spec = t_spec(N);
        mf_trajectory *w;

        for (int k = 0; k < n_writers; k++) {
            if (mf_trajectory_create(tmp_root, "s", &spec, k, n_writers, &w) !=
                MF_OK) {
                _exit(2);
            }
            for (uint64_t t = 0; t < frames[k]; t++) {
                t_add(w, t);
            }
            mf_trajectory_flush(w);
            t_add(w, frames[k]);
        }
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
}

/* As any HDF5 program opens it, without SWMR. */
static bool opens(const char *path)
{
    hid_t f;

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (f >= 0) {
        H5Fclose(f);
    }
    return f >= 0;
}

static hsize_t rows(const char *path, const char *name)
{
    const hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t d = H5Dopen2(f, name, H5P_DEFAULT), s = H5Dget_space(d);
    hsize_t dims[3] = {0};

    H5Sget_simple_extent_dims(s, dims, NULL);
    H5Sclose(s);
    H5Dclose(d);
    H5Fclose(f);
    return dims[0];
}

START_TEST(a_killed_writers_file_opens_again)
{
    mf_repaired r;

    record_and_die(1, (uint64_t[]){150});
    ck_assert(!opens(in_tmp("s.h5")));
    ck_ok(mf_trajectory_repair(in_tmp("s.h5"), &r));
    ck_assert(r.needed);
    ck_assert_uint_eq(r.frames, 150);
    ck_assert_uint_eq(r.cut, 0);
    ck_assert_int_eq(r.files, 1);
    ck_assert(opens(in_tmp("s.h5")));
    ck_assert_int_eq(count_files(), 1);
    t_check(in_tmp("s.h5"), N, 150);
    ck_ok(mf_trajectory_repair(in_tmp("s.h5"), &r));
    ck_assert(!r.needed);
    ck_assert_uint_eq(r.frames, 150);
}
END_TEST

/* A step and its many names stay one dataset. */
START_TEST(links_stay_links)
{
    mf_repaired r;
    H5O_info_t a, b;
    hid_t f;

    record_and_die(1, (uint64_t[]){70});
    ck_ok(mf_trajectory_repair(in_tmp("s.h5"), &r));
    f = H5Fopen(in_tmp("s.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    ck_assert_int_ge(
        H5Oget_info_by_name1(f, "/particles/agents/hp/step", &a, H5P_DEFAULT),
        0);
    ck_assert_int_ge(
        H5Oget_info_by_name1(f, "/observables/red/alive/step", &b, H5P_DEFAULT),
        0);
    ck_assert(a.addr == b.addr);
    ck_assert_int_le(H5Lexists(f, "/whole", H5P_DEFAULT), 0);
    H5Fclose(f);
}
END_TEST

START_TEST(parts_are_cut_to_what_all_have)
{
    static const uint64_t FRAMES[][3] = {
        {150, 97, 130}, {1, 150, 64}, {70, 70, 70}, {130, 64, 0}};

    for (size_t i = 0; i < sizeof(FRAMES) / sizeof(FRAMES[0]); i++) {
        const uint64_t *n = FRAMES[i];
        uint64_t most = 0, fewest = 1000;
        mf_repaired r;

        for (int k = 0; k < 3; k++) {
            most = n[k] > most ? n[k] : most;
            fewest = n[k] < fewest ? n[k] : fewest;
        }
        record_and_die(3, n);
        ck_ok(mf_trajectory_repair(in_tmp("s.h5"), &r));
        ck_assert(r.needed);
        ck_assert_uint_eq(r.frames, fewest);
        ck_assert_uint_eq(r.cut, most - fewest);
        ck_assert_int_eq(r.files, 4);
        ck_assert_int_eq(count_files(), 4);
        for (int k = 0; k < 3; k++) {
            char name[32];

            snprintf(name, sizeof(name), "s.part-%04d.h5", k);
            ck_assert(opens(in_tmp(name)));
            ck_assert_uint_eq(rows(in_tmp(name), "/particles/agents/hp/value"),
                              fewest);
        }
        ck_assert(opens(in_tmp("s.h5")));
        ck_assert_uint_eq(rows(in_tmp("s.h5"), "/parameters/episode"), fewest);
        ck_assert_uint_eq(rows(in_tmp("s.h5"), "/particles/agents/hp/value"),
                          fewest);
        t_check(in_tmp("s.h5"), N, fewest);
    }
}
END_TEST

START_TEST(a_run_that_goes_on_is_left_alone)
{
    mf_file_facts facts;
    mf_repaired r;
    int lock;

    record_and_die(1, (uint64_t[]){70});
    ck_ok(mf_file_inspect(in_tmp("s.h5"), &facts));
    ck_assert(facts.kind == MF_FILE_TRAJECTORY && facts.unfinished);
    ck_assert(!facts.running);
    lock = open(in_tmp("LOCK"), O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(flock(lock, LOCK_EX), 0);
    ck_fails(MF_ERR_USAGE, "s.h5: its run is still writing it",
             mf_trajectory_repair(in_tmp("s.h5"), &r));
    ck_ok(mf_file_inspect(in_tmp("s.h5"), &facts));
    ck_assert(facts.running);
    close(lock);
    ck_ok(mf_trajectory_repair(in_tmp("s.h5"), &r));
    ck_ok(mf_file_inspect(in_tmp("s.h5"), &facts));
    ck_assert(!facts.unfinished && !facts.running);
}
END_TEST

START_TEST(a_full_disk_changes_nothing)
{
    struct stat all;
    mf_repaired r;

    record_and_die(1, (uint64_t[]){150});
    ck_assert_int_eq(stat(in_tmp("s.h5"), &all), 0);
    for (int i = 0; i < 10; i++) {
        struct stat now;

        log_begin();
        limit_files((rlim_t)all.st_size * (rlim_t)i / 12);
        const mf_status st = mf_trajectory_repair(in_tmp("s.h5"), &r);
        limit_files(RLIM_INFINITY);
        ck_log_has(log_end(), "File too large");
        ck_assert_int_eq(st, MF_ERR_IO);
        ck_assert_int_eq(count_files(), 1);
        ck_assert_int_eq(stat(in_tmp("s.h5"), &now), 0);
        ck_assert(now.st_ino == all.st_ino && now.st_size == all.st_size);
    }
    t_check(in_tmp("s.h5"), N, 150);
}
END_TEST

START_TEST(what_cannot_be_read_is_left_as_it_is)
{
    mf_repaired r;

    record_and_die(3, (uint64_t[]){70, 70, 70});
    ck_assert_int_eq(unlink(in_tmp("s.part-0001.h5")), 0);
    ck_fails(MF_ERR_FILE, "s.part-0001.h5: cannot open",
             mf_trajectory_repair(in_tmp("s.h5"), &r));
    ck_assert_int_eq(count_files(), 3);
    ck_assert(!opens(in_tmp("s.h5")));
    put_file(in_tmp("text"), "a text", 6);
    ck_fails(MF_ERR_FILE, "text: not an HDF5 file",
             mf_trajectory_repair(in_tmp("text"), &r));
    ck_fails(MF_ERR_FILE, "s.part-0000.h5: ",
             mf_trajectory_repair(in_tmp("s.part-0000.h5"), &r));
    ck_assert_int_eq(count_files(), 4);
}
END_TEST

/* HDF5 must not be asked to copy what would crash it. */
START_TEST(a_damaged_file_is_repaired_or_refused)
{
    size_t n;
    int how;

    record_and_die(1, (uint64_t[]){70});
    char *good = get_file(in_tmp("s.h5"), &n);
    log_begin();
    const pid_t child = fork();
    if (child == 0) { /* HDF5 loses memory when it refuses some headers */
        int refused = 0;

        for (uint32_t k = 0; k < 150; k++) {
            mf_repaired r;

            flip_bit(in_tmp("s.h5"), draw(k, 8 * n));
            refused += mf_trajectory_repair(in_tmp("s.h5"), &r) != MF_OK;
            put_file(in_tmp("s.h5"), good, n);
        }
        _exit(refused > 8 && refused < 142 ? 0 : 2);
    }
    waitpid(child, &how, 0);
    log_end();
    free(good);
    ck_assert_int_eq(how, 0);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_killed_writers_file_opens_again,
        links_stay_links,
        parts_are_cut_to_what_all_have,
        a_run_that_goes_on_is_left_alone,
        a_full_disk_changes_nothing,
        what_cannot_be_read_is_left_as_it_is,
        a_damaged_file_is_repaired_or_refused,
    };

    return run_io_suite("repair", tests, sizeof(tests) / sizeof(tests[0]));
}
