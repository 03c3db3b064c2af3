/** @file log_catch.h
 *  What a forked test's code wrote to the error log.
 */
#ifndef MFRL_TESTS_LOG_CATCH_H
#define MFRL_TESTS_LOG_CATCH_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Send this (forked) test's stderr to a file without a name. */
static inline void log_catch(void)
{
    char name[] = "/tmp/mfrl-test-XXXXXX";
    const int fd = mkstemp(name);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(close(fd), 0);
}

/* What was logged since the last call. */
static inline const char *log_take(void)
{
    static char text[1 << 16];
    const ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    ck_assert_int_eq(ftruncate(STDERR_FILENO, 0), 0);
    ck_assert_int_eq(lseek(STDERR_FILENO, 0, SEEK_SET), 0);
    return text;
}

/* The log holds one error line, this one. */
static inline void log_expect(const char *message)
{
    char line[2048];

    snprintf(line, sizeof(line), "mfrl-dist: error: %s\n", message);
    ck_assert_str_eq(log_take(), line);
}

#endif
