/* `mfrl-dist config`: every key with value, type, range, unit and meaning. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"

static const char HELP[] =
    "usage: mfrl-dist config [CONFIG.ini] [section.key=value ...]\n"
    "\n"
    "Prints every key with its value, default, range, unit and meaning, as a\n"
    "config file that can be used as it is.\n";

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
    const bool written =
        fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0;

    free(text);
    return written ? MF_OK
                   : MF_FAIL(MF_ERR_IO, "cannot write the config: %s",
                             strerror(errno));
}

mf_status mf_command_config(int argc, char **argv)
{
    mf_config c;
    mf_status st;

    if (argc > 0 &&
        (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
        fputs(HELP, stdout);
        return MF_OK;
    }
    st = mf_config_init(&c);
    if (st == MF_OK) {
        st = print(argc, argv, &c);
    }
    mf_config_clear(&c);
    return st;
}
