/* Who beats whom: the games that `mfrl-dist eval` wrote down. */
#include <string.h>
#include <unistd.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/sheet.h"
#include "plot.h"

enum { MAX_PLAYERS = 64 };

typedef struct matrix {
    int n;
    char names[MAX_PLAYERS][128];
    double won[MAX_PLAYERS][MAX_PLAYERS]; /* games, of row against column */
    double games[MAX_PLAYERS][MAX_PLAYERS];
} matrix;

/* Number of a player, -1 if there are too many. */
static int player(matrix *m, const char *name)
{
    for (int i = 0; i < m->n; i++) {
        if (strncmp(m->names[i], name, sizeof(m->names[i]) - 1) == 0) {
            return i;
        }
    }
    if (m->n == MAX_PLAYERS) {
        return -1;
    }
    snprintf(m->names[m->n], sizeof(m->names[m->n]), "%s", name);
    return m->n++;
}

static mf_status add_games(const mf_sheet *s, const char *path, matrix *m)
{
    static const char *const COLUMNS[] = {"a", "b", "games", "wins", "losses"};
    int at[5];

    for (int c = 0; c < 5; c++) {
        at[c] = mf_sheet_column(s, COLUMNS[c]);
        if (at[c] < 0) {
            return MF_FAIL(MF_ERR_FILE, "%s: there is no column %s", path,
                           COLUMNS[c]);
        }
    }
    for (size_t row = 0; row < mf_sheet_rows(s); row++) {
        const int a = player(m, mf_sheet_text(s, row, at[0]));
        const int b = player(m, mf_sheet_text(s, row, at[1]));
        const double games = mf_sheet_real(s, row, at[2]);
        const double wins = mf_sheet_real(s, row, at[3]);
        const double losses = mf_sheet_real(s, row, at[4]);

        if (a < 0 || b < 0) {
            return MF_FAIL(MF_ERR_FILE, "%s: more than %d players", path,
                           MAX_PLAYERS);
        }
        if (!(games > 0) || !(wins >= 0) || !(losses >= 0)) {
            return MF_FAIL(MF_ERR_FILE,
                           "%s:%zu: games, wins or losses are no numbers", path,
                           row + 2);
        }
        m->won[a][b] += wins;
        m->won[b][a] += losses;
        m->games[a][b] += games;
        m->games[b][a] += games;
    }
    return MF_OK;
}

static bool has_games(const mf_sheet *s)
{
    return mf_sheet_column(s, "a") >= 0 && mf_sheet_column(s, "b") >= 0;
}

/* A file that is not about games, such as a training run's, is left out. */
static mf_status add_run(const mf_plot *p, const char *run, matrix *m)
{
    const char *ending = strrchr(run, '.');
    char path[MF_PATH] = "";
    mf_sheet *s;
    mf_status st;

    if (mf_plot_is_dir(run)) {
        MF_TRY(mf_path_join(path, run, "eval.csv"));
    } else if (ending != NULL && strcmp(ending, ".csv") == 0) {
        snprintf(path, sizeof(path), "%s", run);
    }
    if (access(path, F_OK) != 0) {
        return mf_plot_nothing(p,
                               "%s: there is no eval.csv to draw; mfrl-dist "
                               "eval A B --out DIR writes one",
                               run);
    }
    MF_TRY(mf_sheet_read(path, &s));
    st = has_games(s)
             ? add_games(s, path, m)
             : mf_plot_nothing(p,
                               "%s is not that of `mfrl-dist eval`; traj plot "
                               "curves draws a training run's win rate",
                               path);
    mf_sheet_destroy(&s);
    return st;
}

static void write_picture(const matrix *m, mf_picture *pic)
{
    const int side = m->n > 4 ? 60 * m->n : 240;
    char name[32];

    fprintf(pic->data, "# column  row  games_won_by_row_%%  games\n");
    for (int a = 0; a < m->n; a++) {
        for (int b = 0; b < m->n; b++) {
            if (m->games[a][b] > 0) {
                fprintf(pic->data, "%d %d %.6g %.10g\n", b, a,
                        100 * m->won[a][b] / m->games[a][b], m->games[a][b]);
            }
        }
    }
    for (int i = 0; i < m->n; i++) {
        snprintf(name, sizeof(name), "name_%d", i);
        mf_picture_text(pic, name, m->names[i]);
    }
    mf_picture_scene(pic, side + 320, side + 180);
    fprintf(pic->script, "set border 0\nunset grid\nset tics scale 0\n"
                         "set xtics rotate by 20 right (");
    for (int i = 0; i < m->n; i++) {
        fprintf(pic->script, "%sname_%d %d", i > 0 ? ", " : "", i, i);
    }
    fprintf(pic->script, ")\nif (kind eq \"dumb\") { set xtics norotate }\n"
                         "set ytics (");
    for (int i = 0; i < m->n; i++) {
        fprintf(pic->script, "%sname_%d %d", i > 0 ? ", " : "", i, i);
    }
    fprintf(
        pic->script,
        ")\n"
        "set xrange [-0.5:%d.5]\n"
        "set yrange [%d.5:-0.5]\n"
        "set cbrange [0:100]\n"
        "set palette defined (0 \"#EBAF80\", 50 \"white\", 100 \"#80B9D9\")\n"
        "unset colorbox\n"
        "set title \"Games won by row against column, %%\" "
        "textcolor rgb ink\n"
        "shown(won) = sprintf(\"%%.0f\", won)\n"
        "if (kind eq \"dumb\") {\n"
        "    plot data using 1:2:(shown($3)) with labels notitle\n"
        "} else {\n"
        "    plot data using 1:2:(0.48):(0.48):3 with boxxyerror "
        "fillstyle solid noborder linecolor palette notitle, \\\n"
        "        data using 1:2:(shown($3)) with labels "
        "textcolor rgb ink notitle\n"
        "}\n",
        m->n - 1, m->n - 1);
}

mf_status mf_plot_matrix(mf_plot *p)
{
    matrix *m;
    mf_picture pic;
    mf_status st = MF_OK;

    MF_TRY(mf_alloc(1, sizeof(*m), "win matrix", &m));
    for (int i = 0; i < p->n_runs && st == MF_OK; i++) {
        st = add_run(p, p->runs[i], m);
    }
    if (st == MF_OK && m->n > 0) {
        st = mf_picture_begin(&pic, "matrix");
        if (st == MF_OK) {
            write_picture(m, &pic);
            st = mf_picture_end(p, &pic, st);
        }
    }
    mf_free(&m);
    return st;
}
