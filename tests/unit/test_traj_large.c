/* Looking at a large trajectory takes no more memory than at a small one.
 *
 * The files have 4 and 16 MB; `MFRL_TRAJ_MB=5000 make
 * build/release/tests/unit/test_traj_large.run` makes the larger as large as
 * that, in TMPDIR, and takes minutes. */
#include <sys/wait.h>

#include "../../src/app/traj_command.h"
#include "io_test.h"
#include "mfrl/base/clock.h"
#include "mfrl/io/trajectory.h"

enum { SIDE = 32, N = SIDE * SIDE, ACTIONS = 21 };

/* Both files are longer than any block that is read at once (64 frames, 1 MB),
 * so that what remains is noise; whoever kept the larger would need 12 MB more
 * as it is on the disk, 19 MB as arrays. */
enum { SMALL_MB = 4, USUAL_MB = 16, MORE_KB = 8 << 10, MOST_KB = 64 << 10 };

static int8_t species[N];
static uint32_t noise[2 * N];

/* Two teams whose hp and rewards are noise, which does not compress: about
 * 14 bytes an agent and frame, of 22. */
static void make_noise(const mf_trajectory_rows *rows, uint64_t t)
{
    const uint32_t shift = (uint32_t)(t * 7919) % N; /* no two frames alike */

    for (uint32_t i = 0; i < rows->n; i++) {
        const uint32_t x = noise[i + shift];

        rows->position[i][0] = (int32_t)(x % SIDE);
        rows->position[i][1] = (int32_t)(i / SIDE);
        rows->position[i][2] = 0;
        rows->alive[i] = 1;
        rows->hp[i] = (float)x * 0x1p-29f;
        rows->action[i] = (uint8_t)(x % ACTIONS);
        rows->reward[i] = (float)(x ^ 0x55555555u) * 0x1p-32f - 0.5f;
    }
}

static mf_status write_file(uint64_t bytes)
{
    static char name[ACTIONS][8];
    static const char *names[ACTIONS];
    const mf_trajectory_spec spec = {
        .n_agents = N,
        .width = SIDE,
        .height = SIDE,
        .species = species,
        .fields = 1u << MF_TRAJ_POSITION | 1u << MF_TRAJ_ALIVE |
                  1u << MF_TRAJ_HP | 1u << MF_TRAJ_ACTION |
                  1u << MF_TRAJ_REWARD,
        .n_actions = ACTIONS,
        .action_names = names,
        .env = "noise",
        .config = ""};
    struct stat file = {0};
    mf_trajectory *w;

    for (uint32_t i = 0; i < N; i++) {
        species[i] = i >= N / 2;
    }
    for (int a = 0; a < ACTIONS; a++) {
        snprintf(name[a], sizeof(name[a]), "go %d", a);
        names[a] = name[a];
    }
    mf_rng_fill(&(mf_rng){.seed = 1}, 0, 2 * N, noise);
    MF_TRY(mf_trajectory_create(tmp_root, "s", &spec, 0, 1, &w));
    for (uint64_t t = 0; (uint64_t)file.st_size < bytes; t++) {
        mf_trajectory_rows rows;

        mf_trajectory_begin(w, &rows);
        make_noise(&rows, t);
        MF_TRY(
            mf_trajectory_end(w, &(mf_trajectory_stamp){.step = (int64_t)t}));
        stat(in_tmp("s.h5"), &file);
    }
    return mf_trajectory_destroy(&w);
}

typedef mf_status (*command)(int argc, char **argv);

static const struct {
    const char *name;
    command go;
    const char *words[4]; /* before the file; "%" = an output */
    mf_status status;
    long most_kb; /* 0: MOST_KB, and the same for both */
} COMMANDS[] = {
    {"info", mf_traj_command_info, {NULL}, MF_OK, 0},
    {"info --check", mf_traj_command_info, {"--check"}, MF_OK, 0},
    {"stats --csv", mf_traj_command_stats, {"--csv", "%"}, MF_OK, 0},
    {"agent --csv", mf_traj_command_agent, {"--csv", "%", "777"}, MF_OK, 0},
    {"repair", mf_traj_command_repair, {NULL}, MF_OK, 0},
    {"export --xdmf", mf_traj_command_export, {"--xdmf", "%"}, MF_OK, 0},
    {"export --csv", mf_traj_command_export, {"--csv", "%"}, MF_OK, 0},
    /* the whole tracks of as many agents as fit into 128 MB */
    {"export --minari",
     mf_traj_command_export,
     {"--minari", "%"},
     MF_OK,
     256 << 10},
    /* without gnuplot, see below: it ends after the data */
    {"plot actions",
     mf_traj_command_plot,
     {"actions", "--out", "%"},
     MF_ERR_IO,
     0},
};
enum { N_COMMANDS = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

/* What a process of its own does. */
static mf_status run_command(int k, const char *out)
{
    static char words[5][1024];
    char *args[5];
    int n = 0;

    for (; COMMANDS[k].words[n] != NULL; n++) {
        const char *word = COMMANDS[k].words[n];

        snprintf(words[n], sizeof(words[n]), "%s",
                 strcmp(word, "%") == 0 ? out : word);
    }
    snprintf(words[n++], sizeof(words[0]), "%s", in_tmp("s.h5"));
    for (int i = 0; i < n; i++) {
        args[i] = words[i];
    }
    return COMMANDS[k].go(n, args);
}

/* Run a command, or write the file (k < 0), and tell its most memory, kB. */
static long measure(int k, uint64_t bytes)
{
    const char *name = k < 0 ? "written" : COMMANDS[k].name;
    const double began = mf_clock_now();
    char out[512];
    struct rusage used;
    int status;
    pid_t child;

    snprintf(out, sizeof(out), "%s", in_tmp("out"));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout)) {
            _exit(99);
        }
        setenv("PATH", "/nowhere", 1);
        _exit((int)(k < 0 ? write_file(bytes) : run_command(k, out)));
    }
    ck_assert_int_eq(wait4(child, &status, 0, &used), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) ==
                                           (k < 0 ? MF_OK : COMMANDS[k].status),
                  "%s: status %d", name, status);
    ck_assert_int_eq(access(out, F_OK) == 0, k >= 0 &&
                                                 COMMANDS[k].words[0] != NULL &&
                                                 k != 1 /* info --check */);
    (void)nftw(out, io_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    printf("%-16s %7ld kB, %.1f s\n", name, used.ru_maxrss,
           mf_clock_now() - began);
    return used.ru_maxrss;
}

START_TEST(memory_does_not_grow_with_the_file)
{
    const char *want = getenv("MFRL_TRAJ_MB");
    const uint64_t mb[2] = {SMALL_MB,
                            want != NULL ? strtoull(want, NULL, 10) : USUAL_MB};
    long kb[2][N_COMMANDS];

    for (int i = 0; i < 2; i++) {
        struct stat file;

        (void)measure(-1, mb[i] * 1000000);
        ck_assert_int_eq(stat(in_tmp("s.h5"), &file), 0);
        ck_assert_uint_ge((uint64_t)file.st_size, mb[i] * 1000000);
        printf("of %.3f GB:\n", (double)file.st_size * 1e-9);
        for (int k = 0; k < N_COMMANDS; k++) {
            kb[i][k] = measure(k, 0);
        }
    }
#ifndef __SANITIZE_ADDRESS__
    for (int k = 0; k < N_COMMANDS; k++) {
        const long most = COMMANDS[k].most_kb;

        ck_assert_msg(kb[1][k] < (most > 0 ? most : MOST_KB) &&
                          (most > 0 || kb[1][k] < kb[0][k] + MORE_KB),
                      "%s takes %ld kB of %d MB, %ld kB of %d MB",
                      COMMANDS[k].name, kb[0][k], (int)mb[0], kb[1][k],
                      (int)mb[1]);
    }
#endif
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {memory_does_not_grow_with_the_file};

    return run_io_suite("traj_large", tests, sizeof(tests) / sizeof(tests[0]));
}
