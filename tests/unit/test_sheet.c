/* CSV files: whole, being written, and wrong. */
#include "mfrl/io/sheet.h"

#include <math.h>
#include <string.h>

#include "io_test.h"
#include "log_catch.h"
#include "mfrl/io/run_files.h"

static const char *file(const char *text)
{
    const char *path = in_tmp("a.csv");

    ck_assert_int_eq(mf_file_write_atomic(path, text, strlen(text)), MF_OK);
    return path;
}

START_TEST(columns_by_name)
{
    mf_sheet *s;

    ck_assert_int_eq(
        mf_sheet_read(file("round,name,env/x\n1,a b,0.5\n2,,nan\n3,c"), &s),
        MF_OK);
    ck_assert_uint_eq(mf_sheet_rows(s), 2); /* the last is half a line */
    ck_assert_int_eq(mf_sheet_column(s, "env/x"), 2);
    ck_assert_int_eq(mf_sheet_column(s, "env"), -1);
    ck_assert_str_eq(mf_sheet_text(s, 0, 1), "a b");
    ck_assert_str_eq(mf_sheet_text(s, 1, 1), "");
    ck_assert(mf_sheet_real(s, 0, 2) == 0.5);
    ck_assert(mf_sheet_real(s, 1, 0) == 2);
    ck_assert(isnan(mf_sheet_real(s, 1, 1)));
    ck_assert(isnan(mf_sheet_real(s, 1, 2)));
    ck_assert(isnan(mf_sheet_real(s, 0, 1)));
    mf_sheet_destroy(&s);
    ck_assert_ptr_null(s);
}
END_TEST

/* What is written is what is read, and a line of plain fields has no quotes. */
START_TEST(quotes)
{
    static const char *const TEXTS[] = {"plain a",    "a,b", "say \"no\"", "\"",
                                        "two\nlines", "",    "x\"y",       ","};
    const char *path = in_tmp("a.csv");
    FILE *f = fopen(path, "w");
    mf_sheet *s;

    ck_assert_ptr_nonnull(f);
    fputs("name,\"a, b\",last\n", f);
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        mf_sheet_put(f, TEXTS[i]);
        fputs(",1,", f);
        mf_sheet_put(f, TEXTS[i]);
        fputc('\n', f);
    }
    fputs("half,\"a", f);
    fclose(f);
    ck_assert_int_eq(mf_sheet_read(path, &s), MF_OK);
    ck_assert_uint_eq(mf_sheet_rows(s), COUNT_OF(TEXTS));
    ck_assert_int_eq(mf_sheet_column(s, "a, b"), 1);
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        ck_assert_str_eq(mf_sheet_text(s, i, 0), TEXTS[i]);
        ck_assert(mf_sheet_real(s, i, 1) == 1);
        ck_assert_str_eq(mf_sheet_text(s, i, 2), TEXTS[i]);
    }
    mf_sheet_destroy(&s);
}
END_TEST

START_TEST(wrong_files)
{
    static const struct {
        const char *text, *message;
    } CASES[] = {
        {"", ": there is no header line"},
        {"a,b", ": there is no header line"},
        {"a,b\n1,2\n1\n", ":3: there are not as many fields as in the header, "
                          "2"},
        {"a,b\n1,2\n\"x,2\n3,4\n", ":3: a quote does not end"},
        {"a,b\n1,2,3\n", ":2: there are not as many fields as in the header, "
                         "2"},
    };
    char message[1024];
    mf_sheet *s;

    log_catch();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const char *path = file(CASES[i].text);

        snprintf(message, sizeof(message), "%s%s", path, CASES[i].message);
        ck_assert_int_eq(mf_sheet_read(path, &s), MF_ERR_FILE);
        ck_assert_ptr_null(s);
        log_expect(message);
    }
    ck_assert_int_eq(mf_sheet_read("/no/such.csv", &s), MF_ERR_FILE);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {columns_by_name, quotes, wrong_files};

    return run_suite_between("sheet", tests, COUNT_OF(tests), io_setup,
                             io_teardown);
}
