/* Saves whose every word follows from their number, for the checkpoint
 * suites. */
#ifndef MFRL_TESTS_CHECKPOINT_TEST_H
#define MFRL_TESTS_CHECKPOINT_TEST_H

#include <dirent.h>

#include "io_test.h"
#include "mfrl/io/checkpoint.h"
#include "mfrl/io/h5.h"

enum { N_FILES = 3, N_WORDS = 700 };

static const char *const FILES[N_FILES] = {"net.h5", "replay-000.h5",
                                           "world-0000.tile-00-00.h5"};

/* What file k of save number `tag` holds. */
static inline void content(int tag, int k, uint32_t words[N_WORDS])
{
    for (uint32_t i = 0; i < N_WORDS; i++) {
        words[i] = i * 2654435761u + (uint32_t)(1000 * tag + k);
    }
}

static const mf_h5_array ARRAY = {
    .path = "/words", .type = MF_U32, .n_dims = 1, .dims = {N_WORDS}};

static inline mf_status write_one(const char *dir, int tag, int k,
                                  mf_ckpt_entry *entry)
{
    uint32_t words[N_WORDS];
    char path[MF_PATH];
    mf_h5 *f;

    content(tag, k, words);
    MF_TRY(mf_path_join(path, dir, FILES[k]));
    MF_TRY(mf_h5_create(path, &f));
    mf_h5_write(f, &ARRAY, words);
    MF_TRY(mf_h5_close(&f));
    return mf_ckpt_stamp(path, entry);
}

/* Save as the program does; `tag` is also the round. */
static inline mf_status save(int64_t steps, int tag, int keep)
{
    mf_ckpt_entry entries[N_FILES];
    char tmp[MF_PATH];
    mf_status st = MF_OK;

    MF_TRY(mf_ckpt_begin(tmp_root, steps, 10000, NULL, tmp));
    for (int k = 0; k < N_FILES && st == MF_OK; k++) {
        st = write_one(tmp, tag, k, &entries[k]);
    }
    if (st == MF_OK) {
        st = mf_ckpt_commit(tmp_root, tmp, tag, steps, entries, N_FILES, keep,
                            NULL);
    }
    if (st != MF_OK) {
        mf_ckpt_abandon(tmp);
    }
    return st;
}

/* Find, and compare all that was saved.  The round, which is the save's
 * number, or -1 if nothing was found. */
static inline int found(const char *path)
{
    uint32_t want[N_WORDS], have[N_WORDS];
    char file[MF_PATH];
    mf_ckpt_info info;
    mf_h5 *f;

    if (mf_ckpt_find(path, &info) != MF_OK) {
        ck_assert_ptr_null(info.files);
        return -1;
    }
    const int tag = (int)info.round;
    ck_assert_uint_eq(info.n, N_FILES);
    for (int k = 0; k < N_FILES; k++) {
        ck_assert_str_eq(info.files[k].name, FILES[k]); /* sorted already */
        ck_ok(mf_path_join(file, info.dir, FILES[k]));
        ck_ok(mf_h5_open(file, &f));
        ck_ok(mf_h5_read(f, &ARRAY, have));
        ck_ok(mf_h5_close(&f));
        content(tag, k, want);
        ck_assert_mem_eq(have, want, sizeof(want));
    }
    mf_ckpt_info_clear(&info);
    return tag;
}

/* Names in checkpoints/ that start with prefix. */
static inline int count_names(const char *prefix)
{
    DIR *d = opendir(in_tmp("checkpoints"));
    struct dirent *e;
    int n = 0;

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d)) != NULL) {
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
             strncmp(e->d_name, prefix, strlen(prefix)) == 0;
    }
    closedir(d);
    return n;
}

static inline const char *step_file(int64_t steps, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "checkpoints/step-%012lld/%s",
             (long long)steps, name);
    return in_tmp(path);
}

static inline void clear_all(void)
{
    io_teardown();
    ck_assert_int_eq(mkdir(tmp_root, 0700), 0);
}

#endif
