/* RANKS: 1 2 3 4 6 9 */
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "mpi_suite.h"

#include "mfrl/base/digest.h"
#include "mfrl/comm/halo.h"
#include "mfrl/comm/tags.h"
#include "mfrl/grid/decomp.h"

enum { ROUNDS = 5, OUTSIDE = 0xEE };

static const size_t ELEM[] = {1, 4, 12};

/* One field of one world, and this rank's part of it. */
typedef struct part {
    mf_decomp cut;
    mf_tile tile;
    size_t elem;
    int salt; /* makes the values of two worlds differ */
    unsigned char *field;
    mf_halo *halo;
} part;

/* The world's ranks in reverse, so that nobody can confuse a rank of the group
 * with a rank of the world. */
static MPI_Comm make_group(int *rank)
{
    MPI_Comm group;

    MPI_Comm_split(MPI_COMM_WORLD, 0, -world_rank(), &group);
    MPI_Comm_rank(group, rank);
    return group;
}

static unsigned char value(const part *p, int x, int y, int round, size_t byte)
{
    const uint64_t key = (uint64_t)(y * p->cut.width + x) * 16 + byte;

    return (unsigned char)mf_digest_item(key, (uint64_t)(round * 64 + p->salt));
}

static unsigned char *cell(const part *p, int x, int y)
{
    return p->field + mf_tile_at(&p->tile, x, y) * p->elem;
}

/* Is (x, y) of the tile in the world?  If so *gx, *gy are where. */
static int in_world(const part *p, int x, int y, int *gx, int *gy)
{
    const int w = p->cut.width, h = p->cut.height;

    *gx = p->tile.x0 + x;
    *gy = p->tile.y0 + y;
    if (p->cut.periodic) {
        *gx = (*gx + w) % w;
        *gy = (*gy + h) % h;
    }
    return *gx >= 0 && *gx < w && *gy >= 0 && *gy < h;
}

static mf_status part_open(part *p, MPI_Comm group, int rank, int slot)
{
    mf_decomp_tile(&p->cut, rank, &p->tile);
    MF_TRY(mf_alloc(mf_tile_cells(&p->tile), p->elem, "field", &p->field));
    memset(p->field, OUTSIDE, mf_tile_cells(&p->tile) * p->elem);
    return mf_halo_create(group, p->cut.px, p->cut.py, &p->tile, p->field,
                          p->elem, slot, &p->halo);
}

static void part_close(part *p)
{
    mf_halo_destroy(&p->halo);
    mf_free(&p->field);
}

/* Give the tile's own cells the values of a round. */
static void fill(part *p, int round)
{
    for (int y = 0; y < p->tile.ny; y++) {
        for (int x = 0; x < p->tile.nx; x++) {
            for (size_t b = 0; b < p->elem; b++) {
                cell(p, x, y)[b] =
                    value(p, p->tile.x0 + x, p->tile.y0 + y, round, b);
            }
        }
    }
}

/* Bytes that are not what they should be: own cells of round `own`, ghosts of
 * round `ghost` (-1 = never exchanged). */
static int wrong(const part *p, int own, int ghost)
{
    const int w = p->tile.w;
    int n = 0;

    for (int y = -w; y < p->tile.ny + w; y++) {
        for (int x = -w; x < p->tile.nx + w; x++) {
            const int mine =
                x >= 0 && x < p->tile.nx && y >= 0 && y < p->tile.ny;
            const int round = mine ? own : ghost;
            int gx, gy;
            const int inside = in_world(p, x, y, &gx, &gy) && round >= 0;

            for (size_t b = 0; b < p->elem; b++) {
                n += cell(p, x, y)[b] !=
                     (inside ? value(p, gx, gy, round, b) : OUTSIDE);
            }
        }
    }
    return n;
}

/* Make one rank late, another one each round. */
static void dawdle(int round)
{
    if (world_rank() == round % world_size()) {
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
}

/* Bytes of the ghosts that another rank owns. */
static int64_t ghost_bytes(const part *p, int rank)
{
    const int w = p->tile.w;
    int64_t cells = 0;

    for (int y = -w; y < p->tile.ny + w; y++) {
        for (int x = -w; x < p->tile.nx + w; x++) {
            int gx, gy;

            cells += in_world(p, x, y, &gx, &gy) &&
                     mf_decomp_owner(&p->cut, gx, gy) != rank;
        }
    }
    return cells * (int64_t)p->elem;
}

/* All rounds of one layout; what went wrong, on this rank. */
static int exchange_wrong(part p, MPI_Comm group, int rank)
{
    int64_t bytes[2];
    int bad = 0;

    if (part_open(&p, group, rank, 3) != MF_OK) {
        return 1;
    }
    for (int k = 0; k < ROUNDS; k++) {
        dawdle(k);
        fill(&p, k);
        bad += mf_halo_begin(p.halo) != MF_OK;
        fill(&p, k + 100); /* the neighbours must not see this */
        bad += wrong(&p, k + 100, k - 1) != 0;
        bad += mf_halo_end(p.halo) != MF_OK;
        bad += wrong(&p, k + 100, k) != 0;
    }
    /* Over all ranks, what is sent is what is received. */
    bytes[0] = (int64_t)mf_halo_bytes(p.halo);
    bytes[1] = ghost_bytes(&p, rank) * ROUNDS;
    MPI_Allreduce(MPI_IN_PLACE, bytes, 2, MPI_INT64_T, MPI_SUM, group);
    bad += bytes[0] != bytes[1];
    part_close(&p);
    return bad;
}

/* Worlds of the smallest size, of tiles that differ in size, and of tiles
 * that have an interior. */
static void check_layout(MPI_Comm group, int rank, int px, int py, int w)
{
    const int width[] = {px * w, px * (w + 1) + px - 1, px * (2 * w + 2) + 1};
    const int height[] = {py * w, py * (w + 2) + py / 2, py * (2 * w + 1) + 1};

    for (int i = 0; i < 3; i++) {
        int bad = 0;

        for (size_t e = 0; e < sizeof(ELEM) / sizeof(ELEM[0]); e++) {
            for (int periodic = 0; periodic <= 1; periodic++) {
                const part p = {.cut = {.width = width[i],
                                        .height = height[(i + periodic) % 3],
                                        .px = px,
                                        .py = py,
                                        .w = w,
                                        .periodic = periodic},
                                .elem = ELEM[e]};

                bad += exchange_wrong(p, group, rank);
            }
        }
        ck_assert_all(bad == 0);
    }
}

START_TEST(ghosts_mirror_the_world)
{
    const int n = world_size();
    int rank;
    MPI_Comm group = make_group(&rank);

    for (int px = 1; px <= n; px++) {
        for (int w = 1; w <= 3 && n % px == 0; w++) {
            check_layout(group, rank, px, n / px, w);
        }
    }
    MPI_Comm_free(&group);
}
END_TEST

START_TEST(no_halo_is_no_exchange)
{
    int rank, bad = 0;
    MPI_Comm group = make_group(&rank);
    part p = {.cut = {.width = world_size(),
                      .height = 2,
                      .px = world_size(),
                      .py = 1,
                      .periodic = 1},
              .elem = 4};

    bad += part_open(&p, group, rank, 0) != MF_OK;
    fill(&p, 1);
    if (rank == 0) { /* needs nobody */
        bad += mf_halo_begin(p.halo) != MF_OK;
        bad += mf_halo_end(p.halo) != MF_OK;
    }
    bad += wrong(&p, 1, 1) != 0;
    bad += mf_halo_bytes(p.halo) != 0;
    part_close(&p);
    ck_assert_all(bad == 0);
    MPI_Comm_free(&group);
}
END_TEST

/* Two halos of the same shape on one communicator, in flight together, begun
 * in another order on every other rank and ended in the opposite one. */
START_TEST(slots_keep_halos_apart)
{
    int rank, px, py, bad = 0;
    MPI_Comm group = make_group(&rank);

    ck_assert_all(mf_decomp_choose(world_size(), 20, 20, 2, &px, &py) == MF_OK);

    const mf_decomp cut = {
        .width = 20, .height = 20, .px = px, .py = py, .w = 2, .periodic = 1};
    part p[2] = {{.cut = cut, .elem = 4}, {.cut = cut, .elem = 4, .salt = 1}};

    bad += part_open(&p[0], group, rank, 0) != MF_OK;
    bad += part_open(&p[1], group, rank, MF_HALO_SLOTS - 1) != MF_OK;
    for (int k = 0; k < 2 * ROUNDS; k++) {
        const int first = (k + rank) % 2;

        dawdle(k);
        for (int i = 0; i < 2; i++) {
            fill(&p[i], k);
        }
        bad += mf_halo_begin(p[first].halo) != MF_OK;
        bad += mf_halo_begin(p[!first].halo) != MF_OK;
        bad += mf_halo_end(p[first].halo) != MF_OK;
        bad += mf_halo_end(p[!first].halo) != MF_OK;
        bad += wrong(&p[0], k, k) + wrong(&p[1], k, k) != 0;
    }
    part_close(&p[0]);
    part_close(&p[1]);
    ck_assert_all(bad == 0);
    MPI_Comm_free(&group);
}
END_TEST

/* Two groups at once, each with its own world and the same slot. */
START_TEST(groups_do_not_meet)
{
    const int n = world_size();
    const int half = world_rank() < n / 2;
    MPI_Comm group;
    int rank, size, bad = 0;

    MPI_Comm_split(MPI_COMM_WORLD, half, world_rank(), &group);
    MPI_Comm_rank(group, &rank);
    MPI_Comm_size(group, &size);

    const part p = {.cut = {.width = 3 * size + 1,
                            .height = 5,
                            .px = size,
                            .py = 1,
                            .w = 1 + half,
                            .periodic = 1},
                    .elem = 1,
                    .salt = half};

    bad += exchange_wrong(p, group, rank);
    ck_assert_all(bad == 0);
    MPI_Comm_free(&group);
}
END_TEST

/* What create answers for a plan that cannot work; nothing must be left. */
static mf_status refused(part p, int px, int slot, int shift)
{
    int rank;
    MPI_Comm group = make_group(&rank);
    char field = 0;
    mf_halo *h = (mf_halo *)&field;

    mf_decomp_tile(&p.cut, rank, &p.tile);
    p.tile.x0 += shift;
    const mf_status st =
        mf_halo_create(group, px, p.cut.py, &p.tile, &field, 1, slot, &h);

    MPI_Comm_free(&group);
    return h == NULL ? st : MF_OK;
}

START_TEST(impossible_plans_are_refused)
{
    const int n = world_size();
    const part p = {
        .cut = {.width = 3 * n, .height = 3, .px = n, .py = 1, .w = 3}};
    part thin = p;
    const size_t blocks = mf_mem_blocks();

    thin.cut.w = 4;
    const int err = hush();
    const mf_status small = refused(thin, n, 0, 0);
    const mf_status size = refused(p, n - 1, 0, 0);
    const mf_status low = refused(p, n, -1, 0);
    const mf_status high = refused(p, n, MF_HALO_SLOTS, 0);
    const mf_status moved = refused(p, n, 0, 1);

    unhush(err);
    ck_assert_all(small == MF_ERR_USAGE);
    ck_assert_all(size == MF_ERR_USAGE);
    ck_assert_all(low == MF_ERR_USAGE && high == MF_ERR_USAGE);
    ck_assert_all(moved == MF_ERR_USAGE);
    ck_assert_all(mf_mem_blocks() == blocks);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("halo");
    TCase *tc = tcase_create("halo");

    tcase_add_test(tc, ghosts_mirror_the_world);
    tcase_add_test(tc, no_halo_is_no_exchange);
    tcase_add_test(tc, slots_keep_halos_apart);
    tcase_add_test(tc, groups_do_not_meet);
    tcase_add_test(tc, impossible_plans_are_refused);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return mpi_suite_main(argc, argv, make); }
