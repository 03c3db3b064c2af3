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

struct mf_metrics {
    char csv_path[MF_PATH];
    int csv;     /* file descriptor, -1 = none */
    off_t bytes; /* of the csv: whole lines */
    char *line;  /* [line_max] */
    size_t line_max;
    int n;
    int64_t last_round;
    mf_metrics_h5 *h5; /* NULL after it failed */
    int csv_failed, h5_failed;
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

/* One line by one write.  What a full disk leaves of it is cut off again, so
 * that the next line starts at a line's start. */
static mf_status add_csv(mf_metrics *m, const mf_metrics_row *row)
{
    const size_t size = mf_csv_line(m->line, m->line_max, row, m->n);
    int error = mf_disk_write(m->csv, m->line, size);

    if (error == 0) {
        m->bytes += (off_t)size;
        return MF_OK;
    }
    if (ftruncate(m->csv, m->bytes) != 0) {
        error = errno;
    }
    if (!m->csv_failed) {
        m->csv_failed = 1;
        mf_log(MF_LOG_WARN, "cannot write %s: %s; rows are lost", m->csv_path,
               strerror(error));
    }
    return MF_ERR_IO;
}

/* A file that failed once is given up: it is made anew from the csv. */
static mf_status add_h5(mf_metrics *m, const mf_metrics_row *row)
{
    if (m->h5 != NULL && mf_metrics_h5_add(m->h5, row) != MF_OK) {
        mf_metrics_h5_close(&m->h5);
        m->h5_failed = 1;
        mf_log(MF_LOG_WARN, "metrics.h5 is not written any more; a resume "
                            "makes it again from metrics.csv");
    }
    return m->h5_failed ? MF_ERR_IO : MF_OK;
}

mf_status mf_metrics_add(mf_metrics *m, const mf_metrics_row *row)
{
    mf_status st;

    MF_ASSERT(row->round > m->last_round);
    st = add_csv(m, row);
    if (st == MF_OK) { /* both files have the same rows */
        m->last_round = row->round;
        st = add_h5(m, row);
    }
    return st;
}

mf_status mf_metrics_destroy(mf_metrics **m)
{
    mf_status st = MF_OK;

    if (*m == NULL) {
        return MF_OK;
    }
    st = mf_metrics_h5_close(&(*m)->h5);
    if ((*m)->csv >= 0 && close((*m)->csv) != 0 && st == MF_OK) {
        st = MF_FAIL(MF_ERR_IO, "cannot write %s: %s", (*m)->csv_path,
                     strerror(errno));
    }
    if ((*m)->csv_failed || (*m)->h5_failed) {
        st = MF_ERR_IO;
    }
    mf_free(&(*m)->line);
    mf_free(m);
    return st;
}
