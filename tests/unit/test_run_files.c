#include "mfrl/io/run_files.h"

#include <math.h>

#include <cjson/cJSON.h>

#include "io_test.h"
#include "mfrl/io/json.h"

/* The name under which this process writes a file before it renames it. */
static const char *own_tmp(const char *name)
{
    static char text[64];

    snprintf(text, sizeof(text), "%s.tmp-%ld", name, (long)getpid());
    return text;
}

START_TEST(makes_a_directory_with_its_parents)
{
    struct stat st;

    ck_ok(mf_run_dir_create(in_tmp("a/b//c/")));
    ck_ok(mf_run_dir_create(in_tmp("a/b/c"))); /* again: fine */
    ck_assert_int_eq(stat(in_tmp("a/b/c"), &st), 0);
    ck_assert(S_ISDIR(st.st_mode));
}
END_TEST

START_TEST(says_what_is_in_the_way)
{
    char text[2 * MF_PATH];

    put_file(in_tmp("file"), "x", 1);
    ck_fails(MF_ERR_IO, "is a file", mf_run_dir_create(in_tmp("file")));
    ck_fails(MF_ERR_IO, "Not a directory",
             mf_run_dir_create(in_tmp("file/run")));
    ck_fails(MF_ERR_USAGE, "run.dir", mf_run_dir_create(""));
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    ck_fails(MF_ERR_USAGE, "run.dir", mf_run_dir_create(text));
    ck_fails(MF_ERR_USAGE, "longer than",
             mf_path_join((char[MF_PATH]){0}, "a", text));
}
END_TEST

START_TEST(refuses_a_directory_without_permission)
{
    if (geteuid() == 0) { /* root may do all: go on as somebody else */
        ck_assert_int_eq(chmod(tmp_root, 0777), 0);
        ck_assert_int_eq(setegid(65534), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_int_eq(mkdir(in_tmp("ro"), 0555), 0);
    ck_fails(MF_ERR_IO, "Permission denied",
             mf_run_dir_create(in_tmp("ro/run")));
    ck_fails(MF_ERR_IO, "cannot write", mf_run_dir_create(in_tmp("ro")));
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(reads_back_what_was_written)
{
    char bytes[5000];
    char *text;
    size_t n;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)draw((uint32_t)i, 256);
    }
    ck_ok(mf_file_write_atomic(in_tmp("f"), bytes, sizeof(bytes)));
    ck_ok(mf_file_read(in_tmp("f"), sizeof(bytes), &text, &n));
    ck_assert_uint_eq(n, sizeof(bytes));
    ck_assert_mem_eq(text, bytes, n);
    ck_assert_int_eq(text[n], 0);
    mf_free(&text);
    ck_ok(mf_file_write_atomic(in_tmp("f"), "", 0)); /* shorter than before */
    ck_ok(mf_file_read(in_tmp("f"), 0, &text, &n));
    ck_assert_uint_eq(n, 0);
    mf_free(&text);
    ck_assert(!exists(in_tmp(own_tmp("f"))));
}
END_TEST

START_TEST(refuses_to_read_what_is_no_such_file)
{
    char *text = NULL;

    put_file(in_tmp("f"), "12345", 5);
    ck_fails(MF_ERR_FILE, "No such file",
             mf_file_read(in_tmp("g"), 9, &text, NULL));
    ck_fails(MF_ERR_FILE, "has 5 bytes, at most 4",
             mf_file_read(in_tmp("f"), 4, &text, NULL));
    ck_fails(MF_ERR_FILE, "not a plain file",
             mf_file_read(tmp_root, 9, &text, NULL));
    ck_assert_int_eq(mkfifo(in_tmp("pipe"), 0600), 0);
    ck_fails(MF_ERR_FILE, "not a plain file",
             mf_file_read(in_tmp("pipe"), 9, &text, NULL));
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
    char bytes[9000] = {0};
    char *text;
    size_t n;

    ck_ok(mf_file_write_atomic(in_tmp("f"), "old", 3));
    log_begin();
    limit_files(4096);
    const mf_status st =
        mf_file_write_atomic(in_tmp("f"), bytes, sizeof(bytes));
    limit_files(RLIM_INFINITY);
    ck_log_has(log_end(), "File too large");
    ck_assert_int_eq(st, MF_ERR_IO);
    ck_assert(!exists(in_tmp(own_tmp("f"))));
    ck_ok(mf_file_read(in_tmp("f"), 10, &text, &n));
    ck_assert_str_eq(text, "old");
    mf_free(&text);
    ck_fails(MF_ERR_IO, "No such file",
             mf_file_write_atomic(in_tmp("no/f"), "x", 1));
}
END_TEST

START_TEST(writes_json)
{
    mf_json *j, *list, *inner;
    char *text;

    ck_ok(mf_json_create(&j));
    ck_ok(mf_json_set_text(j, "state", "running"));
    ck_ok(mf_json_set_text(j, "state", "a \"quoted\"\nline"));
    ck_ok(mf_json_set_int(j, "seed", INT64_C(9223372036854775807)));
    ck_ok(mf_json_set_real(j, "rate", 0.1));
    ck_ok(mf_json_set_real(j, "none", (double)NAN));
    ck_ok(mf_json_set_text(j, "gone", ""));
    mf_json_remove(j, "gone");
    mf_json_remove(j, "never");
    ck_ok(mf_json_set_array(j, "argv", &list));
    ck_ok(mf_json_set_text(list, NULL, "train"));
    ck_ok(mf_json_set_object(list, NULL, &inner));
    ck_ok(mf_json_set_int(inner, "n", -3));
    ck_ok(mf_json_write(j, in_tmp("run.json")));
    mf_json_destroy(&j);
    ck_assert_ptr_null(j);

    text = get_file(in_tmp("run.json"), NULL);
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    ck_log_has(text, "9223372036854775807");
    cJSON *r = cJSON_Parse(text);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(cJSON_GetArraySize(r), 5);
    ck_assert_str_eq(cJSON_GetObjectItem(r, "state")->valuestring,
                     "a \"quoted\"\nline");
    ck_assert_double_eq(cJSON_GetObjectItem(r, "rate")->valuedouble, 0.1);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(r, "none")));
    list = cJSON_GetObjectItem(r, "argv");
    ck_assert_str_eq(cJSON_GetArrayItem(list, 0)->valuestring, "train");
    ck_assert_int_eq(
        cJSON_GetObjectItem(cJSON_GetArrayItem(list, 1), "n")->valueint, -3);
    cJSON_Delete(r);
    free(text);
}
END_TEST

START_TEST(reads_json)
{
    static const char TEXT[] = "{\"argv\": [\"stopped\"], \"n\": 3, "
                               "\"agent_steps\": 9007199254740991, "
                               "\"state\": \"running\"}";
    mf_json *j;
    char *text;

    put_file(in_tmp("run.json"), TEXT, sizeof(TEXT) - 1);
    ck_ok(mf_json_read(in_tmp("run.json"), 1000, &j));
    ck_assert_str_eq(mf_json_get_text(j, "state"), "running");
    ck_assert_ptr_null(mf_json_get_text(j, "n"));
    ck_assert_ptr_null(mf_json_get_text(j, "State"));
    ck_ok(mf_json_set_text(j, "state", "failed"));
    ck_ok(mf_json_write(j, in_tmp("run.json"))); /* digits are kept */
    mf_json_destroy(&j);
    text = get_file(in_tmp("run.json"), NULL);
    ck_log_has(text, "9007199254740991");
    ck_log_has(text, "\"failed\"");
    free(text);

    put_file(in_tmp("list"), "[1]", 3);
    put_file(in_tmp("half"), TEXT, 20);
    ck_fails(MF_ERR_FILE, "no JSON", mf_json_read(in_tmp("list"), 99, &j));
    ck_fails(MF_ERR_FILE, "no JSON", mf_json_read(in_tmp("half"), 99, &j));
    ck_fails(MF_ERR_FILE, "expected", mf_json_read(in_tmp("run.json"), 9, &j));
    ck_assert_ptr_null(j);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        makes_a_directory_with_its_parents,
        says_what_is_in_the_way,
        refuses_a_directory_without_permission,
        reads_back_what_was_written,
        refuses_to_read_what_is_no_such_file,
        a_full_disk_leaves_the_old_file,
        writes_json,
        reads_json,
    };

    return run_io_suite("run_files", tests, sizeof(tests) / sizeof(tests[0]));
}
