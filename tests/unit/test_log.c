#include "mfrl/base/log.h"

#include <fcntl.h>

#include "unit/log_catch.h"
#include "unit/suite.h"

/* Both outputs into the file that log_take reads. */
static void catch_both(void)
{
    log_catch();
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, O_APPEND), 0);
    ck_assert_int_eq(dup2(STDERR_FILENO, STDOUT_FILENO), STDOUT_FILENO);
}

START_TEST(levels_have_prefixes)
{
    catch_both();
    mf_log(MF_LOG_ERROR, "a %d", 1);
    mf_log(MF_LOG_WARN, "b %s", "2");
    mf_log(MF_LOG_INFO, "c");
    mf_log(MF_LOG_DEBUG, "not shown");
    ck_assert_str_eq(log_take(), "mfrl-dist: error: a 1\n"
                                 "mfrl-dist: warning: b 2\n"
                                 "c\n");
    mf_log_set_level(MF_LOG_DEBUG);
    mf_log(MF_LOG_DEBUG, "d");
    ck_assert_str_eq(log_take(), "mfrl-dist: debug: d\n");
    mf_log_set_level(MF_LOG_ERROR);
    mf_log(MF_LOG_WARN, "not shown");
    mf_log_root(MF_LOG_INFO, "not shown");
    ck_assert_str_eq(log_take(), "");
}
END_TEST

START_TEST(errors_go_to_stderr_and_the_rest_to_stdout)
{
    const int null = open("/dev/null", O_WRONLY);

    log_catch();
    ck_assert_int_eq(dup2(null, STDOUT_FILENO), STDOUT_FILENO);
    mf_log(MF_LOG_INFO, "out");
    mf_log(MF_LOG_WARN, "err");
    ck_assert_str_eq(log_take(), "mfrl-dist: warning: err\n");
    close(null);
}
END_TEST

START_TEST(ranks_say_who_they_are)
{
    catch_both();
    mf_log_set_rank(2, 4);
    mf_log(MF_LOG_ERROR, "mine");
    mf_log_root(MF_LOG_ERROR, "not shown");
    ck_assert_str_eq(log_take(), "mfrl-dist: error: rank 2: mine\n");
    mf_log_set_rank(0, 4);
    mf_log(MF_LOG_INFO, "mine");
    mf_log_root(MF_LOG_INFO, "ours");
    ck_assert_str_eq(log_take(), "mine\nours\n");
    mf_log_silence();
    mf_log(MF_LOG_ERROR, "not shown");
    ck_assert_str_eq(log_take(), "");
    mf_log_set_rank(0, 1);
    mf_log(MF_LOG_INFO, "again");
    ck_assert_str_eq(log_take(), "again\n");
}
END_TEST

START_TEST(lines_end_a_progress_line)
{
    char text[64] = "";
    FILE *file = fmemopen(text, sizeof(text), "w");

    catch_both();
    mf_log_set_file(file);
    mf_log_progress("50 %");
    mf_log_progress("60 %");
    mf_log(MF_LOG_INFO, "hello");
    mf_log(MF_LOG_INFO, "there");
    ck_assert_str_eq(log_take(), "\r\033[K50 %\r\033[K60 %"
                                 "\r\033[Khello\nthere\n");
    mf_log_set_file(NULL);
    mf_log(MF_LOG_INFO, "not in the file");
    fclose(file);
    ck_assert_str_eq(text, "hello\nthere\n");
}
END_TEST

START_TEST(long_lines_are_cut_and_end)
{
    char text[5000];
    const char *got;

    catch_both();
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    mf_log(MF_LOG_INFO, "%s", text);
    mf_log(MF_LOG_INFO, "next");
    got = log_take();
    ck_assert_uint_ge(strlen(got), 2000);
    ck_assert_uint_le(strlen(got), 2100);
    ck_assert_str_eq(got + strlen(got) - 7, "x\nnext\n");
}
END_TEST

START_TEST(failures_are_one_error_line)
{
    log_catch();
    ck_assert(MF_FAIL(MF_ERR_FILE, "%s: damaged", "net.h5") == MF_ERR_FILE);
    log_expect("net.h5: damaged");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        levels_have_prefixes,       errors_go_to_stderr_and_the_rest_to_stdout,
        ranks_say_who_they_are,     lines_end_a_progress_line,
        long_lines_are_cut_and_end, failures_are_one_error_line,
    };

    return run_suite("log", tests, COUNT_OF(tests));
}
