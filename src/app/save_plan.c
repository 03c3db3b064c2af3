#include "save_plan.h"

enum { AUTO_ROUNDS = 100, AUTO_SHARE = 100, MOST_ROUNDS = 1000000000 };

int64_t mf_next_multiple(int64_t round, int64_t every, int64_t last)
{
    const int64_t next = every > 0 ? (round / every + 1) * every : last;

    return next < last ? next : last;
}

void mf_save_plan_begin(mf_save_plan *p, int64_t every, int64_t round,
                        double now)
{
    *p = (mf_save_plan){.every = every,
                        .next = round + AUTO_ROUNDS,
                        .round = round,
                        .ended = now};
}

int64_t mf_save_plan_next(const mf_save_plan *p, int64_t round, int64_t last)
{
    if (p->every >= 0) {
        return mf_next_multiple(round, p->every, last);
    }
    return p->next < last ? p->next : last;
}

void mf_save_plan_saved(mf_save_plan *p, int64_t round, double began,
                        double now)
{
    /* what the rounds since the last save took, with all between them */
    const double time = began - p->ended;
    double rounds =
        AUTO_SHARE * (now - began) / time * (double)(round - p->round);

    rounds = rounds < AUTO_ROUNDS ? AUTO_ROUNDS : rounds;
    rounds = time > 0 && rounds < MOST_ROUNDS ? rounds : MOST_ROUNDS;
    p->next = round + (int64_t)rounds;
    p->round = round;
    p->ended = now;
}
