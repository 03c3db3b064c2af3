/* eval.csv over restarts and on a full disk. */
#include "../../src/app/eval_csv.h"

#include "unit/io_test.h"

static const char HEADER[] = "round,reward\n";

static bool keep_all(void *arg, const char *row)
{
    (void)row;
    ++*(int *)arg;
    return true;
}

static mf_eval_csv begin(int64_t resumed, int *n_kept)
{
    mf_eval_csv c;

    *n_kept = 0;
    ck_assert_int_eq(
        mf_eval_csv_open(&c, tmp_root, HEADER, resumed, keep_all, n_kept),
        MF_OK);
    return c;
}

static void holds(const char *want)
{
    char *text = get_file(in_tmp("eval.csv"), NULL);

    ck_assert_str_eq(text, want);
    free(text);
}

START_TEST(later_rows_are_dropped)
{
    int n;
    mf_eval_csv c = begin(0, &n);

    mf_eval_csv_append(&c, "2,0.5\n");
    mf_eval_csv_append(&c, "4,0.25\n4,0.75\n");
    mf_eval_csv_append(&c, "6,1\n");
    mf_eval_csv_close(&c);
    c = begin(4, &n);
    mf_eval_csv_close(&c);
    ck_assert_int_eq(n, 3);
    holds("round,reward\n2,0.5\n4,0.25\n4,0.75\n");
}
END_TEST

/* 422.8 of which 42 was written is no number. */
START_TEST(a_row_that_was_cut_is_dropped)
{
    static const char CUT[] = "round,reward\n2,421.5\n4,42";
    int n;
    mf_eval_csv c;

    put_file(in_tmp("eval.csv"), CUT, strlen(CUT));
    c = begin(4, &n);
    ck_assert_int_eq(n, 1);
    mf_eval_csv_append(&c, "4,422.8\n");
    mf_eval_csv_close(&c);
    holds("round,reward\n2,421.5\n4,422.8\n");
}
END_TEST

START_TEST(rows_wait_for_room)
{
    int n;
    mf_eval_csv c = begin(0, &n);
    const char *said;

    mf_eval_csv_append(&c, "2,0.5\n");
    limit_files(22);
    log_begin();
    mf_eval_csv_append(&c, "4,0.25\n");
    mf_eval_csv_append(&c, "6,1\n");
    said = log_end();
    limit_files(RLIM_INFINITY);
    ck_log_has(said, "rows wait");
    holds("round,reward\n2,0.5\n");
    mf_eval_csv_append(&c, "8,2\n");
    holds("round,reward\n2,0.5\n4,0.25\n6,1\n8,2\n");
    ck_assert_ptr_null(c.waiting);

    limit_files(40);
    log_begin();
    mf_eval_csv_append(&c, "10,4\n");
    log_end();
    limit_files(RLIM_INFINITY);
    mf_eval_csv_close(&c);
    holds("round,reward\n2,0.5\n4,0.25\n6,1\n8,2\n10,4\n");
}
END_TEST

START_TEST(rows_that_are_lost_are_told)
{
    int n;
    mf_eval_csv c = begin(0, &n);
    const char *said;

    limit_files(16);
    log_begin();
    mf_eval_csv_append(&c, "2,0.5\n");
    mf_eval_csv_close(&c);
    said = log_end();
    limit_files(RLIM_INFINITY);
    ck_log_has(said, "lacks its last rows");
    holds("round,reward\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        later_rows_are_dropped, a_row_that_was_cut_is_dropped,
        rows_wait_for_room, rows_that_are_lost_are_told};
    Suite *s = suite_create("eval_csv");
    TCase *tc = tcase_create("eval_csv");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, io_setup, io_teardown);
    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        tcase_add_test(tc, tests[i]);
    }
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
