/* Who may play by itself. */
#include "../../src/app/solo_command.h"

#include "unit/log_catch.h"
#include "unit/suite.h"

START_TEST(scripts_are_refused)
{
    static mf_config cfg;
    mf_player players[2] = {{.name = "runs/a", .cfg = &cfg}, {.name = "rush"}};

    log_catch();
    ck_assert_int_eq(mf_solo_check(players, 1), MF_OK);
    ck_assert_str_eq(log_take(), "");
    ck_assert_int_eq(mf_solo_check(players, 2), MF_ERR_USAGE);
    log_expect("rush is a script; where there is one team eval plays policies, "
               "as in mfrl-dist eval runs/squeeze-mfq-1");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {scripts_are_refused};

    return run_suite("solo_command", tests, COUNT_OF(tests));
}
