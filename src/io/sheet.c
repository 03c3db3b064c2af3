#include "mfrl/io/sheet.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

enum { MAX_BYTES = 1 << 30 };

struct mf_sheet {
    char *text;         /* of the file, cut into fields */
    const char **field; /* [1 + n_rows][n_columns], the header first */
    size_t n_rows;
    int n_columns;
};

void mf_sheet_destroy(mf_sheet **s)
{
    if (*s != NULL) {
        mf_free(&(*s)->text);
        mf_free(&(*s)->field);
        mf_free(s);
    }
}

static size_t count(const char *from, const char *to, char what)
{
    size_t n = 0;

    for (; from < to; from++) {
        n += *from == what;
    }
    return n;
}

/* Cut the line that ends at `end` into its fields; false if there are not as
 * many as columns. */
static bool cut(mf_sheet *s, char *line, char *end, size_t row)
{
    const char **field = s->field + row * (size_t)s->n_columns;

    if (count(line, end, ',') + 1 != (size_t)s->n_columns) {
        return false;
    }
    *end = '\0';
    for (int c = 0; c < s->n_columns; c++) {
        field[c] = strsep(&line, ",");
    }
    return true;
}

static mf_status parse(mf_sheet *s, const char *path, size_t size)
{
    const char *stop = s->text + size;
    char *line = s->text, *end = memchr(line, '\n', size);
    const size_t lines = count(line, stop, '\n');

    if (end == NULL) {
        return MF_FAIL(MF_ERR_FILE, "%s: there is no header line", path);
    }
    s->n_columns = (int)count(line, end, ',') + 1;
    MF_TRY(mf_alloc(lines * (size_t)s->n_columns, sizeof(*s->field), "table",
                    &s->field));
    for (size_t row = 0; row < lines; row++) {
        end = memchr(line, '\n', (size_t)(stop - line));
        if (!cut(s, line, end, row)) {
            return MF_FAIL(MF_ERR_FILE,
                           "%s:%zu: there are not as many fields as in the "
                           "header, %d",
                           path, row + 1, s->n_columns);
        }
        line = end + 1;
    }
    s->n_rows = lines - 1;
    return MF_OK;
}

mf_status mf_sheet_read(const char *path, mf_sheet **out)
{
    mf_sheet *s;
    size_t size;
    mf_status st;

    *out = NULL;
    MF_TRY(mf_alloc(1, sizeof(*s), "table", &s));
    MF_TRY_OR(err, mf_file_read(path, MAX_BYTES, &s->text, &size));
    MF_TRY_OR(err, parse(s, path, size));
    *out = s;
    return MF_OK;

err:
    mf_sheet_destroy(&s);
    return st;
}

size_t mf_sheet_rows(const mf_sheet *s) { return s->n_rows; }

int mf_sheet_column(const mf_sheet *s, const char *name)
{
    for (int c = 0; c < s->n_columns; c++) {
        if (strcmp(s->field[c], name) == 0) {
            return c;
        }
    }
    return -1;
}

const char *mf_sheet_text(const mf_sheet *s, size_t row, int column)
{
    return s->field[(row + 1) * (size_t)s->n_columns + (size_t)column];
}

double mf_sheet_real(const mf_sheet *s, size_t row, int column)
{
    const char *text = mf_sheet_text(s, row, column);
    char *end;
    const double value = strtod(text, &end);

    return end != text && *end == '\0' ? value : (double)NAN;
}
