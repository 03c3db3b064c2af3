/** @file tags.h
 *  Every message tag of the program.
 *
 *  A tag names what a message holds; messages on different communicators never
 *  meet.  MPI promises tags up to 32767 only, so the largest stays below.
 */
#ifndef MFRL_COMM_TAGS_H
#define MFRL_COMM_TAGS_H

enum {
    MF_HALO_SLOTS = 16384, /* halos on one communicator */

    MF_TAG_SHIP = 1,         /* transitions, actor to learner */
    MF_TAG_GRADSUM = 2,      /* gradients between learners */
    MF_TAG_WATCH_ASK = 3,    /* are you there? */
    MF_TAG_WATCH_ANSWER = 4, /* yes, doing this */
    MF_TAG_HALO = 64,        /* + slot; one message per pair of ranks */
    MF_TAG_END = MF_TAG_HALO + MF_HALO_SLOTS
};

_Static_assert(MF_TAG_END <= 32768, "MPI promises no tag above 32767");

#endif
