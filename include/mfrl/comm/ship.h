/** @file ship.h
 *  Transitions from actors to learners: one message per pair and round.
 *
 *  The outbox is an actor's side: one buffer per learner, filled during the
 *  round, sent at its end while the next round fills the other of two buffers.
 *  The inbox is a learner's side: one message from every actor per round, in
 *  whatever order they come.  Both move bytes and know nothing of what is in
 *  them.
 */
#ifndef MFRL_COMM_SHIP_H
#define MFRL_COMM_SHIP_H

#include <stddef.h>
#include <stdint.h>

#include "mfrl/comm/roles.h"

typedef struct mf_outbox mf_outbox;
typedef struct mf_inbox mf_inbox;

/** @param capacity  [n_learners] bytes for each learner in one round; buffers
 *                   grow where that was too few
 *  Local. */
mf_status mf_outbox_create(const mf_roles *roles, const size_t *capacity,
                           mf_outbox **out);
void mf_outbox_destroy(mf_outbox **o);

/** Add room for @p bytes bytes to a learner's message; *at is where they go,
 *  valid until the next call.  Local. */
mf_status mf_outbox_add(mf_outbox *o, int learner, size_t bytes, uint8_t **at);

/** Give back the last @p bytes bytes of what was added.  Local. */
void mf_outbox_trim(mf_outbox *o, int learner, size_t bytes);

/** Send this round's bytes; waits until those of the round before have left.
 *  MF_ERR_USAGE if a message is too long for MPI.  Local; blocks if learners
 * lag behind. */
mf_status mf_outbox_send(mf_outbox *o);

/** Wait until everything has left.  Local; blocks. */
mf_status mf_outbox_flush(mf_outbox *o);

/** Bytes sent so far.  Local. */
uint64_t mf_outbox_bytes(const mf_outbox *o);

mf_status mf_inbox_create(const mf_roles *roles, mf_inbox **out);
void mf_inbox_destroy(mf_inbox **i);

/** Receive the next round's message of every actor.  Local; blocks until all
 *  have sent. */
mf_status mf_inbox_receive(mf_inbox *i);

/** An actor's message of the round last received; valid until the next
 *  receive.  Local. */
const uint8_t *mf_inbox_message(const mf_inbox *i, int actor, size_t *size);

#endif
