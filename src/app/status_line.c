#include "status_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

enum { BAR = 20, SHOWN = 3 };      /* SHOWN of the environment's metrics */
static const double REDRAW = 0.25; /* seconds, on a terminal */

struct mf_status_line {
    const mf_run *run;
    int terminal;
    mf_progress start;
    double began, shown; /* clock */
};

/* mpirun gives its ranks a pseudo terminal even when its own output goes to a
 * file, so ask what mpirun itself writes to. */
static int on_terminal(void)
{
    char link[64], target[256];
    ssize_t n;

    if (!isatty(STDOUT_FILENO)) {
        return 0;
    }
    if (getenv("OMPI_COMM_WORLD_RANK") == NULL) {
        return 1;
    }
    snprintf(link, sizeof(link), "/proc/%d/fd/1", (int)getppid());
    n = readlink(link, target, sizeof(target) - 1);
    if (n <= 0) {
        return 0;
    }
    target[n] = '\0';
    return strncmp(target, "/dev/pts/", 9) == 0 ||
           strncmp(target, "/dev/tty", 8) == 0;
}

mf_status mf_status_line_create(const mf_run *run, const mf_progress *resumed,
                                mf_status_line **out)
{
    MF_TRY(mf_alloc(1, sizeof(**out), "status line", out));
    (*out)->run = run;
    (*out)->terminal = on_terminal();
    (*out)->start = *resumed;
    (*out)->began = (*out)->shown = mf_clock_now();
    return MF_OK;
}

void mf_status_line_destroy(mf_status_line **s) { mf_free(s); }

/* "3.2 M" */
static void si(double value, char out[16])
{
    static const char PREFIX[] = " kMGT";
    int k = 0;

    while (value >= 1000 && k < 4) {
        value /= 1000;
        k++;
    }
    snprintf(out, 16, "%.3g%s%c", value, k > 0 ? " " : "", PREFIX[k]);
}

static void duration(double seconds, char out[32])
{
    const int s = seconds < 1e8 ? (int)(seconds + 0.5) : 99999999;

    if (s < 60) {
        snprintf(out, 32, "%ds", s);
    } else if (s < 3600) {
        snprintf(out, 32, "%dm%02ds", s / 60, s % 60);
    } else {
        snprintf(out, 32, "%dh%02dm", s / 3600, s / 60 % 60);
    }
}

void mf_status_line_show(mf_status_line *s, const mf_progress *at,
                         const mf_status_values *v)
{
    const mf_config *cfg = s->run->cfg;
    const int n_shown =
        cfg->env_spec.n_metrics < SHOWN ? cfg->env_spec.n_metrics : SHOWN;
    const double now = mf_clock_now();
    const double every = s->terminal ? REDRAW : (double)cfg->run.log.every;
    const double done = (double)at->round / (double)cfg->run.run.rounds;
    const double rate =
        (double)(at->agent_steps - s->start.agent_steps) / (now - s->began);
    const double rounds_per_s =
        (double)(at->round - s->start.round) / (now - s->began);
    char line[512], bar[BAR + 1], speed[16], eta[32];
    size_t used;

    if (now - s->shown < every || at->round == s->start.round) {
        return;
    }
    s->shown = now;
    si(rate, speed);
    duration((double)(cfg->run.run.rounds - at->round) / rounds_per_s, eta);
    for (int i = 0; i < BAR; i++) {
        bar[i] = i < (int)(done * BAR) ? '#' : '.';
    }
    bar[BAR] = '\0';
    used = (size_t)snprintf(line, sizeof(line),
                            "[%s] %3.0f%%  round %lld/%lld  %s agent-steps/s",
                            bar, 100 * done, (long long)at->round,
                            (long long)cfg->run.run.rounds, speed);
    for (int k = 0; k < n_shown && used < sizeof(line); k++) {
        used += (size_t)snprintf(line + used, sizeof(line) - used, "  %s %.4f",
                                 cfg->env_spec.metrics[k], v->metrics[k]);
    }
    if (used < sizeof(line)) {
        snprintf(line + used, sizeof(line) - used,
                 "  loss %.2g  lag %.0f  waits: actors %.0f%% learners "
                 "%.0f%%  ETA %s",
                 v->loss, v->lag, 100 * v->actor_wait, 100 * v->learner_wait,
                 eta);
    }
    if (s->terminal) {
        mf_log_progress(line);
    } else {
        mf_log_root(MF_LOG_INFO, "%s", line);
    }
}
