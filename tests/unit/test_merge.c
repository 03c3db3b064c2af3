#include "mfrl/replay/merge.h"

#include "unit/replay_test.h"

enum { SETS = 2, SHARDS = 2, WORLDS = 3, STEPS = 4, AGENTS = 23 };
enum { PARTS = 5, MAX_MESSAGE = 1 << 15 };

static mf_layout layout;
static uint8_t message[PARTS][MAX_MESSAGE];
static size_t size[PARTS];

static mf_replay *make_replay(void)
{
    const mf_replay_spec spec = {.layout = layout,
                                 .n_sets = SETS,
                                 .n_shards = SHARDS,
                                 .first = 0,
                                 .last = SHARDS,
                                 .n_worlds = WORLDS,
                                 .n_agents = AGENTS,
                                 .ring_records = 101,
                                 .seed = 1,
                                 .ctx_slots = 1,
                                 .max_samples = 1};
    mf_replay *r;

    ck_assert(mf_replay_create(&spec, &r) == MF_OK);
    return r;
}

static mf_merge *make_merge(void)
{
    mf_merge *m;

    ck_assert(mf_merge_create(WORLDS, STEPS, AGENTS, layout.stride, 0, &m) ==
              MF_OK);
    return m;
}

/* Is this agent of this world and step shipped, and is it done then? */
static int present(uint32_t tag) { return tag * 2654435761u >> 29 != 0; }
static int ends(uint32_t tag) { return tag * 2246822519u >> 29 == 0; }

static uint32_t tag_of(int round, int step, int world, uint32_t id)
{
    return (uint32_t)((round * STEPS + step) * WORLDS + world) * AGENTS + id;
}

static void section(int part, uint32_t world, uint32_t step, uint32_t n)
{
    const mf_section s = {.world = world, .step = step, .n = n};

    ck_assert(size[part] + sizeof(s) <= MAX_MESSAGE);
    memcpy(message[part] + size[part], &s, sizeof(s));
    size[part] += sizeof(s);
}

static void record(int part, uint32_t id, uint32_t tag)
{
    ck_assert(size[part] + layout.stride <= MAX_MESSAGE);
    write_record(&layout, id, tag, ends(tag), message[part] + size[part]);
    size[part] += layout.stride;
}

/* Spread a round over the parts, each agent of each world and step where the
 * dice say, sections in the order that `down` says. */
static void write_round(int round, int n_parts, int down, dice *d)
{
    memset(size, 0, sizeof(size));
    for (int k = 0; k < STEPS * WORLDS; k++) {
        const int i = down ? STEPS * WORLDS - 1 - k : k;
        const int step = i / WORLDS, world = i % WORLDS;
        int part[AGENTS];

        for (uint32_t id = 0; id < AGENTS; id++) {
            part[id] = present(tag_of(round, step, world, id))
                           ? (int)roll(d, (uint32_t)n_parts)
                           : -1;
        }
        for (int p = 0; p < n_parts; p++) {
            uint32_t n = 0;

            for (uint32_t id = 0; id < AGENTS; id++) {
                n += part[id] == p;
            }
            if (n > 0 || roll(d, 2) > 0) { /* empty sections, too */
                section(p, (uint32_t)world, (uint32_t)step, n);
            }
            for (uint32_t id = 0; id < AGENTS; id++) {
                if (part[id] == p) {
                    record(p, id, tag_of(round, step, world, id));
                }
            }
        }
    }
}

/* The oracle: canonical order, written down directly. */
static void insert_round(mf_replay *r, int round)
{
    uint8_t out[MAX_RECORD];

    for (int step = 0; step < STEPS; step++) {
        for (int world = 0; world < WORLDS; world++) {
            for (uint32_t id = 0; id < AGENTS; id++) {
                const uint32_t tag = tag_of(round, step, world, id);

                if (present(tag)) {
                    write_record(&layout, id, tag, ends(tag), out);
                    mf_replay_insert(r, world, out, 1);
                }
            }
        }
    }
}

static void check_merge(int n_parts, int rotate, int down)
{
    mf_replay *want = make_replay(), *got = make_replay();
    mf_merge *m = make_merge();
    dice d = dice_of((uint64_t)(n_parts * 10 + rotate));

    for (int round = 0; round < 4; round++) {
        write_round(round, n_parts, down, &d);
        for (int k = 0; k < n_parts; k++) { /* order of arrival */
            const int p =
                (down ? n_parts - 1 - k + rotate : k + rotate) % n_parts;

            ck_assert(mf_merge_add(m, message[p], size[p]) == MF_OK);
        }
        ck_assert(mf_merge_insert(m, got) == MF_OK);
        insert_round(want, round);
        for (int k = 0; k < SETS * SHARDS; k++) {
            ck_assert(
                same_ring(want, got, k / SHARDS, k % SHARDS, layout.stride));
        }
    }
    ck_assert(mf_replay_size(got) == 4 * 101); /* the rings have wrapped */
    mf_merge_destroy(&m);
    ck_assert(m == NULL);
    mf_replay_destroy(&want);
    mf_replay_destroy(&got);
}

START_TEST(split_and_order_of_arrival_do_not_matter)
{
    for (int n_parts = 1; n_parts <= PARTS; n_parts++) {
        for (int rotate = 0; rotate < n_parts; rotate++) {
            layout = mf_layout_make(3, n_parts, rotate % 2 ? 300 : 4);
            check_merge(n_parts, rotate, 0);
            check_merge(n_parts, rotate, 1);
        }
    }
}
END_TEST

/* A message of one agent in the middle of a good one. */
static mf_status add_one(uint32_t world, uint32_t step, uint32_t n, uint32_t id,
                         uint32_t next_id, size_t cut)
{
    mf_merge *m = make_merge();
    mf_status st;

    memset(size, 0, sizeof(size));
    section(0, 0, 0, 1);
    record(0, 5, 1);
    section(0, world, step, n);
    record(0, id, 2);
    record(0, next_id, 3);
    st = mf_merge_add(m, message[0], size[0] - cut);
    mf_merge_destroy(&m);
    return st;
}

START_TEST(malformed_messages_are_refused)
{
    layout = mf_layout_make(2, 3, 4);
    log_catch();

    const size_t header = sizeof(mf_section), stride = layout.stride;

    ck_assert(add_one(2, 3, 2, 7, 22, 0) == MF_OK);
    ck_assert(add_one(2, 3, 0, 7, 22, 2 * stride) == MF_OK);
    ck_assert(add_one(0, 0, 0, 7, 22, 2 * stride + header) == MF_OK);
    ck_assert_str_eq(log_take(), "");
    for (size_t cut = 2 * stride + 1; cut < 2 * stride + header; cut++) {
        ck_assert(add_one(2, 3, 2, 7, 22, cut) == MF_ERR_MPI);
        ck_assert(strstr(log_take(), "ends inside a section") != NULL);
    }
    for (size_t cut = 1; cut <= 2 * stride; cut++) {
        ck_assert(add_one(2, 3, 2, 7, 22, cut) == MF_ERR_MPI);
        ck_assert(strstr(log_take(), "world 2, step 3, 2 records") != NULL);
    }
    ck_assert(add_one(WORLDS, 3, 2, 7, 22, 0) == MF_ERR_MPI);
    ck_assert(add_one(UINT32_MAX, 3, 2, 7, 22, 0) == MF_ERR_MPI);
    ck_assert(add_one(2, STEPS, 2, 7, 22, 0) == MF_ERR_MPI);
    ck_assert(add_one(2, 3, UINT32_MAX, 7, 22, 0) == MF_ERR_MPI);
    ck_assert(add_one(2, 3, 2, 7, AGENTS, 0) == MF_ERR_MPI);
    ck_assert(add_one(2, 3, 2, UINT32_MAX, 22, 0) == MF_ERR_MPI);
    ck_assert(add_one(2, 3, 2, 7, 7, 0) == MF_ERR_MPI);
    ck_assert(add_one(2, 3, 2, 7, 6, 0) == MF_ERR_MPI);
}
END_TEST

START_TEST(agents_shipped_twice_are_refused)
{
    mf_replay *r;
    mf_merge *m;

    layout = mf_layout_make(2, 3, 4);
    r = make_replay();
    m = make_merge();
    log_catch();
    for (int p = 0; p < 2; p++) {
        size[p] = 0;
        section(p, 1, 2, 1);
        record(p, 9, 4);
        ck_assert(mf_merge_add(m, message[p], size[p]) == MF_OK);
    }
    ck_assert(mf_merge_insert(m, r) == MF_ERR_MPI);
    ck_assert(strstr(log_take(), "agent 9 of world 1") != NULL);
    mf_merge_destroy(&m);
    mf_replay_destroy(&r);
}
END_TEST

START_TEST(a_round_without_records_changes_nothing)
{
    mf_replay *r;
    mf_merge *m;

    layout = mf_layout_make(2, 0, 4);
    r = make_replay();
    m = make_merge();
    for (int k = 0; k < 3; k++) {
        ck_assert(mf_merge_add(m, message[0], 0) == MF_OK);
        ck_assert(mf_merge_insert(m, r) == MF_OK);
    }
    ck_assert_uint_eq(mf_replay_size(r), 0);
    mf_merge_destroy(&m);
    mf_replay_destroy(&r);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        split_and_order_of_arrival_do_not_matter,
        malformed_messages_are_refused,
        agents_shipped_twice_are_refused,
        a_round_without_records_changes_nothing,
    };

    return run_suite("merge", tests, COUNT_OF(tests));
}
