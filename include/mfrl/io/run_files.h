/** @file run_files.h
 *  The run directory and small files in it that appear whole or not at all.
 */
#ifndef MFRL_IO_RUN_FILES_H
#define MFRL_IO_RUN_FILES_H

#include <stddef.h>

#include "mfrl/base/status.h"

enum { MF_PATH = 1024 }; /* bytes of a path, with the end of the text */

/** out = dir/name.  MF_ERR_USAGE if that is too long.  Local. */
mf_status mf_path_join(char out[MF_PATH], const char *dir, const char *name);

/** Create the directory @p path with its parents; one that exists is taken as
 *  it is.  MF_ERR_IO if it cannot be made, is a file, or cannot be written.
 *  Call it once the config was checked: nothing else makes directories of a
 *  run that was refused.  Local, one rank. */
mf_status mf_run_dir_create(const char *path);

/** Replace the file @p path by @p n bytes: written beside it, synced, then
 *  renamed, so that a reader sees the old bytes or the new ones.  MF_ERR_IO;
 *  the old file is then untouched.  Local, one rank per path. */
mf_status mf_file_write_atomic(const char *path, const void *bytes, size_t n);

/** Read a whole file of at most @p limit bytes.  *text has a zero byte after
 *  its *n bytes (n may be NULL); release it with mf_free.  MF_ERR_FILE if it
 *  is missing, no plain file, unreadable or larger; then *text is NULL.
 *  Local. */
mf_status mf_file_read(const char *path, size_t limit, char **text, size_t *n);

#endif
