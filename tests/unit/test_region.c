#include "mfrl/grid/region.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

enum { SIDE = 16 };

/* Count, per cell, the spans of a region that hold it; returns the spans. */
static int cover(const mf_tile *t, mf_region region, int count[SIDE][SIDE])
{
    mf_span span[2 * SIDE + 1];
    const int most = mf_tile_spans_max(t);

    memset(span, 0x55, sizeof(span));
    ck_assert_int_le(most, 2 * SIDE);
    const int n = mf_tile_spans(t, region, span);

    ck_assert_int_le(n, most);
    ck_assert_int_eq(span[n].y, 0x55555555); /* nothing written behind */
    for (int i = 0; i < n; i++) {
        ck_assert_int_lt(span[i].x0, span[i].x1);
        ck_assert_int_ge(span[i].x0, 0);
        ck_assert_int_le(span[i].x1, t->nx);
        ck_assert(span[i].y >= 0 && span[i].y < t->ny);
        if (i > 0) { /* memory order */
            ck_assert(
                span[i].y > span[i - 1].y ||
                (span[i].y == span[i - 1].y && span[i].x0 >= span[i - 1].x1));
        }
        for (int x = span[i].x0; x < span[i].x1; x++) {
            count[span[i].y][x]++;
        }
    }
    return n;
}

/* Does the square of radius w around (x, y) leave the tile? */
static int needs_ghost(const mf_tile *t, int x, int y)
{
    for (int j = y - t->w; j <= y + t->w; j++) {
        for (int i = x - t->w; i <= x + t->w; i++) {
            if (i < 0 || i >= t->nx || j < 0 || j >= t->ny) {
                return 1;
            }
        }
    }
    return 0;
}

static void check_tile(const mf_tile *t)
{
    int all[SIDE][SIDE] = {{0}}, in[SIDE][SIDE] = {{0}},
        rim[SIDE][SIDE] = {{0}};

    cover(t, MF_REGION_ALL, all);
    cover(t, MF_REGION_INTERIOR, in);
    cover(t, MF_REGION_RIM, rim);
    for (int y = 0; y < t->ny; y++) {
        for (int x = 0; x < t->nx; x++) {
            const int ghost = needs_ghost(t, x, y);

            ck_assert_int_eq(all[y][x], 1);
            ck_assert_int_eq(in[y][x], !ghost);
            ck_assert_int_eq(rim[y][x], ghost);
        }
    }
}

START_TEST(interior_and_rim_partition_the_tile)
{
    for (int w = 0; w <= 4; w++) {
        for (int ny = 1; ny <= SIDE; ny++) {
            for (int nx = 1; nx <= SIDE; nx++) {
                const mf_tile t = {.nx = nx, .ny = ny, .w = w};

                check_tile(&t);
            }
        }
    }
}
END_TEST

START_TEST(small_tiles_are_all_rim)
{
    const mf_tile t = {.nx = 9, .ny = 6, .w = 3};
    int count[SIDE][SIDE] = {{0}};

    ck_assert_int_eq(cover(&t, MF_REGION_INTERIOR, count), 0);
    ck_assert_int_eq(cover(&t, MF_REGION_RIM, count), 6);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("region");
    TCase *tc = tcase_create("region");

    tcase_add_test(tc, interior_and_rim_partition_the_tile);
    tcase_add_test(tc, small_tiles_are_all_rim);
    tcase_set_timeout(tc, 0);
    suite_add_tcase(s, tc);

    SRunner *sr = srunner_create(s);

    srunner_run_all(sr, CK_NORMAL);
    const int failed = srunner_ntests_failed(sr);

    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
