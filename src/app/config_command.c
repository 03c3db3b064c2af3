/* `mfrl-dist config`: every key with value, type, range, unit and meaning, and
 * what differs between two configs. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "mfrl/base/mem.h"
#include "player.h"
#include "state_files.h"

static const char HELP[] =
    "usage: mfrl-dist config [CONFIG.ini] [section.key=value ...]\n"
    "       mfrl-dist config --diff A B [section.key=value ...]\n"
    "       mfrl-dist config --resumable\n"
    "\n"
    "Prints every key with its value, default, range, unit and meaning, as a\n"
    "config file that can be used as it is.  --diff prints the keys that A\n"
    "and B give different values; each is an INI file, a run directory, a\n"
    "checkpoint or a net.h5, and the keys behind them count for both.\n"
    "--resumable prints the keys that train --resume takes, one a line.\n";

/* Close the line on stdout; what cannot be written is an error. */
static mf_status written(int ok)
{
    return ok && fflush(stdout) == 0
               ? MF_OK
               : MF_FAIL(MF_ERR_IO, "cannot write the config: %s",
                         strerror(errno));
}

static int is_config(const char *name)
{
    const size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".ini") == 0;
}

static mf_status print(int argc, char **argv, mf_config *c)
{
    const int has_file = argc > 0 && strchr(argv[0], '=') == NULL;
    char *text;
    size_t size;

    if (has_file && argv[0][0] == '-') {
        return MF_FAIL(MF_ERR_USAGE,
                       "config has no option %s; see mfrl-dist config --help",
                       argv[0]);
    }
    if (has_file) {
        MF_TRY(mf_config_load(c, argv[0]));
    }
    MF_TRY(mf_config_override(c, argc - has_file, argv + has_file));

    const bool open = c->run.run.dir[0] == '\0';

    mf_config_locate_errors(c);
    MF_TRY(mf_config_resolve(c));
    if (open) {
        MF_TRY(mf_config_set_dir(c, "")); /* it follows from other keys */
    }
    MF_TRY(mf_config_text(c, 1, &text, &size));
    const bool ok = fwrite(text, 1, size, stdout) == size;

    free(text);
    return written(ok);
}

/* The config of a file or of what was trained with it, as it would be used. */
static mf_status read_any(const char *name, int n, char *const *overrides,
                          mf_config *c)
{
    char path[256];
    char *text;
    mf_status st;

    MF_TRY(mf_config_init(c));
    if (is_config(name) || !mf_player_path(name, path)) {
        MF_TRY(mf_config_load(c, name));
    } else {
        MF_TRY(mf_state_load_config(path, &text));
        st = mf_opts_read(c->opts, text, path);
        mf_free(&text);
        MF_TRY(st);
    }
    MF_TRY(mf_config_override(c, n, overrides));
    mf_config_locate_errors(c);
    return mf_config_resolve(c);
}

static mf_status print_diff(const char *a, const char *b, int n,
                            char *const *overrides, mf_config c[2])
{
    mf_opt_diff d;
    int at = 0, n_diff = 0, ok = 1;

    MF_TRY(read_any(a, n, overrides, &c[0]));
    MF_TRY(read_any(b, n, overrides, &c[1]));
    while (mf_opts_differ(c[0].opts, c[1].opts, NULL, &at, &d)) {
        ok = ok &&
             printf("%s: %s in %s | %s in %s\n", d.key, d.a, a, d.b, b) > 0;
        n_diff++;
    }
    ok = ok && (n_diff > 0 || puts("no difference") >= 0);
    return written(ok);
}

static mf_status diff(int argc, char **argv)
{
    mf_config c[2] = {0};
    mf_status st;

    if (argc < 2 || strchr(argv[0], '=') != NULL ||
        strchr(argv[1], '=') != NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "config --diff needs two configs, as in mfrl-dist "
                       "config --diff configs/battle.ini runs/battle-mfq-1");
    }
    st = print_diff(argv[0], argv[1], argc - 2, argv + 2, c);
    mf_config_clear(&c[0]);
    mf_config_clear(&c[1]);
    return st;
}

mf_status mf_command_config(int argc, char **argv)
{
    mf_config c;
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    if (argc > 0 && strcmp(argv[0], "--diff") == 0) {
        return diff(argc - 1, argv + 1);
    }
    if (argc == 1 && strcmp(argv[0], "--resumable") == 0) {
        char keys[MF_RESUMABLE];

        mf_config_resumable("\n", "\n", keys, sizeof(keys));
        return written(puts(keys) >= 0);
    }
    st = mf_config_init(&c);
    if (st == MF_OK) {
        st = print(argc, argv, &c);
    }
    mf_config_clear(&c);
    return st;
}
