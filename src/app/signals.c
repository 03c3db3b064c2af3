#include "signals.h"

#include <signal.h>
#include <string.h>

#include "mfrl/base/log.h"

static volatile sig_atomic_t seen;

static void on_signal(int number)
{
    if (number == SIGINT && seen) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    seen = 1;
}

void mf_signals_install(void)
{
    static const int STOP[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    struct sigaction a;

    memset(&a, 0, sizeof(a));
    a.sa_handler = on_signal;
    a.sa_flags = SA_RESTART;
    for (unsigned i = 0; i < sizeof(STOP) / sizeof(STOP[0]); i++) {
        sigaction(STOP[i], &a, NULL);
    }
    /* mpirun stops reading what ranks print before it passes TERM on; one that
     * waited for it would be killed before it has saved. */
    mf_log_set_hurry(mf_signals_seen);
    /* A reader that is gone (| head) is no reason to stop, either. */
    signal(SIGPIPE, SIG_IGN);
    /* A file size limit then is an error of write, like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
}

int mf_signals_seen(void) { return seen; }
