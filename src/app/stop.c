#include "stop.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mfrl/base/clock.h"
#include "mfrl/base/log.h"
#include "signals.h"

enum { SPARE_SECONDS = 60 }; /* SLURM looks at its limits every 30 s */

/* Seconds until the allocation ends, 0 = nobody knows. */
static double allocation_left(void)
{
    const char *text = getenv("SLURM_JOB_END_TIME");
    char *end;
    long long at;

    if (text == NULL) {
        return 0;
    }
    at = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || at <= (long long)time(NULL)) {
        mf_log(MF_LOG_WARN,
               "SLURM_JOB_END_TIME = %s is no time to come; it is ignored",
               text);
        return 0;
    }
    return (double)(at - (long long)time(NULL));
}

mf_status mf_stop_init(mf_stop *s, const mf_config *cfg)
{
    const double now = mf_clock_now();
    const double left = allocation_left();

    *s = (mf_stop){0};
    if (cfg->run.run.max_hours > 0) {
        s->hours_end = now + 3600 * cfg->run.run.max_hours;
    }
    s->allocation_end = left > 0 ? now + left : 0;
    return mf_path_join(s->file, cfg->run.run.dir, "STOP");
}

/* Take the time since the call before. */
static void time_round(mf_stop *s, double now)
{
    if (s->asked > 0 && now - s->asked > s->round) {
        s->round = now - s->asked;
    }
    s->asked = now;
}

int mf_stop_asked(mf_stop *s, int64_t signals)
{
    const double now = mf_clock_now();

    time_round(s, now);
    signals += mf_signals_word();
    if (s->reason != NULL) {
        return 1;
    }
    if (signals != 0) {
        s->reason = mf_signals_name(signals);
    } else if (access(s->file, F_OK) == 0) {
        s->reason = "file STOP";
    } else if (s->hours_end > 0 && now >= s->hours_end) {
        s->reason = "run.max_hours are over";
    } else if (s->allocation_end > 0 &&
               now + SPARE_SECONDS + 2 * (s->round + s->checkpoint) >=
                   s->allocation_end) {
        s->reason = "the SLURM allocation ends soon";
    }
    return s->reason != NULL;
}

void mf_stop_saved(mf_stop *s, double seconds)
{
    s->checkpoint = seconds > s->checkpoint ? seconds : s->checkpoint;
}

mf_status mf_stop_poll_ask(mf_stop_poll *p, int *stop)
{
    *stop = 0;
    if (p != NULL) {
        MF_TRY(p->ask(p->arg, &p->stopped));
        *stop = p->stopped;
    }
    return MF_OK;
}
