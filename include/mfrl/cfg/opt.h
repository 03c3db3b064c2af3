/** @file opt.h
 *  Option tables: one row per config key, from text to struct fields.
 *
 *  A module declares a struct and a table of rows; nobody but this module
 *  reads config text.  Rows carry default, range, unit and meaning, so that
 *  checking, `mfrl-dist config` and the saved config come from one place.
 */
#ifndef MFRL_CFG_OPT_H
#define MFRL_CFG_OPT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mfrl/base/status.h"

enum { MF_OPT_TEXT = 256, MF_OPT_LIST = 64 };

typedef enum mf_opt_type {
    MF_OPT_INT,     /* int64_t */
    MF_OPT_REAL,    /* double */
    MF_OPT_BOOL,    /* bool: on | off */
    MF_OPT_CHOICE,  /* int: index into the row's choices */
    MF_OPT_STRING,  /* char[MF_OPT_TEXT] */
    MF_OPT_REALS,   /* mf_reals: 1.0, 1.5, 2.0 */
    MF_OPT_SCHEDULE /* mf_schedule: 0.3, or 0:1.0, 1600:0.2 (round:value) */
} mf_opt_type;

typedef struct mf_reals {
    int n;
    double at[MF_OPT_LIST];
} mf_reals;

/** Piecewise linear in the round; constant before the first and after the
 *  last point. */
typedef struct mf_schedule {
    int n;
    double round[MF_OPT_LIST];
    double value[MF_OPT_LIST];
} mf_schedule;

/** One config key.  A table ends with a row whose key is NULL. */
typedef struct mf_opt {
    const char *key; /* within its section */
    mf_opt_type type;
    size_t offset;       /* of the field, offsetof() */
    const char *def;     /* default, as a user would write it */
    double min, max;     /* numbers only; both 0 = no range */
    const char *choices; /* "shared|per_agent"; or words that an INT takes
                            besides numbers: "auto=0" */
    const char *unit;    /* "rounds", "agents"; NULL = none */
    const char *meaning; /* one line */
} mf_opt;

/** A section [name] filled into the struct at @p dst (borrowed). */
typedef struct mf_opt_section {
    const char *name;
    const mf_opt *opts;
    void *dst;
} mf_opt_section;

typedef struct mf_opts mf_opts; /* the sections of one program run */

/** Join sections (copied; their tables and structs are borrowed) and fill
 *  every field with its default. */
mf_status mf_opts_create(const mf_opt_section *sections, int n, mf_opts **out);
void mf_opts_destroy(mf_opts **o);

/** Apply INI text; @p source names it in errors ("ising.ini:12: ...").  An
 *  unknown section or key (with the nearest known one), a value that is
 *  malformed or out of range and a key given twice are MF_ERR_USAGE. */
mf_status mf_opts_read(mf_opts *o, const char *text, const char *source);

/** Apply one override "section.key=value"; the section is all before the
 *  last dot of the name. */
mf_status mf_opts_set(mf_opts *o, const char *assignment);

/** True if the key was set by file or override, not left at its default. */
int mf_opts_is_set(const mf_opts *o, const char *section, const char *key);

/** Write all sections as INI text that mf_opts_read takes back to the same
 *  structs.  With @p explain each key is preceded by a comment line with
 *  meaning, type or choices, range, unit and default. */
mf_status mf_opts_write(const mf_opts *o, int explain, FILE *out);

/** Value of a schedule at a round. */
double mf_schedule_at(const mf_schedule *s, double round);

#endif
