#include "metrics_csv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

enum { MAX_BYTES = 1 << 30, FIELD = 32 };

static const char FIRST[] = "round,agent_steps,wall_s";

void mf_history_clear(mf_history *h)
{
    mf_free(&h->round);
    mf_free(&h->agent_steps);
    mf_free(&h->wall_s);
    mf_free(&h->values);
    *h = (mf_history){0};
}

static mf_status history_init(mf_history *h, size_t capacity, int n)
{
    mf_status st = MF_OK;

    *h = (mf_history){.capacity = capacity, .n = n};
    MF_TRY_OR(err, mf_alloc(capacity, 8, "metrics", &h->round));
    MF_TRY_OR(err, mf_alloc(capacity, 8, "metrics", &h->agent_steps));
    MF_TRY_OR(err, mf_alloc(capacity, 8, "metrics", &h->wall_s));
    MF_TRY_OR(err, mf_alloc(capacity * (size_t)n, 8, "metrics", &h->values));
    return MF_OK;
err:
    mf_history_clear(h);
    return st;
}

size_t mf_csv_line_max(int n) { return (size_t)(n + 3) * FIELD + 2; }

/* The shortest of the usual forms that gives the same number back. */
static size_t print_real(char out[FIELD], double v)
{
    int n = snprintf(out, FIELD, "%.15g", v);

    if (strtod(out, NULL) != v && v == v) {
        n = snprintf(out, FIELD, "%.17g", v);
    }
    return (size_t)n;
}

size_t mf_csv_line(char *line, size_t size, const mf_metrics_row *row, int n)
{
    size_t at = (size_t)snprintf(line, size, "%" PRId64 ",%" PRId64 ",",
                                 row->round, row->agent_steps);

    at += print_real(line + at, row->wall_s);
    for (int i = 0; i < n; i++) {
        line[at++] = ',';
        at += print_real(line + at, row->values[i]);
    }
    line[at++] = '\n';
    line[at] = '\0';
    return at;
}

/* The header line, with its newline; to be released with mf_free. */
static mf_status make_header(const mf_metrics_spec *spec, char **out)
{
    size_t size = sizeof(FIRST) + 1;

    for (int i = 0; i < spec->n; i++) {
        size += strlen(spec->names[i]) + 1;
    }
    MF_TRY(mf_alloc(size, 1, "metrics header", out));
    strcpy(*out, FIRST);
    for (int i = 0; i < spec->n; i++) {
        strcat(*out, ",");
        strcat(*out, spec->names[i]);
    }
    strcat(*out, "\n");
    return MF_OK;
}

static bool parse_int(const char **at, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(*at, &end, 10);
    if (end == *at || errno != 0 || *end != ',') {
        return false;
    }
    *at = end + 1;
    return true;
}

static bool parse_real(const char **at, double *out, bool last)
{
    char *end;

    *out = strtod(*at, &end);
    if (end == *at || *end != (last ? '\n' : ',')) {
        return false;
    }
    *at = end + 1;
    return true;
}

/* One whole line into the next row of h, which is not yet counted. */
static bool parse_row(const char *line, mf_history *h)
{
    const size_t r = h->n_rows;
    double *values = h->values + r * (size_t)h->n;
    const char *at = line;

    if (!parse_int(&at, &h->round[r]) || !parse_int(&at, &h->agent_steps[r]) ||
        !parse_real(&at, &h->wall_s[r], h->n == 0)) {
        return false;
    }
    for (int i = 0; i < h->n; i++) {
        if (!parse_real(&at, &values[i], i == h->n - 1)) {
            return false;
        }
    }
    return r == 0 || h->round[r] > h->round[r - 1];
}

static size_t count_lines(const char *text, size_t n)
{
    size_t lines = 0;

    for (size_t i = 0; i < n; i++) {
        lines += text[i] == '\n';
    }
    return lines;
}

/* Take the rows up to resume_round into h, and move their lines together in
 * text, whose new length is returned. */
static size_t keep_rows(const char *path, char *text, size_t n, size_t header,
                        int64_t resume_round, mf_history *h)
{
    size_t used = header, bad = 0;
    const char *line = text + header, *end;

    for (; (end = memchr(line, '\n', (size_t)(text + n - line))) != NULL;
         line = end + 1) {
        const size_t size = (size_t)(end + 1 - line);

        if (!parse_row(line, h)) {
            bad++;
        } else if (h->round[h->n_rows] <= resume_round) {
            h->n_rows++;
            memmove(text + used, line, size);
            used += size;
        }
    }
    if (bad > 0) {
        mf_log(MF_LOG_WARN, "%s: lines that make no sense are dropped: %zu",
               path, bad);
    }
    return used;
}

/* The row of resume_round is the last that was written before the checkpoint.
 */
static void tell_missing(const char *path, int64_t resume_round,
                         const mf_history *h)
{
    const int64_t last = h->n_rows > 0 ? h->round[h->n_rows - 1] : 0;

    if (last < resume_round) {
        mf_log(MF_LOG_WARN,
               "%s: rows of rounds %" PRId64 " to %" PRId64 " are missing",
               path, last + 1, resume_round);
    }
}

/* Read what is there, and write back what stays. */
static mf_status cut(const char *path, const char *header, int64_t resume_round,
                     mf_history *h)
{
    const size_t n_header = strlen(header);
    char *text;
    size_t n;
    mf_status st;

    MF_TRY(mf_file_read(path, MAX_BYTES, &text, &n));
    if (strncmp(text, header, n_header) != 0) {
        st = MF_FAIL(MF_ERR_FILE,
                     "%s has other columns than this run; expected %.*s; move "
                     "it away to start a new one",
                     path, (int)n_header - 1, header);
    } else {
        st = history_init(h, count_lines(text, n), h->n);
    }
    if (st == MF_OK) {
        const size_t used = keep_rows(path, text, n, n_header, resume_round, h);

        st = mf_file_write_atomic(path, text, used);
    }
    mf_free(&text);
    return st;
}

mf_status mf_csv_open(const char *path, const mf_metrics_spec *spec,
                      int64_t resume_round, mf_history *h, int *fd)
{
    struct stat info;
    char *header;
    mf_status st;

    *h = (mf_history){.n = spec->n};
    MF_TRY(make_header(spec, &header));
    if (resume_round >= 0 && stat(path, &info) == 0 && info.st_size > 0) {
        st = cut(path, header, resume_round, h);
    } else {
        st = mf_file_write_atomic(path, header, strlen(header));
    }
    mf_free(&header);
    if (st == MF_OK) {
        tell_missing(path, resume_round, h);
        *fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (*fd < 0) {
            st = MF_FAIL(MF_ERR_IO, "cannot write %s: %s", path,
                         strerror(errno));
        }
    }
    if (st != MF_OK) {
        mf_history_clear(h);
    }
    return st;
}
