/* The steps of a round in chains, against a list of all that ever came. */
#include "mfrl/replay/rows.h"

#include "unit/replay_test.h"

enum { SETS = 2, SHARDS = 3, FIRST = 1, LAST = 3, WORLDS = 5, AGENTS = 11 };
enum { STEPS = 4, ROUNDS = 25, MAX_ALL = WORLDS * AGENTS * STEPS * ROUNDS };
enum { PER_STEP = 3 * 4, GATHERED = 7, NONE = -1 }; /* 3 worlds, 4 agents */

typedef struct entry {
    int world;
    uint32_t id, tag, step;
    uint8_t done;
} entry;

/* Everything inserted, by ring. */
typedef struct model {
    int n[SETS][SHARDS];
    entry all[SETS][SHARDS][MAX_ALL];
    uint8_t gone[WORLDS][AGENTS];
    uint32_t tags, step;
} model;

static model m; /* large; each test runs in its own process */

static mf_replay_spec spec_of(uint64_t ring_records)
{
    return (mf_replay_spec){.layout = mf_layout_make(3, 2, 8, 1),
                            .n_sets = SETS,
                            .n_shards = SHARDS,
                            .first = FIRST,
                            .last = LAST,
                            .n_worlds = WORLDS,
                            .n_agents = AGENTS,
                            .ring_records = ring_records,
                            .seed = 17,
                            .ctx_bytes = sizeof(uint32_t),
                            .ctx_slots = 3 * (STEPS + 1),
                            .max_samples = GATHERED};
}

/* A step of a world: all who are there act, or all but one of @p rests; some
 * die, and now and then an episode is cut off, after which all are there
 * again. */
static void step_world(dice *d, const mf_layout *l, mf_replay *r, int world,
                       uint32_t rests)
{
    const int cut = roll(d, 9) == 0;
    uint8_t records[AGENTS * MAX_RECORD];
    size_t n = 0;

    mf_replay_context(r, world, (const uint8_t *)&m.step);
    for (uint32_t id = 0; id < AGENTS; id++) {
        const int set = world % SETS, shard = (int)(id % SHARDS);
        const uint8_t done = roll(d, 6) == 0 ? MF_RECORD_ENDED
                             : cut           ? MF_RECORD_CUT_OFF
                                             : MF_RECORD_GOES_ON;

        if (rests > 0 && roll(d, rests) == 0) {
            continue;
        }
        if (!m.gone[world][id] && shard >= FIRST && shard < LAST) {
            uint8_t *at = records + n++ * l->stride;

            m.all[set][shard][m.n[set][shard]++] =
                (entry){world, id, ++m.tags, m.step, done};
            write_record(l, id, m.tags, 0, at);
            at[MF_RECORD_DONE] = done;
        }
        m.gone[world][id] |= done == MF_RECORD_ENDED;
        m.gone[world][id] &= (uint8_t)!cut;
    }
    mf_replay_insert(r, world, records, n);
    m.step++;
}

/* The agent's next record, or the one before, by looking at all. */
static int next_of(const entry *all, int n, int k)
{
    for (int i = k + 1; i < n && all[k].done == MF_RECORD_GOES_ON; i++) {
        if (all[i].world == all[k].world && all[i].id == all[k].id) {
            return i;
        }
    }
    return NONE;
}

static int before(const entry *all, int n, int k)
{
    for (int i = k - 1; i >= 0; i--) { /* of all, also those overwritten */
        if (next_of(all, n, i) == k) {
            return i;
        }
    }
    return NONE;
}

typedef struct listed {
    int n, k[MAX_ALL];
    uint8_t link[MAX_ALL];
} listed;

/* What a round is made of, from the list. */
static void list_round(const entry *all, int n, int kept, int since, int carry,
                       listed *out)
{
    out->n = 0;
    for (int first = n - kept; first < n; first++) {
        const int prev = before(all, n, first);
        const int next = next_of(all, n, first);
        const int begins = first >= since ? prev == NONE || prev < n - kept ||
                                                (prev < since && !carry)
                                          : carry && next >= since;

        for (int k = first; begins && k != NONE; k = next_of(all, n, k)) {
            out->k[out->n] = k;
            out->link[out->n++] = next_of(all, n, k) != NONE       ? MF_ROW_NEXT
                                  : all[k].done == MF_RECORD_ENDED ? MF_ROW_END
                                  : all[k].done == MF_RECORD_CUT_OFF
                                      ? MF_ROW_CUT
                                      : MF_ROW_NEWEST;
        }
    }
}

static void check_rows(mf_replay *r, int set, int shard, int since, int carry,
                       uint64_t capacity, int seen[4], int *carried)
{
    static listed want;
    const entry *all = m.all[set][shard];
    const int n = m.n[set][shard];
    const int kept = (uint64_t)n < capacity ? n : (int)capacity;
    mf_rows got;

    list_round(all, n, kept, since, carry, &want);
    ck_assert(mf_rows_create(capacity, &got) == MF_OK);
    mf_rows_collect(r, set, shard, (uint64_t)since, carry, &got);
    ck_assert_uint_eq(got.n, (unsigned)want.n);
    for (int k = 0; k < want.n; k++) {
        ck_assert_uint_eq(got.slot[k],
                          (uint32_t)((uint64_t)want.k[k] % capacity));
        ck_assert_uint_eq(got.link[k], want.link[k]);
        seen[want.link[k]]++;
        *carried += want.k[k] < since;
    }
    mf_rows_clear(&got);
}

static void check_rounds(uint64_t capacity, int carry, uint32_t rests)
{
    const mf_replay_spec spec = spec_of(capacity);
    int seen[4] = {0}, carried = 0;
    dice d = dice_of(capacity + (uint64_t)carry);
    mf_replay *r;

    memset(&m, 0, sizeof(m));
    ck_assert(mf_replay_create(&spec, &r) == MF_OK);
    for (int round = 0; round < ROUNDS; round++) {
        int since[SETS][SHARDS];

        memcpy(since, m.n, sizeof(since));
        for (int step = 0; step < STEPS; step++) {
            for (int world = 0; world < WORLDS; world++) {
                step_world(&d, &spec.layout, r, world, rests);
            }
        }
        for (int set = 0; set < SETS; set++) {
            for (int shard = FIRST; shard < LAST; shard++) {
                check_rows(r, set, shard, since[set][shard], carry, capacity,
                           seen, &carried);
            }
        }
    }
    for (int link = 0; link < 4; link++) {
        ck_assert_int_gt(seen[link], 50);
    }
    ck_assert(carry ? carried > 200 : carried == 0);
    ck_assert_int_gt(m.n[0][FIRST], (int)(2 * capacity));
    mf_replay_destroy(&r);
}

START_TEST(rows_are_chains_of_steps)
{
    for (int carry = 0; carry < 2; carry++) {
        /* no more room than a round and the steps before it need, and some */
        check_rounds(PER_STEP * (STEPS + 1), carry, 0);
        check_rounds(PER_STEP * (STEPS + 1) + 7, carry, 0);
        check_rounds(PER_STEP * (STEPS + 1), carry, 2); /* rest for long */
    }
}
END_TEST

START_TEST(a_ring_that_is_not_full_has_rows)
{
    const uint64_t capacity = 100000;
    const mf_replay_spec spec = spec_of(capacity);
    dice d = dice_of(3);
    int seen[4] = {0}, carried = 0;
    mf_replay *r;

    ck_assert(mf_replay_create(&spec, &r) == MF_OK);
    check_rows(r, 0, FIRST, 0, 1, capacity, seen, &carried); /* empty */
    for (int k = 0; k < 4; k++) {
        const int since = m.n[0][FIRST];

        step_world(&d, &spec.layout, r, 0, 0);
        check_rows(r, 0, FIRST, since, 1, capacity, seen, &carried);
    }
    ck_assert_int_gt(carried, 4);
    mf_replay_destroy(&r);
}
END_TEST

/* Slots in any order, twice as well, come back with all their fields. */
START_TEST(gathered_records_are_those_of_their_slots)
{
    const uint64_t capacity = PER_STEP * (STEPS + 1);
    const mf_replay_spec spec = spec_of(capacity);
    dice d = dice_of(5);
    mf_replay *r;

    ck_assert(mf_replay_create(&spec, &r) == MF_OK);
    for (int k = 0; k < 3 * STEPS * WORLDS; k++) {
        step_world(&d, &spec.layout, r, k % WORLDS, 0);
    }
    for (int shard = FIRST; shard < LAST; shard++) {
        const int n = m.n[1][shard];
        uint32_t slot[GATHERED];
        int number[GATHERED];
        mf_samples s;

        for (int k = 0; k < GATHERED; k++) {
            number[k] = k == 1 ? number[0] : n - 1 - (int)roll(&d, 12);
            slot[k] = (uint32_t)((uint64_t)number[k] % capacity);
        }
        mf_replay_gather(r, 1, shard, slot, GATHERED, &s);
        ck_assert_int_eq(s.n, GATHERED);
        for (int k = 0; k < GATHERED; k++) {
            const entry *e = &m.all[1][shard][number[k]];

            ck_assert_uint_eq(s.id[k], e->id);
            ck_assert(s.rew[k] == (float)e->tag);
            ck_assert(s.prob[k] == prob_of(e->tag));
            ck_assert_uint_eq(s.act[k], e->tag % 3);
            ck_assert_uint_eq(s.done[k], e->done);
            ck_assert_mem_eq(s.ctx[k], &e->step, sizeof(e->step));
            for (int a = 0; a < 3; a++) {
                ck_assert_uint_eq(s.counts[3 * k + a],
                                  count_of(&spec.layout, e->tag, a));
            }
            for (int i = 0; i < 2; i++) {
                ck_assert_uint_eq(s.obs[2 * k + i], obs_of(e->tag, i));
            }
        }
    }
    mf_replay_destroy(&r);
}
END_TEST

START_TEST(memory_of_rows_is_told)
{
    const size_t before = mf_mem_bytes();
    mf_rows rows;

    ck_assert(mf_rows_create(1024, &rows) == MF_OK);
    ck_assert_uint_eq(mf_mem_bytes() - before, mf_rows_bytes(1024));
    mf_rows_clear(&rows);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_are_chains_of_steps,
        a_ring_that_is_not_full_has_rows,
        gathered_records_are_those_of_their_slots,
        memory_of_rows_is_told,
    };

    return run_suite("rows", tests, COUNT_OF(tests));
}
