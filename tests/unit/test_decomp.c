#include "mfrl/grid/decomp.h"

#include <limits.h>
#include <stdlib.h>

#include <check.h>

static mf_decomp cut(int width, int height, int px, int py, int periodic)
{
    return (mf_decomp){.width = width,
                       .height = height,
                       .px = px,
                       .py = py,
                       .w = 1,
                       .periodic = periodic};
}

/* Every cell lies in one tile, the one that mf_decomp_owner names, and sides
 * differ by at most one cell. */
static void check_cut(const mf_decomp *d)
{
    int cells = 0;

    for (int t = 0; t < d->px * d->py; t++) {
        mf_tile tile;

        mf_decomp_tile(d, t, &tile);
        ck_assert_int_ge(tile.nx, d->width / d->px);
        ck_assert_int_le(tile.nx, (d->width + d->px - 1) / d->px);
        ck_assert_int_ge(tile.ny, d->height / d->py);
        ck_assert_int_le(tile.ny, (d->height + d->py - 1) / d->py);
        ck_assert_int_eq(tile.width, d->width);
        ck_assert_int_eq(tile.height, d->height);
        ck_assert_int_eq(tile.w, d->w);
        ck_assert_int_eq(tile.periodic, d->periodic);
        for (int y = tile.y0; y < tile.y0 + tile.ny; y++) {
            for (int x = tile.x0; x < tile.x0 + tile.nx; x++) {
                ck_assert_int_eq(mf_decomp_owner(d, x, y), t);
                cells++;
            }
        }
    }
    ck_assert_int_eq(cells, d->width * d->height);
}

START_TEST(tiles_partition_the_world)
{
    for (int width = 1; width <= 23; width += 3) {
        for (int height = 1; height <= 17; height += 2) {
            for (int px = 1; px <= width; px++) {
                for (int py = 1; py <= height; py += 2) {
                    const mf_decomp d = cut(width, height, px, py, px & 1);

                    check_cut(&d);
                }
            }
        }
    }
}
END_TEST

START_TEST(tiles_are_in_row_order)
{
    const mf_decomp d = cut(30, 20, 3, 2, 0);
    mf_tile t;

    mf_decomp_tile(&d, 4, &t);
    ck_assert_int_eq(t.x0, 10);
    ck_assert_int_eq(t.y0, 10);
    ck_assert_int_eq(mf_decomp_owner(&d, 29, 0), 2);
    ck_assert_int_eq(mf_decomp_owner(&d, 0, 19), 3);
}
END_TEST

START_TEST(huge_worlds_do_not_overflow)
{
    const int n = INT_MAX;
    const mf_decomp d = cut(n, n, 4099, 3, 1);
    mf_tile t;

    mf_decomp_tile(&d, 4098, &t);
    ck_assert_int_eq(t.x0 + t.nx, n);
    ck_assert_int_eq(mf_decomp_owner(&d, n - 1, 0), 4098);
    ck_assert_int_eq(mf_decomp_owner(&d, t.x0 - 1, n - 1), 2 * 4099 + 4097);
}
END_TEST

START_TEST(neighbours_wrap_or_end)
{
    const mf_decomp open = cut(30, 30, 3, 2, 0);
    const mf_decomp torus = cut(30, 30, 3, 2, 1);
    const mf_decomp one = cut(30, 30, 1, 1, 1);

    ck_assert_int_eq(mf_decomp_neighbour(&open, 1, 1, 1), 5);
    ck_assert_int_eq(mf_decomp_neighbour(&open, 1, -1, 0), 0);
    ck_assert_int_eq(mf_decomp_neighbour(&open, 1, 0, -1), -1);
    ck_assert_int_eq(mf_decomp_neighbour(&open, 5, 1, 0), -1);
    ck_assert_int_eq(mf_decomp_neighbour(&open, 3, -1, -1), -1);
    ck_assert_int_eq(mf_decomp_neighbour(&torus, 0, -1, 0), 2);
    ck_assert_int_eq(mf_decomp_neighbour(&torus, 0, 0, -1), 3);
    ck_assert_int_eq(mf_decomp_neighbour(&torus, 5, 1, 1), 0);
    ck_assert_int_eq(mf_decomp_neighbour(&torus, 4, 1, -1), 2);
    ck_assert_int_eq(mf_decomp_neighbour(&one, 0, 1, -1), 0);
}
END_TEST

START_TEST(fits_needs_every_side)
{
    ck_assert(mf_decomp_fits(3, 2, 20, 13, 6));
    ck_assert(!mf_decomp_fits(3, 2, 20, 13, 7)); /* 20 = 6 + 7 + 7 */
    ck_assert(!mf_decomp_fits(3, 3, 20, 13, 5)); /* 13 = 4 + 4 + 5 */
    ck_assert(mf_decomp_fits(20, 13, 20, 13, 0));
    ck_assert(!mf_decomp_fits(21, 1, 20, 13, 0)); /* an empty tile */
    ck_assert(!mf_decomp_fits(0, 1, 20, 13, 0));
}
END_TEST

static void check_choice(int n, int width, int height, int min_size, int px,
                         int py)
{
    int x = -1, y = -1;

    ck_assert_int_eq(mf_decomp_choose(n, width, height, min_size, &x, &y),
                     px > 0 ? MF_OK : MF_ERR_USAGE);
    ck_assert_int_eq(x, px);
    ck_assert_int_eq(y, py);
}

START_TEST(choice_has_the_cheapest_exchange)
{
    check_choice(1, 40, 40, 6, 1, 1);
    check_choice(2, 64, 64, 6, 1, 2);
    check_choice(4, 64, 64, 6, 1, 4); /* 2 messages, 2 x 2 takes 3 */
    check_choice(60, 1024, 1024, 1, 1, 60);
    check_choice(64, 65536, 65536, 1, 8, 8); /* the halo counts here */
    check_choice(7, 64, 4096, 1, 1, 7);
    check_choice(7, 4096, 64, 1, 7, 1);
    check_choice(16, 1024, 64, 1, 16, 1); /* square tiles, all in a row */
    check_choice(60, 20, 20, 1, 5, 12);   /* 8 messages in any case */
}
END_TEST

START_TEST(choice_respects_the_least_side)
{
    check_choice(4, 64, 11, 6, 4, 1); /* 1 x 4 would cut 11 into 2 and 3 */
    check_choice(7, 40, 40, 6, -1, -1);
    check_choice(49, 40, 40, 6, -1, -1);
    check_choice(36, 40, 40, 6, 6, 6);
    check_choice(5, 5, 3, 0, 5, 1);
    check_choice(0, 40, 40, 6, -1, -1);
    check_choice(-4, 40, 40, 6, -1, -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("decomp");
    TCase *tc = tcase_create("decomp");

    tcase_add_test(tc, tiles_partition_the_world);
    tcase_add_test(tc, tiles_are_in_row_order);
    tcase_add_test(tc, huge_worlds_do_not_overflow);
    tcase_add_test(tc, neighbours_wrap_or_end);
    tcase_add_test(tc, fits_needs_every_side);
    tcase_add_test(tc, choice_has_the_cheapest_exchange);
    tcase_add_test(tc, choice_respects_the_least_side);
    tcase_set_timeout(tc, 0);
    suite_add_tcase(s, tc);

    SRunner *sr = srunner_create(s);

    srunner_run_all(sr, CK_NORMAL);
    const int failed = srunner_ntests_failed(sr);

    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
