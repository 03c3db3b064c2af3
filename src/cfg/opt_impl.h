/** @file opt_impl.h
 *  What the files of the option reader share.
 *
 *  opt.c joins tables and finds keys, opt_ini.c walks INI text, opt_parse.c
 *  turns one value's text into a field, opt_text.c turns fields into text,
 *  nearest.c finds the word that was meant.
 */
#ifndef MFRL_CFG_OPT_IMPL_H
#define MFRL_CFG_OPT_IMPL_H

#include <stdbool.h>

#include "mfrl/cfg/opt.h"

enum {
    MF_OPT_NAME = 48,   /* inih cuts names off at 49 characters */
    MF_OPT_WHERE = 320, /* "source:line: " */
    MF_OPT_SHOWN = 80   /* a piece of user text as shown in a message */
};

/* One key of one section. */
typedef struct mf_opt_slot {
    const mf_opt_section *section;
    const mf_opt *opt;
    int line; /* where the text being read sets it, 0 = nowhere */
    bool set;
    char where[MF_OPT_WHERE]; /* it was set last: start of an error line */
} mf_opt_slot;

struct mf_opts {
    int n_sections;
    mf_opt_section *sections; /* [n_sections] */
    int n_slots;
    mf_opt_slot *slots; /* [n_slots], in the order of the sections */
};

/* In all of these `at` is the start of an error line: "x.ini:12: ". */

/** Find a section by name, or fail with the nearest one. */
mf_status mf_opts_section(const mf_opts *o, const char *name, const char *at,
                          const mf_opt_section **out);

/** Find a key, or fail with the nearest one. */
mf_status mf_opts_slot(mf_opts *o, const mf_opt_section *section,
                       const char *key, const char *at, mf_opt_slot **out);

/** Check the text of a value, trimmed, and store it at @p field unless that
 *  is NULL.  @p field is written on success only. */
mf_status mf_opt_parse(const mf_opt *opt, const char *section, const char *text,
                       const char *at, void *field);

/** The field as text, size MF_OPT_VALUE. */
void mf_opt_format(const mf_opt *opt, const void *field, char *text);

/** What a row takes, in words: "a whole number from 1 to 10 (rounds)". */
void mf_opt_expect(const mf_opt *opt, char *text, size_t size);

/** Word @p i of a row's choices and its length (an INT's without "=0"); NULL
 *  after the last. */
const char *mf_opt_word(const char *choices, int i, size_t *len);

/** User text fit for a message: cut at MF_OPT_SHOWN, controls replaced.
 *  Returns @p shown. */
const char *mf_opt_show(const char *text, char *shown /* [MF_OPT_SHOWN] */);

/** Cut blanks off both ends, in place; returns the new start. */
char *mf_opt_trim(char *text);

/** Append to the string in @p text as printf does; cuts off what does not
 *  fit. */
void mf_opt_add(char *text, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** The known word nearest to the one given.  Start with {.want = text}, offer
 *  all known words; `word` stays NULL if none is near enough to be meant. */
typedef struct mf_nearest {
    const char *want;
    const char *word; /* borrowed */
    int len;
    int distance;
} mf_nearest;

void mf_nearest_offer(mf_nearest *best, const char *word, size_t len);

#endif
