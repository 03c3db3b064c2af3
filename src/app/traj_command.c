/* `mfrl-dist traj`: look at recorded trajectories. */
#include "traj_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mfrl/io/scratch.h"

/* One line for each; nothing else knows them. */
static const struct {
    const char *name, *summary;
    mf_status (*run)(int argc, char **argv);
} COMMANDS[] = {
    {"info", "what is in a file, on one screen", mf_traj_command_info},
    {"stats", "rewards, deaths, actions over time", mf_traj_command_stats},
    {"agent", "one agent's track", mf_traj_command_agent},
    {"export", "as CSV, for ParaView, for Minari", mf_traj_command_export},
    {"repair", "close what a kill left open", mf_traj_command_repair},
    {"plot", "pictures of runs, games and files", mf_traj_command_plot},
    {"video", "a file as a film, or as PNG frames", mf_traj_command_video},
};
enum { N_COMMANDS = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static void help(void)
{
    printf("usage: mfrl-dist traj COMMAND ... FILE\n"
           "\n"
           "FILE is RUN_DIR/traj/SEGMENT.h5, also while it is written and "
           "after a kill.\n"
           "Commands (`mfrl-dist traj COMMAND --help` tells more):\n");
    for (int i = 0; i < N_COMMANDS; i++) {
        printf("  %-7s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    }
}

mf_status mf_traj_number(const char *name, const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);

    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0') {
        return MF_FAIL(MF_ERR_USAGE, "%s: '%s' is not a whole number", name,
                       text);
    }
    *out = value;
    return MF_OK;
}

/* Take the option argv[*i]; *i becomes the last argument that it used. */
static mf_status take_option(int argc, char **argv, int *i, const char *name,
                             const mf_traj_option *o)
{
    while (o != NULL && o->name != NULL && strcmp(o->name, argv[*i]) != 0) {
        o++;
    }
    if (o == NULL || o->name == NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "traj %s has no option %s; see mfrl-dist traj %s --help",
                       name, argv[*i], name);
    }
    if (o->flag != NULL) {
        *o->flag = true;
        return MF_OK;
    }
    if (++*i == argc) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%s needs a value; see mfrl-dist traj %s --help",
                       o->name, name);
    }
    if (o->number != NULL) {
        return mf_traj_number(o->name, argv[*i], o->number);
    }
    o->text[o->n_texts != NULL ? (*o->n_texts)++ : 0] = argv[*i];
    return MF_OK;
}

mf_status mf_traj_words(int argc, char **argv, const char *name,
                        const mf_traj_option *options, const char **words,
                        int room, int *n)
{
    bool only_words = false; /* after -- */

    *n = 0;
    for (int i = 0; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            MF_TRY(take_option(argc, argv, &i, name, options));
        } else if ((*n)++ < room) {
            words[*n - 1] = argv[i];
        }
    }
    return MF_OK;
}

mf_status mf_traj_arguments(int argc, char **argv, const char *name,
                            const mf_traj_option *options, const char *what,
                            int n, const char **words)
{
    int found;

    MF_TRY(mf_traj_words(argc, argv, name, options, words, n, &found));
    if (found != n) {
        return MF_FAIL(MF_ERR_USAGE,
                       "traj %s needs %s and nothing else; see mfrl-dist traj "
                       "%s --help",
                       name, what, name);
    }
    return MF_OK;
}

mf_status mf_command_traj(int argc, char **argv)
{
    if (argc > 0 && mf_is_help(argv[0])) {
        help();
        return MF_OK;
    }
    for (int i = 0; i < N_COMMANDS && argc > 0; i++) {
        if (strcmp(argv[0], COMMANDS[i].name) == 0) {
            mf_scratch_begin();

            const mf_status st = COMMANDS[i].run(argc - 1, argv + 1);

            return st == MF_OK && fflush(stdout) != 0
                       ? MF_FAIL(MF_ERR_IO, "cannot write the output: %s",
                                 strerror(errno))
                       : st;
        }
    }
    return argc == 0
               ? MF_FAIL(MF_ERR_USAGE,
                         "traj needs a command, as in mfrl-dist traj info "
                         "runs/battle-mfq-1/traj/step-000000000000.h5; see "
                         "mfrl-dist traj --help")
               : MF_FAIL(MF_ERR_USAGE,
                         "traj has no command '%s'; see mfrl-dist traj --help",
                         argv[0]);
}
