/** @file disk.h
 *  What POSIX leaves to the caller: durable directories, trees, file hashes.
 *  Used inside io only.
 */
#ifndef MFRL_SRC_IO_DISK_H
#define MFRL_SRC_IO_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"

/** Write all bytes, going on after short writes.  0, or an errno.  Local. */
int mf_disk_write(int fd, const void *bytes, size_t n);

/** Make the bytes of the file @p path survive a power cut.  Local. */
mf_status mf_disk_sync_file(const char *path);

/** Make renames and new names in @p dir survive a power cut.  Local. */
mf_status mf_disk_sync_dir(const char *dir);

/** As mf_disk_sync_dir, for the directory that holds @p path.  Local. */
mf_status mf_disk_sync_parent(const char *path);

/** Remove a file or a directory with all it holds; links are not followed.
 *  A path that does not exist is fine.  Local. */
mf_status mf_disk_remove_tree(const char *path);

/** Size and XXH3-64 (seed 0, as `xxhsum -H3` prints it) of an open file, read
 *  from its start.  0, or an errno.  Local. */
int mf_disk_hash(int fd, uint64_t *size, uint64_t *hash);

#endif
