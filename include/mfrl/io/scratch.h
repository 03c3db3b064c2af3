/** @file scratch.h
 *  Temporary files and directories that go when the process is stopped by INT,
 *  TERM or HUP: where mf_scratch_begin was called.  Runs do not, they handle
 *  these signals themselves.  All functions are Local and for one thread.
 */
#ifndef MFRL_IO_SCRATCH_H
#define MFRL_IO_SCRATCH_H

typedef struct mf_scratch {
    const char *path; /* borrowed until it is dropped */
    struct mf_scratch *next;
} mf_scratch;

/** Handle these signals, but for those that are ignored, from here on. */
void mf_scratch_begin(void);

/** Remove @p path, which need not be there yet, if such a signal comes before
 *  mf_scratch_drop.  @p s is in use until then and must not move. */
void mf_scratch_add(mf_scratch *s, const char *path);

/** No longer; one that was not added is ignored. */
void mf_scratch_drop(mf_scratch *s);

#endif
