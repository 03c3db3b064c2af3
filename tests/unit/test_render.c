/* Pictures of frames, pixel by pixel. */
#include <math.h>
#include <string.h>

#include "../../src/app/render.h"
#include "log_catch.h"
#include "mfrl/base/mem.h"
#include "suite.h"

enum { SCALE = 6, CELLS = 5 };

static char names[][MF_ENV_NAME] = {"move (0,0)", "attack (1,0)",
                                    "attack (0,-1)"};
static const mf_traj_names NAMES = {3, names};
static const uint8_t WALLS[CELLS * CELLS] = {1};
static const int8_t SPECIES[4] = {0, 0, 1, 1};

/* 0 stands at (1, 2) and hits its right neighbour 2, which is half dead; 1 is
 * dead; 3 stands apart in the last cell and hits nobody. */
static const int32_t POSITION[4][3] = {
    {1, 2, 0}, {-1, -1, -1}, {2, 2, 0}, {4, 4, 0}};
static const uint8_t ALIVE[4] = {1, 0, 1, 1};
static const float HP[4] = {10, NAN, 5, 10};
static const uint8_t ACTION[4] = {1, 255, 0, 255};

static mf_trajectory_spec scene(void)
{
    return (mf_trajectory_spec){.n_agents = 4,
                                .width = CELLS,
                                .height = CELLS,
                                .walls = WALLS,
                                .species = SPECIES};
}

static mf_frame frame(void)
{
    return (mf_frame){.number = 7,
                      .step = 8,
                      .position = POSITION[0],
                      .alive = ALIVE,
                      .hp = HP,
                      .action = ACTION};
}

/* 0xRRGGBB of a pixel. */
static unsigned pixel(const mf_canvas *c, int x, int y)
{
    const uint8_t *at = c->rgb + 3 * (y * c->width + x);

    return (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
}

/* A pixel of a cell of the world, from its upper left corner. */
static unsigned in_cell(const mf_renderer *r, int x, int y, int dx, int dy)
{
    return pixel(&r->canvas, x * r->scale + dx, r->head + y * r->scale + dy);
}

START_TEST(a_battle_is_drawn)
{
    const mf_trajectory_spec spec = scene();
    const mf_frame f = frame();
    mf_renderer r;

    ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, SCALE, &r), MF_OK);
    ck_assert_int_eq(r.canvas.width, CELLS * SCALE);
    ck_assert_int_eq(r.canvas.height % 2, 0);
    ck_assert_int_ge(r.canvas.height, CELLS * SCALE + r.head);
    ck_assert_int_eq(mf_render(&r, &f), MF_OK);
    ck_assert_uint_eq(in_cell(&r, 0, 0, 0, 0), 0x8C8C8C);
    ck_assert_uint_eq(in_cell(&r, 0, 0, 5, 5), 0x8C8C8C);
    ck_assert_uint_eq(in_cell(&r, 1, 0, 0, 0), 0xFAFAF7);
    ck_assert_uint_eq(in_cell(&r, 1, 2, 0, 0), 0x0072B2); /* all its hp */
    ck_assert_uint_eq(in_cell(&r, 4, 4, 2, 2), 0xD55E00);
    ck_assert_uint_eq(in_cell(&r, 1, 2, 5, 5), 0xFAFAF7); /* a gap */
    /* Half the hp: 0.65 of D55E00 and 0.35 of FAFAF7. */
    ck_assert_uint_eq(in_cell(&r, 2, 2, 0, 0), 0xE29556);
    mf_renderer_clear(&r);
}
END_TEST

START_TEST(an_attack_is_a_line)
{
    const mf_trajectory_spec spec = scene();
    const mf_frame f = frame();
    mf_renderer r;

    ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, SCALE, &r), MF_OK);
    ck_assert_int_eq(mf_render(&r, &f), MF_OK);
    for (int x = 3; x <= 9; x++) { /* from middle to middle */
        ck_assert_uint_eq(in_cell(&r, 1, 2, x, 3), 0x222222);
    }
    ck_assert_uint_ne(in_cell(&r, 1, 2, 2, 3), 0x222222);
    ck_assert_uint_ne(in_cell(&r, 1, 2, 10, 3), 0x222222);
    ck_assert_uint_ne(in_cell(&r, 1, 2, 6, 2), 0x222222);
    for (int k = 0; k < SCALE; k++) { /* 3 has no action */
        ck_assert_uint_ne(in_cell(&r, 4, 4, k, 3), 0x222222);
    }
    mf_renderer_clear(&r);
}
END_TEST

/* Is there this picture of a number, of one dot a pixel, at (x, y)? */
static void expect_digit(const mf_canvas *c, int x, int y,
                         const char rows[5][4], unsigned colour)
{
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 3; j++) {
            ck_assert_uint_eq(pixel(c, x + j, y + i),
                              rows[i][j] == '#' ? colour : 0xFFFFFFu);
        }
    }
}

START_TEST(the_living_and_the_step_are_above)
{
    static const char ONE[5][4] = {" # ", "## ", " # ", " # ", "###"};
    static const char TWO[5][4] = {"###", "  #", "###", "#  ", "###"};
    static const char EIGHT[5][4] = {"###", "# #", "###", "# #", "###"};
    const mf_trajectory_spec spec = scene();
    const mf_frame f = frame();
    mf_renderer r;

    ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, SCALE, &r), MF_OK);
    ck_assert_int_eq(r.dot, 1);
    ck_assert_int_eq(mf_render(&r, &f), MF_OK);
    expect_digit(&r.canvas, 2, 2, ONE, 0x0072B2);
    expect_digit(&r.canvas, (CELLS * SCALE - 3) / 2, 2, EIGHT, 0x777777);
    expect_digit(&r.canvas, CELLS * SCALE - 5, 2, TWO, 0xD55E00);
    mf_renderer_clear(&r);
}
END_TEST

START_TEST(a_lattice_has_two_shades)
{
    static char spins[][MF_ENV_NAME] = {"down", "up"};
    const mf_traj_names names_of_spins = {2, spins};
    static const uint8_t FIRST[4] = {0, 1, 1, 0}, LAST[4] = {255, 255, 0, 255};
    const mf_trajectory_spec spec = {
        .n_agents = 4, .width = 2, .height = 2, .lattice = true};
    mf_renderer r;

    ck_assert_int_eq(mf_renderer_create(&spec, &names_of_spins, 2, &r), MF_OK);
    ck_assert_int_eq(mf_render(&r, &(mf_frame){.action = FIRST}), MF_OK);
    ck_assert_uint_eq(in_cell(&r, 0, 0, 0, 0), 0xE4E4DF);
    ck_assert_uint_eq(in_cell(&r, 1, 0, 1, 1), 0x1F3A5F);
    ck_assert_uint_eq(in_cell(&r, 0, 1, 0, 0), 0x1F3A5F);
    ck_assert_uint_eq(in_cell(&r, 1, 1, 1, 1), 0xE4E4DF);
    /* Who does not act stays as it was. */
    ck_assert_int_eq(mf_render(&r, &(mf_frame){.action = LAST}), MF_OK);
    ck_assert_uint_eq(in_cell(&r, 1, 0, 1, 1), 0x1F3A5F);
    ck_assert_uint_eq(in_cell(&r, 0, 1, 0, 0), 0xE4E4DF);
    mf_renderer_clear(&r);
}
END_TEST

START_TEST(what_cannot_be_drawn_is_refused)
{
    static const int32_t OUTSIDE[4][3] = {{1, 5, 0}};
    mf_trajectory_spec spec = scene();
    mf_frame f = frame();
    mf_renderer r;

    log_catch();
    ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, SCALE, &r), MF_OK);
    f.position = OUTSIDE[0];
    ck_assert_int_eq(mf_render(&r, &f), MF_ERR_FILE);
    log_expect("frame 7, agent 0: position (1, 5) is not in the world of 5 x 5 "
               "cells");
    f.position = NULL;
    ck_assert_int_eq(mf_render(&r, &f), MF_ERR_FILE);
    log_expect("positions are not recorded: nothing can be drawn");
    mf_renderer_clear(&r);
    spec.width = 200;
    ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, 64, &r), MF_ERR_USAGE);
    log_expect("a picture of 200 x 5 cells, 64 pixels each, would be larger "
               "than 8192 x 8192 pixels: give a smaller --scale");
    spec.width = 0;
    ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, 1, &r), MF_ERR_FILE);
}
END_TEST

START_TEST(the_usual_scale_fits_the_world)
{
    static const struct {
        int cells, scale;
    } CASES[] = {{5, 16}, {40, 12}, {480, 1}, {1024, 1}};
    mf_renderer r;

    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const mf_trajectory_spec spec = {.width = CASES[i].cells, .height = 3};

        ck_assert_int_eq(mf_renderer_create(&spec, &NAMES, 0, &r), MF_OK);
        ck_assert_int_eq(r.scale, CASES[i].scale);
        mf_renderer_clear(&r);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_battle_is_drawn,
        an_attack_is_a_line,
        the_living_and_the_step_are_above,
        a_lattice_has_two_shades,
        what_cannot_be_drawn_is_refused,
        the_usual_scale_fits_the_world,
    };

    return run_suite("render", tests, COUNT_OF(tests));
}
