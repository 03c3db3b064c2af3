#include "signals.h"

#include <signal.h>
#include <string.h>

#include "mfrl/base/log.h"

static const struct {
    int number;
    const char *name;
} STOP[] = {{SIGINT, "signal INT"},
            {SIGTERM, "signal TERM"},
            {SIGHUP, "signal HUP"},
            {SIGUSR1, "signal USR1"},
            {SIGUSR2, "signal USR2"}};
enum { N_STOP = sizeof(STOP) / sizeof(STOP[0]), FIELD_BITS = 12 };

static volatile sig_atomic_t first; /* signal that came first, 0 = none */
static volatile sig_atomic_t interrupts;

static void on_signal(int number)
{
    if (number == SIGINT && ++interrupts > 1) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    if (first == 0) {
        first = number;
    }
}

void mf_signals_install(void)
{
    struct sigaction a;

    memset(&a, 0, sizeof(a));
    a.sa_handler = on_signal;
    a.sa_flags = SA_RESTART;
    for (int i = 0; i < N_STOP; i++) {
        sigaction(STOP[i].number, &a, NULL);
    }
    /* mpirun stops reading what ranks print before it passes TERM on; one that
     * waited for it would be killed before it has saved. */
    mf_log_set_hurry(mf_signals_seen);
    /* A reader that is gone (| head) is no reason to stop, either. */
    signal(SIGPIPE, SIG_IGN);
    /* A file size limit then is an error of write, like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
}

int mf_signals_seen(void) { return first != 0; }

/* A field of bits for each signal counts the ranks that had it. */
int64_t mf_signals_word(void)
{
    const int number = first;

    for (int i = 0; i < N_STOP; i++) {
        if (STOP[i].number == number) {
            return (int64_t)1 << FIELD_BITS * i;
        }
    }
    return 0;
}

const char *mf_signals_name(int64_t words)
{
    for (int i = 0; i < N_STOP - 1; i++) {
        if ((words >> FIELD_BITS * i & ((1 << FIELD_BITS) - 1)) != 0) {
            return STOP[i].name;
        }
    }
    return STOP[N_STOP - 1].name;
}
