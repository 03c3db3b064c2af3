/* What of a config may change when a run goes on. */
#include <stdio.h>
#include <string.h>

#include "config.h"

/* Whether a key may change when a run is resumed. */
static int may_change(const char *key)
{
    static const char *const FREE[] = {
        "run.rounds",  "run.burn_in", "run.max_hours", "run.stall_seconds",
        "run.dir",     "ranks.",      "world.tiles",   "checkpoint.",
        "trajectory.", "eval.",       "log.",
    };

    for (size_t k = 0; k < sizeof(FREE) / sizeof(FREE[0]); k++) {
        const size_t n = strlen(FREE[k]);

        if (strncmp(key, FREE[k], n) == 0 &&
            (FREE[k][n - 1] == '.' || key[n] == '\0')) {
            return 1;
        }
    }
    return 0;
}

mf_status mf_config_override_resumed(mf_config *c, int n,
                                     char *const *assignments)
{
    for (int i = 0; i < n; i++) {
        char key[MF_OPT_TEXT];

        snprintf(key, sizeof(key), "%.*s", (int)strcspn(assignments[i], " ="),
                 assignments[i]);
        if (!may_change(key) || strcmp(key, "run.dir") == 0) {
            return MF_FAIL(
                MF_ERR_USAGE,
                "command line: '%s' cannot change when a run is resumed, only "
                "run.rounds, run.burn_in, run.max_hours, run.stall_seconds, "
                "ranks.*, world.tiles, checkpoint.*, trajectory.*, eval.* and "
                "log.*; start a new run with another run.dir",
                assignments[i]);
        }
    }
    return mf_config_override(c, n, assignments);
}

static mf_status compare(const mf_config *c, const mf_config *saved,
                         const char *path)
{
    mf_opt_diff d;
    int at = 0;

    if (mf_opts_differ(saved->opts, c->opts, may_change, &at, &d)) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s was saved by a run with %s = %.90s, this one has "
                       "%.90s; it cannot go on from there",
                       path, d.key, d.a, d.b);
    }
    return MF_OK;
}

mf_status mf_config_same(const mf_config *c, const char *text, const char *path)
{
    mf_config saved;
    mf_status st = mf_config_init(&saved);

    if (st == MF_OK && mf_opts_read(saved.opts, text, path) != MF_OK) {
        st = MF_ERR_FILE; /* keys of another version of the program */
    }
    if (st == MF_OK) {
        st = compare(c, &saved, path);
    }
    mf_config_clear(&saved);
    return st;
}
