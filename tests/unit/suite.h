/** @file suite.h
 *  The main of a serial suite.
 */
#ifndef MFRL_TESTS_UNIT_SUITE_H
#define MFRL_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

#include "mfrl/base/mem.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Every test gives back all it allocated. */
static inline void check_no_blocks(void) { ck_assert(mf_mem_blocks() == 0); }

/** Run the tests, each in its own process between setup and teardown, and give
 *  the exit code.  @param setup  NULL if there is none */
static inline int run_suite_between(const char *name, const TTest *const *tests,
                                    int n, SFun setup, SFun teardown)
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 0); /* the Makefile bounds the whole suite */
    tcase_add_checked_fixture(tc, setup, teardown);
    for (int i = 0; i < n; i++) {
        tcase_add_test(tc, tests[i]);
    }
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int run_suite(const char *name, const TTest *const *tests, int n)
{
    return run_suite_between(name, tests, n, NULL, check_no_blocks);
}

#endif
