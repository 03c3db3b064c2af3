#include "mfrl/cfg/opt.h"

#include <math.h>

#include "mfrl/base/rng.h"
#include "unit/opt_sample.h"

static char written[1 << 16];

static void write_all(int explain)
{
    FILE *f = fmemopen(written, sizeof(written), "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(mf_opts_write(o, explain, f), MF_OK);
    ck_assert_int_eq(fclose(f), 0);
}

/* Write, read into defaults, compare bytes; plain and explained. */
static void round_trip(void)
{
    const sample want = s;

    for (int explain = 0; explain < 2; explain++) {
        write_all(explain);
        mf_opts_destroy(&o);
        sample_create();
        ck_assert_msg(mf_opts_read(o, written, "written") == MF_OK, "%s",
                      log_take());
        ck_assert_mem_eq(&s, &want, sizeof(s));
    }
}

START_TEST(defaults_are_written_plainly)
{
    write_all(0);
    ck_assert_str_eq(written, "[run]\nrounds = 1000\ndir =\ncount = auto\n\n"
                              "[env.ising]\nrate = 0.5\nwide = -3\n"
                              "temperature = 1, 2.5\nheat = 0.3\nflag = off\n"
                              "layout = auto\n");
    round_trip();
}
END_TEST

START_TEST(explanations_precede_their_keys)
{
    write_all(1);
    ck_assert_ptr_nonnull(
        strstr(written, "[run]\n"
                        "# length of the run\n"
                        "#   a whole number from 1 to 1000000000 (rounds); "
                        "default 1000\n"
                        "rounds = 1000\n"
                        "\n"
                        "# where results go\n"
                        "#   text; default empty\n"
                        "dir =\n"));
    ck_assert_ptr_nonnull(strstr(written,
                                 "#   auto, split or colocated; default auto\n"
                                 "layout = auto\n"));
    round_trip();
}
END_TEST

START_TEST(reals_are_short_and_exact)
{
    static const struct {
        double v;
        const char *text;
    } CASES[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {100, "100"},
                 {999999, "999999"},
                 {-120000, "-120000"},
                 {1e6, "1e6"},
                 {1.5e7, "1.5e7"},
                 {1e300, "1e300"},
                 {1e-9, "1e-9"},
                 {2.5e-110, "2.5e-110"},
                 {0.1, "0.1"},
                 {0.0001, "0.0001"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e22, "1e22"},
                 {5e-324, "5e-324"}};
    char line[64];

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        s.wide = CASES[i].v;
        write_all(0);
        snprintf(line, sizeof(line), "\nwide = %s\n", CASES[i].text);
        ck_assert_msg(strstr(written, line) != NULL, "no '%s' in\n%s", line,
                      written);
        round_trip();
    }
}
END_TEST

static uint64_t bits64(uint32_t i)
{
    const mf_rng key = {.seed = 7, .purpose = MF_RNG_TEST};

    return (uint64_t)mf_rng_u32(&key, 2 * i) << 32 |
           mf_rng_u32(&key, 2 * i + 1);
}

START_TEST(random_fields_come_back_bit_for_bit)
{
    for (uint32_t k = 0; k < 300; k++) {
        const uint64_t a = bits64(4 * k), b = bits64(4 * k + 1);

        memcpy(&s.wide, &a, sizeof(a)); /* any finite double */
        if (!isfinite(s.wide)) {
            s.wide = 1.0 / 3;
        }
        s.rate = (double)(b >> 11) * 0x1p-53;
        s.rounds = 1 + (int64_t)(a % 1000000000);
        s.count = (int64_t)(b % 4) - 1;
        s.flag = a & 1;
        s.layout = (int)(b % 3);
        memset(&s.list, 0, sizeof(s.list));
        memset(&s.heat, 0, sizeof(s.heat));
        s.list.n = 1 + (int)(a % MF_OPT_LIST);
        s.heat.n = 1 + (int)(b % MF_OPT_LIST);
        for (int i = 0; i < s.list.n; i++) {
            s.list.at[i] = 10 * mf_rng_unit((uint32_t)(a >> i));
        }
        for (int i = 0; i < s.heat.n; i++) {
            s.heat.round[i] = i * 1000.0 + (double)(b % 1000);
            s.heat.value[i] =
                (double)(bits64(k * 64 + (uint32_t)i) >> 11) * 0x1p-50;
        }
        round_trip();
    }
}
END_TEST

START_TEST(the_longest_values_come_back)
{
    memset(s.dir, '=', MF_OPT_TEXT - 1);
    s.wide = -1.7976931348623157e-308;
    s.list.n = s.heat.n = MF_OPT_LIST;
    for (int i = 0; i < MF_OPT_LIST; i++) {
        s.list.at[i] = 2.2250738585072014e-308 * (1 + 0.001 * i);
        s.heat.round[i] = 9007199254740900.0 + i;
        s.heat.value[i] = s.list.at[i];
    }
    round_trip();
}
END_TEST

START_TEST(fields_that_no_text_gives_are_refused)
{
    FILE *f = fopen("/dev/null", "w");

    ck_assert_ptr_nonnull(f);
    s.rate = NAN;
    ck_assert_int_eq(mf_opts_write(o, 0, f), MF_ERR_USAGE);
    log_expect("config to write: env.ising.rate = nan: expected a number from "
               "0 to 1");
    s.rate = 0;
    s.layout = 3;
    ck_assert_int_eq(mf_opts_write(o, 0, f), MF_ERR_USAGE);
    log_expect("config to write: env.ising.layout = 3: expected auto, split or "
               "colocated");
    s.layout = 0;
    strcpy(s.dir, "two\nlines");
    ck_assert_int_eq(mf_opts_write(o, 0, f), MF_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(log_take(), "run.dir = two?lines: "));
    fclose(f);
}
END_TEST

START_TEST(a_full_disk_is_reported)
{
    FILE *f = fopen("/dev/full", "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(mf_opts_write(o, 1, f), MF_ERR_IO);
    log_expect("cannot write the config: No space left on device");
    fclose(f);
}
END_TEST

/* Read any text: taken, or refused with one line and no change. */
static int feed(const char *text)
{
    const sample before = s;
    const mf_status st = mf_opts_read(o, text, "fuzz");
    const char *log = log_take();

    if (st == MF_OK) {
        ck_assert_str_eq(log, "");
        round_trip();
        return 1;
    }
    ck_assert_int_eq(st, MF_ERR_USAGE);
    ck_assert_mem_eq(&s, &before, sizeof(s));
    ck_assert_int_eq(strncmp(log, "mfrl-dist: error: fuzz:", 23), 0);
    ck_assert_ptr_eq(strchr(log, '\n'), log + strlen(log) - 1);
    return 0;
}

START_TEST(random_bytes_do_no_harm)
{
    static const char SPICE[] = "[]=:;#.,\n\r\t\"eE+-0123456789run";
    char text[401];

    for (uint32_t k = 0; k < 2000; k++) {
        const size_t n = bits64(k << 10) % sizeof(text);

        for (size_t i = 0; i < n; i++) {
            const uint64_t r = bits64((k << 10) + 1 + (uint32_t)i);
            const char any = (char)(1 + (r >> 8) % 255);

            text[i] = r & 1 ? any : SPICE[(r >> 8) % (sizeof(SPICE) - 1)];
        }
        text[n] = '\0';
        feed(text);
        ck_assert_int_eq(mf_opts_set(o, text), MF_ERR_USAGE);
        log_take();
    }
}
END_TEST

START_TEST(mutated_files_do_no_harm)
{
    char whole[2048], text[2200];
    int taken = 0;

    s.list.n = 5;
    s.heat = (mf_schedule){3, {1, 2, 30}, {1, 0.5, 0}};
    write_all(0);
    strcpy(whole, written);
    for (uint32_t k = 0; k < 3000; k++) {
        size_t n = strlen(whole);

        memcpy(text, whole, n + 1);
        for (uint64_t m = 0; m < 1 + k % 4; m++) {
            const uint64_t r = bits64((k << 3) + (uint32_t)m);
            const size_t at = (r >> 8) % n;
            const size_t len = (r >> 32) % 6 < n - at ? (r >> 32) % 6 : 0;

            switch (r % 4) {
            case 0: /* change a byte */
                text[at] = (char)(1 + (r >> 40) % 255);
                break;
            case 1: /* lose some */
                memmove(text + at, text + at + len, n - at - len + 1);
                n -= len;
                break;
            case 2: /* repeat some */
                memmove(text + at + len, text + at, n - at + 1);
                n += len;
                break;
            default: /* swap two */
                text[at] = text[(r >> 40) % n];
                break;
            }
        }
        taken += feed(text);
    }
    ck_assert_int_gt(taken, 100); /* both ways are exercised */
    ck_assert_int_lt(taken, 2900);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opt_write");
    TCase *tc = tcase_create("opt_write");
    SRunner *sr = srunner_create(suite);

    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, defaults_are_written_plainly);
    tcase_add_test(tc, explanations_precede_their_keys);
    tcase_add_test(tc, reals_are_short_and_exact);
    tcase_add_test(tc, random_fields_come_back_bit_for_bit);
    tcase_add_test(tc, the_longest_values_come_back);
    tcase_add_test(tc, fields_that_no_text_gives_are_refused);
    tcase_add_test(tc, a_full_disk_is_reported);
    tcase_add_test(tc, random_bytes_do_no_harm);
    tcase_add_test(tc, mutated_files_do_no_harm);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);

    const int failed = srunner_ntests_failed(sr);

    srunner_free(sr);
    return failed != 0;
}
