/* Other programs: fed, failing, missing. */
#include "../../src/app/child.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io_test.h"
#include "log_catch.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

/* Run a line of sh in the test's directory. */
static mf_status sh(const char *line, const void *bytes, size_t n)
{
    const char *argv[] = {"sh", "-c", line, NULL};
    mf_child c;
    bool found;

    ck_assert_int_eq(
        mf_child_start(argv, in_tmp("."), bytes != NULL, &c, &found), MF_OK);
    ck_assert(found);
    if (bytes != NULL) {
        (void)mf_child_write(&c, bytes, n);
    }
    return mf_child_end(&c);
}

START_TEST(takes_what_it_is_given)
{
    enum { MUCH = 1 << 20 };
    static char bytes[MUCH];
    char *back;
    size_t n;

    for (int i = 0; i < MUCH; i++) {
        bytes[i] = (char)(i * 7 % 251);
    }
    ck_assert_int_eq(sh("cat >copy", bytes, MUCH), MF_OK);
    ck_assert_int_eq(mf_file_read(in_tmp("copy"), 2 * MUCH, &back, &n), MF_OK);
    ck_assert_uint_eq(n, MUCH);
    ck_assert_int_eq(memcmp(back, bytes, MUCH), 0);
    mf_free(&back);
}
END_TEST

START_TEST(reads_nothing_if_it_is_not_fed)
{
    ck_assert_int_eq(sh("test \"$(wc -c)\" -eq 0", NULL, 0), MF_OK);
}
END_TEST

START_TEST(its_failure_is_one_line)
{
    static char bytes[1 << 20];

    log_catch();
    ck_assert_int_eq(sh("exit 3", NULL, 0), MF_ERR_IO);
    log_expect("sh failed: exit code 3");
    ck_assert_int_eq(sh("kill -9 $$", NULL, 0), MF_ERR_IO);
    log_expect("sh failed: signal 9");
    /* It ends before it has read all. */
    ck_assert_int_eq(sh("exit 4", bytes, sizeof(bytes)), MF_ERR_IO);
    log_expect("sh failed: exit code 4");
    ck_assert_int_eq(sh("exit 0", bytes, sizeof(bytes)), MF_ERR_IO);
    log_expect("sh ended too early");
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    const char *argv[] = {"no-such-program-anywhere", NULL};
    mf_child c;
    bool found = true;

    log_catch();
    ck_assert_int_eq(mf_child_start(argv, NULL, true, &c, &found), MF_OK);
    ck_assert(!found);
    ck_assert_str_eq(log_take(), "");
}
END_TEST

START_TEST(no_shell_in_between)
{
    const char *argv[] = {"touch", "$(touch b); a'b", NULL};
    mf_child c;
    bool found;

    ck_assert_int_eq(mf_child_start(argv, in_tmp("."), false, &c, &found),
                     MF_OK);
    ck_assert_int_eq(mf_child_end(&c), MF_OK);
    ck_assert_int_eq(access(in_tmp("$(touch b); a'b"), F_OK), 0);
    ck_assert_int_ne(access(in_tmp("b"), F_OK), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        takes_what_it_is_given,  reads_nothing_if_it_is_not_fed,
        its_failure_is_one_line, a_program_that_is_not_there,
        no_shell_in_between,
    };

    return run_suite_between("child", tests, COUNT_OF(tests), io_setup,
                             io_teardown);
}
