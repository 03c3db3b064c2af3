#include "ckpt_dir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "disk.h"
#include "mfrl/base/mem.h"

void mf_ckpt_passed(enum mf_ckpt_point point)
{
    static int times[MF_CKPT_N_POINTS];
    const char *at = getenv("MFRL_TEST_KILL_AT");
    int wanted = 0, n = 1;

    if (at != NULL && sscanf(at, "%d:%d", &wanted, &n) >= 1 &&
        wanted == (int)point && n == ++times[point]) {
        raise(SIGKILL);
    }
}

void mf_ckpt_name_text(char out[MF_CKPT_NAME_TEXT], const char *prefix,
                       int64_t agent_steps)
{
    snprintf(out, MF_CKPT_NAME_TEXT, "%sstep-%012" PRId64, prefix, agent_steps);
}

/* A name is one of ours only if it is what we would have written. */
static bool parse_name(const char *text, mf_ckpt_name *out)
{
    char again[MF_CKPT_NAME_TEXT];
    const bool old = strncmp(text, MF_CKPT_OLD, strlen(MF_CKPT_OLD)) == 0;
    const char *rest = text + (old ? strlen(MF_CKPT_OLD) : 0);
    const char *digits = rest + strlen("step-");

    if (strncmp(rest, "step-", strlen("step-")) != 0 || strlen(digits) < 12 ||
        strlen(digits) > 18) {
        return false;
    }
    for (const char *c = digits; *c != '\0'; c++) {
        if (!isdigit((unsigned char)*c)) {
            return false;
        }
    }
    out->agent_steps = strtoll(digits, NULL, 10);
    out->old = old;
    mf_ckpt_name_text(again, old ? MF_CKPT_OLD : "", out->agent_steps);
    return strcmp(again, text) == 0;
}

static int newest_first(const void *a, const void *b)
{
    const mf_ckpt_name *x = a, *y = b;

    if (x->agent_steps != y->agent_steps) {
        return x->agent_steps < y->agent_steps ? 1 : -1;
    }
    return x->old - y->old;
}

/* Make room for one more name; capacities are powers of two. */
static mf_status grow(mf_ckpt_name **names, size_t n)
{
    mf_ckpt_name *more;

    if (n < 16 || (n & (n - 1)) != 0) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(2 * n, sizeof(*more), "list of checkpoints", &more));
    memcpy(more, *names, n * sizeof(*more));
    mf_free(names);
    *names = more;
    return MF_OK;
}

mf_status mf_ckpt_list(const char *dir, mf_ckpt_name **names, size_t *n)
{
    mf_status st = MF_OK;
    struct dirent *e;
    DIR *d;

    *n = 0;
    MF_TRY(mf_alloc(16, sizeof(**names), "list of checkpoints", names));
    d = opendir(dir);
    if (d == NULL && errno == ENOENT) {
        return MF_OK;
    }
    if (d == NULL) {
        mf_free(names);
        return MF_FAIL(MF_ERR_FILE, "cannot read directory %s: %s", dir,
                       strerror(errno));
    }
    while (st == MF_OK && (e = readdir(d)) != NULL) {
        if (parse_name(e->d_name, &(*names)[*n])) {
            (*n)++;
            st = grow(names, *n);
        }
    }
    closedir(d);
    if (st != MF_OK) {
        mf_free(names);
        return st;
    }
    qsort(*names, *n, sizeof(**names), newest_first);
    return MF_OK;
}

static mf_status rename_in(const char *dir, const char *from, const char *to)
{
    char a[MF_PATH], b[MF_PATH];

    MF_TRY(mf_path_join(a, dir, from));
    MF_TRY(mf_path_join(b, dir, to));
    if (rename(a, b) != 0) {
        return MF_FAIL(MF_ERR_IO, "cannot rename %s to %s: %s", a, to,
                       strerror(errno));
    }
    return MF_OK;
}

/* An .old- directory: the newer one of its step is there, or never came. */
static mf_status settle_old(const char *dir, const mf_ckpt_name *old)
{
    char name[MF_CKPT_NAME_TEXT], plain[MF_CKPT_NAME_TEXT], path[MF_PATH];
    struct stat st;

    mf_ckpt_name_text(name, MF_CKPT_OLD, old->agent_steps);
    mf_ckpt_name_text(plain, "", old->agent_steps);
    MF_TRY(mf_path_join(path, dir, plain));
    if (stat(path, &st) != 0) {
        return rename_in(dir, name, plain);
    }
    MF_TRY(mf_path_join(path, dir, name));
    return mf_disk_remove_tree(path);
}

mf_status mf_ckpt_clean(const char *dir)
{
    char path[MF_PATH];
    mf_ckpt_name *names = NULL;
    mf_status st = MF_OK;
    struct dirent *e;
    size_t n;
    DIR *d;

    MF_TRY(mf_ckpt_list(dir, &names, &n));
    for (size_t i = 0; i < n && st == MF_OK; i++) {
        st = names[i].old ? settle_old(dir, &names[i]) : MF_OK;
    }
    mf_free(&names);
    MF_TRY(st);
    d = opendir(dir);
    if (d == NULL) {
        return MF_FAIL(MF_ERR_IO, "cannot read directory %s: %s", dir,
                       strerror(errno));
    }
    while (st == MF_OK && (e = readdir(d)) != NULL) {
        if (strncmp(e->d_name, MF_CKPT_TMP, strlen(MF_CKPT_TMP)) == 0) {
            st = mf_path_join(path, dir, e->d_name);
            st = st == MF_OK ? mf_disk_remove_tree(path) : st;
        }
    }
    closedir(d);
    return st;
}

mf_status mf_ckpt_delete(const char *dir, const char *name,
                         enum mf_ckpt_point point)
{
    char gone[MF_CKPT_NAME_TEXT + sizeof(MF_CKPT_TMP "gone-")];
    char path[MF_PATH];

    snprintf(gone, sizeof(gone), MF_CKPT_TMP "gone-%s", name);
    MF_TRY(rename_in(dir, name, gone));
    mf_ckpt_passed(point);
    MF_TRY(mf_path_join(path, dir, gone));
    return mf_disk_remove_tree(path);
}
