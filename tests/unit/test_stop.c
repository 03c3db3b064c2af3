/* What asks a run to stop, and how it is named. */
#include <signal.h>
#include <time.h>

#include "../../src/app/signals.h"
#include "../../src/app/stop.h"

#include "unit/io_test.h"
#include "unit/log_catch.h"

static mf_config cfg; /* only run.* is looked at */

static mf_stop begin(double hours)
{
    mf_stop s;

    snprintf(cfg.run.run.dir, sizeof(cfg.run.run.dir), "%s", tmp_root);
    cfg.run.run.max_hours = hours;
    ck_assert_int_eq(mf_stop_init(&s, &cfg), MF_OK);
    return s;
}

/* The allocation ends so many seconds from now. */
static void allocate(long long seconds)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)time(NULL) + seconds);
    ck_assert_int_eq(setenv("SLURM_JOB_END_TIME", text, 1), 0);
}

START_TEST(signals_set_a_flag_however_often_they_come)
{
    mf_signals_install();
    ck_assert_int_eq(mf_signals_seen(), 0);
    ck_assert_int_eq(mf_signals_word(), 0);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        raise(SIGTERM);
    }
    raise(SIGINT);
    ck_assert_int_eq(mf_signals_seen(), 1);
    /* on 4000 ranks, one of which had another one */
    ck_assert_str_eq(mf_signals_name(4000 * mf_signals_word()), "signal USR1");
}
END_TEST

START_TEST(a_second_interrupt_ends_the_process)
{
    mf_signals_install();
    raise(SIGINT);
    raise(SIGINT);
}
END_TEST

START_TEST(nothing_asks_at_first)
{
    mf_stop s = begin(0);

    ck_assert_int_eq(mf_stop_asked(&s, 0), 0);
    ck_assert_ptr_null(s.reason);
}
END_TEST

START_TEST(each_reason_is_named)
{
    mf_stop s = begin(1);

    ck_assert_int_eq(mf_stop_asked(&s, 0), 0);
    s.hours_end -= 3600;
    ck_assert_int_eq(mf_stop_asked(&s, 0), 1);
    ck_assert_str_eq(s.reason, "run.max_hours are over");

    s = begin(0);
    fclose(fopen(in_tmp("STOP"), "w"));
    ck_assert_int_eq(mf_stop_asked(&s, 0), 1);
    ck_assert_str_eq(s.reason, "file STOP");
    unlink(in_tmp("STOP"));
    ck_assert_int_eq(mf_stop_asked(&s, 0), 1); /* it stays asked */

    s = begin(0);
    mf_signals_install();
    raise(SIGUSR2);
    ck_assert_int_eq(mf_stop_asked(&s, 0), 1);
    ck_assert_str_eq(s.reason, "signal USR2");
}
END_TEST

START_TEST(time_is_left_before_the_allocation_ends)
{
    mf_stop s;

    allocate(100);
    s = begin(0);
    ck_assert_int_eq(mf_stop_asked(&s, 0), 0);
    mf_stop_saved(&s, 15);
    mf_stop_saved(&s, 1); /* the longest counts */
    ck_assert_int_eq(mf_stop_asked(&s, 0), 0);
    mf_stop_saved(&s, 25); /* 60 + 2 x 25 > 100 */
    ck_assert_int_eq(mf_stop_asked(&s, 0), 1);
    ck_assert_str_eq(s.reason, "the SLURM allocation ends soon");

    s = begin(0);
    ck_assert_int_eq(mf_stop_asked(&s, 0), 0);
    s.asked -= 25; /* a round as long does the same */
    ck_assert_int_eq(mf_stop_asked(&s, 0), 1);
}
END_TEST

START_TEST(an_end_that_is_past_is_ignored)
{
    log_catch();
    allocate(-1);
    begin(0);
    ck_assert_ptr_nonnull(strstr(log_take(), "is ignored"));
    ck_assert_int_eq(setenv("SLURM_JOB_END_TIME", "soon", 1), 0);
    ck_assert(begin(0).allocation_end == 0);
    ck_assert_ptr_nonnull(strstr(log_take(), "= soon is no time to come"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {signals_set_a_flag_however_often_they_come,
                                  nothing_asks_at_first, each_reason_is_named,
                                  time_is_left_before_the_allocation_ends,
                                  an_end_that_is_past_is_ignored};
    Suite *s = suite_create("stop");
    TCase *tc = tcase_create("stop");
    SRunner *sr = srunner_create(s);
    int failed;

    unsetenv("SLURM_JOB_END_TIME");
    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, io_setup, io_teardown);
    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        tcase_add_test(tc, tests[i]);
    }
    suite_add_tcase(s, tc);
    tc = tcase_create("signal");
    tcase_add_test_raise_signal(tc, a_second_interrupt_ends_the_process,
                                SIGINT);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
