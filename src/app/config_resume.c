/* What of a config may change when a run goes on. */
#include <stdio.h>
#include <string.h>

#include "config.h"

/* What may be given anew when a run is resumed; '*' = all keys of a section. */
static const char *const FREE[] = {
    "run.rounds", "run.burn_in", "run.max_hours", "run.stall_seconds",
    "ranks.*",    "world.tiles", "checkpoint.*",  "trajectory.*",
    "eval.*",     "log.*",
};
enum { N_FREE = sizeof(FREE) / sizeof(FREE[0]) };

static int is_free(const char *key)
{
    for (int k = 0; k < N_FREE; k++) {
        const size_t n = strlen(FREE[k]);

        if (FREE[k][n - 1] == '*' ? strncmp(key, FREE[k], n - 1) == 0
                                  : strcmp(key, FREE[k]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A directory may be moved, too. */
static int may_differ(const char *key)
{
    return is_free(key) || strcmp(key, "run.dir") == 0;
}

void mf_config_resumable(const char *between, const char *last, char *out,
                         size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (int k = 0; k < N_FREE && n < size; k++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s",
                              k == 0            ? ""
                              : k == N_FREE - 1 ? last
                                                : between,
                              FREE[k]);
    }
}

mf_status mf_config_override_resumed(mf_config *c, int n,
                                     char *const *assignments)
{
    for (int i = 0; i < n; i++) {
        char key[MF_OPT_TEXT];

        snprintf(key, sizeof(key), "%.*s", (int)strcspn(assignments[i], " ="),
                 assignments[i]);
        if (!is_free(key)) {
            char keys[MF_RESUMABLE];

            mf_config_resumable(", ", " and ", keys, sizeof(keys));
            return MF_FAIL(
                MF_ERR_USAGE,
                "command line: '%s' cannot change when a run is resumed, only "
                "%s; start a new run with another run.dir",
                assignments[i], keys);
        }
    }
    return mf_config_override(c, n, assignments);
}

static mf_status compare(const mf_config *c, const mf_config *saved,
                         const char *path)
{
    mf_opt_diff d;
    int at = 0;

    if (mf_opts_differ(saved->opts, c->opts, may_differ, &at, &d)) {
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
