#include "mfrl/io/checkpoint.h"

#include <dirent.h>
#include <sys/wait.h>

#include "io_test.h"
#include "mfrl/base/digest.h"
#include "mfrl/io/h5.h"

enum { N_FILES = 3, N_WORDS = 700 };
enum { AT_FUTURE = 5, AT_RENAME = 7, N_POINTS = 12 }; /* ckpt_dir.h */

static const char *const FILES[N_FILES] = {"net.h5", "replay-000.h5",
                                           "world-0000.tile-00-00.h5"};

/* What file k of save number `tag` holds. */
static void content(int tag, int k, uint32_t words[N_WORDS])
{
    for (uint32_t i = 0; i < N_WORDS; i++) {
        words[i] = i * 2654435761u + (uint32_t)(1000 * tag + k);
    }
}

static const mf_h5_array ARRAY = {
    .path = "/words", .type = MF_U32, .n_dims = 1, .dims = {N_WORDS}};

static mf_status write_one(const char *dir, int tag, int k,
                           mf_ckpt_entry *entry)
{
    uint32_t words[N_WORDS];
    char path[MF_PATH];
    mf_h5 *f;

    content(tag, k, words);
    MF_TRY(mf_path_join(path, dir, FILES[k]));
    MF_TRY(mf_h5_create(path, &f));
    mf_h5_write(f, &ARRAY, words);
    MF_TRY(mf_h5_close(&f));
    return mf_ckpt_stamp(path, entry);
}

/* Save as the program does; `tag` is also the round. */
static mf_status save(int64_t steps, int tag, int keep)
{
    mf_ckpt_entry entries[N_FILES];
    char tmp[MF_PATH];
    mf_status st = MF_OK;

    MF_TRY(mf_ckpt_begin(tmp_root, steps, 10000, tmp));
    for (int k = 0; k < N_FILES && st == MF_OK; k++) {
        st = write_one(tmp, tag, k, &entries[k]);
    }
    if (st == MF_OK) {
        st = mf_ckpt_commit(tmp_root, tmp, tag, steps, entries, N_FILES, keep);
    }
    if (st != MF_OK) {
        mf_ckpt_abandon(tmp);
    }
    return st;
}

/* Find, and compare all that was saved.  The round, which is the save's
 * number, or -1 if nothing was found. */
static int found(const char *path)
{
    uint32_t want[N_WORDS], have[N_WORDS];
    char file[MF_PATH];
    mf_ckpt_info info;
    mf_h5 *f;

    if (mf_ckpt_find(path, &info) != MF_OK) {
        ck_assert_ptr_null(info.files);
        return -1;
    }
    const int tag = (int)info.round;
    ck_assert_uint_eq(info.n, N_FILES);
    for (int k = 0; k < N_FILES; k++) {
        ck_assert_str_eq(info.files[k].name, FILES[k]); /* sorted already */
        ck_ok(mf_path_join(file, info.dir, FILES[k]));
        ck_ok(mf_h5_open(file, &f));
        ck_ok(mf_h5_read(f, &ARRAY, have));
        ck_ok(mf_h5_close(&f));
        content(tag, k, want);
        ck_assert_mem_eq(have, want, sizeof(want));
    }
    mf_ckpt_info_clear(&info);
    return tag;
}

/* Names in checkpoints/ that start with prefix. */
static int count_names(const char *prefix)
{
    DIR *d = opendir(in_tmp("checkpoints"));
    struct dirent *e;
    int n = 0;

    ck_assert_ptr_nonnull(d);
    while ((e = readdir(d)) != NULL) {
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
             strncmp(e->d_name, prefix, strlen(prefix)) == 0;
    }
    closedir(d);
    return n;
}

static const char *step_file(int64_t steps, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "checkpoints/step-%012lld/%s",
             (long long)steps, name);
    return in_tmp(path);
}

static void clear_all(void)
{
    io_teardown();
    ck_assert_int_eq(mkdir(tmp_root, 0700), 0);
}

START_TEST(the_newest_is_found_and_the_newest_are_kept)
{
    char target[64] = "";

    for (int tag = 1; tag <= 5; tag++) {
        ck_ok(save(tag * 1000, tag, 2));
        ck_assert_int_eq(found(tmp_root), tag);
    }
    ck_assert_int_eq(count_names(""), 3); /* two and the link */
    ck_assert(exists(step_file(4000, "")) && exists(step_file(5000, "")));
    ck_assert_int_gt(
        readlink(in_tmp("checkpoints/latest"), target, sizeof(target) - 1), 0);
    ck_assert_str_eq(target, "step-000000005000");
    /* One that is pointed at directly. */
    ck_assert_int_eq(found(step_file(4000, "")), 4);
    ck_assert_int_eq(found(in_tmp("checkpoints/latest")), 5);
    ck_ok(save(6000, 6, 1));
    ck_assert_int_eq(count_names(""), 2);
    ck_assert_int_eq(found(tmp_root), 6);
}
END_TEST

START_TEST(one_of_the_same_step_is_replaced)
{
    ck_ok(save(1000, 1, 3));
    ck_ok(save(2000, 2, 3));
    ck_ok(save(2000, 7, 3));
    ck_assert_int_eq(found(tmp_root), 7);
    ck_assert_int_eq(count_names(""), 3);
}
END_TEST

START_TEST(going_back_drops_the_future)
{
    ck_ok(save(1000, 1, 5));
    ck_ok(save(2000, 2, 5));
    ck_ok(save(3000, 3, 5));
    log_begin(); /* resumed from step 1000, by its path */
    const mf_status st = save(1500, 8, 5);
    ck_log_has(log_end(), "step-000000003000 is deleted");
    ck_ok(st);
    ck_assert_int_eq(found(tmp_root), 8);
    ck_assert_int_eq(count_names("step-"), 2);
}
END_TEST

START_TEST(manifest_is_what_it_promises)
{
    char *text;
    mf_ckpt_entry e;
    uint64_t big = UINT64_C(999999999999999);

    ck_ok(save((int64_t)big, 3, 2)); /* the largest number it can hold */
    ck_assert_int_eq(found(tmp_root), 3);
    text = get_file(in_tmp("checkpoints/step-999999999999999/manifest.json"),
                    NULL);
    ck_log_has(text, "\"format\":\t1");
    ck_log_has(text, "\"agent_steps\":\t999999999999999");
    ck_log_has(text, "\"name\":\t\"net.h5\"");
    free(text);
    /* As printed by: printf 'mean field' | xxhsum -H3 */
    put_file(in_tmp("words"), "mean field", 10);
    ck_ok(mf_ckpt_stamp(in_tmp("words"), &e));
    ck_assert_uint_eq(e.hash, mf_digest_bytes("mean field", 10, 0));
    ck_assert_uint_eq(e.size, 10);
    ck_assert_str_eq(e.name, "words");
    ck_fails(MF_ERR_USAGE, "cannot be a file",
             mf_ckpt_stamp(in_tmp("manifest.json"), &e));
    ck_fails(MF_ERR_IO, "No such file", mf_ckpt_stamp(in_tmp("none"), &e));
}
END_TEST

START_TEST(none_and_none_good_are_told_apart)
{
    ck_fails(MF_ERR_FILE, "there is no checkpoint",
             found(tmp_root) == -1 ? MF_ERR_FILE : MF_OK);
    ck_ok(save(1000, 1, 2));
    ck_assert_int_eq(unlink(step_file(1000, FILES[1])), 0);
    ck_fails(MF_ERR_FILE, "replay-000.h5: No such file",
             found(tmp_root) == -1 ? MF_ERR_FILE : MF_OK);
    ck_fails(MF_ERR_FILE, "all 1 are damaged",
             found(tmp_root) == -1 ? MF_ERR_FILE : MF_OK);
    ck_fails(MF_ERR_FILE, "step-000000001000/ is damaged: replay-000.h5",
             found(step_file(1000, "")) == -1 ? MF_ERR_FILE : MF_OK);
}
END_TEST

/* Each damage to the newest leaves the one before, and says why. */
START_TEST(damaged_ones_are_skipped_by_name)
{
    const char *why[] = {"net.h5 has 0 bytes",
                         "manifest.json is missing",
                         "manifest.json is no JSON object",
                         "manifest.json is of another format",
                         "net.h5 is no plain file",
                         "its manifest is of step 2000"};
    const size_t n_why = sizeof(why) / sizeof(why[0]);

    for (size_t i = 0; i < n_why; i++) {
        ck_ok(save(1000, 1, 3));
        ck_ok(save(2000, 2, 3));
        const char *net = step_file(2000, "net.h5");
        const char *manifest = step_file(2000, "manifest.json");
        switch (i) {
        case 0:
            put_file(net, "", 0);
            break;
        case 1:
            unlink(manifest);
            break;
        case 2:
            put_file(manifest, "[1, 2", 5);
            break;
        case 3:
            put_file(manifest, "{\"format\": 2}", 13);
            break;
        case 4:
            unlink(net);
            ck_assert_int_eq(mkdir(net, 0700), 0);
            break;
        default:
            ck_assert_int_eq(rename(step_file(2000, ""), step_file(3000, "")),
                             0);
        }
        log_begin();
        const int tag = found(tmp_root);
        const char *log = log_end();
        ck_assert_int_eq(tag, 1);
        ck_log_has(log, why[i]);
        ck_log_has(log, "skipped");
        clear_all();
    }
}
END_TEST

START_TEST(junk_is_ignored)
{
    ck_ok(save(1000, 1, 2));
    put_file(in_tmp("checkpoints/notes.txt"), "x", 1);
    put_file(in_tmp("checkpoints/step-12"), "x", 1);
    put_file(in_tmp("checkpoints/step-0000000009012"), "x", 1);
    put_file(in_tmp("checkpoints/step-00000000900x"), "x", 1);
    put_file(in_tmp("checkpoints/step-000000009000.bak"), "x", 1);
    put_file(step_file(1000, "core"), "x", 1);
    log_begin();
    const int tag = found(tmp_root);
    ck_assert_str_eq(log_end(), "");
    ck_assert_int_eq(tag, 1);
    put_file(in_tmp("checkpoints/step-000000009000"), "x", 1); /* no dir */
    log_begin();
    ck_assert_int_eq(found(tmp_root), 1);
    ck_log_has(log_end(), "manifest.json is missing");
    ck_assert(exists(in_tmp("checkpoints/notes.txt")));
}
END_TEST

/* No flipped bit and no cut is ever read. */
START_TEST(flips_and_cuts_fall_back)
{
    const char *names[N_FILES + 1] = {FILES[0], FILES[1], FILES[2],
                                      "manifest.json"};
    int harmless = 0;

    ck_ok(save(1000, 1, 3));
    ck_ok(save(2000, 2, 3));
    log_begin();
    for (uint32_t k = 0; k < 3000; k++) {
        const uint32_t which = k % (N_FILES + 1);
        char path[MF_PATH];
        struct stat st;

        snprintf(path, sizeof(path), "%s", step_file(2000, names[which]));
        ck_assert_int_eq(stat(path, &st), 0);
        const size_t bit = draw(k, 8 * (size_t)st.st_size);
        flip_bit(path, bit);
        const int tag = found(tmp_root);
        flip_bit(path, bit);
        /* White space of the manifest may change: 2 is then read whole. */
        ck_assert(tag == 1 || (tag == 2 && which == N_FILES));
        harmless += tag == 2;
    }
    for (uint32_t k = 0; k < 64; k++) {
        char path[MF_PATH];
        size_t n;

        snprintf(path, sizeof(path), "%s", step_file(2000, names[k % 4]));
        char *good = get_file(path, &n);
        put_file(path, good, n * k / 64);
        ck_assert_int_eq(found(tmp_root), 1);
        put_file(path, good, n);
        free(good);
    }
    log_end();
    ck_assert_int_lt(harmless, 150);
    ck_assert_int_eq(found(tmp_root), 2);
}
END_TEST

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
    ck_ok(mf_ckpt_begin(tmp_root, 7777, 0, tmp));
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
             mf_ckpt_begin(tmp_root, 2000, UINT64_MAX, tmp));
    ck_assert_int_eq(count_names("."), 0);

    ck_ok(mf_ckpt_begin(tmp_root, 2000, 0, tmp));
    ck_ok(write_one(tmp, 2, 0, &e[0]));
    ck_ok(write_one(tmp, 2, 1, &e[1]));
    e[1].size++;
    ck_fails(MF_ERR_IO, "bytes, written were",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, e, 2, 2));
    e[1] = e[0];
    ck_fails(MF_ERR_USAGE, "twice",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, e, 2, 2));
    strcpy(e[1].name, "other.h5");
    ck_fails(MF_ERR_IO, "other.h5: No such file",
             mf_ckpt_commit(tmp_root, tmp, 2, 2000, e, 2, 2));
    log_begin();
    mf_ckpt_abandon(tmp);
    ck_log_has(log_end(), "older ones are kept");
    ck_assert_int_eq(count_names("."), 0);
    ck_assert_int_eq(found(tmp_root), 1);

    put_file(in_tmp("file"), "x", 1);
    ck_fails(MF_ERR_IO, "cannot create directory",
             mf_ckpt_begin(in_tmp("file"), 1, 0, tmp));
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

int main(void)
{
    const TTest *const tests[] = {
        the_newest_is_found_and_the_newest_are_kept,
        one_of_the_same_step_is_replaced,
        going_back_drops_the_future,
        manifest_is_what_it_promises,
        none_and_none_good_are_told_apart,
        damaged_ones_are_skipped_by_name,
        junk_is_ignored,
        flips_and_cuts_fall_back,
        killed_at_any_point_old_or_new_is_found,
        a_failed_save_leaves_the_old_one,
        a_full_disk_keeps_the_old_one,
    };

    return run_suite("checkpoint", tests, sizeof(tests) / sizeof(tests[0]));
}
