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
            layout = mf_layout_make(3, n_parts, rotate % 2 ? 300 : 4, 0);
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
    layout = mf_layout_make(2, 3, 4, 0);
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

    layout = mf_layout_make(2, 3, 4, 0);
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

    layout = mf_layout_make(2, 0, 4, 0);
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

/* ---- heads and contexts -------------------------------------------------- */

static mf_merge *merge_with_contexts(void)
{
    mf_merge *m;

    ck_assert(mf_merge_create(WORLDS, STEPS, AGENTS, layout.stride,
                              sizeof(uint32_t), &m) == MF_OK);
    return m;
}

static uint32_t context_at(uint32_t world, uint32_t step)
{
    return 100 * world + step + 1;
}

/* A section of one record, with the head of its step. */
static void section_with_head(int part, uint32_t world, uint32_t step,
                              uint32_t id)
{
    const mf_section s = {.world = world, .step = step, .n = 1, .head = 1};
    const mf_step_head head = {.n_recorded = 10 * world + step, .event = step};
    const uint32_t ctx = context_at(world, step);
    uint8_t *at = message[part] + size[part];

    memcpy(at, &s, sizeof(s));
    memcpy(at + sizeof(s), &head, sizeof(head));
    memcpy(at + sizeof(s) + sizeof(head), &ctx, sizeof(ctx));
    size[part] += sizeof(s) + sizeof(head) + sizeof(ctx);
    record(part, id, step * WORLDS + world);
}

START_TEST(contexts_travel_with_the_head)
{
    const mf_replay_spec spec = {.layout = layout = mf_layout_make(3, 2, 4, 0),
                                 .n_sets = 1,
                                 .n_shards = 1,
                                 .first = 0,
                                 .last = 1,
                                 .n_worlds = WORLDS,
                                 .n_agents = AGENTS,
                                 .ring_records = 100,
                                 .ctx_bytes = sizeof(uint32_t),
                                 .ctx_slots = STEPS * WORLDS,
                                 .max_samples = 64};
    mf_merge *m = merge_with_contexts();
    mf_step_head head;
    mf_samples s;
    mf_replay *r;

    ck_assert(mf_replay_create(&spec, &r) == MF_OK);
    memset(size, 0, sizeof(size));
    for (uint32_t step = STEPS; step-- > 0;) { /* heads on either part */
        for (uint32_t world = 0; world < WORLDS; world++) {
            const int part = (int)((step + world) % 2);

            section_with_head(part, world, step, 4);
            section(1 - part, world, step, 1);
            record(1 - part, 9, step * WORLDS + world);
        }
    }
    for (int part = 0; part < 2; part++) {
        ck_assert(mf_merge_add(m, message[part], size[part]) == MF_OK);
    }
    for (int k = 0; k < STEPS * WORLDS; k++) {
        ck_assert(mf_merge_head(m, k / WORLDS, k % WORLDS, &head) == MF_OK);
        ck_assert_int_eq((int)head.n_recorded, 10 * (k % WORLDS) + k / WORLDS);
        ck_assert_int_eq((int)head.event, k / WORLDS);
    }
    ck_assert(mf_merge_insert(m, r) == MF_OK);
    ck_assert_uint_eq(mf_replay_size(r), 2 * STEPS * WORLDS);
    mf_replay_draw(r, 0, 0, 1, 64, MF_DRAW_ALL, &s);
    ck_assert_int_eq(s.n, 64);
    for (int j = 0; j < s.n; j++) {
        const uint32_t tag = (uint32_t)s.rew[j];
        const uint32_t want = context_at(tag % WORLDS, tag / WORLDS);

        ck_assert_mem_eq(s.ctx[j], &want, sizeof(want));
    }
    mf_replay_destroy(&r);
    mf_merge_destroy(&m);
}
END_TEST

START_TEST(missing_and_cut_heads_are_refused)
{
    const size_t before = sizeof(mf_section) + sizeof(mf_step_head) + 4;
    mf_step_head head;
    mf_merge *m;

    layout = mf_layout_make(2, 3, 4, 0);
    m = merge_with_contexts();
    log_catch();
    memset(size, 0, sizeof(size));
    section(0, 1, 2, 1);
    record(0, 5, 1);
    ck_assert(mf_merge_add(m, message[0], size[0]) == MF_OK);
    ck_assert(mf_merge_head(m, 2, 1, &head) == MF_ERR_MPI);
    ck_assert(strstr(log_take(), "head of world 1") != NULL);
    size[0] = 0;
    section_with_head(0, 1, 2, 6);
    for (size_t n = sizeof(mf_section); n < size[0]; n++) {
        ck_assert(mf_merge_add(m, message[0], n) == MF_ERR_MPI);
        ck_assert(strstr(log_take(), "world 1, step 2, 1 records") != NULL);
    }
    memset(message[0] + 8, 0, 4); /* no records: the head alone is cut */
    for (size_t n = sizeof(mf_section); n < before; n++) {
        ck_assert(mf_merge_add(m, message[0], n) == MF_ERR_MPI);
        ck_assert(strstr(log_take(), "world 1, step 2, 0 records") != NULL);
    }
    ck_assert(mf_merge_head(m, 2, 1, &head) == MF_ERR_MPI);
    ck_assert(mf_merge_add(m, message[0], before) == MF_OK);
    ck_assert(mf_merge_head(m, 2, 1, &head) == MF_OK);
    mf_merge_destroy(&m);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        split_and_order_of_arrival_do_not_matter,
        malformed_messages_are_refused,
        agents_shipped_twice_are_refused,
        a_round_without_records_changes_nothing,
        contexts_travel_with_the_head,
        missing_and_cut_heads_are_refused,
    };

    return run_suite("merge", tests, COUNT_OF(tests));
}
