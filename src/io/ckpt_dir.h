/** @file ckpt_dir.h
 *  Names in the directory checkpoints/, and the points of a save at which a
 *  test can kill the process.  Used inside io only.
 *
 *      step-<12 digits>         a checkpoint
 *      .old-step-<12 digits>    one that is being replaced by a new one of the
 *                               same step; as good as the name without .old-
 *      .tmp-*                   being written or deleted: never loaded
 *      latest                   a link for people; the program goes by number
 */
#ifndef MFRL_SRC_IO_CKPT_DIR_H
#define MFRL_SRC_IO_CKPT_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mfrl/base/status.h"
#include "mfrl/io/run_files.h"

#define MF_CKPT_DIR      "checkpoints"
#define MF_CKPT_MANIFEST "manifest.json"
#define MF_CKPT_TMP      ".tmp-"
#define MF_CKPT_OLD      ".old-"

/** MFRL_TEST_KILL_AT: the process has just ... */
enum mf_ckpt_point {
    MF_CKPT_AT_MKDIR = 1, /* begin: made the temporary directory */
    MF_CKPT_AT_STAMP,     /* stamp: synced and hashed one file */
    MF_CKPT_AT_COMMIT,    /* commit: found all files, no manifest yet */
    MF_CKPT_AT_MANIFEST,  /* written the manifest */
    MF_CKPT_AT_FUTURE,    /* set aside one of a later step */
    MF_CKPT_AT_OLD,       /* set aside the old one of the same step */
    MF_CKPT_AT_RENAME,    /* given the new one its name */
    MF_CKPT_AT_SYNC,      /* synced the directory */
    MF_CKPT_AT_LINK,      /* made the new link, not yet in place */
    MF_CKPT_AT_LATEST,    /* replaced `latest` */
    MF_CKPT_AT_EXPIRE,    /* set aside one of too many */
    MF_CKPT_AT_END,       /* deleted what was set aside: all done */
    MF_CKPT_N_POINTS
};

/** Kill this process if the environment asks for it at this point. */
void mf_ckpt_passed(enum mf_ckpt_point point);

/** One checkpoint by its name. */
typedef struct mf_ckpt_name {
    int64_t agent_steps;
    bool old; /* is called .old-step-... */
} mf_ckpt_name;

enum { MF_CKPT_NAME_TEXT = 32 };

/** "step-000000120000", with @p prefix before it. */
void mf_ckpt_name_text(char out[MF_CKPT_NAME_TEXT], const char *prefix,
                       int64_t agent_steps);

/** All checkpoints in the directory @p dir, the newest first and of equal
 *  steps the old one last.  A directory that is missing has none.  *names is
 *  released with mf_free. */
mf_status mf_ckpt_list(const char *dir, mf_ckpt_name **names, size_t *n);

/** Remove leftovers of killed saves from @p dir, and give an .old- one its
 *  name back if the one that was to replace it never came. */
mf_status mf_ckpt_clean(const char *dir);

/** Delete @p dir/@p name: first out of sight by one rename, so that no half
 *  one is ever seen, and then pass @p point. */
mf_status mf_ckpt_delete(const char *dir, const char *name,
                         enum mf_ckpt_point point);

#endif
