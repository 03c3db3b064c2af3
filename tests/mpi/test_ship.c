/* RANKS: 1 2 3 5 */
#include "mfrl/comm/ship.h"

#include <string.h>

#include "roles_test.h"

enum { ROUNDS = 5, PIECES = 3, SHARDS = 4 };

/* Bytes of a piece of a message: none, a few, more than the first guess, more
 * than MPI sends before the receiver is ready. */
static size_t piece_bytes(int round, int actor, int learner, int piece)
{
    static const size_t SIZES[] = {0, 1, 700, 13, 40000, 5};

    return SIZES[(round * 5 + actor * 3 + learner * 2 + piece) % 6];
}

static uint8_t byte_at(int round, int actor, int learner, int piece, size_t i)
{
    return (uint8_t)(i * 7 + (size_t)(round * 101 + actor * 31 + learner * 17 +
                                      piece * 3));
}

static int send_round(const mf_roles *roles, mf_outbox *o, int round)
{
    const int n_learners = roles->plan.n_learners;
    uint64_t sent = mf_outbox_bytes(o);
    int wrong = 0;

    for (int piece = 0; piece < PIECES; piece++) { /* learners in turn */
        for (int l = 0; l < n_learners; l++) {
            const size_t n = piece_bytes(round, roles->actor, l, piece);
            uint8_t *at;

            if (mf_outbox_add(o, l, n, &at) != MF_OK) {
                return 1;
            }
            for (size_t i = 0; i < n; i++) {
                at[i] = byte_at(round, roles->actor, l, piece, i);
            }
            sent += n;
        }
    }
    wrong += mf_outbox_send(o) != MF_OK;
    return wrong + (mf_outbox_bytes(o) != sent);
}

static int receive_round(const mf_roles *roles, mf_inbox *in, int round)
{
    int wrong = mf_inbox_receive(in) != MF_OK;

    for (int a = 0; a < roles->plan.n_actors; a++) {
        size_t size, want = 0;
        const uint8_t *data = mf_inbox_message(in, a, &size);

        for (int piece = 0; piece < PIECES; piece++) {
            const size_t n = piece_bytes(round, a, roles->learner, piece);

            for (size_t i = 0; i < n && want + i < size; i++) {
                wrong += data[want + i] !=
                         byte_at(round, a, roles->learner, piece, i);
            }
            want += n;
        }
        wrong += size != want;
    }
    return wrong;
}

/* Actors run ahead of the learners as far as the two buffers let them. */
static void check_rounds(const mf_roles *roles)
{
    const size_t capacity[SHARDS] = {0, 100, 100000, 10};
    mf_outbox *out = NULL;
    mf_inbox *in = NULL;
    int wrong = 0;

    if (roles->actor >= 0) {
        wrong += mf_outbox_create(roles, capacity, &out) != MF_OK;
    }
    if (roles->learner >= 0) {
        wrong += mf_inbox_create(roles, &in) != MF_OK;
    }
    ck_assert_all(wrong == 0);
    for (int round = 0; round < ROUNDS; round++) {
        dawdle(round);
        wrong += out != NULL && send_round(roles, out, round);
        wrong += in != NULL && receive_round(roles, in, round);
    }
    wrong += out != NULL && mf_outbox_flush(out) != MF_OK;
    ck_assert_all(wrong == 0);
    mf_outbox_destroy(&out);
    mf_inbox_destroy(&in);
    ck_assert_all(out == NULL && in == NULL);
}

START_TEST(every_byte_arrives_in_its_round)
{
    int layouts = 0;

    for (int layout = MF_PLAN_SPLIT; layout <= MF_PLAN_COLOCATED; layout++) {
        for (int l = 1; l <= SHARDS; l++) {
            mf_roles roles;

            if (roles_open((mf_plan_kind)layout, l, SHARDS, &roles)) {
                check_rounds(&roles);
                mf_roles_clear(&roles);
                layouts++;
            }
        }
    }
    ck_assert_all(layouts >= (world_size() < SHARDS ? world_size() : SHARDS));
}
END_TEST

/* Receive a round in which every actor sends n bytes of one value. */
static int receive_value(const mf_roles *roles, mf_inbox *in, int value,
                         size_t n)
{
    int wrong = mf_inbox_receive(in) != MF_OK;

    for (int a = 0; a < roles->plan.n_actors; a++) {
        size_t size;
        const uint8_t *data = mf_inbox_message(in, a, &size);

        wrong += size != n;
        for (size_t i = 0; i < size; i++) {
            wrong += data[i] != value;
        }
    }
    return wrong;
}

/* A message is sent from its own buffer: the next round may be written while
 * it waits for its learner. */
START_TEST(the_next_round_does_not_disturb_this_one)
{
    const size_t n = 200000; /* MPI waits for the receiver before it sends */
    const size_t capacity[1] = {n};
    mf_roles roles;
    mf_outbox *out = NULL;
    mf_inbox *in = NULL;
    int wrong = 0;

    ck_assert_all(roles_open(MF_PLAN_COLOCATED, 1, 1, &roles));
    wrong += mf_outbox_create(&roles, capacity, &out) != MF_OK;
    if (roles.learner >= 0) {
        wrong += mf_inbox_create(&roles, &in) != MF_OK;
    }
    for (int round = 0; round <= ROUNDS; round++) {
        uint8_t *at;

        wrong += mf_outbox_add(out, 0, n, &at) != MF_OK;
        memset(at, round, n);
        wrong +=
            in != NULL && round > 0 && receive_value(&roles, in, round - 1, n);
        wrong += round < ROUNDS && mf_outbox_send(out) != MF_OK;
    }
    wrong += mf_outbox_flush(out) != MF_OK;
    ck_assert_all(wrong == 0);
    mf_outbox_destroy(&out);
    mf_inbox_destroy(&in);
    mf_roles_clear(&roles);
}
END_TEST

static Suite *make(void)
{
    Suite *s = suite_create("ship");
    TCase *tc = tcase_create("ship");

    tcase_add_test(tc, every_byte_arrives_in_its_round);
    tcase_add_test(tc, the_next_round_does_not_disturb_this_one);
    suite_add_tcase(s, tc);
    return s;
}

int main(int argc, char **argv) { return slow_suite_main(argc, argv, make); }
