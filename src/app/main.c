#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mpi.h>

#include "command.h"
#include "mfrl/algo/algo.h"
#include "mfrl/base/log.h"
#include "mfrl/env/env.h"
#include "version.h"

typedef struct command {
    const char *name;
    mf_status (*run)(int argc, char **argv);
    const char *summary;
} command;

static const command COMMANDS[] = {
    {"train", mf_command_train, "train, or go on with --resume RUN_DIR"},
    {"eval", mf_command_eval, "let policies play each other"},
    {"verify", mf_command_verify, "play a recorded trajectory again, compare"},
    {"traj", mf_command_traj, "look at recorded trajectories"},
    {"config", mf_command_config, "print every config key and its meaning"},
    {"bench", mf_command_bench, "measure this core and the program on it"},
};
enum { N_COMMANDS = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static void help(void)
{
    printf(
        "mfrl-dist %s: mean-field multi-agent reinforcement learning on MPI\n"
        "\n"
        "usage: [mpirun -np N] mfrl-dist [COMMAND] ...\n"
        "\n"
        "commands (`mfrl-dist COMMAND --help` tells more; train is meant if "
        "none is given):\n",
        MF_VERSION);
    for (int i = 0; i < N_COMMANDS; i++) {
        printf("  %-8s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    }
    printf("\nenvironments (env.name):\n");
    for (int i = 0; mf_env_at(i) != NULL; i++) {
        printf("  %-8s %s\n", mf_env_at(i)->name, mf_env_at(i)->summary);
    }
    printf("\nalgorithms (algo.name):\n");
    for (int i = 0; mf_algo_at(i) != NULL; i++) {
        printf("  %-8s %s\n", mf_algo_at(i)->name, mf_algo_at(i)->summary);
    }
    printf("\nexit codes: 0 done or cleanly stopped, 2 usage or config, 3 bad "
           "input file,\n4 numerical failure, 5 I/O, 6 out of memory, 7 MPI, 8 "
           "a rank stalled; anything\nelse is a crash\n");
}

/* What belongs to train when no command is named. */
static int is_train_argument(const char *arg)
{
    const size_t n = strlen(arg);

    return strchr(arg, '=') != NULL || strcmp(arg, "--resume") == 0 ||
           (n > 4 && strcmp(arg + n - 4, ".ini") == 0);
}

/* Before MPI is up, 64 ranks would say the same thing 64 times.  1 on those
 * that are to be silent. */
static int let_one_rank_speak(void)
{
    static const char *const RANK[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK",
                                       "SLURM_PROCID"};

    for (size_t i = 0; i < sizeof(RANK) / sizeof(RANK[0]); i++) {
        const char *rank = getenv(RANK[i]);

        if (rank != NULL) {
            if (atoi(rank) > 0) {
                mf_log_silence();
                (void)!freopen("/dev/null", "w", stdout);
            }
            return atoi(rank) > 0;
        }
    }
    return 0;
}

static mf_status dispatch(int argc, char **argv)
{
    if (argc < 2 || is_train_argument(argv[1])) {
        return mf_command_train(argc - 1, argv + 1);
    }
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) {
            return COMMANDS[i].run(argc - 2, argv + 2);
        }
    }
    if (mf_is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        help();
        return MF_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("mfrl-dist %s\n", MF_VERSION);
        return MF_OK;
    }
    return MF_FAIL(MF_ERR_USAGE,
                   "there is no command '%s'; see mfrl-dist --help", argv[1]);
}

int main(int argc, char **argv)
{
    const int silent = let_one_rank_speak();
    const mf_status st = dispatch(argc, argv);
    int mpi = 0;

    MPI_Initialized(&mpi);
    if (silent && st != MF_OK && !mpi) {
        sleep(
            1); /* mpirun ends the one that speaks with the first that fails */
    }
    return (int)st;
}
