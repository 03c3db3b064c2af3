/* What trajectory.fields means. */
#include "../../src/app/record_fields.h"

#include "mfrl/io/trajectory.h"
#include "unit/log_catch.h"
#include "unit/suite.h"

enum { ALWAYS = 1u << MF_TRAJ_POSITION | 1u << MF_TRAJ_ALIVE };

START_TEST(lists_are_read)
{
    static const struct {
        const char *list;
        unsigned fields;
    } GOOD[] = {
        {"", ALWAYS},
        {"position", ALWAYS},
        {"hp, action, reward", ALWAYS | 1u << MF_TRAJ_HP |
                                   1u << MF_TRAJ_ACTION | 1u << MF_TRAJ_REWARD},
        {"counts,neighbours",
         ALWAYS | 1u << MF_TRAJ_COUNTS | 1u << MF_TRAJ_NEIGHBOURS},
        {" hp  alive,", ALWAYS | 1u << MF_TRAJ_HP},
        {"all", (1u << MF_TRAJ_FIELDS) - 1},
    };

    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        unsigned fields = 0;

        ck_assert(mf_record_fields(GOOD[i].list, &fields) == MF_OK);
        ck_assert_uint_eq(fields, GOOD[i].fields);
    }
}
END_TEST

START_TEST(other_words_are_refused)
{
    unsigned fields = 77;

    log_catch();
    ck_assert(mf_record_fields("hp, actions", &fields) == MF_ERR_USAGE);
    log_expect("trajectory.fields = hp, actions: 'actions' is none of hp, "
               "action, reward, counts, neighbours, all");
    ck_assert_uint_eq(fields, 77);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {lists_are_read, other_words_are_refused};

    return run_suite("record_fields", tests, COUNT_OF(tests));
}
