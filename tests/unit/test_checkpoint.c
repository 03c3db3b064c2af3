#include "mfrl/io/checkpoint.h"

#include "checkpoint_test.h"
#include "mfrl/base/digest.h"

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
    };

    return run_io_suite("checkpoint", tests, COUNT_OF(tests));
}
