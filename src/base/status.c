#include "mfrl/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mfrl/base/log.h"

static void (*panic_hook)(void);
static struct {
    const char *(*of)(const char *message, const void *arg);
    const void *arg;
} origin;

void mf_fail_set_origin(const char *(*of)(const char *, const void *),
                        const void *arg)
{
    origin.of = of;
    origin.arg = arg;
}

static struct {
    int holding;
    char text[MF_FAIL_HELD]; /* the first since, "" = none */
} held;

void mf_fail_hold(void)
{
    held.holding = 1;
    held.text[0] = '\0';
}

const char *mf_fail_release(void)
{
    held.holding = 0;
    return held.text;
}

mf_status mf_fail(mf_status code, const char *file, int line, const char *fmt,
                  ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (held.holding) {
        if (held.text[0] == '\0') {
            snprintf(held.text, sizeof(held.text), "%.*s", MF_FAIL_HELD - 1,
                     text);
        }
        return code;
    }
    mf_log(MF_LOG_ERROR, "%s%s",
           origin.of != NULL ? origin.of(text, origin.arg) : "", text);
    mf_log(MF_LOG_DEBUG, "found in %s:%d, status %d", file, line, (int)code);
    return code;
}

_Noreturn void mf_panic(const char *cond, const char *file, int line)
{
    mf_log(MF_LOG_ERROR, "bug: %s does not hold in %s:%d", cond, file, line);
    if (panic_hook != NULL) {
        panic_hook();
    }
    abort();
}

void mf_panic_set_hook(void (*hook)(void)) { panic_hook = hook; }
