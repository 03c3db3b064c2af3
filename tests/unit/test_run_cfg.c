#include "mfrl/cfg/run_cfg.h"

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "unit/log_catch.h"

static mf_run_cfg c;
static mf_opts *o;

static void set_up(void)
{
    mf_opt_section sections[MF_RUN_SECTIONS];

    log_catch();
    memset(&c, 0, sizeof(c));
    mf_run_cfg_sections(&c, sections);
    ck_assert_int_eq(mf_opts_create(sections, MF_RUN_SECTIONS, &o), MF_OK);
}

#define AT(member) offsetof(mf_run_cfg, member)

static void tear_down(void)
{
    mf_opts_destroy(&o);
    ck_assert_uint_eq(mf_mem_blocks(), 0);
}

static void set(const char *assignment)
{
    ck_assert_msg(mf_opts_set(o, assignment) == MF_OK, "%s", log_take());
}

static void refused(const char *assignment, const char *message)
{
    ck_assert_int_eq(mf_opts_set(o, assignment), MF_ERR_USAGE);
    log_expect(message);
}

static void check_bad(const char *message)
{
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_ERR_USAGE);
    log_expect(message);
}

START_TEST(defaults_are_those_of_the_design)
{
    ck_assert_int_eq(c.run.seed, 1);
    ck_assert_str_eq(c.run.dir, "");
    ck_assert_int_eq(c.run.rounds, 1000);
    ck_assert_double_eq(c.run.burn_in, 0.5);
    ck_assert_int_eq(c.ranks.learners, 0);
    ck_assert_int_eq(c.ranks.layout, MF_LAYOUT_AUTO);
    ck_assert_int_eq(c.pipeline.lag, 0);
    ck_assert_int_eq(c.pipeline.steps_per_round, 10);
    ck_assert_int_eq(c.world.count, 0);
    ck_assert_str_eq(c.world.tiles, "auto");
    ck_assert_str_eq(c.env.name, "battle");
    ck_assert_str_eq(c.algo.name, "mfq");
    ck_assert_int_eq(c.table.sharing, MF_SHARING_SHARED);
    ck_assert_str_eq(c.net.layers, "auto");
    ck_assert_int_eq(c.net.gemm, 0);
    ck_assert_int_eq(c.replay.capacity, 100000);
    ck_assert_int_eq(c.replay.shards, 4);
    ck_assert_int_eq(c.learner.batch, 256);
    ck_assert_double_eq(c.learner.samples_per_step, 1);
    ck_assert_double_eq(c.learner.lr, 1e-3);
    ck_assert_double_eq(c.learner.gamma, 0.95);
    ck_assert_double_eq(c.learner.tau_soft, 0.005);
    ck_assert_double_eq(mf_schedule_at(&c.policy.temperature, 5), 0);
    ck_assert_int_eq(c.checkpoint.every, -1); /* auto */
    ck_assert_int_eq(c.checkpoint.keep, 2);
    ck_assert_int_eq(c.trajectory.every, 0);
    ck_assert_str_eq(c.trajectory.fields, "hp, action, reward");
    ck_assert_int_eq(c.trajectory.world, 0);
    ck_assert_int_eq(c.trajectory.steps, 10000);
    ck_assert_int_eq(c.log.every, 10);
    ck_assert_int_eq(c.log.level, MF_LOG_INFO);
    ck_assert(!c.log.digest);
    ck_assert_int_eq(c.log.metrics_every, 10);
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    ck_assert_str_eq(log_take(), "");
}
END_TEST

START_TEST(every_key_reaches_its_own_field)
{
    const char *text =
        "[run]\nseed=9007199254740992\ndir=runs/"
        "a\nrounds=1\nmax_hours=2\nstall_seconds=3\nburn_in=0.25\n"
        "[ranks]\nlearners=2\nlayout=colocated\n"
        "[pipeline]\nlag=3\nsteps_per_round=4\n"
        "[world]\ncount=5\ntiles=6x7\n[env]\nname=e\n[algo]\nname=a\n"
        "[table]\nsharing=per_agent\n[net]\nlayers=dense 8\ngemm=openblas\n"
        "[replay]\ncapacity=9\nshards=10\n"
        "[learner]\nbatch=11\nsamples_per_step=12\nlr=0.13\ngamma=0.14\n"
        "tau_soft=0.15\nclip=0.155\nterminal=mask\n[policy]\ntemperature=0:1,"
        "10:2\n"
        "[selfplay]\nrule=frozen\nkeep=0.5\nopponent=o.h5\n"
        "[checkpoint]\nevery=16\nkeep=17\n"
        "[eval]\nevery=20\nrounds=22\nagainst=rush\ntemperature=0.5\n"
        "[trajectory]\nevery=23\nfields=all\nworld=24\nsteps=25\n"
        "[log]\nevery=18\nlevel=debug\ndigest=on\nmetrics_every=19\n";
    mf_run_cfg want = {
        .run = {INT64_C(9007199254740992), "runs/a", 1, 2, 3, 0.25},
        .ranks = {2, MF_LAYOUT_COLOCATED},
        .pipeline = {3, 4},
        .world = {5, "6x7"},
        .env = {"e"},
        .algo = {"a"},
        .table = {MF_SHARING_PER_AGENT},
        .net = {"dense 8", 1},
        .replay = {9, 10},
        .learner = {11, 12, 0.13, 0.14, 0.15, 0.155, MF_TERMINAL_MASK},
        .policy = {{2, {0, 10}, {1, 2}}},
        .selfplay = {MF_SELFPLAY_FROZEN, 0.5, "o.h5"},
        .checkpoint = {16, 17},
        .eval = {20, 22, "rush", 0.5},
        .trajectory = {23, "all", 24, 25},
        .log = {18, MF_LOG_DEBUG, true, 19},
    };
    char first[8192], again[8192];

    ck_assert_msg(mf_opts_read(o, text, "x.ini") == MF_OK, "%s", log_take());
    ck_assert_int_eq(mf_opts_is_set(o, "log", "metrics_every"), 1);

    FILE *f = fmemopen(first, sizeof(first), "w");

    ck_assert_int_eq(mf_opts_write(o, 0, f), MF_OK);
    fclose(f);
    c = want; /* the fields themselves, written in the same order */
    f = fmemopen(again, sizeof(again), "w");
    ck_assert_int_eq(mf_opts_write(o, 0, f), MF_OK);
    fclose(f);
    ck_assert_str_eq(first, again);
}
END_TEST

START_TEST(ranges_hold)
{
    refused("run.seed=-1", "command line: run.seed = -1: expected a whole "
                           "number from 0 to 9007199254740992");
    refused("ranks.learners=0",
            "command line: ranks.learners = 0: expected auto or a whole "
            "number from 1 to 4096 (ranks)");
    refused("ranks.learners=4097",
            "command line: ranks.learners = 4097: expected auto or a whole "
            "number from 1 to 4096 (ranks)");
    refused("pipeline.lag=17", "command line: pipeline.lag = 17: expected a "
                               "whole number from 0 to 16 (rounds)");
    refused("world.count=0", "command line: world.count = 0: expected auto or "
                             "a whole number from 1 to 16384 (worlds)");
    refused("replay.shards=257",
            "command line: replay.shards = 257: expected a whole number from 1 "
            "to 256 (shards)");
    refused("learner.samples_per_step=0",
            "command line: learner.samples_per_step = 0: expected a number "
            "from 1e-6 to 1e6");
    refused("learner.gama=1", "command line: unknown key 'gama' in [learner]; "
                              "did you mean 'gamma'?");
    refused("learner.batchsize=1",
            "command line: unknown key 'batchsize' in [learner]; did you mean "
            "'batch'?");
    refused("pipeline.lga=1", "command line: unknown key 'lga' in [pipeline]; "
                              "did you mean 'lag'?");
    refused("every=1", /* [checkpoint] or [log]? */
            "command line: 'every=1': expected section.key=value");
    refused("run.every=1",
            "command line: unknown key 'every' in [run]; its "
            "keys are seed, dir, rounds, max_hours, stall_seconds, burn_in");
    refused("env.isinng.width=1", /* not [env] */
            "command line: unknown section [env.isinng]; there are [run], "
            "[ranks], [pipeline], [world], [env], [algo], [table], [net], "
            "[replay], [learner], [policy], [selfplay], [checkpoint], [eval], "
            "[trajectory], [log]");
    refused("lr=1", "command line: 'lr=1': expected section.key=value; did you "
                    "mean 'learner.lr'?");
    refused("log.level=warning",
            "command line: log.level = warning: expected error, warn, info or "
            "debug; did you mean 'warn'?");
    set("ranks.learners=auto");
    set("world.count=auto");
    ck_assert_int_eq(c.world.count, 0);
}
END_TEST

START_TEST(explained_config_reads_back)
{
    static char text[1 << 15];
    FILE *f = fmemopen(text, sizeof(text), "w");
    const mf_run_cfg before = c;

    ck_assert_int_eq(mf_opts_write(o, 1, f), MF_OK);
    fclose(f);
    memset(&c, 255, sizeof(c)); /* only full coverage brings all back */
    ck_assert_int_eq(mf_opts_read(o, text, "text"), MF_OK);
    ck_assert_mem_eq(&c.run, &before.run, sizeof(c.run));
    ck_assert_mem_eq(&c.policy, &before.policy, sizeof(c.policy));
    ck_assert_mem_eq(&c.learner, &before.learner,
                     AT(learner.terminal) - AT(learner)); /* padding */
    ck_assert_int_eq(c.learner.terminal, before.learner.terminal);
    ck_assert_int_eq(c.selfplay.rule, before.selfplay.rule);
    ck_assert_str_eq(c.selfplay.opponent, before.selfplay.opponent);
    ck_assert_mem_eq(&c.replay, &before.replay, sizeof(c.replay));
    for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1) {
        ck_assert_msg(strcspn(p, "\n") < 160, "long line: %.200s", p);
    }
}
END_TEST

START_TEST(tiles_are_read_strictly)
{
    static const char *const BAD[] = {
        "",     "4",       "4x",    "x2",
        "4X2",  "4x2x",    "0x1",   "1x0",
        "-1x2", "4x-2",    "4 x2",  "4x 2",
        "4x2 ", "65536x1", "autos", "1x99999999999999999999"};
    char message[128];
    int px = -1, py = -1;

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_int_eq(mf_run_cfg_tiles(BAD[i], &px, &py), MF_ERR_USAGE);
        snprintf(message, sizeof(message),
                 "world.tiles = %s: expected auto or PXxPY such as 4x2, each "
                 "from 1 to 65535",
                 BAD[i]);
        log_expect(message);
        ck_assert_int_eq(px, -1);
        ck_assert_int_eq(py, -1);
    }
    ck_assert_int_eq(mf_run_cfg_tiles("4x2", &px, &py), MF_OK);
    ck_assert_int_eq(px, 4);
    ck_assert_int_eq(py, 2);
    ck_assert_int_eq(mf_run_cfg_tiles("65535x1", &px, &py), MF_OK);
    ck_assert_int_eq(px, 65535);
    ck_assert_int_eq(mf_run_cfg_tiles("auto", &px, &py), MF_OK);
    ck_assert_int_eq(px, 0);
    ck_assert_int_eq(py, 0);
}
END_TEST

START_TEST(impossible_combinations_are_refused)
{
    set("learner.batch=250");
    check_bad("learner.batch = 250: every one of the replay.shards = 4 gives "
              "an equal part of it; the nearest that works is 252");
    set("learner.batch=3");
    check_bad("learner.batch = 3: every one of the replay.shards = 4 gives an "
              "equal part of it; the nearest that works is 4");
    set("learner.batch=1");
    check_bad("learner.batch = 1: every one of the replay.shards = 4 gives an "
              "equal part of it; the nearest that works is 4");
    set("learner.batch=4");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("replay.capacity=7");
    check_bad("replay.capacity = 7: each of the replay.shards = 4 has to hold "
              "two steps; at least 8 is needed");
    set("replay.capacity=8");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("ranks.learners=5");
    check_bad("ranks.learners = 5: a learner owns at least one of the "
              "replay.shards = 4; use at most 4 learners, or more shards");
    set("ranks.learners=3");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("ranks.learners=4");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("run.burn_in=1");
    check_bad("run.burn_in = 1: no round is left for the summary; 0.5 leaves "
              "out the first half");
    set("run.burn_in=0.999");
    set("table.sharing=per_agent");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("net.layers=dense 64");
    check_bad("table.sharing = per_agent: needs net.layers = table, a network "
              "is shared by all agents");
    set("table.sharing=shared");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("eval.rounds=7");
    check_bad(
        "eval.rounds = 7: games of two teams are played from either side, "
        "steps of one team count from the middle on; use 8");
    set("eval.rounds=8");
    set("selfplay.rule=frozen");
    check_bad("selfplay.rule = frozen: needs selfplay.opponent, the net.h5 of "
              "a checkpoint");
    set("selfplay.opponent=o.h5");
    ck_assert_int_eq(mf_run_cfg_check(&c), MF_OK);
    set("world.tiles=2by2");
    check_bad("world.tiles = 2by2: expected auto or PXxPY such as 4x2, each "
              "from 1 to 65535");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_cfg");
    TCase *tc = tcase_create("run_cfg");
    SRunner *sr = srunner_create(suite);

    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, defaults_are_those_of_the_design);
    tcase_add_test(tc, every_key_reaches_its_own_field);
    tcase_add_test(tc, ranges_hold);
    tcase_add_test(tc, explained_config_reads_back);
    tcase_add_test(tc, tiles_are_read_strictly);
    tcase_add_test(tc, impossible_combinations_are_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);

    const int failed = srunner_ntests_failed(sr);

    srunner_free(sr);
    return failed != 0;
}
