#include "mfrl/io/metrics.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "metrics_csv.h"
#include "metrics_h5.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

enum { KEPT_BYTES = 1 << 24 }; /* of rows that wait for room on the disk */

/* A row that could not be written yet, in one block with its values. */
typedef struct kept {
    struct kept *next;
    mf_metrics_row row;
    double values[];
} kept;

struct mf_metrics {
    char csv_path[MF_PATH];
    int csv;     /* file descriptor, -1 = none */
    off_t bytes; /* of the csv: whole lines */
    char *line;  /* [line_max] */
    size_t line_max;
    int n, n_world_values; /* of a row */
    int64_t last_round;
    kept *first, **end; /* rows that wait, the oldest first */
    size_t n_kept, most_kept;
    mf_metrics_h5 *h5; /* NULL after it failed */
    int h5_failed, rows_lost;
};

/* Both files, and the rows that they have in common. */
static mf_status open_files(mf_metrics *m, const char *run_dir,
                            const mf_metrics_spec *spec, int64_t resume_round)
{
    char path[MF_PATH];
    mf_history h;
    mf_status st;

    MF_TRY(mf_path_join(m->csv_path, run_dir, "metrics.csv"));
    MF_TRY(mf_path_join(path, run_dir, "metrics.h5"));
    MF_TRY(mf_csv_open(m->csv_path, spec, resume_round, &h, &m->csv));
    m->bytes = lseek(m->csv, 0, SEEK_END);
    if (h.n_rows > 0) {
        m->last_round = h.round[h.n_rows - 1];
    }
    st = mf_metrics_h5_create(path, spec, &h, resume_round >= 0, &m->h5);
    mf_history_clear(&h);
    return st;
}

mf_status mf_metrics_create(const char *run_dir, const mf_metrics_spec *spec,
                            int64_t resume_round, mf_metrics **out)
{
    mf_metrics *m;
    mf_status st;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*m), "metrics", &m));
    m->csv = -1;
    m->n = spec->n;
    m->n_world_values = spec->n_world * spec->n_worlds;
    m->end = &m->first;
    m->most_kept =
        1 + KEPT_BYTES / (sizeof(kept) +
                          (size_t)(m->n + m->n_world_values) * sizeof(double));
    m->last_round = -1;
    m->line_max = mf_csv_line_max(spec->n);
    st = mf_alloc(m->line_max, 1, "a line of metrics", &m->line);
    if (st == MF_OK) {
        st = open_files(m, run_dir, spec, resume_round);
    }
    if (st != MF_OK) {
        mf_metrics_destroy(&m);
        return st;
    }
    *out = m;
    return MF_OK;
}

/* One line by one write, or an errno.  What a full disk leaves of it is cut off
 * again, so that the next line starts at a line's start. */
static int add_csv(mf_metrics *m, const mf_metrics_row *row)
{
    const size_t size = mf_csv_line(m->line, m->line_max, row, m->n);
    int error = mf_disk_write(m->csv, m->line, size);

    if (error == 0) {
        m->bytes += (off_t)size;
    } else if (ftruncate(m->csv, m->bytes) != 0) {
        error = errno;
    }
    return error;
}

/* A file that failed once is given up: it is made anew from the csv. */
static void add_h5(mf_metrics *m, const mf_metrics_row *row)
{
    if (m->h5 != NULL && mf_metrics_h5_add(m->h5, row) != MF_OK) {
        mf_metrics_h5_close(&m->h5);
        m->h5_failed = 1;
        mf_log(MF_LOG_WARN, "metrics.h5 is not written any more; a resume "
                            "makes it again from metrics.csv");
    }
}

/* Both files have the same rows. */
static int write_row(mf_metrics *m, const mf_metrics_row *row)
{
    const int error = add_csv(m, row);

    if (error == 0) {
        add_h5(m, row);
    }
    return error;
}

static void drop_first(mf_metrics *m)
{
    kept *k = m->first;

    m->first = k->next;
    m->end = m->first == NULL ? &m->first : m->end;
    m->n_kept--;
    mf_free(&k);
}

/* Keep a row for later; the oldest ones give way. */
static void keep_row(mf_metrics *m, const mf_metrics_row *row)
{
    const size_t n = (size_t)m->n, n_world = (size_t)m->n_world_values;
    kept *k;

    while (m->n_kept >= m->most_kept) {
        drop_first(m);
        m->rows_lost++;
    }
    if (mf_alloc(sizeof(*k) + (n + n_world) * sizeof(double), 1,
                 "a row of metrics", &k) != MF_OK) {
        m->rows_lost++;
        return;
    }
    k->row = *row;
    memcpy(k->values, row->values, n * sizeof(double));
    if (n_world > 0) {
        memcpy(k->values + n, row->world_values, n_world * sizeof(double));
    }
    k->row.values = k->values;
    k->row.world_values = k->values + n;
    *m->end = k;
    m->end = &k->next;
    m->n_kept++;
}

mf_status mf_metrics_retry(mf_metrics *m)
{
    const int waited = m->first != NULL;

    while (m->first != NULL) {
        if (write_row(m, &m->first->row) != 0) {
            return MF_ERR_IO;
        }
        drop_first(m);
    }
    if (waited) {
        mf_log(MF_LOG_INFO, "%s is written again; rows that were lost: %d",
               m->csv_path, m->rows_lost);
    }
    return MF_OK;
}

mf_status mf_metrics_sync(mf_metrics *m)
{
    MF_TRY(mf_metrics_retry(m));
    if (fsync(m->csv) != 0) {
        mf_log(MF_LOG_WARN, "cannot write %s to the disk: %s", m->csv_path,
               strerror(errno));
        return MF_ERR_IO;
    }
    return MF_OK;
}

mf_status mf_metrics_add(mf_metrics *m, const mf_metrics_row *row)
{
    int error = 0;

    MF_ASSERT(row->round > m->last_round);
    m->last_round = row->round;
    if (mf_metrics_retry(m) == MF_OK) {
        error = write_row(m, row);
        if (error == 0) {
            return m->h5_failed ? MF_ERR_IO : MF_OK;
        }
        mf_log(MF_LOG_WARN, "cannot write %s: %s; rows wait until it can be",
               m->csv_path, strerror(error));
    }
    keep_row(m, row);
    return MF_ERR_IO;
}

mf_status mf_metrics_destroy(mf_metrics **m)
{
    mf_status st = MF_OK;

    if (*m == NULL) {
        return MF_OK;
    }
    if ((*m)->csv >= 0) {
        (void)mf_metrics_retry(*m);
    }
    (*m)->rows_lost += (int)(*m)->n_kept;
    while ((*m)->first != NULL) {
        drop_first(*m);
    }
    st = mf_metrics_h5_close(&(*m)->h5);
    if ((*m)->csv >= 0 && close((*m)->csv) != 0 && st == MF_OK) {
        st = MF_FAIL(MF_ERR_IO, "cannot write %s: %s", (*m)->csv_path,
                     strerror(errno));
    }
    if ((*m)->rows_lost > 0) {
        st = MF_FAIL(MF_ERR_IO, "%s lacks rows, the disk was full too long: %d",
                     (*m)->csv_path, (*m)->rows_lost);
    } else if ((*m)->h5_failed) {
        st = MF_ERR_IO;
    }
    mf_free(&(*m)->line);
    mf_free(m);
    return st;
}
