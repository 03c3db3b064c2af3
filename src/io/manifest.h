/** @file manifest.h
 *  The list of a checkpoint's files with size and hash, and a hash of itself.
 *  Used inside io only.
 *
 *      {"format": 1, "round": 40, "agent_steps": 120000,
 *       "files": [{"name": "net.h5", "size": 9000, "hash": "<16 hex>"}, ...],
 *       "manifest_hash": "<16 hex>"}
 *
 *  manifest_hash is XXH3-64 of the object without this member, printed without
 *  white space.
 */
#ifndef MFRL_SRC_IO_MANIFEST_H
#define MFRL_SRC_IO_MANIFEST_H

#include "mfrl/io/checkpoint.h"

enum { MF_MANIFEST_WHY = 256 };

/** Write @p dir/manifest.json. */
mf_status mf_manifest_write(const char *dir, int64_t round, int64_t agent_steps,
                            const mf_ckpt_entry *entries, size_t n);

/** Read info->dir/manifest.json into *info.  A manifest that is missing or
 *  damaged is MF_ERR_FILE without a log line: @p why says what is wrong.  On
 *  success info->files is released with mf_free. */
mf_status mf_manifest_read(mf_ckpt_info *info, char why[MF_MANIFEST_WHY]);

/** True if @p name can be a file of a checkpoint. */
int mf_manifest_name_ok(const char *name);

#endif
