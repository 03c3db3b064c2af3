/* What the io suites share: a directory that goes away, the log as text, and
 * damage to files. */
#ifndef MFRL_TESTS_IO_TEST_H
#define MFRL_TESTS_IO_TEST_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "unit/suite.h"

static char tmp_root[256]; /* of the running test */

static int io_remove_one(const char *path, const struct stat *st, int type,
                         struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void io_setup(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(tmp_root, sizeof(tmp_root), "%s/mfrl-test-XXXXXX",
             base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(tmp_root));
}

static inline void io_teardown(void)
{
    nftw(tmp_root, io_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    ck_assert_uint_eq(mf_mem_blocks(), 0);
}

/* tmp_root/name, in one of four buffers. */
static inline const char *in_tmp(const char *name)
{
    static char buffer[4][1024];
    static int next;
    char *out = buffer[next++ % 4];

    snprintf(out, sizeof(buffer[0]), "%s/%s", tmp_root, name);
    return out;
}

/* Between begin and end log lines go into a text instead of the terminal, up
 * to a few kilobytes of them. */
static struct {
    char text[16384];
    FILE *file;
    int out, err;
} io_log;

static inline void log_begin(void)
{
    const int nowhere = open("/dev/null", O_WRONLY);

    memset(io_log.text, 0, sizeof(io_log.text));
    io_log.file = fmemopen(io_log.text, sizeof(io_log.text) - 1, "w");
    setbuf(io_log.file, NULL);
    fflush(stdout);
    io_log.out = dup(STDOUT_FILENO);
    io_log.err = dup(STDERR_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    mf_log_set_file(io_log.file);
}

static inline const char *log_end(void)
{
    mf_log_set_file(NULL);
    fclose(io_log.file);
    dup2(io_log.out, STDOUT_FILENO);
    dup2(io_log.err, STDERR_FILENO);
    close(io_log.out);
    close(io_log.err);
    return io_log.text;
}

static inline void ck_log_has(const char *log, const char *part)
{
    ck_assert_msg(strstr(log, part) != NULL, "no '%s' in: %s", part, log);
}

/* The call fails with `want`, and says `part`. */
#define ck_fails(want, part, call)                                             \
    do {                                                                       \
        log_begin();                                                           \
        const int got_st = (int)(call);                                        \
        const char *said = log_end();                                          \
        ck_assert_int_eq(got_st, (int)(want));                                 \
        ck_log_has(said, part);                                                \
    } while (0)

#define ck_ok(call) ck_assert_int_eq((int)(call), MF_OK)

/* From now on no file may grow beyond @p bytes: as a full disk or a quota, but
 * without root.  Check itself writes files, so assert only after RLIM_INFINITY
 * was set again. */
static inline void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN); /* as the program does: a status, no death */
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* Mount a tiny file system on a directory, for this process only, so that it
 * is gone with it.  0 without the right to do so. */
static inline int small_disk(const char *dir, const char *options)
{
    if (unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("tmpfs", dir, "tmpfs", 0, options) == 0) {
        return 1;
    }
    printf("SKIPPED: a full disk, because none can be mounted here\n");
    return 0;
}

static inline void put_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

/* A file's bytes in malloc'ed memory, with a zero after them. */
static inline char *get_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    char *bytes;

    ck_assert_msg(f != NULL, "%s is missing", path);
    ck_assert_int_eq(fstat(fileno(f), &st), 0);
    bytes = malloc((size_t)st.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)st.st_size, f),
                      (size_t)st.st_size);
    bytes[st.st_size] = '\0';
    if (n != NULL) {
        *n = (size_t)st.st_size;
    }
    fclose(f);
    return bytes;
}

/* Invert one bit of a file; the same call puts it right again. */
static inline void flip_bit(const char *path, size_t bit)
{
    const int fd = open(path, O_RDWR);
    unsigned char byte;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
    byte = (unsigned char)(byte ^ (1u << (bit % 8)));
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
    close(fd);
}

static inline int exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* Files in the test's directory. */
static inline int count_files(void)
{
    DIR *d = opendir(tmp_root);
    int n = 0;

    ck_assert_ptr_nonnull(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        n += e->d_name[0] != '.';
    }
    closedir(d);
    return n;
}

/* Seeded draw below n. */
static inline size_t draw(uint32_t index, size_t n)
{
    const mf_rng key = {.seed = 20, .purpose = MF_RNG_TEST};

    return mf_rng_below(mf_rng_u32(&key, index), (uint32_t)n);
}

/* Bytes of any pattern, so that a swap or a lost row shows. */
static inline void fill(void *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((unsigned char *)data)[i] = (unsigned char)draw((uint32_t)i, 256);
    }
}

/* Run a suite whose tests get a fresh directory each. */
static inline int run_io_suite(const char *name, const TTest *const *tests,
                               int n)
{
    return run_suite_between(name, tests, n, io_setup, io_teardown);
}

#endif
