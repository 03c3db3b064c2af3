#include "mfrl/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "mfrl/base/beat.h"

static struct {
    int rank;
    int n_ranks;
    mf_log_level level;
    FILE *file;
    bool silent;
    int (*hurry)(void);
    bool in_progress; /* the terminal's last line is a progress line */
} state = {.rank = -1, .n_ranks = 1, .level = MF_LOG_INFO};

static const char *prefix(mf_log_level level)
{
    switch (level) {
    case MF_LOG_ERROR:
        return "mfrl-dist: error: ";
    case MF_LOG_WARN:
        return "mfrl-dist: warning: ";
    case MF_LOG_DEBUG:
        return "mfrl-dist: debug: ";
    case MF_LOG_INFO:
        break;
    }
    return "";
}

/* Wait until fd takes more; false if that is too long.  A reader may pause as
 * long as it likes, so such a wait is a sign of life. */
static bool wait_until_taken(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    for (;;) {
        const bool hurry = state.hurry != NULL && state.hurry();
        const int n = poll(&p, 1, hurry ? 0 : 100);

        if (n > 0 || (n < 0 && errno != EINTR)) {
            return true; /* if it cannot be written, write will say so */
        }
        if (hurry) {
            return false;
        }
        mf_beat();
    }
}

/* Whole lines only: a write that is interrupted would interleave with those of
 * other ranks, and a terminal that is gone is no reason to stop. */
static void put(int fd, const char *text, size_t size)
{
    while (size > 0 && wait_until_taken(fd)) {
        const ssize_t n = write(fd, text, size);

        if (n <= 0) {
            return;
        }
        text += n;
        size -= (size_t)n;
    }
}

static void emit(mf_log_level level, bool tell_rank, const char *fmt,
                 va_list ap)
{
    char line[2048];
    size_t used = 0;
    const int fd = level <= MF_LOG_WARN ? STDERR_FILENO : STDOUT_FILENO;

    if (level > state.level || state.silent) {
        return;
    }
    used +=
        (size_t)snprintf(line, sizeof(line), "%s%s",
                         state.in_progress ? "\r\033[K" : "", prefix(level));
    if (tell_rank && state.n_ranks > 1) {
        used += (size_t)snprintf(line + used, sizeof(line) - used,
                                 "rank %d: ", state.rank);
    }
    const int n = vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);

    used += n > 0 ? (size_t)n : 0;
    if (used > sizeof(line) - 2) {
        used = sizeof(line) - 2;
    }
    line[used++] = '\n';
    put(fd, line, used);
    if (state.file != NULL) {
        const size_t skip = state.in_progress ? strlen("\r\033[K") : 0;

        fwrite(line + skip, 1, used - skip, state.file);
        fflush(state.file);
    }
    state.in_progress = false;
}

void mf_log(mf_log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    emit(level, state.rank > 0, fmt, ap);
    va_end(ap);
}

void mf_log_root(mf_log_level level, const char *fmt, ...)
{
    va_list ap;

    if (state.rank > 0) {
        return;
    }
    va_start(ap, fmt);
    emit(level, false, fmt, ap);
    va_end(ap);
}

void mf_log_set_rank(int rank, int n_ranks)
{
    state.rank = rank;
    state.n_ranks = n_ranks;
    state.silent = false;
}

void mf_log_silence(void) { state.silent = true; }

void mf_log_set_level(mf_log_level level) { state.level = level; }

void mf_log_set_file(FILE *file) { state.file = file; }

void mf_log_set_hurry(int (*hurry)(void)) { state.hurry = hurry; }

void mf_log_progress(const char *line)
{
    char text[512];
    const int n = snprintf(text, sizeof(text), "\r\033[K%s", line);

    if (n > 0) {
        put(STDOUT_FILENO, text,
            (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
        state.in_progress = true;
    }
}
