/** @file plot.h
 *  Pictures of runs, drawn by gnuplot from a script and data that stay beside
 *  them: NAME.gp, NAME.dat, NAME.svg and NAME.png.
 *
 *  Each kind of picture is a function mf_plot_<kind>; what it finds nothing for
 *  in the runs it leaves out, unless it was asked for by name.  All are Local.
 */
#ifndef MFRL_APP_PLOT_H
#define MFRL_APP_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "mfrl/io/run_files.h"

enum { MF_PLOT_MOST = 64, MF_PLOT_NAME = 96 };

typedef struct mf_plot {
    const char **runs; /* [n_runs] run directories, or files */
    int n_runs;
    const char **metrics; /* [n_metrics]; none = the usual ones */
    int n_metrics;
    bool errors; /* bands are standard errors, else all that runs span */
    bool asked;  /* the kind was named */
    char dir[MF_PATH];
    char pictures[MF_PLOT_MOST][MF_PLOT_NAME]; /* written so far */
    int n_pictures;
} mf_plot;

mf_status mf_plot_curves(mf_plot *p);
mf_status mf_plot_matrix(mf_plot *p);
mf_status mf_plot_order(mf_plot *p);
mf_status mf_plot_actions(mf_plot *p);
mf_status mf_plot_density(mf_plot *p);

/** MF_ERR_FILE and one line if the kind was asked for, else MF_OK. */
mf_status mf_plot_nothing(const mf_plot *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** The same, where what was given has no trajectories. */
mf_status mf_plot_no_trajectories(const mf_plot *p);

/** True if this run is a directory. */
bool mf_plot_is_dir(const char *run);

/** A picture's files, begun and not yet on the disk.
 *
 *      begin -> text * -> scene -> end
 */
typedef struct mf_picture {
    char name[MF_PLOT_NAME];
    FILE *data;   /* NAME.dat: blocks with two empty lines between them */
    FILE *script; /* NAME.gp: after scene, commands of the picture */
    char *data_text, *script_text;
    size_t data_size, script_size;
} mf_picture;

/** @param name  what is not a letter, digit or dash becomes a dash.
 *  MF_ERR_MEMORY, and *out needs no end. */
mf_status mf_picture_begin(mf_picture *out, const char *name);

/** Let the script's variable <variable> be a text, whatever is in it: only so
 *  do names from outside come into a script. */
void mf_picture_text(mf_picture *p, const char *variable, const char *text);

/** Open the block that is drawn once for each terminal; its variable `kind` is
 *  "svg", "png" or "dumb", `data` is the file.
 *  @param width, height  of the SVG, pixels */
void mf_picture_scene(mf_picture *p, int width, int height);

/** Write both files into plot->dir, which is made, each whole or not at all,
 *  unless @p st is a failure.  Gives the first failure, MF_ERR_IO of its
 *  own. */
mf_status mf_picture_end(mf_plot *plot, mf_picture *p, mf_status st);

/** Let gnuplot draw all pictures: into files, or in the terminal.  MF_ERR_IO if
 *  there is no gnuplot, or it fails; scripts and data are there then too. */
mf_status mf_plot_draw(const mf_plot *p, bool terminal);

#endif
