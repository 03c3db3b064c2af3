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

typedef struct cutter {
    char *at, *stop; /* what is left */
    bool quoted;     /* it ended inside quotes */
} cutter;

/* Cut out the next field.  Gives what ended it, ',' or '\n', or '\0' if the
 * text did. */
static char cut(cutter *c, const char **field)
{
    char *to = c->at;

    *field = c->at;
    c->quoted = false;
    for (char *from = c->at; from < c->stop; from++) {
        const char byte = *from;

        if (byte == '"' && c->quoted && from + 1 < c->stop && from[1] == '"') {
            *to++ = *from++;
        } else if (byte == '"' && (c->quoted || from == c->at)) {
            c->quoted = !c->quoted;
        } else if (!c->quoted && (byte == ',' || byte == '\n')) {
            c->at = from + 1;
            *to = '\0';
            return byte;
        } else {
            *to++ = byte;
        }
    }
    return '\0';
}

/* Cut the next row into *n fields; gives what ended it. */
static char cut_row(cutter *c, const char **field, size_t *n)
{
    char end = ',';

    for (*n = 0; end == ',';) {
        end = cut(c, &field[(*n)++]);
    }
    return end;
}

static mf_status parse(mf_sheet *s, const char *path, size_t size)
{
    const size_t lines = count(s->text, s->text + size, '\n');
    const size_t commas = count(s->text, s->text + size, ',');
    cutter c = {.at = s->text, .stop = s->text + size};
    size_t row = 1, n;

    MF_TRY(mf_alloc(lines + commas + 1, sizeof(*s->field), "table", &s->field));
    if (cut_row(&c, s->field, &n) != '\n') {
        return MF_FAIL(MF_ERR_FILE, "%s: there is no header line", path);
    }
    s->n_columns = (int)n;
    while (cut_row(&c, s->field + row * (size_t)s->n_columns, &n) == '\n') {
        row++;
        if (n != (size_t)s->n_columns) {
            return MF_FAIL(MF_ERR_FILE,
                           "%s:%zu: there are not as many fields as in the "
                           "header, %d",
                           path, row, s->n_columns);
        }
    }
    if (c.quoted && memchr(c.at, '\n', (size_t)(c.stop - c.at)) != NULL) {
        return MF_FAIL(MF_ERR_FILE, "%s:%zu: a quote does not end", path,
                       row + 1);
    }
    s->n_rows = row - 1;
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

void mf_sheet_put(FILE *to, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text != '\0'; text++) {
        fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, to);
    }
    fputc('"', to);
}
