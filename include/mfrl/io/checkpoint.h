/** @file checkpoint.h
 *  Checkpoints that exist whole or not at all, written by many ranks.
 *
 *      <run>/checkpoints/step-000000120000/  manifest.json  net.h5  ...
 *      <run>/checkpoints/latest -> step-000000120000
 *
 *  To save, with the collective steps left to the caller:
 *      rank 0     mf_ckpt_begin, then tells the others the directory
 *      each rank  writes its files into it, mf_ckpt_stamp for each
 *      rank 0     gathers the entries (plain bytes), mf_ckpt_commit
 *  If any rank failed, rank 0 calls mf_ckpt_abandon; older checkpoints are as
 *  they were.  Until the commit renames it the directory is called
 *  .tmp-step-..., which nobody loads.  A job that is killed at any moment
 *  leaves the old checkpoint or the new one, and leftovers that the next
 *  mf_ckpt_begin clears away.
 *
 *  For tests: with MFRL_TEST_KILL_AT=<point>[:<n>] in the environment the
 *  process kills itself when it passes that point for the n-th time (n = 1);
 *  the points are listed in src/io/ckpt_dir.h.
 */
#ifndef MFRL_IO_CHECKPOINT_H
#define MFRL_IO_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"
#include "mfrl/io/run_files.h"
#include "mfrl/io/run_lock.h"

enum {
    MF_CKPT_NAME = 112,
    MF_CKPT_FORMAT = 1,
    MF_CKPT_BLOCK = 1 << 18 /* bytes that mf_ckpt_stamp reads at once */
};

/** One file of a checkpoint; fixed size, to be sent between ranks as bytes. */
typedef struct mf_ckpt_entry {
    char name[MF_CKPT_NAME]; /* no directory part */
    uint64_t size;           /* bytes */
    uint64_t hash;           /* XXH3-64 of the file, as `xxhsum -H3` */
} mf_ckpt_entry;

/** A checkpoint that was found and is whole. */
typedef struct mf_ckpt_info {
    char dir[MF_PATH];
    int64_t round, agent_steps;
    size_t n;
    mf_ckpt_entry *files; /* [n], sorted by name; owned */
} mf_ckpt_info;

/** Clear leftovers of killed saves and create the temporary directory for the
 *  checkpoint at @p agent_steps; its path goes to @p tmp_dir.  @p bytes is an
 *  estimate of the checkpoint's size: MF_ERR_IO, before anything is written,
 *  if less space is free.  @p owner is the run directory's lock, or NULL; it is
 *  checked first.  Local, one rank. */
mf_status mf_ckpt_begin(const char *run_dir, int64_t agent_steps,
                        uint64_t bytes, const mf_run_lock *owner,
                        char tmp_dir[MF_PATH]);

/** MF_ERR_IO if no checkpoint of so many bytes could be saved in @p run_dir,
 *  which is there or will be: no room, or no permission.  Local, one rank. */
mf_status mf_ckpt_check_room(const char *run_dir, uint64_t bytes);

/** Sync the finished file @p path to the disk and fill its entry.  MF_ERR_IO.
 *  Local, any rank. */
mf_status mf_ckpt_stamp(const char *path, mf_ckpt_entry *out);

/** Turn @p tmp_dir into the checkpoint of @p agent_steps: check that the files
 *  of all @p n entries are there, write the manifest, rename the directory,
 *  move `latest`.  An existing one of this step is replaced.  Then all but the
 *  newest @p keep (>= 1) are deleted.  Checkpoints of later steps, which a run
 *  has that went back to an older one, are deleted first.
 *  MF_ERR_IO if the checkpoint could not be made: call mf_ckpt_abandon.
 *  MF_ERR_HELD if another job has taken the directory over, which is looked
 *  at before each rename; nothing is renamed from then on.  That
 *  an old one or `latest` could not be changed is only a warning.  Local, one
 *  rank, after every rank has stamped its files. */
mf_status mf_ckpt_commit(const char *run_dir, const char *tmp_dir,
                         int64_t round, int64_t agent_steps,
                         const mf_ckpt_entry *entries, size_t n, int keep,
                         const mf_run_lock *owner);

/** Remove the temporary directory of a save that failed.  Local, one rank. */
void mf_ckpt_abandon(const char *tmp_dir);

/** Find the newest checkpoint of a run directory whose manifest is sound and
 *  whose files all have their size and hash, or check the one at @p path if
 *  that is a checkpoint itself.  Newer ones that are damaged are named in a
 *  warning.  No file but the manifest is interpreted.  MF_ERR_FILE if there
 *  is none, or none that is sound; the line says which.  Release *out with
 *  mf_ckpt_info_clear.  Local; the others are sent the result or call it
 *  themselves. */
mf_status mf_ckpt_find(const char *path, mf_ckpt_info *out);

/** The files of the checkpoint @p dir, one that mf_ckpt_find has found: what
 * its manifest says, none of them is looked at.  MF_ERR_FILE.  Release *out
 * with mf_ckpt_info_clear.  Local. */
mf_status mf_ckpt_read_list(const char *dir, mf_ckpt_info *out);

/** *any = the run directory has a checkpoint, sound or not.  MF_ERR_FILE if
 *  that cannot be told, because its directory cannot be read.  Local. */
mf_status mf_ckpt_any(const char *run_dir, bool *any);

/** Release what mf_ckpt_find allocated.  Local. */
void mf_ckpt_info_clear(mf_ckpt_info *info);

#endif
