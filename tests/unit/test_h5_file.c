/* The file under the arrays: damaged, in use, on a full disk, byte for byte. */
#include "mfrl/io/h5.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <hdf5.h>

#include "io_test.h"

static const char *path(void) { return in_tmp("a.h5"); }

/* A file with a bit of everything; small enough to damage it often. */
static float net[40][50];

static void write_sample(const char *file)
{
    mf_h5 *f;

    fill(net, sizeof(net));
    ck_ok(mf_h5_create(file, &f));
    ck_ok(mf_h5_write(
        f,
        &(mf_h5_array){
            .path = "/net/w", .type = MF_F32, .n_dims = 2, .dims = {40, 50}},
        net));
    ck_ok(mf_h5_set_text(f, "/net", "layers", "a b c"));
    ck_ok(mf_h5_set_int(f, "/", "update", 12345));
    ck_ok(mf_h5_close(&f));
}

/* 0 = refused, 1 = read and right, -1 = read and wrong. */
static int read_sample(const char *file, int live)
{
    const mf_h5_array a = {
        .path = "/net/w", .type = MF_F32, .n_dims = 2, .dims = {40, 50}};
    static float back[40][50];
    char *layers = NULL;
    int64_t update = 0;
    mf_h5 *f;
    int result = 0;

    if ((live ? mf_h5_open_live : mf_h5_open)(file, &f) != MF_OK) {
        return 0;
    }
    if (mf_h5_read(f, &a, back) == MF_OK &&
        mf_h5_get_text(f, "/net", "layers", &layers) == MF_OK &&
        mf_h5_get_int(f, "/", "update", &update) == MF_OK) {
        result = memcmp(back, net, sizeof(net)) == 0 && update == 12345 &&
                         strcmp(layers, "a b c") == 0
                     ? 1
                     : -1;
    }
    mf_free(&layers);
    mf_h5_close(&f);
    return result;
}

struct damage {
    int result[3]; /* read wrong, refused, in a byte that nobody uses */
    int cuts_read;
    int left_open; /* HDF5 objects at the end */
};

/* Read a sample with each of many bits flipped and cut at many places. */
static void damage(struct damage *r)
{
    size_t n;
    char *good = get_file(path(), &n);

    for (uint32_t k = 0; k < 1500; k++) {
        const size_t bit = draw(k, 8 * n);

        flip_bit(path(), bit);
        r->result[read_sample(path(), k % 2) + 1]++;
        flip_bit(path(), bit);
    }
    for (uint32_t k = 0; k < 64; k++) {
        put_file(in_tmp("cut"), good, n * k / 64);
        r->cuts_read += read_sample(in_tmp("cut"), k % 2) != 0;
    }
    r->left_open = (int)H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL);
    free(good);
}

START_TEST(damage_is_found_without_the_manifest_too)
{
    struct damage *r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int how;

    write_sample(path());
    ck_assert_int_eq(read_sample(path(), 0), 1);
    log_begin();
    const pid_t child = fork();
    if (child == 0) { /* HDF5 loses memory when it refuses some headers */
        damage(r);
        _exit(0);
    }
    waitpid(child, &how, 0);
    log_end();
    ck_assert_int_eq(how, 0);
    ck_assert_int_eq(read_sample(path(), 0), 1);
    ck_assert_int_eq(r->result[0], 0);
    ck_assert_int_gt(r->result[1], 1200);
    ck_assert_int_eq(r->cuts_read, 0);
    ck_assert_int_eq(r->left_open, 0);
    munmap(r, sizeof(*r));
}
END_TEST

START_TEST(equal_calls_give_equal_bytes)
{
    size_t n, m;
    char *a, *b;

    write_sample(in_tmp("one"));
    sleep(1); /* times are kept in whole seconds */
    usleep(100000);
    write_sample(in_tmp("two"));
    a = get_file(in_tmp("one"), &n);
    b = get_file(in_tmp("two"), &m);
    ck_assert_uint_eq(n, m);
    ck_assert(memcmp(a, b, n) == 0);
    free(a);
    free(b);
}
END_TEST

START_TEST(a_file_in_use_is_left_alone)
{
    int pipe_fd[2];
    mf_h5 *f;
    char byte = 0;

    unsetenv("HDF5_USE_FILE_LOCKING");
    ck_assert_int_eq(pipe(pipe_fd), 0);
    const pid_t child = fork();
    if (child == 0) {
        const mf_status st = mf_h5_create(path(), &f);

        if (write(pipe_fd[1], &byte, 1) == 1) {
            pause();
        }
        _exit((int)st);
    }
    ck_assert_int_eq(read(pipe_fd[0], &byte, 1), 1);
    ck_fails(MF_ERR_FILE, "another process is using it",
             mf_h5_open(path(), &f));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
END_TEST

static int open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    ck_assert_ptr_nonnull(d);
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n;
}

/* Write about a megabyte; the status of the last call that failed. */
static mf_status write_much(const char *file)
{
    static float data[250000];
    mf_h5_array a = {.type = MF_F32, .n_dims = 1, .dims = {25000}};
    char name[32];
    mf_h5 *f;

    fill(data, sizeof(data));
    MF_TRY(mf_h5_create(file, &f));
    a.path = name;
    for (int k = 0; k < 10; k++) {
        snprintf(name, sizeof(name), "/g%d/x", k);
        mf_h5_write(f, &a, data + 25000 * k);
    }
    mf_h5_set_int(f, "/", "n", 10);
    mf_h5_flush(f);
    return mf_h5_close(&f);
}

/* The failing write is reported once, nothing leaks, and the library lets the
 * process end in peace. */
START_TEST(a_full_disk_is_an_error_and_no_more)
{
    int files;

    ck_ok(write_much(path()));
    files = open_files();
    for (rlim_t at = 0; at < 1000000; at += at < 4000 ? 200 : 40000) {
        log_begin();
        limit_files(at);
        const mf_status st = write_much(path());
        limit_files(RLIM_INFINITY);
        const char *log = log_end();
        ck_assert_int_eq(st, MF_ERR_IO);
        ck_log_has(log, "File too large");
        ck_assert_ptr_null(strstr(strstr(log, "error: ") + 1, "error: "));
        ck_assert_int_eq(open_files(), files);
    }
    ck_ok(write_much(path()));
}
END_TEST

START_TEST(a_full_tmpfs_is_an_error_too)
{
    ck_assert_int_eq(mkdir(in_tmp("small"), 0700), 0);
    if (!small_disk(in_tmp("small"), "size=300k")) {
        return;
    }
    log_begin();
    const mf_status st = write_much(in_tmp("small/a.h5"));
    const char *log = log_end();
    umount(in_tmp("small"));
    ck_assert_int_eq(st, MF_ERR_IO);
    ck_log_has(log, "No space left on device");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        damage_is_found_without_the_manifest_too,
        equal_calls_give_equal_bytes,
        a_file_in_use_is_left_alone,
        a_full_disk_is_an_error_and_no_more,
        a_full_tmpfs_is_an_error_too,
    };

    return run_io_suite("h5_file", tests, COUNT_OF(tests));
}
