#include "mfrl/cfg/opt.h"

#include "unit/opt_sample.h"

START_TEST(text_fills_every_type)
{
    good("[run]\nrounds=1e6\ncount = all\ndir = runs/a b;c#d=e\n"
         "[env.ising]\nrate = .25\nwide = -1.5E+3\n"
         "temperature = 0.9 ,1.2,\t2e0\nheat = 0:1.0, 1600 : 0.2,2e3:0.1\n"
         "flag = on\nlayout = colocated\n");
    ck_assert_int_eq(s.rounds, 1000000);
    ck_assert_int_eq(s.count, -1);
    ck_assert_str_eq(s.dir, "runs/a b;c#d=e");
    ck_assert_double_eq(s.rate, 0.25);
    ck_assert_double_eq(s.wide, -1500);
    ck_assert_int_eq(s.list.n, 3);
    ck_assert_double_eq(s.list.at[0], 0.9);
    ck_assert_double_eq(s.list.at[1], 1.2);
    ck_assert_double_eq(s.list.at[2], 2);
    ck_assert_int_eq(s.heat.n, 3);
    ck_assert_double_eq(s.heat.round[1], 1600);
    ck_assert_double_eq(s.heat.round[2], 2000);
    ck_assert_double_eq(s.heat.value[2], 0.1);
    ck_assert(s.flag);
    ck_assert_int_eq(s.layout, 2);
    ck_assert(mf_opts_is_set(o, "env.ising", "flag"));
    good("[env.ising]\ntemperature = 3\nheat = 7\n[run]\ndir =\n");
    ck_assert_int_eq(s.list.n, 1); /* and zeros behind, as if never longer */
    ck_assert_double_eq(s.list.at[1], 0);
    ck_assert_double_eq(s.heat.round[2], 0);
    ck_assert_double_eq(s.heat.value[0], 7);
    ck_assert_str_eq(s.dir, "");
    ck_assert_int_eq(s.dir[3], 0);
    ck_assert_int_eq(s.rounds, 1000000); /* an earlier text's stays */
}
END_TEST

START_TEST(bad_whole_numbers_are_refused)
{
    static const char *const VALUES[] = {"-3",
                                         "0",
                                         "1000000001",
                                         "1.5",
                                         "1e-1",
                                         "15e-1",
                                         "nan",
                                         "1x",
                                         "0x10",
                                         "1 2",
                                         "e3",
                                         "1e",
                                         "1e+",
                                         "--1",
                                         ".",
                                         "1e10",
                                         "1,000",
                                         "on",
                                         "1e999",
                                         "auto",
                                         "18446744073709551617",
                                         "1.00000000000000000001"};
    char text[128], message[256];

    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        snprintf(text, sizeof(text), "\n[run]\nrounds = %s\n", VALUES[i]);
        snprintf(message, sizeof(message),
                 "x.ini:3: run.rounds = %s: " ROUNDS_RANGE, VALUES[i]);
        bad(text, message);
    }
    bad("[run]\nrounds =\n", "x.ini:2: run.rounds is empty: " ROUNDS_RANGE);
    bad("[run]\ncount = 0\n",
        "x.ini:2: run.count = 0: expected auto, all or a whole number from 1 "
        "to 9007199254740992 (worlds)");
    bad("[run]\ncount = 9007199254740993\n",
        "x.ini:2: run.count = 9007199254740993: expected auto, all or a whole "
        "number from 1 to 9007199254740992 (worlds)");
}
END_TEST

START_TEST(whole_numbers_are_exact)
{
    static const struct {
        const char *text;
        int64_t want;
    } CASES[] = {{"+12", 12},        {"007", 7}, {"1.50e1", 15},
                 {"120e-1", 12},     {"3.", 3},  {"1E9", 1000000000},
                 {"0.0000001e+7", 1}};
    char text[64];

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        snprintf(text, sizeof(text), "run.rounds=%s", CASES[i].text);
        ck_assert_int_eq(mf_opts_set(o, text), MF_OK);
        ck_assert_int_eq(s.rounds, CASES[i].want);
    }
    ck_assert_int_eq(mf_opts_set(o, "run.count = 9007199254740992"), MF_OK);
    ck_assert_int_eq(s.count, INT64_C(9007199254740992));
    ck_assert_int_eq(mf_opts_set(o, "run.count=9007199254740991"), MF_OK);
    ck_assert_int_eq(s.count, INT64_C(9007199254740991));
}
END_TEST

START_TEST(bad_reals_are_refused)
{
    static const char *const VALUES[] = {"-0.1",  "1.01", "nan", "inf",
                                         "1e400", "0x1",  "0,5", "0.5x",
                                         "half",  "1e"};
    char text[128], message[256];

    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        snprintf(text, sizeof(text), "[env.ising]\nrate = %s\n", VALUES[i]);
        snprintf(message, sizeof(message),
                 "x.ini:2: env.ising.rate = %s: expected a number from 0 to 1",
                 VALUES[i]);
        bad(text, message);
    }
    bad("[env.ising]\nwide = -inf\n",
        "x.ini:2: env.ising.wide = -inf: expected a number (J)");
    bad("[env.ising]\nwide = 1e309\n",
        "x.ini:2: env.ising.wide = 1e309: expected a number (J)");
}
END_TEST

START_TEST(bad_words_are_refused)
{
    bad("[env.ising]\nflag = true\n",
        "x.ini:2: env.ising.flag = true: expected on or off");
    bad("[env.ising]\nflag =\n",
        "x.ini:2: env.ising.flag is empty: expected on or off");
    bad("[env.ising]\nlayout = splitt\n",
        "x.ini:2: env.ising.layout = splitt: expected auto, split or "
        "colocated; did you mean 'split'?");
    bad("[env.ising]\nlayout = auto|split\n",
        "x.ini:2: env.ising.layout = auto|split: expected auto, split or "
        "colocated; did you mean 'auto'?");
    bad("[env.ising]\nlayout = 1\n",
        "x.ini:2: env.ising.layout = 1: expected auto, split or colocated");
}
END_TEST

START_TEST(bad_lists_are_refused)
{
#define LIST "expected 1 to 64 numbers from 0 to 10 with commas between (J/k)"
    char text[1024] = "[env.ising]\ntemperature = 0";

    bad("[env.ising]\ntemperature = 1, 11\n",
        "x.ini:2: env.ising.temperature = 1, 11: " LIST "; entry 2 is '11'");
    bad("[env.ising]\ntemperature = 1,,2\n",
        "x.ini:2: env.ising.temperature = 1,,2: " LIST "; entry 2 is ''");
    bad("[env.ising]\ntemperature = 1,\n",
        "x.ini:2: env.ising.temperature = 1,: " LIST "; entry 2 is ''");
    bad("[env.ising]\ntemperature = 1 2\n",
        "x.ini:2: env.ising.temperature = 1 2: " LIST "; entry 1 is '1 2'");
    bad("[env.ising]\ntemperature =\n",
        "x.ini:2: env.ising.temperature is empty: " LIST);
    for (int i = 1; i < 64; i++) {
        strcat(text, ",1");
    }
    good(text);
    ck_assert_int_eq(s.list.n, 64);
    ck_assert_double_eq(s.list.at[63], 1);
    strcat(text, ",1");
    bad(text, "x.ini:2: env.ising.temperature = 0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"
              ",1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,...: " LIST
              "; these are more");
}
END_TEST

START_TEST(bad_schedules_are_refused)
{
#define HEAT                                                                   \
    "expected a number from 0 to 10, or at most 64 pairs round:number with "   \
    "commas between, rounds increasing"
    char text[1024] = "[env.ising]\nheat = ";

    bad("[env.ising]\nheat = 0:1, 5:11\n",
        "x.ini:2: env.ising.heat = 0:1, 5:11: " HEAT "; entry 2 is '5:11'");
    bad("[env.ising]\nheat = 0:1, 5\n",
        "x.ini:2: env.ising.heat = 0:1, 5: " HEAT "; entry 2 is '5'");
    bad("[env.ising]\nheat = 5:1, 5:2\n",
        "x.ini:2: env.ising.heat = 5:1, 5:2: " HEAT
        "; round 5 comes after round 5");
    bad("[env.ising]\nheat = 5:1, 4:2\n",
        "x.ini:2: env.ising.heat = 5:1, 4:2: " HEAT
        "; round 4 comes after round 5");
    bad("[env.ising]\nheat = -1:1\n",
        "x.ini:2: env.ising.heat = -1:1: " HEAT "; entry 1 is '-1:1'");
    bad("[env.ising]\nheat = 0.5:1\n",
        "x.ini:2: env.ising.heat = 0.5:1: " HEAT "; entry 1 is '0.5:1'");
    bad("[env.ising]\nheat = 1, 2\n", "x.ini:2: env.ising.heat = 1, 2: " HEAT);
    bad("[env.ising]\nheat =\n", "x.ini:2: env.ising.heat is empty: " HEAT);
    for (int i = 0; i < 64; i++) {
        snprintf(text + strlen(text), 16, "%s%d:1", i > 0 ? "," : "", i);
    }
    good(text);
    ck_assert_int_eq(s.heat.n, 64);
    strcat(text, ",64:1");
    ck_assert_int_eq(mf_opts_read(o, text, "x.ini"), MF_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(log_take(), "; these are more\n"));
}
END_TEST

START_TEST(bad_strings_are_refused)
{
#define TEXT                                                                   \
    "expected text of at most 255 characters, no quotes, comments or "         \
    "control characters"
    char text[512] = "[run]\ndir = ", want[512];

    bad("[run]\ndir = \"a\"\n", "x.ini:2: run.dir = \"a\": " TEXT);
    bad("[run]\ndir = a\x01\tb\n", "x.ini:2: run.dir = a??b: " TEXT);
    set_bad("run.dir=a ;b", "command line: run.dir = a ;b: " TEXT);
    set_bad("run.dir=a #b", "command line: run.dir = a #b: " TEXT);
    set_bad("run.dir=;b", "command line: run.dir = ;b: " TEXT);
    memset(want, 'x', 255);
    want[255] = '\0';
    strcat(text, want);
    good(text);
    ck_assert_str_eq(s.dir, want);
    strcat(text, "x");
    ck_assert_int_eq(mf_opts_read(o, text, "x.ini"), MF_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(log_take(), "xx...: expected text of"));
    ck_assert_str_eq(s.dir, want);
}
END_TEST

START_TEST(one_key_of_any_text)
{
    static const char INI[] = "[algo]\n"
                              "name = mfq  ; a comment\n"
                              "[env.ising]\n"
                              "name = other\n"
                              "  temperature=0.9, 1.2 # two\n"
                              "names = x\n"
                              "[algo]\n"
                              "names = \n";
    char out[12] = "old";

    ck_assert(mf_ini_find(INI, "algo", "name", out, sizeof(out)));
    ck_assert_str_eq(out, "mfq");
    ck_assert(mf_ini_find(INI, "env.ising", "temperature", out, sizeof(out)));
    ck_assert_str_eq(out, "0.9, 1.2");
    ck_assert(mf_ini_find(INI, "algo", "names", out, sizeof(out)));
    ck_assert_str_eq(out, "");
    ck_assert(!mf_ini_find(INI, "env.ising", "temperature", out, 8));
    ck_assert_str_eq(out, "");
    ck_assert(!mf_ini_find(INI, "env", "name", out, sizeof(out)));
    ck_assert(!mf_ini_find("", "algo", "name", out, sizeof(out)));
    ck_assert_str_eq(out, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opt_parse");
    TCase *tc = tcase_create("opt_parse");
    SRunner *sr = srunner_create(suite);

    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, text_fills_every_type);
    tcase_add_test(tc, bad_whole_numbers_are_refused);
    tcase_add_test(tc, whole_numbers_are_exact);
    tcase_add_test(tc, bad_reals_are_refused);
    tcase_add_test(tc, bad_words_are_refused);
    tcase_add_test(tc, bad_lists_are_refused);
    tcase_add_test(tc, bad_schedules_are_refused);
    tcase_add_test(tc, bad_strings_are_refused);
    tcase_add_test(tc, one_key_of_any_text);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);

    const int failed = srunner_ntests_failed(sr);

    srunner_free(sr);
    return failed != 0;
}
