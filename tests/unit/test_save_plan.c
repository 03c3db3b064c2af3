/* When checkpoints are written. */
#include "../../src/app/save_plan.h"

#include "unit/suite.h"

START_TEST(multiples_up_to_the_last_round)
{
    mf_save_plan p;

    mf_save_plan_begin(&p, 20, 7, 0);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 7, 50), 20);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 20, 50), 40);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 40, 50), 50);
    mf_save_plan_saved(&p, 40, 1, 100); /* slow saves change nothing */
    ck_assert_int_eq((int)mf_save_plan_next(&p, 40, 1000), 60);
    mf_save_plan_begin(&p, 0, 7, 0);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 7, 50), 50);
}
END_TEST

START_TEST(auto_saves_for_a_hundredth_of_the_time)
{
    mf_save_plan p;

    mf_save_plan_begin(&p, -1, 7, 10);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 7, 1000), 107);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 57, 1000), 107);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 7, 50), 50);
    /* 100 rounds took 1 s, the save 0.5 s: 50 s of rounds */
    mf_save_plan_saved(&p, 107, 11, 11.5);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 107, 100000), 5107);
    /* 5000 rounds took 5000 s, the save still 0.5 s: 100 rounds are the least
     */
    mf_save_plan_saved(&p, 5107, 5011.5, 5012);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 5107, 100000), 5207);
    /* rounds that took no time at all */
    mf_save_plan_saved(&p, 5207, 5012, 5013);
    ck_assert_int_eq((int)mf_save_plan_next(&p, 5207, 100000), 100000);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {multiples_up_to_the_last_round,
                                  auto_saves_for_a_hundredth_of_the_time};

    return run_suite("save_plan", tests, COUNT_OF(tests));
}
