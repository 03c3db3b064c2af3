/** @file opt.h
 *  Option tables: one row per config key, from text to struct fields.
 *
 *  A module declares a struct and a table of rows; nobody but this module
 *  reads config text.  Rows carry default, range, unit and meaning, so that
 *  checking, `mfrl-dist config` and the saved config come from one place.
 *
 *  Config text is INI:
 *
 *      # a comment
 *      [env.ising]
 *      width = 64            ; a comment after a value
 *      temperature = 0.9, 1.2
 *
 *  A comment begins with ; or # that starts a line or follows a blank.  Lines
 *  may be indented and may end in CR LF; there are no continuation lines and
 *  no quotes.  A section may come back later in the text; a key may not.
 *
 *  Whatever is wrong is MF_ERR_USAGE and one line on the error log, about the
 *  first error only: where, what, what was expected, and the nearest word that
 *  would do:
 *
 *      ising.ini:7: run.rounds = -3: expected a whole number from 1 to
 *      1000000000 (rounds)          (in one line)
 *      ising.ini:9: unknown key 'temprature' in [env.ising]; did you mean
 *      'temperature'?               (in one line)
 */
#ifndef MFRL_CFG_OPT_H
#define MFRL_CFG_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mfrl/base/status.h"

enum {
    MF_OPT_TEXT = 256,
    MF_OPT_LIST = 64,
    MF_OPT_VALUE = 4096 /* longest value as text, with its NUL; 64 round:value
                           pairs of the longest numbers take less */
};

/** The type of a key and of its field.  Lists and strings are filled with
 *  zeros to their end, so that equal settings are equal bytes. */
typedef enum mf_opt_type {
    MF_OPT_INT,     /* int64_t: 1000000, or 1e6 as it is exactly whole */
    MF_OPT_REAL,    /* double, finite */
    MF_OPT_BOOL,    /* bool: on | off */
    MF_OPT_CHOICE,  /* int: index into the row's choices */
    MF_OPT_STRING,  /* char[MF_OPT_TEXT]; may be empty */
    MF_OPT_REALS,   /* mf_reals: 1.0, 1.5, 2.0 (at least one) */
    MF_OPT_SCHEDULE /* mf_schedule: 0.3, or 0:1.0, 1600:0.2 (round:value) */
} mf_opt_type;

typedef struct mf_reals {
    int n;
    double at[MF_OPT_LIST];
} mf_reals;

/** Piecewise linear in the round; constant before the first and after the
 *  last point.  n >= 1; rounds are whole, >= 0 and strictly increasing. */
typedef struct mf_schedule {
    int n;
    double round[MF_OPT_LIST];
    double value[MF_OPT_LIST];
} mf_schedule;

/** One config key.  A table ends with a row whose key is NULL. */
typedef struct mf_opt {
    const char *key; /* within its section: no dot, under 48 characters */
    mf_opt_type type;
    size_t offset;       /* of the field, offsetof() */
    const char *def;     /* default, as a user would write it */
    double min, max;     /* numbers only, ends included; both 0 = no range */
    const char *choices; /* "shared|per_agent"; or words that an INT takes
                            besides the numbers in its range: "auto=0" */
    const char *unit;    /* "rounds", "agents"; NULL = none */
    const char *meaning; /* one line */
} mf_opt;

/** A section [name] filled into the struct at @p dst (borrowed). */
typedef struct mf_opt_section {
    const char *name; /* under 48 characters; may hold dots: "env.ising" */
    const mf_opt *opts;
    void *dst;
} mf_opt_section;

typedef struct mf_opts mf_opts; /* the sections of one program run */

/** Join sections (copied; their names, tables and structs are borrowed) and
 *  fill every field with its default.  A default that breaks its own row or a
 *  section given twice is MF_ERR_USAGE. */
mf_status mf_opts_create(const mf_opt_section *sections, int n, mf_opts **out);

/** Free *o and set it to NULL; NULL handles are ignored. */
void mf_opts_destroy(mf_opts **o);

/** Apply INI text; @p source names it in errors ("ising.ini:12: ...").  An
 *  unknown section or key, a value that is malformed or out of range, a key
 *  given twice in this text and a line that is no INI are MF_ERR_USAGE; then
 *  no field is changed.  Earlier texts and overrides are overwritten. */
mf_status mf_opts_read(mf_opts *o, const char *text, const char *source);

/** Apply one override "section.key=value"; the section is all before the
 *  last dot of the name.  On MF_ERR_USAGE nothing is changed. */
mf_status mf_opts_set(mf_opts *o, const char *assignment);

/** True if the key was set by text or override, not left at its default.
 *  The key must exist. */
int mf_opts_is_set(const mf_opts *o, const char *section, const char *key);

/** Where a key was set: "ising.ini:12: ", "command line: ", or "" if it is at
 *  its default.  The key must exist. */
const char *mf_opts_where(const mf_opts *o, const char *section,
                          const char *key);

/** Where that was set which an error line is about: of the first key that is
 *  named in it as "section.key =", "section.key:" or "section.key is" and is
 *  not at its default; "" if there is none.  @p opts is a mf_opts, so that
 *  this can be given to mf_fail_set_origin. */
const char *mf_opts_origin(const char *message, const void *opts);

/** A key that two sets of the same sections give different values. */
typedef struct mf_opt_diff {
    char key[128]; /* "section.key" */
    char a[MF_OPT_VALUE], b[MF_OPT_VALUE];
} mf_opt_diff;

/** The next key with different values, but for those of which @p skip says
 *  true ("section.key", NULL = none); 0 if there is none.  *at is 0 for the
 *  first, and then left alone. */
int mf_opts_differ(const mf_opts *a, const mf_opts *b,
                   int (*skip)(const char *key), int *at, mf_opt_diff *out);

/** Value of one key in INI text, of whatever program and version: nothing is
 *  checked.  False, and out is "", if it is not there or longer than @p size.
 *  The last one counts. */
bool mf_ini_find(const char *text, const char *section, const char *key,
                 char *out, size_t size);

/** Write all sections as INI text that mf_opts_read takes back to the same
 *  bytes.  With @p explain each key is preceded by comment lines with its
 *  meaning, what it takes, and its default.  A field that no text can give
 *  (changed by the program, not by this module) is MF_ERR_USAGE, a failed
 *  write MF_ERR_IO. */
mf_status mf_opts_write(const mf_opts *o, int explain, FILE *out);

/** Value of a schedule at a round. */
double mf_schedule_at(const mf_schedule *s, double round);

#endif
