/* `mfrl-dist bench`: what this core can do, and what the program makes of it.
 * Every figure is a median of several runs, by CPU time, since other programs
 * may have the core for a while; compare figures of one call only. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "command.h"
#include "launch.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/base/rng.h"
#include "mfrl/base/simd.h"
#include "trainer.h"

enum { RUNS = MF_BENCH_RUNS };

static const char HELP[] =
    "usage: mfrl-dist bench [peak] [random] [network] [heatbath] [pipeline]\n"
    "\n"
    "On one core, all of them if none is named; about half a minute.\n"
    "  peak      multiply-adds a second that this core reaches, as the mark\n"
    "  random    random numbers, drawn in bulk\n"
    "  network   the battle network, forward and with backward pass, by rows "
    "at\n"
    "            a time\n"
    "  heatbath  Ising sweeps with one table for all agents\n"
    "  pipeline  learning with a table per agent through the whole program:\n"
    "            act, ship, store, sample, update, broadcast\n";

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double mf_bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), by_value);
    return values[n / 2];
}

/* ---- peak ---- */

typedef float lanes __attribute__((vector_size(64)));
enum { CHAINS = 12, PEAK_STEPS = 2000000 };

/* Independent chains of multiply-adds in registers.  Contraction is off in
 * this program, so the fused form is asked for where there is one. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4"),
               optimize("fp-contract=fast")))
#endif
static float
multiply_add(int steps)
{
    lanes acc[CHAINS];
    lanes a = {0}, b = {0}, sum = {0};
    float total = 0;

    a += 0.999f;
    b += 0.001f;
    for (int c = 0; c < CHAINS; c++) {
        acc[c] = b * (float)c;
    }
    for (int i = 0; i < steps; i++) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++) {
            acc[c] = acc[c] * a + b;
        }
    }
    for (int c = 0; c < CHAINS; c++) {
        sum += acc[c];
    }
    for (int k = 0; k < 16; k++) {
        total += sum[k];
    }
    return total;
}

double mf_bench_peak(void)
{
    const double flop = 2.0 * 16 * CHAINS * PEAK_STEPS;
    double best = 0;
    volatile float sink;

    for (int r = 0; r < RUNS; r++) {
        const double began = mf_clock_cpu();

        sink = multiply_add(PEAK_STEPS);
        best = fmax(best, flop / (mf_clock_cpu() - began));
    }
    (void)sink;
    return best;
}

static mf_status bench_peak(void)
{
    printf("%-28s %10.1f GFLOP/s\n", "peak, float multiply-add",
           mf_bench_peak() * 1e-9);
    return MF_OK;
}

/* ---- random numbers ---- */

static mf_status bench_random(void)
{
    enum { N = 1 << 16, REPEAT = 100 };
    double rates[RUNS];
    uint32_t *out;

    MF_TRY(mf_alloc(N, sizeof(*out), "bench", &out));
    for (int r = 0; r < RUNS; r++) {
        const double began = mf_clock_cpu();

        for (int i = 0; i < REPEAT; i++) {
            const mf_rng key = {
                .seed = 1, .step = (uint64_t)i, .purpose = MF_RNG_TEST};

            mf_rng_fill(&key, 0, N, out);
        }
        rates[r] = (double)N * REPEAT / (mf_clock_cpu() - began);
    }
    mf_free(&out);
    printf("%-28s %10.3g numbers/s\n", "random, in bulk",
           mf_bench_median(rates, RUNS));
    return MF_OK;
}

/* ---- the program itself, on this one rank ---- */

/* A run of the given config in a scratch directory, up to @p body. */
static mf_status with_run(int n, char **assignments,
                          mf_status (*body)(mf_run *run))
{
    mf_config cfg;
    mf_plan plan;
    mf_plan_request want;
    mf_run run;
    mf_status st;

    MF_TRY(mf_config_init(&cfg));
    MF_TRY_OR(out, mf_config_override(&cfg, n, assignments));
    MF_TRY_OR(out, mf_config_resolve(&cfg));
    want = mf_config_plan_request(&cfg, 1);
    MF_TRY_OR(out, mf_plan_make(&want, &plan));
    MF_TRY_OR(out, mf_run_create(&cfg, &plan, &run));
    st = body(&run);
    mf_run_clear(&run);
out:
    mf_config_clear(&cfg);
    return st;
}

static mf_status sweep(mf_run *run)
{
    enum { SWEEPS = 100 };
    mf_actor *a;
    mf_arena_world *w;
    mf_policy by[2];
    float weights[10] = {0};
    double rates[RUNS];
    mf_status st = MF_OK;

    for (int up = 0; up <= 4; up++) { /* the exact Q: r(up neighbours, a) */
        weights[2 * up] = 2.0f - (float)up;
        weights[2 * up + 1] = (float)up - 2.0f;
    }
    MF_TRY(mf_actor_create(run, &a));
    w = &a->arena.worlds[0];
    mf_actor_policies(a, 0, 0, weights, by);
    for (int r = 0; r < RUNS; r++) {
        const double began = mf_clock_cpu();

        for (int i = 0; i < SWEEPS; i++) {
            MF_TRY_OR(out, mf_arena_play(&a->arena, w,
                                         (uint64_t)(r * SWEEPS + i), by));
        }
        rates[r] = (double)w->agents.n * SWEEPS / (mf_clock_cpu() - began);
    }
    printf("%-28s %10.3g spin updates/s\n", "heatbath, shared table",
           mf_bench_median(rates, RUNS));
out:
    mf_actor_destroy(&a);
    return st;
}

static mf_status bench_heatbath(void)
{
    char *cfg[] = {"env.name=ising", "env.ising.width=256",
                   "env.ising.height=256", "env.ising.temperature=1.2"};

    return with_run((int)(sizeof(cfg) / sizeof(cfg[0])), cfg, sweep);
}

static mf_status learn(mf_run *run)
{
    mf_trainer t;
    mf_status st;

    MF_TRY(mf_trainer_create(run, NULL, &t));
    st = mf_trainer_rounds(&t, run->cfg->run.run.rounds / 10);
    if (st == MF_OK) { /* the first tenth filled the caches and the replay */
        const int64_t first = t.round;
        const double began = mf_clock_cpu();

        st = mf_trainer_rounds(&t, run->cfg->run.run.rounds);
        printf("%-28s %10.3g agent-steps/s\n", "pipeline, per-agent tables",
               (double)((t.round - first) * run->steps) *
                   run->cfg->env_spec.n_agents / (mf_clock_cpu() - began));
    }
    if (st == MF_OK) {
        st = mf_trainer_settle(&t);
    }
    mf_trainer_clear(&t);
    return st;
}

static mf_status bench_pipeline(void)
{
    char dir[256], dir_key[300], command[300];
    char *cfg[] = {dir_key,
                   "run.rounds=100",
                   "env.name=ising",
                   "env.ising.width=64",
                   "env.ising.height=64",
                   "env.ising.temperature=1.2",
                   "table.sharing=per_agent",
                   "pipeline.steps_per_round=10",
                   "replay.capacity=81920",
                   "learner.batch=4096",
                   "learner.samples_per_step=1"};
    const char *tmp = getenv("TMPDIR");
    mf_status st;

    snprintf(dir, sizeof(dir), "%s/mfrl-bench-XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        return MF_FAIL(MF_ERR_IO, "cannot create %s; set TMPDIR", dir);
    }
    snprintf(dir_key, sizeof(dir_key), "run.dir=%s", dir);
    st = with_run((int)(sizeof(cfg) / sizeof(cfg[0])), cfg, learn);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    return system(command) == 0 ? st : MF_ERR_IO;
}

typedef struct bench {
    const char *name;
    mf_status (*run)(void);
} bench;

static const bench BENCHES[] = {
    {"peak", bench_peak},          {"random", bench_random},
    {"network", mf_bench_network}, {"heatbath", bench_heatbath},
    {"pipeline", bench_pipeline},
};
enum { N_BENCHES = sizeof(BENCHES) / sizeof(BENCHES[0]) };

static mf_status run_named(int argc, char **argv)
{
    int known = 0;

    for (int b = 0; b < N_BENCHES; b++) {
        int wanted = argc == 0;

        for (int i = 0; i < argc; i++) {
            const int same = strcmp(argv[i], BENCHES[b].name) == 0;

            wanted |= same;
            known += same;
        }
        if (wanted) {
            MF_TRY(BENCHES[b].run());
        }
    }
    return known == argc ? MF_OK
                         : MF_FAIL(MF_ERR_USAGE, "there is no such bench; see "
                                                 "mfrl-dist bench --help");
}

mf_status mf_command_bench(int argc, char **argv)
{
    int rank, n_ranks;
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_comm_init(&rank, &n_ranks));
    st = n_ranks == 1 ? run_named(argc, argv)
                      : MF_FAIL(MF_ERR_USAGE,
                                "bench measures one core: start it without "
                                "mpirun");
    mf_comm_finalize();
    return st;
}
