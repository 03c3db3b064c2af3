#include "solo_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "mfrl/base/mem.h"
#include "mfrl/comm/collective.h"
#include "mfrl/io/run_files.h"
#include "mfrl/io/sheet.h"
#include "solo.h"

mf_status mf_solo_check(const mf_player *players, int n)
{
    for (int k = 0; k < n; k++) {
        if (players[k].cfg == NULL) {
            return MF_FAIL(MF_ERR_USAGE,
                           "%s is a script; where there is one team eval plays "
                           "policies, as in mfrl-dist eval runs/squeeze-mfq-1",
                           players[k].name);
        }
    }
    return MF_OK;
}

/* A policy's sets play those of the worlds in turn. */
static mf_status play(mf_run *run, const mf_player *p, double *means)
{
    const mf_config *cfg = run->cfg;
    mf_policy *by;
    mf_status st;

    MF_TRY(mf_alloc((size_t)run->n_sets, sizeof(*by), "policies", &by));
    for (int s = 0; s < run->n_sets; s++) {
        by[s] = p->policy;
        by[s].weights +=
            (size_t)(s % p->cfg->env_spec.n_sets) * p->cfg->n_weights;
    }
    st = mf_solo_play(run, by, cfg->run.eval.rounds, mf_match_seed(cfg), NULL,
                      means);
    mf_free(&by);
    return st;
}

/* Rows of one player, and its lines on stdout. */
static void report(const mf_run *run, const char *name, const double *means,
                   FILE *csv)
{
    const mf_env_spec *e = &run->cfg->env_spec;

    for (int s = 0; s < run->n_sets; s++, means += e->n_metrics) {
        char text[1024];

        mf_sheet_put(csv, name);
        fprintf(csv, ",%d", s);
        mf_solo_row(e, means, csv);
        mf_solo_text(e, means, text, sizeof(text));
        printf("%s, set %d: %s\n", name, s, text);
    }
}

static mf_status play_all(mf_run *run, const mf_player *players, int n,
                          double *means, FILE *csv)
{
    fprintf(csv, "policy,set");
    mf_solo_header(&run->cfg->env_spec, csv);
    for (int k = 0; k < n; k++) {
        MF_TRY(play(run, &players[k], means));
        if (run->roles.rank == 0) {
            report(run, players[k].name, means, csv);
        }
    }
    return MF_OK;
}

mf_status mf_solo_command(mf_run *run, const mf_player *players, int n,
                          const char *dir)
{
    char path[MF_PATH];
    char *text = NULL;
    double *means = NULL;
    size_t size = 0;
    FILE *csv = open_memstream(&text, &size);
    mf_status st;

    if (csv == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "no memory for eval.csv");
    }
    MF_TRY_OR(out, mf_alloc((size_t)run->n_sets *
                                (size_t)run->cfg->env_spec.n_metrics,
                            sizeof(*means), "means", &means));
    st = play_all(run, players, n, means, csv);
out:
    fclose(csv);
    if (st == MF_OK && run->roles.rank == 0) {
        st = mf_path_join(path, dir, "eval.csv");
        st = st == MF_OK ? mf_file_write_atomic(path, text, size) : st;
    }
    free(text);
    mf_free(&means);
    return st;
}
