#include "mfrl/cfg/opt.h"

#include "unit/opt_sample.h"

START_TEST(defaults_fill_every_field)
{
    ck_assert_int_eq(s.rounds, 1000);
    ck_assert_int_eq(s.count, 0);
    ck_assert_str_eq(s.dir, "");
    ck_assert_double_eq(s.rate, 0.5);
    ck_assert_double_eq(s.wide, -3);
    ck_assert_int_eq(s.list.n, 2);
    ck_assert_double_eq(s.list.at[0], 1);
    ck_assert_double_eq(s.list.at[1], 2.5);
    ck_assert_int_eq(s.heat.n, 1);
    ck_assert_double_eq(s.heat.round[0], 0);
    ck_assert_double_eq(s.heat.value[0], 0.3);
    ck_assert(!s.flag);
    ck_assert_int_eq(s.layout, 0);
    ck_assert(!mf_opts_is_set(o, "run", "rounds"));
}
END_TEST

START_TEST(a_key_knows_where_it_was_set)
{
    good("[run]\n\nrounds = 7\n[env.ising]\nflag = on\n");
    ck_assert_int_eq(mf_opts_set(o, "env.ising.rate=0.25"), MF_OK);
    ck_assert_str_eq(mf_opts_where(o, "run", "rounds"), "x.ini:3: ");
    ck_assert_str_eq(mf_opts_where(o, "env.ising", "rate"), "command line: ");
    ck_assert_str_eq(mf_opts_where(o, "run", "dir"), "");

    /* a message is about the first key in it that was set */
    ck_assert_str_eq(mf_opts_origin("run.rounds = 7: too few", o), "x.ini:3: ");
    ck_assert_str_eq(mf_opts_origin("run.count = 0: more than run.rounds = 7; "
                                    "env.ising.flag = on",
                                    o),
                     "x.ini:3: ");
    ck_assert_str_eq(mf_opts_origin("env.ising.flag: no", o), "x.ini:5: ");
    ck_assert_str_eq(mf_opts_origin("env.ising.flag is on", o), "x.ini:5: ");
    ck_assert_str_eq(mf_opts_origin("use more run.rounds", o), "");
    ck_assert_str_eq(mf_opts_origin("run.dir = x", o), "");
    ck_assert_str_eq(mf_opts_origin("", o), "");
    good("[run]\nrounds = 8\n"); /* the last one counts */
    ck_assert_str_eq(mf_opts_where(o, "run", "rounds"), "x.ini:2: ");
}
END_TEST

static int skip_count(const char *key) { return strcmp(key, "run.count") == 0; }

START_TEST(two_sets_are_compared_by_value)
{
    sample other;
    const mf_opt_section sections[] = {{"run", RUN_OPTS, &other},
                                       {"env.ising", ISING_OPTS, &other}};
    mf_opt_diff d;
    mf_opts *p;
    int at = 0;

    ck_assert_int_eq(mf_opts_create(sections, 2, &p), MF_OK);
    good("[run]\nrounds = 1e3\ncount = 5\n[env.ising]\nrate = 0.50\n");
    ck_assert(!mf_opts_differ(o, p, skip_count, &at, &d));
    at = 0;
    ck_assert(mf_opts_differ(o, p, NULL, &at, &d));
    ck_assert_str_eq(d.key, "run.count");
    ck_assert(!mf_opts_differ(o, p, NULL, &at, &d));
    good("[env.ising]\ntemperature = 1\nflag = on\n");
    at = 0;
    ck_assert(mf_opts_differ(o, p, skip_count, &at, &d));
    ck_assert_str_eq(d.key, "env.ising.temperature");
    ck_assert_str_eq(d.a, "1");
    ck_assert_str_eq(d.b, "1, 2.5");
    ck_assert(mf_opts_differ(o, p, skip_count, &at, &d));
    ck_assert_str_eq(d.key, "env.ising.flag");
    ck_assert(!mf_opts_differ(o, p, skip_count, &at, &d));
    mf_opts_destroy(&p);
}
END_TEST

START_TEST(ini_forms_are_taken)
{
    good("");
    good("\n\n  \n\t\r\n; c\n# c\n  # c = d\n;\n#");
    ck_assert(!mf_opts_is_set(o, "run", "rounds"));
    good("\xEF\xBB\xBF[run]\r\nrounds = 7\r\n");
    ck_assert_int_eq(s.rounds, 7);
    good("  [ run ] ; comment\n  rounds = 8 ; comment\n  count = 5 # comment\n"
         "\tdir = a;b ;c\n[env.ising]# comment\nflag: on\n[run]");
    ck_assert_int_eq(s.rounds, 8);
    ck_assert_int_eq(s.count, 5);
    ck_assert_str_eq(s.dir, "a;b");
    ck_assert(s.flag);
    good("[run]\nrounds = 9\n[env.ising]\nflag = off\n[run]\ncount = 6");
    ck_assert_int_eq(s.rounds, 9);
    ck_assert_int_eq(s.count, 6);
    good("[run]\ndir = #x\n");
    ck_assert_str_eq(s.dir, "");
}
END_TEST

START_TEST(lines_that_are_no_ini_are_refused)
{
    bad("rounds = 1\n",
        "x.ini:1: key 'rounds' comes before the first [section]");
    bad("[run]\n\nrounds\n[none]\n",
        "x.ini:3: expected key = value or [section]");
    bad("[run]\nrounds", "x.ini:2: expected key = value or [section]");
    bad("[run]\n= 3\n", "x.ini:2: expected key = value or [section]");
    bad("[run\nrounds = 1\n", "x.ini:1: '[run': expected a closing ']'");
    bad("[run] rounds = 1\n", "x.ini:1: 'rounds = 1' after a section's ']': "
                              "expected a line of its own");
    bad("[]\n", "x.ini:1: unknown section []; there are [run], [env.ising]");
    bad("\xEF\xBB\xBF\xEF\xBB\xBF[run]\n",
        "x.ini:1: expected key = value or [section]");
    /* An indented line is a line, not more of the value above. */
    bad("[run]\ndir = a\n  b\n", "x.ini:3: expected key = value or [section]");
}
END_TEST

START_TEST(unknown_names_bring_the_nearest)
{
    bad("[env.ising]\n# c\ntemprature = 1\n",
        "x.ini:3: unknown key 'temprature' in [env.ising]; did you mean "
        "'temperature'?");
    bad("[env.ising]\nTEMP = 1\n", "x.ini:2: unknown key 'TEMP' in [env.ising]"
                                   "; did you mean 'temperature'?");
    bad("[run]\nruonds = 1\n",
        "x.ini:2: unknown key 'ruonds' in [run]; did you mean 'rounds'?");
    bad("[env.ising]\nrounds = 1\n",
        "x.ini:2: unknown key 'rounds' in [env.ising]; it belongs to [run]");
    bad("[run]\nxyz = 1\n", "x.ini:2: unknown key 'xyz' in [run]; its keys are "
                            "rounds, dir, count");
    bad("[env.isnig]\n",
        "x.ini:1: unknown section [env.isnig]; did you mean [env.ising]?");
    bad("[quite]\nrounds = 1\n", "x.ini:1: unknown section [quite]; there are "
                                 "[run], [env.ising]");
    bad("[run]\nro\x01unds = 1\n",
        "x.ini:2: unknown key 'ro?unds' in [run]; did you mean 'rounds'?");
}
END_TEST

START_TEST(a_key_comes_once_per_text)
{
    bad("[run]\nrounds = 5\n\nrounds = 5\n",
        "x.ini:4: run.rounds was already set on line 2");
    bad("[run]\nrounds = 5\n[env.ising]\nrate = 0\n[run]\nrounds = 6\n",
        "x.ini:6: run.rounds was already set on line 2");
    good("[run]\nrounds = 5\n");
    good("[run]\nrounds = 6\n");
    ck_assert_int_eq(s.rounds, 6);
}
END_TEST

START_TEST(a_bad_text_changes_nothing)
{
    bad("[run]\nrounds = 5\ncount = 3\n[env.ising]\nrate = 2\nwide = x\n",
        "x.ini:5: env.ising.rate = 2: expected a number from 0 to 1");
    ck_assert(!mf_opts_is_set(o, "run", "rounds"));
    ck_assert_int_eq(s.rounds, 1000);
}
END_TEST

START_TEST(long_lines_are_refused_and_long_comments_are_not)
{
    static char text[20000];
    char shown[512];

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "#", 1);
    good(text);
    memcpy(text, "[run]\nrounds=", 13);
    bad(text, "x.ini:2: the line has 19993 characters, more than the 4094 "
              "that can be read");
    text[6 + 4095] = '\0';
    bad(text, "x.ini:2: the line has 4095 characters, more than the 4094 "
              "that can be read");
    text[6 + 4094] = '\0';
    memset(shown, 'x', sizeof(shown));
    snprintf(shown + 76, sizeof(shown) - 76, "...: " ROUNDS_RANGE);
    memmove(shown + 22, shown, strlen(shown) + 1);
    memcpy(shown, "x.ini:2: run.rounds = ", 22);
    bad(text, shown);
    memcpy(text, "[yyyyyyyyyyyy", 13); /* cut short by the message only */
    text[6000] = ']';
    ck_assert_int_eq(mf_opts_read(o, text, "x.ini"), MF_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(log_take(), "x.ini:1: '[yyyyyyyyyyyyxx"));
    memcpy(text, "[run]\nroundsroundsroundsroundsroundsroundsroundsrounds=1",
           57);
    ck_assert_int_eq(mf_opts_read(o, text, "x.ini"), MF_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(log_take(), "x.ini:2: unknown key 'rounds"));
}
END_TEST

START_TEST(overrides_are_applied)
{
    good("[run]\nrounds = 5\n[env.ising]\ntemperature = 1\n");
    ck_assert_int_eq(mf_opts_set(o, "run.rounds=7"), MF_OK);
    ck_assert_int_eq(mf_opts_set(o, " env.ising.temperature = 0.9, 2 "), MF_OK);
    ck_assert_int_eq(mf_opts_set(o, "run.dir=a=b.c"), MF_OK);
    ck_assert_int_eq(s.rounds, 7);
    ck_assert_int_eq(s.list.n, 2);
    ck_assert_str_eq(s.dir, "a=b.c");
    ck_assert(mf_opts_is_set(o, "run", "dir"));
    ck_assert(!mf_opts_is_set(o, "env.ising", "rate"));
    ck_assert_int_eq(mf_opts_set(o, "run.rounds=8"), MF_OK);
    ck_assert_int_eq(mf_opts_set(o, "run.dir="), MF_OK);
    ck_assert_int_eq(s.rounds, 8);
    ck_assert_str_eq(s.dir, "");
}
END_TEST

START_TEST(bad_overrides_are_refused)
{
    static char text[9000];

    set_bad("run.rounds",
            "command line: 'run.rounds': expected section.key=value");
    set_bad("rounds=4", "command line: 'rounds=4': expected section.key=value; "
                        "did you mean 'run.rounds'?");
    set_bad("nothing=4",
            "command line: 'nothing=4': expected section.key=value");
    set_bad("", "command line: '': expected section.key=value");
    set_bad("=", "command line: '=': expected section.key=value");
    set_bad(".=", "command line: unknown section []; there are [run], "
                  "[env.ising]");
    set_bad("run.=", "command line: unknown key '' in [run]; its keys are "
                     "rounds, dir, count");
    set_bad("env.rounds=1", "command line: unknown section [env]; did you mean "
                            "[env.ising]?");
    set_bad("run.round=1",
            "command line: unknown key 'round' in [run]; did you "
            "mean 'rounds'?");
    set_bad("run.rounds=x", "command line: run.rounds = x: " ROUNDS_RANGE);
    set_bad("run.rounds=1\n", "command line: run.rounds = 1?: " ROUNDS_RANGE);
    memset(text, 'a', sizeof(text) - 1);
    ck_assert_int_eq(mf_opts_set(o, text), MF_ERR_USAGE);
    ck_assert_ptr_nonnull(
        strstr(log_take(), "aaa...' has 8999 characters, more than 4095\n"));
}
END_TEST

START_TEST(bad_tables_are_refused)
{
    static const mf_opt OPTS[] = {
        {"rounds", MF_OPT_INT, AT(rounds), "0", 1, 5, NULL, NULL, ""},
        {.key = NULL}};
    const mf_opt_section twice[] = {{"run", RUN_OPTS, &s},
                                    {"run", RUN_OPTS, &s}};
    const mf_opt_section wrong[] = {{"run", OPTS, &s}};
    mf_opts *p = o;

    ck_assert_int_eq(mf_opts_create(twice, 2, &p), MF_ERR_USAGE);
    log_expect("section [run] is declared twice");
    ck_assert_ptr_null(p);
    ck_assert_int_eq(mf_opts_create(wrong, 1, &p), MF_ERR_USAGE);
    log_expect(
        "default of run.rounds = 0: expected a whole number from 1 to 5");
    ck_assert_ptr_null(p);
    mf_opts_destroy(&p);
}
END_TEST

START_TEST(schedules_are_linear_between_points)
{
    const mf_schedule h = {3, {10, 20, 40}, {1, 3, -1}};

    ck_assert_double_eq(mf_schedule_at(&h, 0), 1);
    ck_assert_double_eq(mf_schedule_at(&h, 10), 1);
    ck_assert_double_eq(mf_schedule_at(&h, 12.5), 1.5);
    ck_assert_double_eq(mf_schedule_at(&h, 20), 3);
    ck_assert_double_eq(mf_schedule_at(&h, 35), 0);
    ck_assert_double_eq(mf_schedule_at(&h, 40), -1);
    ck_assert_double_eq(mf_schedule_at(&h, 1e9), -1);
    ck_assert_double_eq(mf_schedule_at(&s.heat, 5), 0.3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opt");
    TCase *tc = tcase_create("opt");
    SRunner *sr = srunner_create(suite);

    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, defaults_fill_every_field);
    tcase_add_test(tc, ini_forms_are_taken);
    tcase_add_test(tc, a_key_knows_where_it_was_set);
    tcase_add_test(tc, two_sets_are_compared_by_value);
    tcase_add_test(tc, lines_that_are_no_ini_are_refused);
    tcase_add_test(tc, unknown_names_bring_the_nearest);
    tcase_add_test(tc, a_key_comes_once_per_text);
    tcase_add_test(tc, a_bad_text_changes_nothing);
    tcase_add_test(tc, long_lines_are_refused_and_long_comments_are_not);
    tcase_add_test(tc, overrides_are_applied);
    tcase_add_test(tc, bad_overrides_are_refused);
    tcase_add_test(tc, bad_tables_are_refused);
    tcase_add_test(tc, schedules_are_linear_between_points);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);

    const int failed = srunner_ntests_failed(sr);

    srunner_free(sr);
    return failed != 0;
}
