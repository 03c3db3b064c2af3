#include "mfrl/replay/replay.h"

#include <math.h>

#include "unit/replay_test.h"

enum { SETS = 2, SHARDS = 3, FIRST = 1, LAST = 3, WORLDS = 5, AGENTS = 11 };
enum { MAX_STEPS = 3000, MAX_SAMPLES = 64, NONE = -1 };

static mf_replay_spec spec_of(uint64_t capacity, int obs_bytes, int neighbours)
{
    return (mf_replay_spec){.layout =
                                mf_layout_make(3, obs_bytes, neighbours, 0),
                            .n_sets = SETS,
                            .n_shards = SHARDS,
                            .first = FIRST,
                            .last = LAST,
                            .n_worlds = WORLDS,
                            .n_agents = AGENTS,
                            .ring_records = capacity,
                            .seed = 17,
                            .ctx_slots = 1,
                            .max_samples = MAX_SAMPLES};
}

static mf_replay *make(const mf_replay_spec *spec)
{
    mf_replay *r;

    ck_assert(mf_replay_create(spec, &r) == MF_OK);
    return r;
}

/* The model: all that was ever inserted, by ring. */
typedef struct entry {
    int world, done;
    uint32_t id, tag;
} entry;

typedef struct model {
    int n[SETS][SHARDS];
    entry all[SETS][SHARDS][MAX_STEPS];
    uint32_t tags;
} model;

static model m; /* large; each test runs in its own process */

/* The record that follows record k of a ring, by looking at all of them. */
static int next_of(const entry *all, int n, int k)
{
    for (int i = k + 1; i < n && !all[k].done; i++) {
        if (all[i].world == all[k].world && all[i].id == all[k].id) {
            return i;
        }
    }
    return NONE;
}

/* One step of one world: some of the agents whose shards are owned. */
static void insert_step(dice *d, const mf_layout *l, mf_replay *r,
                        mf_replay *also)
{
    const int world = (int)roll(d, WORLDS), set = world % SETS;
    uint8_t records[AGENTS * MAX_RECORD];
    size_t n = 0;

    memset(records, 0xEE, sizeof(records));
    for (uint32_t id = 0; id < AGENTS; id++) {
        const int shard = (int)(id % SHARDS);
        const int done = roll(d, 8) == 0;

        if (shard >= FIRST && shard < LAST && roll(d, 3) > 0) {
            entry *all = m.all[set][shard];

            ck_assert_int_lt(m.n[set][shard], MAX_STEPS);
            all[m.n[set][shard]++] = (entry){world, done, id, ++m.tags};
            write_record(l, id, m.tags, done, records + n++ * l->stride);
        }
    }
    mf_replay_insert(r, world, records, n);
    if (also != NULL) {
        mf_replay_insert(also, world, records, n);
    }
}

static void check_ring(mf_replay *r, const mf_replay_spec *s, int set,
                       int shard)
{
    const entry *all = m.all[set][shard];
    const int n = m.n[set][shard], capacity = (int)s->ring_records;
    const int kept = n < capacity ? n : capacity;
    mf_ring_view v;

    mf_replay_ring(r, set, shard, &v);
    ck_assert_uint_eq(v.total, (uint64_t)n);
    ck_assert_uint_eq(v.stored, (uint64_t)kept);
    ck_assert_uint_eq(v.capacity, s->ring_records);
    for (int k = n - kept; k < n; k++) {
        const int next = next_of(all, n, k);
        uint8_t want[MAX_RECORD];

        write_record(&s->layout, all[k].id, all[k].tag, all[k].done, want);
        ck_assert_mem_eq(v.records + (size_t)(k % capacity) * s->layout.stride,
                         want, s->layout.stride);
        ck_assert_uint_eq(v.next[k % capacity],
                          next == NONE ? UINT32_MAX
                                       : (uint32_t)(next % capacity));
    }
}

/* Sample j must be a stored record, chained if asked, with its next step. */
static void check_sample(const mf_replay_spec *spec, const mf_samples *s, int j,
                         const entry *all, int n, int chained)
{
    const mf_layout *l = &spec->layout;
    const int kept = n < (int)spec->ring_records ? n : (int)spec->ring_records;
    int k = n - 1;

    while (k >= n - kept && (float)all[k].tag != s->rew[j]) {
        k--;
    }
    ck_assert_int_ge(k, n - kept);

    const int next = next_of(all, n, k);

    ck_assert(!chained || all[k].done || next != NONE);
    ck_assert_uint_eq(s->id[j], all[k].id);
    ck_assert_uint_eq(s->act[j], all[k].tag % 3);
    ck_assert_int_eq(s->done[j], all[k].done);
    for (int a = 0; a < l->n_actions; a++) {
        const int at = j * l->n_actions + a;

        ck_assert_uint_eq(s->counts[at], count_of(l, all[k].tag, a));
        ck_assert_uint_eq(s->next_counts[at],
                          next == NONE ? 0 : count_of(l, all[next].tag, a));
    }
    for (int i = 0; i < l->obs_bytes; i++) {
        const int at = j * l->obs_bytes + i;

        ck_assert_uint_eq(s->obs[at], obs_of(all[k].tag, i));
        ck_assert_uint_eq(s->next_obs[at],
                          next == NONE ? 0 : obs_of(all[next].tag, i));
    }
}

static void check_draws(mf_replay *r, const mf_replay_spec *spec, int set,
                        int shard, uint64_t update)
{
    const entry *all = m.all[set][shard];
    const int n = m.n[set][shard], capacity = (int)spec->ring_records;
    int usable = 0;
    mf_samples s;

    for (int k = n < capacity ? 0 : n - capacity; k < n; k++) {
        usable += all[k].done || next_of(all, n, k) != NONE;
    }
    for (int chained = 0; chained < 2; chained++) {
        mf_replay_draw(r, set, shard, update, 20,
                       chained ? MF_DRAW_CHAINED : MF_DRAW_ALL, &s);
        ck_assert_int_eq(s.n > 0, chained ? usable > 0 : n > 0);
        ck_assert(chained || n == 0 || s.n == 20);
        for (int j = 0; j < s.n; j++) {
            check_sample(spec, &s, j, all, n, chained);
        }
    }
}

START_TEST(rings_hold_what_the_model_holds)
{
    const uint64_t capacity[] = {1, 2, 3, 7, 20, 64, 1000};

    for (size_t c = 0; c < COUNT_OF(capacity); c++) {
        const mf_replay_spec spec =
            spec_of(capacity[c], (int)c * 2 - (c > 3), c % 2 ? 4 : 300);
        mf_replay *r = make(&spec);
        dice d = dice_of(c);
        uint64_t size = 0;

        memset(&m, 0, sizeof(m));
        for (int step = 0; step < 300; step++) {
            const int set = step % SETS, shard = FIRST + step / 2 % 2;

            insert_step(&d, &spec.layout, r, NULL);
            check_draws(r, &spec, set, shard, (uint64_t)step);
            check_ring(r, &spec, set, shard);
        }
        for (int k = 0; k < SETS * 2; k++) {
            mf_ring_view v;

            check_ring(r, &spec, k / 2, FIRST + k % 2);
            mf_replay_ring(r, k / 2, FIRST + k % 2, &v);
            size += v.stored;
        }
        ck_assert_uint_eq(mf_replay_size(r), size);
        mf_replay_destroy(&r);
        ck_assert(r == NULL);
    }
}
END_TEST

START_TEST(draws_are_uniform_over_what_can_be_drawn)
{
    enum { UPDATES = 500 };
    const mf_replay_spec spec = spec_of(50, 0, 4);
    mf_replay *r = make(&spec);
    dice d = dice_of(3);
    const entry *all = m.all[0][FIRST];

    for (int step = 0; step < 100; step++) {
        insert_step(&d, &spec.layout, r, NULL);
    }
    for (int chained = 0; chained < 2; chained++) {
        const int n = m.n[0][FIRST];
        int count[50] = {0}, can[50] = {0}, n_can = 0, twice = 0;

        for (int k = n - 50; k < n; k++) {
            can[k % 50] = !chained || all[k].done || next_of(all, n, k) != NONE;
            n_can += can[k % 50];
        }
        ck_assert(n_can > 10 && (chained ? n_can < 50 : n_can == 50));
        for (uint64_t u = 0; u < UPDATES; u++) {
            mf_samples s;

            mf_replay_draw(r, 0, FIRST, u, MAX_SAMPLES,
                           chained ? MF_DRAW_CHAINED : MF_DRAW_ALL, &s);
            ck_assert_int_eq(s.n, MAX_SAMPLES);
            for (int j = 0; j < s.n; j++) {
                twice += j > 0 && s.rew[j] == s.rew[j - 1];
                for (int k = n - 50; k < n; k++) {
                    count[k % 50] += s.rew[j] == (float)all[k].tag;
                }
            }
        }

        const double mean = (double)UPDATES * MAX_SAMPLES / n_can;

        for (int i = 0; i < 50; i++) { /* 5 standard deviations */
            ck_assert(can[i] ? fabs(count[i] - mean) < 5 * sqrt(mean)
                             : count[i] == 0);
        }
        /* samples drawn again must not follow their neighbours */
        ck_assert_double_lt(fabs(twice - mean), 5 * sqrt(mean));
    }
    mf_replay_destroy(&r);
}
END_TEST

/* Rewards of a draw; they name the records. */
static void draw(mf_replay *r, int set, int shard, uint64_t update, int n,
                 float *rew)
{
    mf_samples s;

    mf_replay_draw(r, set, shard, update, n, 1, &s);
    ck_assert_int_eq(s.n, n);
    memcpy(rew, s.rew, (size_t)n * sizeof(*rew));
}

START_TEST(draws_are_functions_of_their_key)
{
    enum { N = MAX_SAMPLES };
    mf_replay_spec spec = spec_of(1000, 0, 4);
    mf_replay *a = make(&spec), *b;
    dice d = dice_of(4);
    float first[N], again[N], other[N];

    spec.seed++;
    b = make(&spec);
    for (int step = 0; step < 200; step++) {
        insert_step(&d, &spec.layout, a, b);
    }
    draw(a, 1, FIRST, 5, N, first);
    draw(a, 1, FIRST, 6, N, other);
    ck_assert(memcmp(first, other, sizeof(first)) != 0);
    draw(b, 1, FIRST, 5, N, other);
    ck_assert(memcmp(first, other, sizeof(first)) != 0);
    draw(a, 0, FIRST, 5, N, other);
    draw(a, 1, FIRST + 1, 5, N, other);
    draw(a, 1, FIRST, 5, N, again);
    ck_assert_mem_eq(first, again, sizeof(first));
    draw(a, 1, FIRST, 5, 7, again); /* sample j whatever the number */
    ck_assert_mem_eq(first, again, 7 * sizeof(*first));
    mf_replay_destroy(&a);
    mf_replay_destroy(&b);
}
END_TEST

/* The rings of *from into the empty *to, as a checkpoint does. */
static void copy_rings(mf_replay *from, mf_replay *to, size_t stride)
{
    for (int k = 0; k < SETS * (LAST - FIRST); k++) {
        const int set = k % SETS, shard = FIRST + k / SETS;
        mf_ring_view x, y;

        mf_replay_ring(from, set, shard, &x);
        mf_replay_ring(to, set, shard, &y);
        ck_assert(x.capacity == y.capacity && x.n_tracks == y.n_tracks);
        memcpy(y.records, x.records, x.stored * stride);
        memcpy(y.next, x.next, x.stored * sizeof(*x.next));
        memcpy(y.last, x.last, x.n_tracks * sizeof(*x.last));
        mf_replay_restored(to, set, shard, x.total);
    }
}

START_TEST(restored_rings_go_on_alike)
{
    for (uint64_t i = 0; i < 40; i++) { /* many rings of one record */
        const uint64_t capacity = i < 24 ? 1 : 1 + (i - 24) * 12;
        const mf_replay_spec spec = spec_of(capacity, 5, 300);
        mf_replay *a = make(&spec), *b = make(&spec);
        dice d = dice_of(i);

        memset(&m, 0, sizeof(m));
        for (int step = 0; step < 40; step++) {
            insert_step(&d, &spec.layout, a, NULL);
        }
        copy_rings(a, b, spec.layout.stride);
        for (int step = 0; step < 100; step++) {
            const int set = step % SETS, shard = FIRST + step / 2 % 2;
            float rew[MAX_SAMPLES];
            mf_samples s;

            mf_replay_draw(a, set, shard, (uint64_t)step, 9, 1, &s);
            const int n = s.n;

            memcpy(rew, s.rew, (size_t)n * sizeof(*rew));
            mf_replay_draw(b, set, shard, (uint64_t)step, 9, 1, &s);
            ck_assert_int_eq(s.n, n);
            ck_assert_mem_eq(s.rew, rew, (size_t)n * sizeof(*rew));
            ck_assert(same_ring(a, b, set, shard, spec.layout.stride));
            insert_step(&d, &spec.layout, a, b);
        }
        mf_replay_destroy(&a);
        mf_replay_destroy(&b);
    }
}
END_TEST

START_TEST(memory_is_as_told)
{
    mf_replay_spec spec = spec_of(10000, 6, 4);
    mf_replay *r = make(&spec);
    const double ratio =
        (double)mf_mem_bytes() / (double)mf_replay_bytes(&spec);

    ck_assert(ratio >= 1 && ratio < 1.02);
    mf_replay_destroy(&r);
    spec.ring_records = UINT32_MAX;
    log_catch();
    ck_assert(mf_replay_create(&spec, &r) == MF_ERR_USAGE && r == NULL);
    ck_assert(strstr(log_take(), "replay.shards") != NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rings_hold_what_the_model_holds,
        draws_are_uniform_over_what_can_be_drawn,
        draws_are_functions_of_their_key,
        restored_rings_go_on_alike,
        memory_is_as_told,
    };

    return run_suite("replay", tests, COUNT_OF(tests));
}
