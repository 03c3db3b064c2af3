#include "eval_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/h5.h"
#include "mfrl/io/run_files.h"
#include "mfrl/io/sheet.h"
#include "mfrl/io/whole_file.h"

/* A column of both files. */
typedef struct column {
    const char *name, *description;
    double (*value)(const mf_tally *t);
} column;

static double games(const mf_tally *t) { return (double)t->games; }
static double wins(const mf_tally *t) { return (double)t->wins; }
static double losses(const mf_tally *t) { return (double)t->losses; }

static double ties(const mf_tally *t)
{
    return (double)(t->games - t->wins - t->losses);
}

static double rate(const mf_tally *t)
{
    double low, high;

    return mf_tally_win_rate(t, &low, &high);
}

static double rate_low(const mf_tally *t)
{
    double low, high;

    (void)mf_tally_win_rate(t, &low, &high);
    return low;
}

static double rate_high(const mf_tally *t)
{
    double low, high;

    (void)mf_tally_win_rate(t, &low, &high);
    return high;
}

static double per_game(const mf_tally *t, int64_t n)
{
    return (double)n / (double)t->games;
}

static double kills_a(const mf_tally *t)
{
    return per_game(t, t->agents[1] - t->alive[1]);
}

static double kills_b(const mf_tally *t)
{
    return per_game(t, t->agents[0] - t->alive[0]);
}

static double alive_a(const mf_tally *t) { return per_game(t, t->alive[0]); }
static double alive_b(const mf_tally *t) { return per_game(t, t->alive[1]); }
static double reward_a(const mf_tally *t) { return mf_tally_reward(t, 0); }
static double reward_b(const mf_tally *t) { return mf_tally_reward(t, 1); }
static double steps(const mf_tally *t) { return per_game(t, t->steps); }

static const column COLUMNS[] = {
    {"games", "games played", games},
    {"wins", "games in which a had more survivors", wins},
    {"ties", "games with equal survivors", ties},
    {"losses", "games in which b had more survivors", losses},
    {"win_rate", "wins / games", rate},
    {"win_rate_low", "lower end of Wilson's 95 % interval", rate_low},
    {"win_rate_high", "upper end of it", rate_high},
    {"kills_a", "enemies that a killed, a game", kills_a},
    {"kills_b", "enemies that b killed, a game", kills_b},
    {"survivors_a", "agents of a at the end, a game", alive_a},
    {"survivors_b", "agents of b at the end, a game", alive_b},
    {"reward_a", "total reward of a, a game", reward_a},
    {"reward_b", "total reward of b, a game", reward_b},
    {"steps", "length of a game", steps},
};
enum { N_COLUMNS = sizeof(COLUMNS) / sizeof(COLUMNS[0]) };

static mf_status write_csv(const char *dir, const mf_eval_table *t)
{
    char path[MF_PATH];
    char *text = NULL;
    size_t size = 0;
    mf_status st;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "no memory for eval.csv");
    }
    fprintf(f, "a,b");
    for (int c = 0; c < N_COLUMNS; c++) {
        fprintf(f, ",%s", COLUMNS[c].name);
    }
    fprintf(f, "\n");
    for (int k = 0; k < t->n_pairs; k++) {
        mf_sheet_put(f, t->names[t->pairs[k].a]);
        fputc(',', f);
        mf_sheet_put(f, t->names[t->pairs[k].b]);
        for (int c = 0; c < N_COLUMNS; c++) {
            fprintf(f, ",%.10g", COLUMNS[c].value(&t->tally[k]));
        }
        fprintf(f, "\n");
    }
    fclose(f);
    st = mf_path_join(path, dir, "eval.csv");
    if (st == MF_OK) {
        st = mf_file_write_atomic(path, text, size);
    }
    free(text);
    return st;
}

static mf_status write_columns(mf_h5 *f, const mf_eval_table *t, double *values)
{
    for (int c = 0; c < N_COLUMNS; c++) {
        char path[64];
        const mf_h5_array a = {.path = path,
                               .type = MF_F64,
                               .n_dims = 1,
                               .dims = {(uint64_t)t->n_pairs},
                               .description = COLUMNS[c].description};

        snprintf(path, sizeof(path), "/pairs/%s", COLUMNS[c].name);
        for (int k = 0; k < t->n_pairs; k++) {
            values[k] = COLUMNS[c].value(&t->tally[k]);
        }
        MF_TRY(mf_h5_write(f, &a, values));
    }
    for (int k = 0; k < t->n_pairs; k++) {
        char name[32];

        snprintf(name, sizeof(name), "a_%04d", k);
        MF_TRY(mf_h5_set_text(f, "/pairs", name, t->names[t->pairs[k].a]));
        snprintf(name, sizeof(name), "b_%04d", k);
        MF_TRY(mf_h5_set_text(f, "/pairs", name, t->names[t->pairs[k].b]));
    }
    return MF_OK;
}

static mf_status fill_h5(const char *path, const mf_eval_table *t)
{
    double *values;
    mf_h5 *f;
    mf_status st, closed;

    MF_TRY(mf_alloc((size_t)t->n_pairs, sizeof(*values), "columns", &values));
    st = mf_h5_create(path, &f);
    if (st == MF_OK) {
        st = write_columns(f, t, values);
        closed = mf_h5_close(&f);
        st = st == MF_OK ? closed : st;
    }
    mf_free(&values);
    return st;
}

static mf_status write_h5(const char *dir, const mf_eval_table *t)
{
    char path[MF_PATH];
    mf_whole_file file;

    MF_TRY(mf_path_join(path, dir, "eval.h5"));
    MF_TRY(mf_whole_file_open(path, &file));
    return mf_whole_file_close(&file, fill_h5(file.tmp, t));
}

mf_status mf_eval_write(const char *dir, const mf_eval_table *t)
{
    MF_TRY(write_csv(dir, t));
    return write_h5(dir, t);
}
