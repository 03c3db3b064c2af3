/** @file battle_hp.h
 *  Hp in the packed observations of battle, see battle_view.h.
 */
#ifndef MFRL_ENV_BATTLE_HP_H
#define MFRL_ENV_BATTLE_HP_H

#include "battle_view.h"

enum { MF_BATTLE_HP_BITS = 54 }; /* that one agent takes at most */

typedef struct mf_battle_bits {
    uint8_t *to;
    const uint8_t *from;
    size_t at; /* next bit, lowest of a byte first */
} mf_battle_bits;

/** Hp of the agents in view, one after another. */
typedef struct mf_battle_hp_reader {
    mf_battle_bits bits;
    int k, exact, left;
} mf_battle_hp_reader;

/** Fill the levels of a view. */
void mf_battle_hp_levels(mf_battle_view *v, const mf_battle_rules *r);

/** Write the hp of the agents seen.
 *  @param hp     [n_seen]  nearest first
 *  @param k      -         out, parameter of the code
 *  @param exact  -         out, agents whose hp are exact
 *  @param out    [obs_bytes - stream]  zeros, filled
 *  @return       agents whose hp were rounded */
int mf_battle_hp_pack(const mf_battle_view *v, const float *hp, int n_seen,
                      uint8_t *k, uint8_t *exact, uint8_t *out);

/** Begin to read what was written so. */
mf_battle_hp_reader mf_battle_hp_read(const mf_battle_view *v, int k, int exact,
                                      const uint8_t *from);

/** Hp of the next agent. */
float mf_battle_hp_next(const mf_battle_view *v, mf_battle_hp_reader *r);

#endif
