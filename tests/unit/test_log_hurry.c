/* A terminal that reads no more: who is asked to stop does not wait for it. */
#include "mfrl/base/log.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/beat.h"

static int hurry;

static int is_hurry(void) { return hurry; }

/* Stdout becomes a pipe; returns the end that nobody reads. */
static int pipe_stdout(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    return ends[0];
}

static void fill_stdout(void)
{
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);

    fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
    while (write(STDOUT_FILENO, "x", 1) == 1) {
    }
    fcntl(STDOUT_FILENO, F_SETFL, flags);
}

START_TEST(a_full_pipe_is_not_waited_for_in_a_hurry)
{
    FILE *file = tmpfile();
    char line[64] = "";

    ck_assert_ptr_nonnull(file);
    (void)pipe_stdout();
    fill_stdout();
    mf_log_set_file(file);
    mf_log_set_hurry(is_hurry);
    hurry = 1;
    alarm(20); /* a hang kills this process */
    mf_log(MF_LOG_INFO, "for the file");
    mf_log_progress("for nobody");
    rewind(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
    ck_assert_str_eq(line, "for the file\n");
}
END_TEST

START_TEST(what_a_pipe_takes_is_written_in_a_hurry_too)
{
    const int out = pipe_stdout();
    char text[64] = "";

    mf_log_set_hurry(is_hurry);
    hurry = 1;
    mf_log(MF_LOG_INFO, "last words");
    ck_assert_int_eq(read(out, text, sizeof(text) - 1), 11);
    ck_assert_str_eq(text, "last words\n");
}
END_TEST

START_TEST(without_hurry_a_line_waits_for_its_reader)
{
    const int out = pipe_stdout();
    char text[1 << 16];
    pid_t child;
    ssize_t n, last = 0;

    fill_stdout();
    mf_log_set_hurry(is_hurry);
    child = fork();
    if (child == 0) {
        mf_log(MF_LOG_INFO, "waited");
        _exit(0);
    }
    usleep(300000); /* longer than one look at the pipe */
    close(STDOUT_FILENO);
    while ((n = read(out, text, sizeof(text) - 1)) > 0) {
        last = n;
        text[n] = '\0';
    }
    ck_assert_int_gt(last, 0);
    ck_assert_ptr_nonnull(strstr(text, "waited\n"));
}
END_TEST

static int unread = -1;

/* Called by a sign of life. */
static void read_it(void)
{
    char text[1 << 16];

    ck_assert_int_gt(read(unread, text, sizeof(text)), 0);
}

START_TEST(who_waits_for_a_reader_is_alive)
{
    const unsigned long beats = mf_beats();

    unread = pipe_stdout();
    fill_stdout();
    mf_beat_call(read_it);
    alarm(20); /* nobody else reads */
    mf_log(MF_LOG_INFO, "read at last");
    ck_assert_int_gt((int)(mf_beats() - beats), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("log_hurry");
    TCase *t = tcase_create("hurry");
    SRunner *sr = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_test(t, a_full_pipe_is_not_waited_for_in_a_hurry);
    tcase_add_test(t, what_a_pipe_takes_is_written_in_a_hurry_too);
    tcase_add_test(t, without_hurry_a_line_waits_for_its_reader);
    tcase_add_test(t, who_waits_for_a_reader_is_alive);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
