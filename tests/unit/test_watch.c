/* What a watch makes of the signs of life of its rank. */
#include "mfrl/comm/watch.h"

#include "mfrl/base/beat.h"
#include "unit/suite.h"

START_TEST(work_resets_both_clocks)
{
    mf_watch_state s = {0};

    mf_watch_look(&s, 1, 0, 0);
    mf_watch_look(&s, 2, 0, 0);
    ck_assert(s.idle == 3 && s.stuck == 3);
    mf_watch_look(&s, 1, 5, 0);
    ck_assert(s.idle == 0 && s.stuck == 0);
    mf_watch_look(&s, 1, 5, 0);
    ck_assert(s.idle == 1 && s.stuck == 1);
}
END_TEST

START_TEST(who_waits_is_idle_but_not_stuck)
{
    mf_watch_state s = {0};

    for (unsigned long k = 1; k <= 10; k++) {
        mf_watch_look(&s, 1, 0, k);
    }
    ck_assert(s.idle == 10 && s.stuck == 0);
    mf_watch_look(&s, 1, 0, 10); /* does not even look for messages */
    ck_assert(s.idle == 11 && s.stuck == 1);
    mf_watch_look(&s, 1, 1, 10);
    ck_assert(s.idle == 0 && s.stuck == 0);
}
END_TEST

static int called;

static void hook(void) { called++; }

START_TEST(beats_are_counted_and_call_once)
{
    const unsigned long beats = mf_beats(), waiting = mf_beats_waiting();

    mf_beat();
    mf_beat_waiting();
    mf_beat_waiting();
    ck_assert_uint_eq(mf_beats() - beats, 1);
    ck_assert_uint_eq(mf_beats_waiting() - waiting, 2);
    ck_assert_int_eq(called, 0);
    mf_beat_call(hook);
    mf_beat();
    mf_beat();
    ck_assert_int_eq(called, 1);
    mf_beat_call(hook);
    mf_beat_waiting();
    ck_assert_int_eq(called, 2);
    mf_beat_call(hook);
    mf_beat_call(NULL);
    mf_beat();
    ck_assert_int_eq(called, 2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {work_resets_both_clocks,
                                  who_waits_is_idle_but_not_stuck,
                                  beats_are_counted_and_call_once};

    return run_suite("watch", tests, COUNT_OF(tests));
}
