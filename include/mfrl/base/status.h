/** @file status.h
 *  Result codes and how a failure travels.
 *
 *  The finder of a failure logs it once with MF_FAIL; everyone above passes
 *  the code on with MF_TRY.  The codes are also the exit codes of mfrl-dist.
 */
#ifndef MFRL_BASE_STATUS_H
#define MFRL_BASE_STATUS_H

typedef enum mf_status {
    MF_OK = 0,
    MF_ERR_USAGE = 2,   /* command line, config or impossible layout */
    MF_ERR_FILE = 3,    /* an input file is missing, damaged or foreign */
    MF_ERR_NUMERIC = 4, /* NaN or infinity where a number must be */
    MF_ERR_IO = 5,      /* writing failed: disk full, no permission */
    MF_ERR_MEMORY = 6,  /* allocation failed */
    MF_ERR_MPI = 7,     /* an MPI call failed */
    MF_ERR_STALL = 8,   /* a rank was stuck, stopped or cut off */
    MF_ERR_HELD = 9,    /* another job has the run directory */
} mf_status;

/** Log one error line (printf arguments after the code) and yield the code. */
#define MF_FAIL(code, ...) mf_fail((code), __FILE__, __LINE__, __VA_ARGS__)

/** Return from the enclosing function with the status of @p call if it
 *  failed. */
#define MF_TRY(call)                                                           \
    do {                                                                       \
        const mf_status mf_try_st = (call);                                    \
        if (mf_try_st != MF_OK) {                                              \
            return mf_try_st;                                                  \
        }                                                                      \
    } while (0)

/** As MF_TRY, but keep the status in the local variable `st` and jump. */
#define MF_TRY_OR(label, call)                                                 \
    do {                                                                       \
        st = (call);                                                           \
        if (st != MF_OK) {                                                     \
            goto label;                                                        \
        }                                                                      \
    } while (0)

/** A bug, not bad input: checked in debug, asan and test builds only. */
#ifdef MF_DEBUG
#define MF_ASSERT(cond) ((cond) ? (void)0 : mf_panic(#cond, __FILE__, __LINE__))
#else
#define MF_ASSERT(cond) ((void)sizeof(cond))
#endif

/** Log an error with its place in the source (debug level) and return
 *  @p code. */
mf_status mf_fail(mf_status code, const char *file, int line, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));

/** Begin every error line with what @p origin (message, arg) gives, such as
 *  the file and line that the message is about; "" for nothing.  NULL stops
 *  that. */
void mf_fail_set_origin(const char *(*origin)(const char *message,
                                              const void *arg),
                        const void *arg);

/** Keep the lines of MF_FAIL back, for what may fail and be tolerated.
 *  mf_fail_release ends that and gives the first one, "" = none, until the next
 *  mf_fail_hold; those that followed from it are lost. */
enum { MF_FAIL_HELD = 512 };
void mf_fail_hold(void);
const char *mf_fail_release(void);

/** Report a broken assertion and end the job through the abort hook. */
_Noreturn void mf_panic(const char *cond, const char *file, int line);

/** Install what mf_panic calls before abort(), so that base/ need not know
 *  MPI.  NULL removes it. */
void mf_panic_set_hook(void (*hook)(void));

#endif
