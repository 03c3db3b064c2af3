/** @file opt_sample.h
 *  One key of every type for the option tests.
 */
#ifndef MFRL_TESTS_OPT_SAMPLE_H
#define MFRL_TESTS_OPT_SAMPLE_H

#include <stdbool.h>

#include "mfrl/base/mem.h"
#include "mfrl/cfg/opt.h"
#include "unit/log_catch.h"

typedef struct sample {
    int64_t rounds;
    int64_t count;
    double rate;
    bool flag;
    int layout;
    char dir[MF_OPT_TEXT];
    double wide;
    mf_reals list;
    mf_schedule heat;
} sample;

#define AT(member) offsetof(sample, member)

static const mf_opt RUN_OPTS[] = {
    {"rounds", MF_OPT_INT, AT(rounds), "1000", 1, 1e9, NULL, "rounds",
     "length of the run"},
    {"dir", MF_OPT_STRING, AT(dir), "", 0, 0, NULL, NULL, "where results go"},
    {"count", MF_OPT_INT, AT(count), "auto", 1, 9007199254740992.0,
     "auto=0|all=-1", "worlds", "worlds side by side"},
    {.key = NULL},
};

static const mf_opt ISING_OPTS[] = {
    {"rate", MF_OPT_REAL, AT(rate), "0.5", 0, 1, NULL, NULL, "a rate"},
    {"wide", MF_OPT_REAL, AT(wide), "-3", 0, 0, NULL, "J", "an energy"},
    {"temperature", MF_OPT_REALS, AT(list), "1, 2.5", 0, 10, NULL, "J/k",
     "one per world"},
    {"heat", MF_OPT_SCHEDULE, AT(heat), "0.3", 0, 10, NULL, NULL,
     "temperature over rounds"},
    {"flag", MF_OPT_BOOL, AT(flag), "off", 0, 0, NULL, NULL, "a switch"},
    {"layout", MF_OPT_CHOICE, AT(layout), "auto", 0, 0, "auto|split|colocated",
     NULL, "who does what"},
    {.key = NULL},
};

static sample s;
static mf_opts *o;

/* Create the two sections [run] and [env.ising] over a cleared `s`. */
static inline void sample_create(void)
{
    const mf_opt_section sections[] = {{"run", RUN_OPTS, &s},
                                       {"env.ising", ISING_OPTS, &s}};

    memset(&s, 0, sizeof(s));
    ck_assert_int_eq(mf_opts_create(sections, 2, &o), MF_OK);
}

static inline void set_up(void)
{
    log_catch();
    sample_create();
}

static inline void tear_down(void)
{
    mf_opts_destroy(&o);
    ck_assert_ptr_null(o);
    ck_assert_uint_eq(mf_mem_blocks(), 0);
}

static inline void good(const char *text)
{
    const mf_status st = mf_opts_read(o, text, "x.ini");

    ck_assert_msg(st == MF_OK, "%s", log_take());
    ck_assert_str_eq(log_take(), "");
}

/* Refused with just this line, and nothing is changed. */
static inline void bad(const char *text, const char *message)
{
    const sample before = s;

    ck_assert_int_eq(mf_opts_read(o, text, "x.ini"), MF_ERR_USAGE);
    log_expect(message);
    ck_assert_mem_eq(&s, &before, sizeof(s));
}

static inline void set_bad(const char *assignment, const char *message)
{
    const sample before = s;

    ck_assert_int_eq(mf_opts_set(o, assignment), MF_ERR_USAGE);
    log_expect(message);
    ck_assert_mem_eq(&s, &before, sizeof(s));
}

#define ROUNDS_RANGE "expected a whole number from 1 to 1000000000 (rounds)"

#endif
