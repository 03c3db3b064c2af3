/* Who has a run directory: one job, the newest. */
#include "mfrl/io/run_lock.h"
#include "unit/io_test.h"

static mf_run_lock taken(void)
{
    mf_run_lock l;

    log_begin();
    const mf_status st = mf_run_lock_take(tmp_root, &l);
    log_end();
    ck_ok(st);
    return l;
}

static void write_lock(const char *text)
{
    FILE *f = fopen(in_tmp("LOCK"), "w");

    fputs(text, f);
    fclose(f);
}

START_TEST(a_second_job_is_refused_and_told_by_whom)
{
    mf_run_lock mine, other;
    char who[64];

    ck_assert_int_eq(setenv("SLURM_JOB_ID", "4711", 1), 0);
    mine = taken();
    snprintf(who, sizeof(who), "another job, process %ld on ", (long)getpid());
    ck_fails(MF_ERR_HELD, who, mf_run_lock_take(tmp_root, &other));
    ck_fails(MF_ERR_HELD, "SLURM job 4711; wait for it",
             mf_run_lock_take(tmp_root, &other));
    ck_assert_int_eq(other.fd, -1);
    ck_ok(mf_run_lock_check(&mine));
    mf_run_lock_release(&mine);
    other = taken();
    ck_assert_int_eq((int)other.incarnation, 2);
    mf_run_lock_release(&other);
    mf_run_lock_release(&other); /* once more is once */
}
END_TEST

START_TEST(a_lock_of_a_dead_job_is_taken_over)
{
    mf_run_lock l = taken();

    close(l.fd); /* as its process dies */
    log_begin();
    const mf_status st = mf_run_lock_take(tmp_root, &l);
    const char *log = log_end();
    ck_ok(st);
    ck_log_has(log, "was left by process ");
    ck_log_has(log, "; taken over");
    ck_assert_int_eq((int)l.incarnation, 2);
    mf_run_lock_release(&l);

    log_begin(); /* after a clean end there is nothing to tell */
    ck_ok(mf_run_lock_take(tmp_root, &l));
    ck_assert_str_eq(log_end(), "");
    mf_run_lock_release(&l);
}
END_TEST

START_TEST(the_one_that_was_replaced_knows_it)
{
    mf_run_lock old = taken(), new;

    close(old.fd); /* its host was cut off, and the lock with it */
    new = taken();
    ck_assert(!mf_run_lock_is_mine(&old));
    ck_assert(mf_run_lock_is_mine(&new));
    ck_fails(MF_ERR_HELD, "as incarnation 2; this job, incarnation 1, ends",
             mf_run_lock_check(&old));
    mf_run_lock_release(&new);
    ck_assert(!mf_run_lock_is_mine(&old)); /* also once that has ended */

    unlink(in_tmp("LOCK"));
    ck_fails(MF_ERR_IO, "LOCK: No such file", mf_run_lock_check(&old));
    setenv("SLURM_JOB_ID", "2", 1);
    new = taken(); /* another file, and incarnation 1 again */
    ck_fails(MF_ERR_HELD, "taken over", mf_run_lock_check(&old));
    mf_run_lock_release(&new);
    ck_ok(mf_run_lock_check(NULL));
}
END_TEST

START_TEST(what_else_is_in_the_file_does_not_matter)
{
#define REST "\nheld 0\nhost a\npid 1\njob -\nsince x\n"
    static const char *const JUNK[] = {
        "incarnation",
        "\n\n\n",
        "incarnation 9 held x host",
        "incarnation 9223372036854775807" REST,
        "incarnation 99999999999999999999" REST,
        "incarnation -3" REST,
        "incarnation 9\nheld 7\nhost a\npid 1\njob -\n",
        "incarnation 9\nheld 1\nhost a\npid -1\njob -\n",
    };
    mf_run_lock l;

    write_lock("");
    log_begin();
    ck_ok(mf_run_lock_take(tmp_root, &l));
    ck_assert_str_eq(log_end(), ""); /* just made */
    mf_run_lock_release(&l);
    for (size_t i = 0; i < COUNT_OF(JUNK); i++) {
        write_lock(JUNK[i]);
        log_begin();
        ck_ok(mf_run_lock_take(tmp_root, &l));
        ck_log_has(log_end(), "makes no sense and is replaced");
        ck_assert_int_eq((int)l.incarnation, 1);
        ck_ok(mf_run_lock_check(&l));
        mf_run_lock_release(&l);
    }
    write_lock("incarnation 9" REST);
    l = taken();
    ck_assert_int_eq((int)l.incarnation, 10);
    mf_run_lock_release(&l);
}
END_TEST

START_TEST(taking_over_needs_no_room)
{
    mf_run_lock l = taken();
    mf_status st;

    close(l.fd);
    log_begin();
    limit_files(MF_LOCK_BYTES); /* it may not grow */
    st = mf_run_lock_take(tmp_root, &l);
    limit_files(RLIM_INFINITY);
    log_end();
    ck_ok(st);
    mf_run_lock_release(&l);

    unlink(in_tmp("LOCK"));
    log_begin();
    limit_files(100);
    st = mf_run_lock_take(tmp_root, &l);
    limit_files(RLIM_INFINITY);
    ck_log_has(log_end(), "cannot write ");
    ck_assert_int_eq(st, MF_ERR_IO);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_second_job_is_refused_and_told_by_whom,
        a_lock_of_a_dead_job_is_taken_over,
        the_one_that_was_replaced_knows_it,
        what_else_is_in_the_file_does_not_matter,
        taking_over_needs_no_room,
    };

    return run_io_suite("run_lock", tests, COUNT_OF(tests));
}
