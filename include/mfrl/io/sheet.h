/** @file sheet.h
 *  CSV files as this program writes them: a header line, and in quotes what
 *  holds a comma, a quote, which is doubled, or the end of a line (RFC 4180).
 */
#ifndef MFRL_IO_SHEET_H
#define MFRL_IO_SHEET_H

#include <stddef.h>
#include <stdio.h>

#include "mfrl/base/status.h"

typedef struct mf_sheet mf_sheet;

/** Read a file.  A last line without its end is still being written and does
 *  not count.  MF_ERR_FILE, one line, if there is no such file, a row is
 *  longer or shorter than the header, or a quote does not end.  Local. */
mf_status mf_sheet_read(const char *path, mf_sheet **out);

/** Free *s and set it to NULL; NULL is ignored. */
void mf_sheet_destroy(mf_sheet **s);

size_t mf_sheet_rows(const mf_sheet *s);

/** Number of the column of that name, -1 if there is none. */
int mf_sheet_column(const mf_sheet *s, const char *name);

/** A field, owned by the sheet. */
const char *mf_sheet_text(const mf_sheet *s, size_t row, int column);

/** A field as a number; NaN if it is none. */
double mf_sheet_real(const mf_sheet *s, size_t row, int column);

/** Write a field, in quotes if it needs them: every text that is not known to
 *  be plain goes this way.  Errors show in @p to.  Local. */
void mf_sheet_put(FILE *to, const char *text);

#endif
