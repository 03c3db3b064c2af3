/** @file exact.h
 *  The Ising model on the infinite square lattice, without a field, as the
 *  game pays it: coupling 1, so that the heat bath at temperature T is the
 *  model at K = 1 / (2 T).
 */
#ifndef MFRL_APP_EXACT_H
#define MFRL_APP_EXACT_H

/** Where the order vanishes: 1 / ln(1 + sqrt 2) = 1.1346. */
double mf_ising_critical(void);

/** Order, the magnitude of the mean spin: (1 - sinh(1/T)^-4)^(1/8) below the
 *  critical temperature, 0 above (Onsager; Yang 1952).  @p t > 0 */
double mf_ising_order(double t);

/** Reward of an agent and step, half the sum over its four neighbours: twice
 *  the mean of s s', from Onsager's energy.  @p t > 0 */
double mf_ising_reward(double t);

#endif
