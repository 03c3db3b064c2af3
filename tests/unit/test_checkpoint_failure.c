/* Saves that are killed, that fail, that find the disk full: what was saved
 * before stays. */
#include "mfrl/io/checkpoint.h"

#include <sys/wait.h>

#include "checkpoint_test.h"

enum { AT_FUTURE = 5, AT_RENAME = 7, N_POINTS = 12 }; /* ckpt_dir.h */

/* What a save is about to do when it is killed. */
struct scene {
    int64_t before[3]; /* steps of the checkpoints that are there */
    int64_t steps;
    int keep;
    int old; /* the save that is found until the new one is there */
};

/* Fork, save with the process killed at the n-th passage of a point.  True if
 * it was killed. */
static int killed_save(const struct scene *s, int point, int n)
{
    int how;
    const pid_t child = fork();

    if (child == 0) {
        char at[32];

        snprintf(at, sizeof(at), "%d:%d", point, n);
        setenv("MFRL_TEST_KILL_AT", at, 1);
        _exit(save(s->steps, 9, s->keep) == MF_OK ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    if (WIFSIGNALED(how)) {
        ck_assert_int_eq(WTERMSIG(how), SIGKILL);
        return 1;
    }
    ck_assert_int_eq(WEXITSTATUS(how), 0);
    return 0;
}

/* The save that is found after a kill. */
static int expected(const struct scene *s, int point, int n)
{
    if (point >= AT_RENAME) {
        return 9;
    }
    if (s->steps < s->before[1]) { /* later ones go first, from the end */
        return point < AT_FUTURE ? 3 : 3 - n;
    }
    return s->old;
}

/* Play the scene, kill, look, and save again. */
static int play(const struct scene *s, int point, int n)
{
    char tmp[MF_PATH];
    int killed, tag;

    for (int i = 0; i < 3 && s->before[i] > 0; i++) {
        ck_ok(save(s->before[i], i + 1, 5));
    }
    log_begin();
    killed = killed_save(s, point, n);
    tag = found(tmp_root);
    log_end();
    ck_assert_msg(tag == (killed ? expected(s, point, n) : 9),
                  "point %d:%d gives %d", point, n, tag);
    log_begin();
    ck_ok(mf_ckpt_begin(tmp_root, 7777, 0, NULL, tmp));
    ck_assert_int_eq(count_names(".tmp"), 1);
    ck_assert_int_eq(count_names(".old"), 0);
    mf_ckpt_abandon(tmp);
    ck_assert_int_eq(count_names("."), 0);
    ck_assert_int_eq(found(tmp_root), tag);
    ck_ok(save(9999, 4, 2)); /* the next save goes through */
    ck_assert_int_eq(found(tmp_root), 4);
    log_end();
    clear_all();
    return killed;
}

START_TEST(killed_at_any_point_old_or_new_is_found)
{
    const struct scene scenes[] = {
        {{1000}, 3000, 5, 1},             /* one more */
        {{1000, 2000}, 3000, 1, 2},       /* the others expire */
        {{1000, 2000}, 2000, 5, 2},       /* the same step again */
        {{1000}, 1000, 1, 1},             /* again, and it is the only one */
        {{1000, 2000, 3000}, 1500, 5, 1}, /* went back to the first */
    };
    int kills[N_POINTS + 1] = {0};

    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
        for (int point = 1; point <= N_POINTS; point++) {
            int n = 1;

            while (play(&scenes[i], point, n)) {
                n++;
                kills[point]++;
            }
        }
    }
    for (int point = 1; point <= N_POINTS; point++) {
        ck_assert_msg(kills[point] > 0, "point %d was never passed", point);
    }
    ck_assert_int_eq(kills[2], N_FILES * 5);
}
END_TEST

START_TEST(a_failed_save_leaves_the_old_one)
{
    mf_ckpt_entry e[2];
    char tmp[MF_PATH];

    ck_ok(save(1000, 1, 2));
    ck_fails(MF_ERR_IO, "MB free",
             mf_ckpt_begin(tmp_root, 2000, UINT64_MAX, NULL, tmp));
    ck_assert_int_eq(count_names("."), 0);

    ck_ok(mf_ckpt_begin(tmp_root, 2000, 0, NULL, tmp));
    ck_ok(write_one(tmp, 2, 0, &e[0]));
    ck_ok(write_one(tmp, 2, 1, &e[1]));
    e[1].size++;
    ck_fails(MF_ERR_IO, "bytes, written were",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, e, 2, 2, NULL));
    e[1] = e[0];
    ck_fails(MF_ERR_USAGE, "twice",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, e, 2, 2, NULL));
    strcpy(e[1].name, "other.h5");
    ck_fails(MF_ERR_IO, "other.h5: No such file",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, e, 2, 2, NULL));
    log_begin();
    mf_ckpt_abandon(tmp);
    log_end();
    ck_assert_int_eq(count_names("."), 0);
    ck_assert_int_eq(found(tmp_root), 1);

    put_file(in_tmp("file"), "x", 1);
    ck_fails(MF_ERR_IO, "cannot create directory",
             mf_ckpt_begin(in_tmp("file"), 1, 0, NULL, tmp));
}
END_TEST

/* Fill a small file system, fail to save, make room, save. */
START_TEST(a_full_disk_keeps_the_old_one)
{
    char block[4096] = {0};
    mf_status st = MF_ERR_IO;
    off_t used = 0;

    if (!small_disk(tmp_root, "size=400k")) {
        return;
    }
    ck_ok(save(1000, 1, 2));
    const int fd = open(in_tmp("ballast"), O_WRONLY | O_CREAT, 0600);
    while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block)) {
        used += (off_t)sizeof(block);
    }
    for (int failed = 0; st != MF_OK; failed++) {
        log_begin();
        st = save(2000, 2, 2);
        const int tag = found(tmp_root);
        log_end();
        ck_assert_int_eq(st, st == MF_OK ? MF_OK : MF_ERR_IO);
        ck_assert_int_eq(tag, st == MF_OK ? 2 : 1);
        ck_assert(st != MF_OK || failed > 3);
        ck_assert_int_eq(count_names("."), 0);
        used -= (off_t)sizeof(block); /* give back one page at a time */
        ck_assert_int_eq(ftruncate(fd, used), 0);
    }
    close(fd);
    unlink(in_tmp("ballast"));
    ck_ok(save(3000, 3, 2));
    ck_assert_int_eq(found(tmp_root), 3);
    ck_assert_int_eq(umount(tmp_root), 0);
}
END_TEST

START_TEST(a_job_that_was_replaced_renames_nothing)
{
    mf_run_lock mine, theirs;
    mf_ckpt_entry e;
    char tmp[MF_PATH], other[MF_PATH];

    ck_ok(save(1000, 1, 2));
    ck_ok(mf_run_lock_take(tmp_root, &mine));
    ck_ok(mf_ckpt_begin(tmp_root, 2000, 0, &mine, tmp)); /* still its own */
    ck_ok(write_one(tmp, 2, 0, &e));
    close(mine.fd);
    log_begin();
    ck_ok(mf_run_lock_take(tmp_root, &theirs));
    log_end();
    ck_fails(MF_ERR_HELD, "incarnation 1, ends",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, &e, 1, 2, &mine));
    ck_assert_int_eq(found(tmp_root), 1);
    ck_fails(MF_ERR_HELD, "taken over",
             mf_ckpt_begin(tmp_root, 3000, 0, &mine, other));

    /* The new one clears away what the old one has begun. */
    ck_ok(mf_ckpt_begin(tmp_root, 2000, 0, &theirs, other));
    ck_assert_str_ne(other, tmp);
    ck_assert_int_eq(count_names(".tmp"), 1);
    ck_ok(write_one(other, 2, 0, &e));
    ck_ok(mf_ckpt_commit(tmp_root, other, 2, 2000, &e, 1, 2, &theirs));
    mf_run_lock_release(&theirs);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        killed_at_any_point_old_or_new_is_found,
        a_failed_save_leaves_the_old_one,
        a_full_disk_keeps_the_old_one,
        a_job_that_was_replaced_renames_nothing,
    };

    return run_io_suite("checkpoint_failure", tests, COUNT_OF(tests));
}
