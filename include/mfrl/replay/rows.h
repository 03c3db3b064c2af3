/** @file rows.h
 *  The steps that came to a replay ring in one round, agent by agent: for
 *  algorithms that learn from them in order.
 */
#ifndef MFRL_REPLAY_ROWS_H
#define MFRL_REPLAY_ROWS_H

#include "mfrl/replay/replay.h"

/** What follows a row. */
enum {
    MF_ROW_NEXT,   /* the next row */
    MF_ROW_END,    /* nothing */
    MF_ROW_CUT,    /* something that is not recorded */
    MF_ROW_NEWEST, /* a step of the next round */
};

/** Chains of an agent's consecutive steps, one behind another, in the order of
 *  their first records. */
typedef struct mf_rows {
    uint32_t n;
    uint32_t *slot;    /* [n] of the ring */
    uint8_t *link;     /* [n] MF_ROW_... */
    uint8_t *has_prev; /* scratch */
    uint64_t capacity;
} mf_rows;

/** Rows of a ring of @p capacity records; freed with mf_rows_clear. */
mf_status mf_rows_create(uint64_t capacity, mf_rows *out);
void mf_rows_clear(mf_rows *rows);

/** Bytes that mf_rows_create allocates. */
size_t mf_rows_bytes(uint64_t capacity);

/** List the records of one ring from number @p since on; the ring must hold
 *  them all.
 *  @param carry  also an agent's last record before, if it is only known now
 *                what followed it */
void mf_rows_collect(mf_replay *r, int set, int shard, uint64_t since,
                     bool carry, mf_rows *out);

#endif
