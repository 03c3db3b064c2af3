#include "eval_csv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

mf_status mf_eval_csv_open(const char *path, const char *header,
                           int64_t resumed,
                           bool (*keep)(void *arg, const char *row), void *arg)
{
    char *text = NULL, *kept = NULL;
    size_t size = 0;
    FILE *f;
    mf_status st;

    if (access(path, F_OK) != 0) {
        return mf_file_write_atomic(path, header, strlen(header));
    }
    MF_TRY(mf_file_read(path, (size_t)1 << 30, &text, NULL));
    f = open_memstream(&kept, &size);
    if (f == NULL) {
        mf_free(&text);
        return MF_FAIL(MF_ERR_MEMORY, "no memory for eval.csv");
    }
    fputs(header, f);
    for (char *rest = text, *row; (row = strsep(&rest, "\n")) != NULL;) {
        long long round;

        if (sscanf(row, "%lld,", &round) == 1 && round <= resumed &&
            keep(arg, row)) {
            fprintf(f, "%s\n", row);
        }
    }
    fclose(f);
    st = mf_file_write_atomic(path, kept, size);
    free(kept);
    mf_free(&text);
    return st;
}

void mf_eval_csv_append(const char *path, const char *lines)
{
    const size_t n = strlen(lines);
    const int fd = open(path, O_WRONLY | O_APPEND);
    const int ok = fd >= 0 && write(fd, lines, n) == (ssize_t)n;

    if (fd >= 0) {
        close(fd);
    }
    if (!ok) {
        mf_log(MF_LOG_WARN, "cannot write %s: a row is lost", path);
    }
}
