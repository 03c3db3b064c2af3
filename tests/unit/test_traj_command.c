/* Sub-commands of traj: their arguments, and files with hardly a frame. */
#include "../../src/app/traj_command.h"

#include "trajectory_test.h"

enum { N = 12 };

static const char *text, *word[2];
static uint64_t number;
static bool flag;
static const mf_traj_option OPTIONS[] = {{.name = "--text", .text = &text},
                                         {.name = "--n", .number = &number},
                                         {.name = "--flag", .flag = &flag},
                                         {0}};

#define PARSE(n, ...)                                                          \
    mf_traj_arguments(                                                         \
        (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),         \
        (char **)(uintptr_t)(const char *[]){__VA_ARGS__}, "look", OPTIONS,    \
        "A and B", n, word)

START_TEST(arguments_in_any_order)
{
    ck_ok(PARSE(2, "a", "--n", "18446744073709551615", "--flag", "-", "--text",
                "--n"));
    ck_assert_str_eq(word[0], "a");
    ck_assert_str_eq(word[1], "-");
    ck_assert_str_eq(text, "--n");
    ck_assert_uint_eq(number, UINT64_MAX);
    ck_assert(flag);
    flag = false;
    ck_ok(PARSE(2, "--", "-a", "--flag"));
    ck_assert_str_eq(word[0], "-a");
    ck_assert_str_eq(word[1], "--flag");
    ck_assert(!flag);
    ck_ok(PARSE(2, "--text", "--", "a", "--", "--"));
    ck_assert_str_eq(text, "--");
    ck_assert_str_eq(word[1], "--");
}
END_TEST

START_TEST(arguments_that_are_refused)
{
    ck_fails(MF_ERR_USAGE, "traj look needs A and B and", PARSE(2, "a"));
    ck_fails(MF_ERR_USAGE, "needs A and B", PARSE(2, "a", "b", "c"));
    ck_fails(MF_ERR_USAGE, "no option --m", PARSE(1, "a", "--m"));
    ck_fails(MF_ERR_USAGE, "--text needs a value", PARSE(1, "a", "--text"));
    ck_fails(MF_ERR_USAGE, "--n: '-1' is not", PARSE(1, "a", "--n", "-1"));
    ck_fails(MF_ERR_USAGE, "--n: '1x' is not", PARSE(1, "a", "--n", "1x"));
    ck_fails(MF_ERR_USAGE, "--n: '' is not", PARSE(1, "a", "--n", ""));
    ck_fails(MF_ERR_USAGE, "is not a whole number",
             PARSE(1, "a", "--n", "18446744073709551616"));
}
END_TEST

/* Any number of words, and an option that may come often. */
START_TEST(words_and_a_list)
{
    const char *texts[4] = {0}, *words[2];
    int n_texts = 0, n;
    const mf_traj_option options[] = {
        {.name = "--m", .text = texts, .n_texts = &n_texts}, {0}};
    const char *args[] = {"a", "--m", "x", "b", "--m", "y", "c"};

    ck_ok(mf_traj_words(7, (char **)(uintptr_t)args, "look", options, words, 2,
                        &n));
    ck_assert_int_eq(n, 3);
    ck_assert(words[0] == args[0] && words[1] == args[3]);
    ck_assert_int_eq(n_texts, 2);
    ck_assert(texts[0] == args[2] && texts[1] == args[5] && texts[2] == NULL);
}
END_TEST

START_TEST(help_anywhere)
{
    const char *args[] = {"FILE", "--out", "-h"};

    log_begin(); /* no text on the terminal */
    ck_assert(mf_helps(3, (char **)(uintptr_t)args, ""));
    ck_assert(!mf_helps(2, (char **)(uintptr_t)args, ""));
    log_end();
}
END_TEST

typedef mf_status (*command)(int argc, char **argv);

static mf_status call(command go, const char *option, const char *value)
{
    char words[3][1024], *args[3] = {words[0], words[1], words[2]};
    int n = 0;

    if (option != NULL) {
        snprintf(words[n++], sizeof(words[0]), "%s", option);
    }
    if (value != NULL) {
        snprintf(words[n++], sizeof(words[0]), "%s", value);
    }
    snprintf(words[n++], sizeof(words[0]), "%s", in_tmp("s.h5"));
    log_begin(); /* and no table on the terminal */
    const mf_status st = go(n, args);
    fflush(stdout);
    log_end();
    return st;
}

START_TEST(few_frames)
{
    for (uint64_t frames = 0; frames < 3; frames++) {
        const mf_status some = frames > 0 ? MF_OK : MF_ERR_FILE;

        t_record(1, N, frames);
        ck_ok(call(mf_traj_command_info, NULL, NULL));
        ck_ok(call(mf_traj_command_stats, NULL, NULL));
        ck_ok(call(mf_traj_command_stats, "--csv", in_tmp("o.csv")));
        ck_ok(call(mf_traj_command_agent, NULL, "3"));
        ck_ok(call(mf_traj_command_repair, NULL, NULL));
        ck_assert_int_eq(call(mf_traj_command_export, "--csv", in_tmp("l.csv")),
                         some);
        ck_assert_int_eq(call(mf_traj_command_export, "--xdmf", in_tmp("x")),
                         some);
        /* Every second step is no step to its end. */
        ck_assert_int_eq(call(mf_traj_command_export, "--minari", in_tmp("m")),
                         MF_ERR_FILE);
        ck_assert_int_eq(access(in_tmp("l.csv"), F_OK), frames > 0 ? 0 : -1);
        ck_assert_int_ne(access(in_tmp("m"), F_OK), 0);
    }
}
END_TEST

/* Outputs are whole or not there, also on a full disk. */
START_TEST(a_full_disk)
{
    static const char *const OPTION[] = {"--csv", "--xdmf"};
    size_t n;

    t_record(1, N, 100);
    for (size_t i = 0; i < 2; i++) {
        put_file(in_tmp("o"), "old", 3);
        limit_files(2000);
        const mf_status st =
            call(mf_traj_command_export, OPTION[i], in_tmp("o"));
        limit_files(RLIM_INFINITY);
        char *bytes;

        ck_assert_int_eq(st, MF_ERR_IO);
        bytes = get_file(in_tmp("o"), &n);
        ck_assert(n == 3 && memcmp(bytes, "old", 3) == 0);
        free(bytes);
        ck_assert_int_eq(count_files(), 2);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {arguments_in_any_order,
                                  arguments_that_are_refused,
                                  words_and_a_list,
                                  help_anywhere,
                                  few_frames,
                                  a_full_disk};

    return run_io_suite("traj_command", tests,
                        sizeof(tests) / sizeof(tests[0]));
}
