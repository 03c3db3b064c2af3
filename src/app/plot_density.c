/* Where agents were: how many of a team stood in a cell, in the mean of all
 * frames. */
#include <inttypes.h>
#include <string.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "plot.h"
#include "walk.h"

enum { TEAMS = 2, LONGEST = 256 }; /* squares of a side, at most */

typedef struct density {
    int side;          /* cells of a square's side */
    int width, height; /* squares */
    int n_teams;
    double *seen;   /* [n_teams][height][width] */
    uint8_t *walls; /* [height][width] squares that are all wall */
    uint64_t n_frames;
} density;

static double *square(density *d, int team, int x, int y)
{
    return d->seen +
           ((size_t)team * (size_t)d->height + (size_t)y) * (size_t)d->width +
           (size_t)x;
}

static mf_status count(void *arg, const mf_trajectory_spec *spec,
                       const mf_frame *f)
{
    density *d = arg;

    for (uint32_t i = 0; i < spec->n_agents; i++) {
        const int32_t x = f->position[3 * i], y = f->position[3 * i + 1];
        const int team =
            d->n_teams > 1 && spec->species != NULL && spec->species[i] > 0;

        if (f->alive[i] == 0) {
            continue;
        }
        if (x < 0 || x >= spec->width || y < 0 || y >= spec->height) {
            return MF_FAIL(MF_ERR_FILE,
                           "frame %" PRIu64 ", agent %" PRIu32
                           ": position (%" PRId32 ", %" PRId32
                           ") is not in the world",
                           f->number, i, x, y);
        }
        ++*square(d, team, x / d->side, y / d->side);
    }
    for (int i = 0; d->n_frames == 0 && spec->walls != NULL && d->side == 1 &&
                    i < spec->width * spec->height;
         i++) {
        d->walls[i] = spec->walls[i];
    }
    d->n_frames++;
    return MF_OK;
}

/* Blocks: a matrix for each team, then the walls as points.  Gives the
 * greatest number of the matrices. */
static double write_data(density *d, bool *walls, FILE *f)
{
    double most = 0;

    *walls = false;
    for (int team = 0; team < d->n_teams; team++) {
        fprintf(f,
                "# team %d: agents in each square of %d x %d cells, mean of "
                "%" PRIu64 " frames\n",
                team, d->side, d->side, d->n_frames);
        for (int y = 0; y < d->height; y++) {
            for (int x = 0; x < d->width; x++) {
                const double mean =
                    *square(d, team, x, y) / (double)d->n_frames;

                most = mean > most ? mean : most;
                fprintf(f, "%s%.4g", x > 0 ? " " : "", mean);
            }
            fprintf(f, "\n");
        }
        fprintf(f, "\n\n");
    }
    fprintf(f, "# walls: x y\n");
    for (int i = 0; i < d->width * d->height; i++) {
        if (d->walls[i] != 0) {
            fprintf(f, "%d %d\n", i % d->width, i / d->width);
            *walls = true;
        }
    }
    return most;
}

static void write_script(const density *d, double most, bool walls,
                         mf_picture *pic)
{
    mf_picture_scene(pic, 60 + 460 * d->n_teams, 480);
    fprintf(pic->script,
            "wide = %d; high = %d; most = %.10g; teams = %d; side = %d\n"
            "unset grid\nset border 15\nset size ratio -1\n"
            "set xrange [-0.5:wide - 0.5]\n"
            "set yrange [high - 0.5:-0.5]\n"
            "set cbrange [0:most]\n"
            "mark(v) = substr(\" .:-=+*#%%@\", 1 + int(9.99 * v / most), "
            "1 + int(9.99 * v / most))\n"
            "if (kind eq \"dumb\") {\n"
            "    set size noratio\n"
            "    set terminal dumb size columns, lines * teams\n"
            "    set multiplot layout teams, 1\n"
            "} else {\n"
            "    set multiplot layout 1, teams\n"
            "}\n"
            "do for [team = 0:teams - 1] {\n"
            "    set title sprintf(\"Agents of team %%d in %%s, mean\", team, "
            "side == 1 ? \"a cell\" : sprintf(\"%%d x %%d cells\", side, side))"
            " textcolor rgb ink\n"
            "    colour = team == 0 ? blue : orange\n"
            "    set palette defined (0 \"white\", 1 colour)\n"
            "    if (kind eq \"dumb\") {\n"
            "        plot data index team matrix using 1:2:(mark($3)) "
            "with labels notitle\n"
            "    } else {\n"
            "        plot data index team matrix with image notitle",
            d->width, d->height, most, d->n_teams, d->side);
    if (walls) {
        fprintf(pic->script,
                ", \\\n            data index teams using 1:2:(0.5):(0.5) "
                "with boxxyerror fillstyle solid noborder linecolor rgb "
                "\"#8C8C8C\" notitle");
    }
    fprintf(pic->script, "\n    }\n}\nunset multiplot\n");
}

static mf_status draw(mf_plot *p, const mf_walk *w, density *d)
{
    const int longest = w->width > w->height ? w->width : w->height;
    mf_picture pic;
    mf_status st;
    bool walls;

    *d = (density){.side = (longest + LONGEST - 1) / LONGEST};
    d->width = (w->width + d->side - 1) / d->side;
    d->height = (w->height + d->side - 1) / d->side;
    d->n_teams = w->n_teams > 1 ? TEAMS : 1;
    const size_t n = (size_t)d->width * (size_t)d->height;

    MF_TRY(mf_alloc((size_t)d->n_teams * n, sizeof(*d->seen), "density",
                    &d->seen));
    MF_TRY(mf_alloc(n, 1, "density", &d->walls));
    MF_TRY(mf_walk_frames(w, count, d));
    MF_TRY(mf_picture_begin(&pic, "density"));
    const double most = write_data(d, &walls, pic.data);

    st = most > 0 ? MF_OK
                  : MF_FAIL(MF_ERR_FILE, "%s: nobody is there", w->paths[0]);
    if (st == MF_OK) {
        write_script(d, most, walls, &pic);
    }
    return mf_picture_end(p, &pic, st);
}

mf_status mf_plot_density(mf_plot *p)
{
    density d = {0};
    mf_walk w;
    mf_status st;

    MF_TRY(mf_walk_create(p->runs, p->n_runs, &w));
    if (w.n == 0) {
        st = mf_plot_no_trajectories(p);
    } else if (w.lattice) {
        st = mf_plot_nothing(p, "%s: the agents of a lattice do not move",
                             w.paths[0]);
    } else if (!mf_walk_has(&w, MF_TRAJ_POSITION) || w.width <= 0 ||
               w.height <= 0) {
        st = mf_plot_nothing(p,
                             "%s: positions, or the size of the world, are "
                             "not recorded",
                             w.paths[0]);
    } else {
        st = draw(p, &w, &d);
    }
    mf_free(&d.seen);
    mf_free(&d.walls);
    mf_walk_clear(&w);
    return st;
}
