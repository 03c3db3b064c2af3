#include "run_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "mfrl/io/h5.h"
#include "mfrl/io/json.h"
#include "mfrl/io/run_files.h"
#include "version.h"

static void utc_now(char out[32])
{
    const time_t now = time(NULL);
    struct tm t;

    gmtime_r(&now, &t);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
}

void mf_run_record_init(mf_run_record *out, int argc, char **argv)
{
    *out = (mf_run_record){
        .argc = argc, .argv = argv, .state = "running", .exit_reason = ""};
    utc_now(out->started);
}

static mf_status set_hex(mf_json *j, const char *key, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%016" PRIx64, value);
    return mf_json_set_text(j, key, text);
}

static mf_status fill(mf_json *j, const mf_run_record *r, const mf_config *cfg,
                      const mf_plan *plan)
{
    char text[64] = "";
    mf_json *argv;

    MF_TRY(mf_json_set_text(j, "state", r->state));
    MF_TRY(mf_json_set_text(j, "exit_reason", r->exit_reason));
    MF_TRY(mf_json_set_int(j, "rounds", r->at.round));
    MF_TRY(mf_json_set_int(j, "agent_steps", r->at.agent_steps));
    if (r->digests) {
        MF_TRY(set_hex(j, "digest_weights", r->digest_weights));
        MF_TRY(set_hex(j, "digest_worlds", r->digest_worlds));
    }
    MF_TRY(mf_json_set_text(j, "env", cfg->env->name));
    MF_TRY(mf_json_set_text(j, "algo", cfg->algo->name));
    MF_TRY(mf_json_set_int(j, "seed", cfg->run.run.seed));
    MF_TRY(mf_json_set_int(j, "ranks", plan->n_ranks));
    MF_TRY(mf_json_set_int(j, "actors", plan->n_actors));
    MF_TRY(mf_json_set_int(j, "learners", plan->n_learners));
    MF_TRY(mf_json_set_text(j, "hosts", r->hosts));
    MF_TRY(mf_json_set_text(j, "version", MF_VERSION));
    MF_TRY(mf_json_set_text(j, "mpi", r->mpi));
    mf_h5_version(text, sizeof(text));
    MF_TRY(mf_json_set_text(j, "hdf5", text));
    MF_TRY(mf_json_set_text(j, "start", r->started));
    utc_now(text);
    MF_TRY(mf_json_set_text(
        j, strcmp(r->state, "running") == 0 ? "updated" : "end", text));
    MF_TRY(mf_json_set_real(j, "wall_s", r->at.wall));
    MF_TRY(mf_json_set_array(j, "argv", &argv));
    for (int i = 0; i < r->argc; i++) {
        MF_TRY(mf_json_set_text(argv, NULL, r->argv[i]));
    }
    return MF_OK;
}

static mf_status set_failed(mf_json *j, const char *reason)
{
    char now[32];

    utc_now(now);
    mf_json_remove(j, "updated");
    MF_TRY(mf_json_set_text(j, "state", "failed"));
    MF_TRY(mf_json_set_text(j, "exit_reason", reason));
    return mf_json_set_text(j, "end", now);
}

mf_status mf_run_record_fail(const char *run_dir, const char *reason)
{
    char path[MF_PATH];
    mf_json *j;
    mf_status st;

    MF_TRY(mf_path_join(path, run_dir, MF_RUN_JSON));
    MF_TRY(mf_json_read(path, MF_RUN_JSON_MAX, &j));
    st = set_failed(j, reason);
    if (st == MF_OK) {
        st = mf_json_write(j, path);
    }
    mf_json_destroy(&j);
    return st;
}

mf_status mf_run_record_write(const mf_run_record *r, const mf_config *cfg,
                              const mf_plan *plan)
{
    char path[MF_PATH];
    mf_json *j;
    mf_status st;

    MF_TRY(mf_path_join(path, cfg->run.run.dir, MF_RUN_JSON));
    MF_TRY(mf_json_create(&j));
    st = fill(j, r, cfg, plan);
    if (st == MF_OK) {
        st = mf_json_write(j, path);
    }
    mf_json_destroy(&j);
    return st;
}
