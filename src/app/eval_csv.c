#include "eval_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

/* The rows of @p text that stay.  What follows the last newline was cut. */
static void keep_rows(char *text, int64_t resumed,
                      bool (*keep)(void *arg, const char *row), void *arg,
                      FILE *out)
{
    char *row = text, *end;

    for (; (end = strchr(row, '\n')) != NULL; row = end + 1) {
        long long round;

        *end = '\0';
        if (sscanf(row, "%lld,", &round) == 1 && round <= resumed &&
            keep(arg, row)) {
            fprintf(out, "%s\n", row);
        }
    }
}

mf_status mf_eval_csv_open(mf_eval_csv *c, const char *dir, const char *header,
                           int64_t resumed,
                           bool (*keep)(void *arg, const char *row), void *arg)
{
    char *text = NULL, *kept = NULL;
    size_t size = 0;
    FILE *f;
    mf_status st;

    *c = (mf_eval_csv){0};
    MF_TRY(mf_path_join(c->path, dir, "eval.csv"));
    if (access(c->path, F_OK) != 0) {
        return mf_file_write_atomic(c->path, header, strlen(header));
    }
    MF_TRY(mf_file_read(c->path, (size_t)1 << 30, &text, NULL));
    f = open_memstream(&kept, &size);
    if (f == NULL) {
        mf_free(&text);
        return MF_FAIL(MF_ERR_MEMORY, "no memory for eval.csv");
    }
    fputs(header, f);
    keep_rows(text, resumed, keep, arg, f);
    fclose(f);
    st = mf_file_write_atomic(c->path, kept, size);
    free(kept);
    mf_free(&text);
    return st;
}

/* By one write, or an errno.  What a full disk leaves of the lines is cut off
 * again, so that the next ones start at a line's start. */
static int add(const char *path, const char *lines)
{
    const size_t n = strlen(lines);
    const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    int error = 0;

    if (fd < 0) {
        return errno;
    }
    const off_t bytes = lseek(fd, 0, SEEK_END);
    const ssize_t done = write(fd, lines, n);

    if (done != (ssize_t)n) {
        error = done < 0 ? errno : ENOSPC;
        if (ftruncate(fd, bytes) != 0) {
            error = errno;
        }
    }
    close(fd);
    return error;
}

/* Behind what waits already. */
static mf_status wait_too(mf_eval_csv *c, const char *lines)
{
    const size_t before = c->waiting != NULL ? strlen(c->waiting) : 0;
    char *all;

    MF_TRY(mf_alloc(before + strlen(lines) + 1, 1, "rows of eval.csv", &all));
    if (before > 0) {
        memcpy(all, c->waiting, before);
    }
    strcpy(all + before, lines);
    mf_free(&c->waiting);
    c->waiting = all;
    return MF_OK;
}

void mf_eval_csv_append(mf_eval_csv *c, const char *lines)
{
    int error;

    if (wait_too(c, lines) != MF_OK) {
        return; /* it has said so */
    }
    error = add(c->path, c->waiting);
    if (error == 0) {
        mf_free(&c->waiting);
    } else {
        mf_log(MF_LOG_WARN, "cannot write %s: %s; rows wait until it can be",
               c->path, strerror(error));
    }
}

void mf_eval_csv_close(mf_eval_csv *c)
{
    const int error = c->waiting != NULL ? add(c->path, c->waiting) : 0;

    if (error != 0) {
        mf_log(MF_LOG_WARN, "%s lacks its last rows: %s", c->path,
               strerror(error));
    }
    mf_free(&c->waiting);
}
