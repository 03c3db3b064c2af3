#include <limits.h>
#include <stdio.h>

#include "mfrl/base/log.h"
#include "mfrl/nn/net.h"
#include "unit/nn_test.h"

/* Creation fails as a usage error with one line that names the key. */
static void refuse(const mf_net_spec *spec)
{
    mf_net *net = (mf_net *)&net;
    FILE *log = tmpfile();
    char line[1024] = "", more[8];

    ck_assert_ptr_nonnull(log);
    mf_log_set_file(log);
    ck_assert_msg(mf_net_create(spec, &net) == MF_ERR_USAGE, "\"%s\" taken",
                  spec->layers);
    mf_log_set_file(NULL);
    ck_assert_ptr_null(net);
    rewind(log);
    ck_assert_ptr_nonnull(fgets(line, sizeof(line), log));
    ck_assert_ptr_nonnull(strstr(line, "net.layers"));
    ck_assert_ptr_nonnull(strstr(line, "expected"));
    ck_assert_ptr_nonnull(strchr(line, '\n'));
    ck_assert_ptr_null(fgets(more, sizeof(more), log));
    fclose(log);
}

START_TEST(malformed_layers_are_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        ",",
        "dense",
        "dense ",
        "dense64",
        "dense x",
        "dense 0",
        "dense -5",
        "dense 64.5",
        "dense 64 64",
        "dense 64,",
        ",dense 64",
        "dense 64,,dense 64",
        "dense 64; dense 64",
        "dense 64 dense 64",
        "dense 65537",
        "dense 1000064",
        "dense 4294967297",
        "dense 64, table",
        "table, dense 64",
        "table 5",
        "tables",
        "tabl",
        "Dense 64",
        "conv 3",
        ("dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,"
         "dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1"),
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuse(&(mf_net_spec){.layers = bad[i],
                              .n_in = 2,
                              .n_out = 2,
                              .n_tables = 1,
                              .n_rows = 1});
    }
}
END_TEST

START_TEST(forms_of_layers_that_are_taken)
{
    static const struct {
        const char *text;
        int n_arrays;
    } good[] = {{"dense 1", 4},
                {"  dense\t8  ", 4},
                {"dense 8,dense 9,dense 10", 8},
                {"dense 8 , dense 9", 6},
                {"dense 65536", 4},
                {" table ", 1},
                {"dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,"
                 "dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,"
                 "dense 1",
                 32}};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const mf_net_spec spec = {.layers = good[i].text,
                                  .n_in = 2,
                                  .n_out = 2,
                                  .n_tables = 1,
                                  .n_rows = 1,
                                  .max_batch = 1};
        mf_net *net;

        ck_assert(mf_net_create(&spec, &net) == MF_OK);
        ck_assert_int_eq(mf_net_arrays(net, NULL, 0), good[i].n_arrays);
        mf_net_destroy(&net);
    }
}
END_TEST

START_TEST(layers_that_do_not_fit_the_environment_are_refused)
{
    refuse(&(mf_net_spec){.layers = "dense 64", .n_in = 0, .n_out = 2});
    refuse(&(mf_net_spec){.layers = "table", .n_in = 9, .n_out = 2});
    refuse(&(mf_net_spec){
        .layers = "table", .n_out = 2, .n_tables = 70000, .n_rows = 70000});
    refuse(
        &(mf_net_spec){.layers = "dense 65536", .n_in = INT_MAX, .n_out = 1});
    refuse(&(mf_net_spec){
        .layers = "dense 65536, dense 65536", .n_in = 1, .n_out = 1});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        malformed_layers_are_refused,
        forms_of_layers_that_are_taken,
        layers_that_do_not_fit_the_environment_are_refused,
    };

    return run_suite("layers", tests, sizeof(tests) / sizeof(tests[0]));
}
