/** @file clock.h
 *  Time: monotonic seconds, CPU seconds, and where a role's time goes.
 */
#ifndef MFRL_BASE_CLOCK_H
#define MFRL_BASE_CLOCK_H

/** Seconds on the monotonic clock; only differences mean anything. */
double mf_clock_now(void);

/** CPU seconds (user + system) that this process has used. */
double mf_clock_cpu(void);

/** Seconds spent in each of a fixed set of phases.  At any moment one phase
 *  runs, so that the phases add up to the whole time. */
typedef struct mf_phases {
    double *seconds; /* [n], borrowed */
    int current;     /* phase that is running, -1 = none */
    double since;    /* when it began */
} mf_phases;

/** Charge the time since the last switch to the running phase and go on in
 *  @p phase (-1 stops).  Returns the phase that ran before, so that a callee
 *  can switch back. */
int mf_phases_switch(mf_phases *p, int phase);

#endif
