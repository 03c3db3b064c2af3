#include "mfrl/io/whole_file.h"

#include <sys/wait.h>

#include "io_test.h"

START_TEST(whole_or_not_at_all)
{
    const char *path = in_tmp("o.csv");
    mf_whole_file f;

    ck_ok(mf_whole_file_open(path, &f));
    fputs("one", f.to);
    ck_assert(!exists(path));
    ck_ok(mf_whole_file_close(&f, MF_OK));
    ck_ok(mf_whole_file_open(path, &f));
    fputs("two", f.to);
    ck_assert_int_eq(mf_whole_file_close(&f, MF_ERR_FILE), MF_ERR_FILE);
    ck_assert(!exists(f.tmp));
    char *now = get_file(path, NULL);
    ck_assert_str_eq(now, "one");
    free(now);
}
END_TEST

/* A file and a directory with something in it are being written when the
 * signal comes.  How the process ended. */
static int stopped_by(int number)
{
    char tmp[MF_PATH], inside[MF_PATH + 8];
    const pid_t child = fork();
    mf_whole_file done, f;
    int how;

    if (child == 0) {
        if (signal(number, SIG_DFL) == SIG_IGN) { /* not the suite's */
            signal(number, SIG_IGN);
        }
        mf_scratch_begin();
        if (mf_whole_dir_begin(in_tmp("dir"), tmp) != MF_OK ||
            mf_whole_file_open(in_tmp("done"), &done) != MF_OK ||
            mf_whole_file_close(&done, MF_OK) != MF_OK ||
            mf_whole_file_open(in_tmp("file"), &f) != MF_OK) {
            _exit(2);
        }
        snprintf(inside, sizeof(inside), "%s/data", tmp);
        put_file(inside, "x", 1);
        if (!exists(tmp) || !exists(f.tmp)) {
            _exit(3);
        }
        raise(number);
        _exit(exists(tmp) && exists(f.tmp) ? 4 : 5);
    }
    waitpid(child, &how, 0);
    return how;
}

static int names_in_tmp(void)
{
    DIR *d = opendir(tmp_root);
    int n = 0;

    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n - 2; /* . and .. */
}

START_TEST(a_signal_leaves_nothing_half_written)
{
    const int stop[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < COUNT_OF(stop); i++) {
        const int how = stopped_by(stop[i]);

        ck_assert(WIFSIGNALED(how));
        ck_assert_int_eq(WTERMSIG(how), stop[i]);
        ck_assert_int_eq(names_in_tmp(), 1); /* the one that was done */
        ck_assert(exists(in_tmp("done")));
    }
}
END_TEST

START_TEST(an_ignored_signal_stays_ignored)
{
    int how;

    signal(SIGHUP, SIG_IGN);
    how = stopped_by(SIGHUP);
    ck_assert(WIFEXITED(how));
    ck_assert_int_eq(WEXITSTATUS(how), 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whole_or_not_at_all,
        a_signal_leaves_nothing_half_written,
        an_ignored_signal_stays_ignored,
    };

    return run_io_suite("whole_file", tests, COUNT_OF(tests));
}
