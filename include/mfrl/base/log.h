/** @file log.h
 *  One formatted line, one write: to the terminal and to the run's log file.
 *
 *  Ranks share a terminal, so a line is never put together from several
 *  prints.  Metrics are data and go to io/metrics, not here.
 */
#ifndef MFRL_BASE_LOG_H
#define MFRL_BASE_LOG_H

#include <stdio.h>

typedef enum mf_log_level {
    MF_LOG_ERROR,
    MF_LOG_WARN,
    MF_LOG_INFO,
    MF_LOG_DEBUG
} mf_log_level;

/** Log one line from this rank.  Errors and warnings go to stderr with the
 *  prefix "mfrl-dist: error: " (plus the rank if it is not 0), info
 *  to stdout without a prefix.  All of them go to the log file too. */
void mf_log(mf_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Log one line for the whole job: printed by rank 0, silent elsewhere. */
void mf_log_root(mf_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Say who this process is; rank < 0 (the default) means "not parallel". */
void mf_log_set_rank(int rank, int n_ranks);

/** Say nothing until mf_log_set_rank: for processes that are known to be one
 *  of many before they can talk to each other. */
void mf_log_silence(void);

/** Lowest level that is shown; MF_LOG_INFO at the start. */
void mf_log_set_level(mf_log_level level);

/** Copy all lines to @p file, which the caller opens and closes; NULL stops
 *  that. */
void mf_log_set_file(FILE *file);

/** Do not wait for a terminal or pipe that takes no more once @p hurry gives
 *  true: what it does not take then is lost, but not to the log file.  Without
 *  it (NULL, the default) a line waits as long as it must. */
void mf_log_set_hurry(int (*hurry)(void));

/** Replace the terminal's last line by @p line without ending it (a progress
 *  bar).  Any later log line starts on a fresh line. */
void mf_log_progress(const char *line);

#endif
