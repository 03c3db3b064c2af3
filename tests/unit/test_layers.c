#include <limits.h>
#include <stdio.h>

#include "mfrl/nn/net.h"
#include "unit/log_catch.h"
#include "unit/net_sample.h"

/* Creation fails as a usage error with one line that names the key and holds
 * each of @p parts. */
static void refuse(const mf_net_spec *spec, const char *part)
{
    mf_net *net = (mf_net *)&net;
    const char *line;

    ck_assert_msg(mf_net_create(spec, &net) == MF_ERR_USAGE, "\"%s\" taken",
                  spec->layers);
    ck_assert_ptr_null(net);
    line = log_take();
    ck_assert_ptr_nonnull(strstr(line, "net.layers"));
    ck_assert_ptr_nonnull(strstr(line, "expected"));
    ck_assert_msg(strstr(line, part) != NULL, "no \"%s\" in: %s", part, line);
    ck_assert(strchr(line, '\n') == line + strlen(line) - 1);
}

static void refuse_text(const char *layers, const char *part)
{
    const mf_net_spec spec = small_spec(layers, 1);

    refuse(&spec, part);
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
        "view: conv 3x3",
        "view: conv 3x3x",
        "view: conv 3x3x0",
        "view: conv 0x3x4",
        "view: conv 3x256x4",
        "view: conv 3x3x8/",
        "view: conv 3x3x8/0",
        "view: conv 3x3x8/2/2",
        "view: conv3x3x8",
        "view: conv 3x3x-8",
        "view: table",
        "view dense 8",
        "view: dense 8 |",
        "view: dense 8 | | dense 4",
        "| view: dense 8",
        "view:: dense 8",
        "view: dense 8, | dense 4",
        ": dense 8",
        "a name that is too long for an input: dense 8",
        "anamethatistoolongforaninput: dense 8",
        ("dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,"
         "dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1,dense 1"),
    };

    log_catch();
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        refuse_text(bad[i], "");
    }
}
END_TEST

START_TEST(messages_say_what_is_wrong_and_what_would_be_right)
{
    log_catch();
    refuse_text("dense 8, dens 4, dense 3", "at \"dens 4\": expected a layer");
    refuse_text("dense 8, ", "at the end, \"\": expected a layer");
    refuse_text("dense 8 dense 4", "at \"dense 4\": expected \",\"");
    refuse_text("dense 8 | view: dense 4",
                "at \"| view: dense 4\": expected the part without a name "
                "last");
    refuse_text("vew: dense 8", "there is no input \"vew\"; expected one of "
                                "view, features, abar");
    refuse_text("view: dense 8 | abar: | view: dense 4",
                "two branches of \"view\"");
    refuse_text("conv 3x3x8", "conv 3x3x8 needs an image; expected it in a "
                              "branch such as \"view: conv 3x3x8 | ...\"");
    refuse_text("view: | conv 3x3x8", "conv 3x3x8 needs an image");
    refuse_text("abar: conv 1x1x8", "conv 1x1x8 of abar needs an image, but "
                                    "that input is a vector; expected");
    refuse_text("view: dense 8, conv 3x3x8", "follows a dense layer");
    refuse_text("view: conv 7x3x8",
                "conv 7x3x8 of view does not fit into the 6x5 pixels that "
                "reach it; expected a kernel of at most 6x5");
    refuse_text("view: conv 3x3x8, conv 2x2x8/2, conv 1x2x8",
                "conv 1x2x8 of view does not fit into the 2x1 pixels");
    refuse_text("view: | features: | abar: | more: | x: | dense 3",
                "fewer branches");
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
                 32},
                {"abar:", 2},
                {"abar:|view :|dense 4", 4},
                {"view: conv 3x3x4", 4},
                {"view:conv 3x3x4/2,dense 5|features:dense 2|dense 7", 10},
                {" view : conv 6x5x4 , dense 5 | abar : | dense 7 ", 8},
                {"features: dense 8", 4}};

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        mf_net *net = make_net(small_spec(good[i].text, 1));

        ck_assert_int_eq(mf_net_arrays(net, NULL, 0), good[i].n_arrays);
        mf_net_destroy(&net);
    }
}
END_TEST

START_TEST(layers_that_do_not_fit_the_environment_are_refused)
{
    mf_net_spec spec = {.layers = "dense 64", .n_inputs = 0, .n_out = 2};

    log_catch();
    refuse(&spec, "no inputs for a network; expected \"table\"");
    spec.layers = "view: dense 64";
    refuse(&spec, "no inputs");
    spec = (mf_net_spec){.layers = "table", .n_out = 2};
    refuse(&spec, "does not number its states");
    spec = (mf_net_spec){
        .layers = "table", .n_out = 2, .n_tables = 70000, .n_rows = 70000};
    refuse(&spec, "70000 tables");
    spec = (mf_net_spec){.layers = "dense 65536",
                         .inputs = {{"x", 1, 1, INT_MAX}},
                         .n_inputs = 1,
                         .n_out = 1};
    refuse(&spec, "parameters");
    spec.inputs[0].c = 1;
    spec.layers = "dense 65536, dense 65536";
    refuse(&spec, "up to dense_1; expected fewer than 2^32");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        malformed_layers_are_refused,
        messages_say_what_is_wrong_and_what_would_be_right,
        forms_of_layers_that_are_taken,
        layers_that_do_not_fit_the_environment_are_refused,
    };

    return run_suite("layers", tests, COUNT_OF(tests));
}
