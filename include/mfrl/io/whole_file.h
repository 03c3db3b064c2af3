/** @file whole_file.h
 *  A file, or a directory, that is written piece by piece and appears whole or
 *  not at all.  Not for runs: a signal that stops the process removes what is
 *  not whole, see scratch.h.
 */
#ifndef MFRL_IO_WHOLE_FILE_H
#define MFRL_IO_WHOLE_FILE_H

#include <stdio.h>

#include "mfrl/io/run_files.h"
#include "mfrl/io/scratch.h"

typedef struct mf_whole_file {
    FILE *to; /* print into it; errors show when it is closed.  Or let others
                 write to tmp, which is there and empty */
    char path[MF_PATH]; /* what it is written for, links followed */
    char tmp[MF_PATH];  /* "" = written straight to path */
    mf_scratch scratch;
} mf_whole_file;

/** Begin the file @p path, under a temporary name beside it.  A pipe, a device
 *  or what is standard output is not replaced but written straight to.
 *  MF_ERR_USAGE of a disk or a socket, MF_ERR_IO.  *out must not move until
 *  it is closed.  Local. */
mf_status mf_whole_file_open(const char *path, mf_whole_file *out);

/** End it: if @p st is MF_OK and all could be written, it is synced and takes
 *  the place of @p path; else it is removed, and the old file stays.  Returns
 *  @p st if that is a failure, else MF_OK or MF_ERR_IO with one line.  One
 *  that was never opened is ignored.  Local. */
mf_status mf_whole_file_close(mf_whole_file *f, mf_status st);

/** End it without a word: it is removed.  Local. */
void mf_whole_file_drop(mf_whole_file *f);

/** The same for a directory, one at a time: fill @p tmp, which stays where it
 *  is, then end it.  MF_ERR_USAGE if there is something at @p path.  Local. */
mf_status mf_whole_dir_begin(const char *path, char tmp[MF_PATH]);
mf_status mf_whole_dir_end(const char *path, const char *tmp, mf_status st);

#endif
