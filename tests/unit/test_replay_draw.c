/* Which records are drawn, and with which contexts. */
#include "unit/replay_test.h"

enum { SETS = 2, WORLDS = 3, AGENTS = 4, STEPS = 30, DRAWN = 64 };

static mf_replay *make(uint64_t slots)
{
    const mf_replay_spec spec = {.layout = mf_layout_make(3, 2, 4, 0),
                                 .n_sets = SETS,
                                 .n_shards = 1,
                                 .first = 0,
                                 .last = 1,
                                 .n_worlds = WORLDS,
                                 .n_agents = AGENTS,
                                 .ring_records = 200,
                                 .ctx_bytes = sizeof(uint32_t),
                                 .ctx_slots = slots,
                                 .seed = 3,
                                 .max_samples = DRAWN};
    mf_replay *r;

    ck_assert(mf_replay_create(&spec, &r) == MF_OK);
    return r;
}

static uint32_t context_at(uint32_t step) { return 1000 * step + 7; }

static void begin(mf_replay *r, int world, uint32_t step)
{
    const uint32_t ctx = context_at(step);

    mf_replay_context(r, world, (const uint8_t *)&ctx);
}

static void insert(mf_replay *r, int world, uint32_t id, uint32_t tag,
                   uint8_t done)
{
    const mf_layout l = mf_layout_make(3, 2, 4, 0);
    uint8_t out[MAX_RECORD];

    write_record(&l, id, tag, 0, out);
    out[MF_RECORD_DONE] = done;
    mf_replay_insert(r, world, out, 1);
}

static int is_there(uint32_t step, uint32_t id) { return (step + id) % 3 > 0; }
static int world_at(uint32_t step) { return (int)(step % WORLDS); }
static int set_at(uint32_t step) { return world_at(step) % SETS; }

/* Is a context still kept after all steps? */
static int is_kept(uint32_t step, uint64_t slots)
{
    uint64_t age = 1;

    for (uint32_t k = step + 1; k < STEPS; k++) {
        age += set_at(k) == set_at(step);
    }
    return age <= slots;
}

/* The step of the agent's next record, or its own if there is none. */
static uint32_t next_at(uint32_t step, uint32_t id)
{
    for (uint32_t k = step + WORLDS; k < STEPS; k += WORLDS) {
        if (is_there(k, id)) {
            return k;
        }
    }
    return step;
}

static uint32_t value(const uint8_t *ctx)
{
    uint32_t v;

    ck_assert(ctx != NULL);
    memcpy(&v, ctx, sizeof(v));
    return v;
}

static void check_contexts(uint64_t slots)
{
    int drawn[STEPS * AGENTS] = {0};
    mf_replay *r = make(slots);

    for (uint32_t step = 0; step < STEPS; step++) {
        begin(r, world_at(step), step);
        for (uint32_t id = 0; id < AGENTS; id++) {
            if (is_there(step, id)) {
                insert(r, world_at(step), id, step * AGENTS + id, 0);
            }
        }
    }
    for (uint64_t u = 0; u < 100; u++) {
        mf_samples s;

        mf_replay_draw(r, (int)(u % SETS), 0, u, DRAWN, MF_DRAW_ALL, &s);
        for (int j = 0; j < s.n; j++) {
            const uint32_t tag = (uint32_t)s.rew[j], step = tag / AGENTS;

            drawn[tag] = 1;
            ck_assert_uint_eq(value(s.ctx[j]), context_at(step));
            ck_assert_uint_eq(value(s.next_ctx[j]),
                              context_at(next_at(step, tag % AGENTS)));
        }
    }
    for (uint32_t tag = 0; tag < STEPS * AGENTS; tag++) {
        const uint32_t step = tag / AGENTS;

        ck_assert_int_eq(drawn[tag],
                         is_there(step, tag % AGENTS) && is_kept(step, slots));
    }
    mf_replay_destroy(&r);
}

START_TEST(records_go_with_their_contexts)
{
    for (uint64_t slots = 1; slots <= STEPS; slots++) {
        check_contexts(slots);
    }
}
END_TEST

/* Set of the tags that are drawn, as bits. */
static unsigned tags_drawn(mf_replay *r, mf_draw which)
{
    unsigned bits = 0;

    for (uint64_t u = 0; u < 20; u++) {
        mf_samples s;

        mf_replay_draw(r, 0, 0, u, DRAWN, which, &s);
        for (int j = 0; j < s.n; j++) {
            bits |= 1u << (unsigned)s.rew[j];
        }
    }
    return bits;
}

START_TEST(ends_decide_what_is_drawn)
{
    const uint8_t done[5] = {MF_RECORD_GOES_ON, MF_RECORD_CUT_OFF,
                             MF_RECORD_GOES_ON, MF_RECORD_ENDED,
                             MF_RECORD_GOES_ON};
    const uint32_t next[5] = {1, UINT32_MAX, 3, UINT32_MAX, UINT32_MAX};
    mf_replay *r = make(STEPS);
    mf_ring_view v;

    for (uint32_t k = 0; k < 5; k++) {
        begin(r, 0, k);
        insert(r, 0, 2, k, done[k]);
    }
    mf_replay_ring(r, 0, 0, &v);
    ck_assert_mem_eq(v.next, next, sizeof(next));
    ck_assert_uint_eq(tags_drawn(r, MF_DRAW_ALL), 0x1F);
    ck_assert_uint_eq(tags_drawn(r, MF_DRAW_CHAINED), 1 << 0 | 1 << 2 | 1 << 3);
    ck_assert_uint_eq(tags_drawn(r, MF_DRAW_NEXT), 1 << 0 | 1 << 2);
    mf_replay_destroy(&r);
}
END_TEST

START_TEST(nothing_is_drawn_where_nothing_is_wanted)
{
    mf_replay *r = make(1);

    begin(r, 0, 0);
    insert(r, 0, 0, 1, MF_RECORD_CUT_OFF);
    ck_assert_uint_eq(tags_drawn(r, MF_DRAW_CHAINED), 0);
    insert(r, 0, 1, 2, MF_RECORD_ENDED);
    ck_assert_uint_eq(tags_drawn(r, MF_DRAW_NEXT), 0);
    begin(r, 0, 1); /* and with it the only context is another one */
    ck_assert_uint_eq(tags_drawn(r, MF_DRAW_ALL), 0);
    mf_replay_destroy(&r);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        records_go_with_their_contexts,
        ends_decide_what_is_drawn,
        nothing_is_drawn_where_nothing_is_wanted,
    };

    return run_suite("replay_draw", tests, COUNT_OF(tests));
}
