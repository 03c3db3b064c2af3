#include "mfrl/base/clock.h"

#include <sys/resource.h>
#include <time.h>

double mf_clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double mf_clock_cpu(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int mf_phases_switch(mf_phases *p, int phase)
{
    const double now = mf_clock_now();
    const int before = p->current;

    if (before >= 0) {
        p->seconds[before] += now - p->since;
    }
    p->current = phase;
    p->since = now;
    return before;
}
