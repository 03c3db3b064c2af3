/* Looking at a large trajectory takes little memory.
 *
 * The file has 64 MB; `MFRL_TRAJ_MB=5000 make
 * build/release/tests/unit/test_traj_large.run` makes it as large as that, in
 * TMPDIR, and takes minutes. */
#include <sys/wait.h>

#include "../../src/app/traj_command.h"
#include "io_test.h"
#include "mfrl/base/clock.h"
#include "mfrl/io/trajectory.h"

enum { SIDE = 256, N = SIDE * SIDE, ACTIONS = 21, LIMIT_MB = 500 };

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
    const mf_trajectory_spec spec = {
        .n_agents = N,
        .width = SIDE,
        .height = SIDE,
        .species = species,
        .fields = 1u << MF_TRAJ_POSITION | 1u << MF_TRAJ_ALIVE |
                  1u << MF_TRAJ_HP | 1u << MF_TRAJ_ACTION |
                  1u << MF_TRAJ_REWARD,
        .n_actions = ACTIONS,
        .env = "noise",
        .config = ""};
    struct stat file = {0};
    mf_trajectory *w;

    for (uint32_t i = 0; i < N; i++) {
        species[i] = i >= N / 2;
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

/* In a process of its own, whose memory is told; NULL = write the file. */
static void run_command(const char *name, command go, uint64_t bytes,
                        const char *option, const char *value)
{
    const double began = mf_clock_now();
    char words[3][1024], *args[3] = {words[0], words[1], words[2]};
    int n = 0;
    struct rusage used;
    int status;
    pid_t child;

    if (option != NULL) {
        snprintf(words[n++], sizeof(words[0]), "%s", option);
    }
    if (value != NULL) {
        snprintf(words[n++], sizeof(words[0]), "%s", value);
    }
    snprintf(words[n++], sizeof(words[0]), "%s", in_tmp("s.h5"));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        _exit((int)(go != NULL ? go(n, args) : write_file(bytes)));
    }
    ck_assert_int_eq(wait4(child, &status, 0, &used), child);
    ck_assert_int_eq(status, 0);
    printf("%-14s %4ld MB, %.1f s\n", name, used.ru_maxrss / 1024,
           mf_clock_now() - began);
#ifndef __SANITIZE_ADDRESS__
    ck_assert_int_lt(used.ru_maxrss / 1024, LIMIT_MB);
#endif
}

START_TEST(memory_does_not_grow_with_the_file)
{
    const char *want = getenv("MFRL_TRAJ_MB");
    const uint64_t mb = want != NULL ? strtoull(want, NULL, 10) : 64;
    struct stat file;

    run_command("written", NULL, mb * 1000000, NULL, NULL);
    ck_assert_int_eq(stat(in_tmp("s.h5"), &file), 0);
    ck_assert_uint_ge((uint64_t)file.st_size, mb * 1000000);
    printf("of %.3f GB:\n", (double)file.st_size * 1e-9);
    run_command("info", mf_traj_command_info, 0, NULL, NULL);
    run_command("info --check", mf_traj_command_info, 0, "--check", NULL);
    run_command("stats --csv", mf_traj_command_stats, 0, "--csv",
                in_tmp("stats.csv"));
    run_command("agent --csv", mf_traj_command_agent, 0, NULL, "777");
    run_command("repair", mf_traj_command_repair, 0, NULL, NULL);
    run_command("export --xdmf", mf_traj_command_export, 0, "--xdmf",
                in_tmp("s.xdmf"));
    ck_assert_int_eq(stat(in_tmp("stats.csv"), &file), 0);
    ck_assert_int_eq(stat(in_tmp("s.xdmf"), &file), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {memory_does_not_grow_with_the_file};

    return run_io_suite("traj_large", tests, sizeof(tests) / sizeof(tests[0]));
}
