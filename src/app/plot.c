#include "plot.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "mfrl/base/log.h"

enum { MESSAGE = 2048 };

mf_status mf_plot_nothing(const mf_plot *p, const char *fmt, ...)
{
    char text[MESSAGE];
    va_list args;

    if (!p->asked) {
        return MF_OK;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return MF_FAIL(MF_ERR_FILE, "%s", text);
}

mf_status mf_plot_no_trajectories(const mf_plot *p)
{
    return mf_plot_nothing(p,
                           "%s: there are no trajectories; train with "
                           "trajectory.every=1",
                           p->runs[0]);
}

bool mf_plot_is_dir(const char *run)
{
    struct stat s;

    return stat(run, &s) == 0 && S_ISDIR(s.st_mode);
}

/* ---- a picture's files -------------------------------------------------- */

/* Looks that all have: colours of Okabe and Ito, no boxes, no clutter. */
static const char LOOKS[] =
    "ink = \"#333333\"; blue = \"#0072B2\"; orange = \"#D55E00\"\n"
    "set border 3 linecolor rgb ink linewidth 1\n"
    "set tics nomirror out scale 0.6 textcolor rgb ink\n"
    "set grid ytics linetype 1 linecolor rgb \"#E4E4E4\" linewidth 0.8\n"
    "set key samplen 2 spacing 1.25 textcolor rgb ink noenhanced\n";

mf_status mf_picture_begin(mf_picture *p, const char *name)
{
    *p = (mf_picture){0};
    for (size_t i = 0; i + 1 < sizeof(p->name) && name[i] != '\0'; i++) {
        p->name[i] = isalnum((unsigned char)name[i]) ? name[i] : '-';
    }
    p->data = open_memstream(&p->data_text, &p->data_size);
    p->script = open_memstream(&p->script_text, &p->script_size);
    if (p->data == NULL || p->script == NULL) {
        (void)mf_picture_end(NULL, p, MF_ERR_MEMORY);
        return MF_FAIL(MF_ERR_MEMORY, "no memory for the picture %s", name);
    }
    fprintf(p->script,
            "# gnuplot %s.gp                      draws %s.svg and %s.png\n"
            "# gnuplot -e \"kinds='dumb'\" %s.gp    draws in the terminal\n"
            "\n"
            "data = \"%s.dat\"\n"
            "if (!exists(\"kinds\")) kinds = \"svg png\"\n"
            "if (!exists(\"columns\")) columns = 79\n"
            "if (!exists(\"lines\")) lines = 24\n%s",
            p->name, p->name, p->name, p->name, p->name, LOOKS);
    return MF_OK;
}

/* In single quotes gnuplot reads only these as something else. */
void mf_picture_text(mf_picture *p, const char *variable, const char *text)
{
    fprintf(p->script, "%s = '", variable);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("''", p->script);
        } else {
            fputc(iscntrl((unsigned char)*text) ? ' ' : *text, p->script);
        }
    }
    fputs("'\n", p->script);
}

void mf_picture_scene(mf_picture *p, int width, int height)
{
    fprintf(p->script,
            "\n"
            "do for [kind in kinds] {\n"
            "if (kind eq \"svg\") {\n"
            "    set terminal svg size %d, %d font \"Helvetica,13\" "
            "background rgb \"white\" noenhanced\n"
            "    set output \"%s.svg\"\n"
            "}\n"
            "if (kind eq \"png\") {\n"
            "    set terminal pngcairo size %d, %d font \"Helvetica,15\" "
            "background rgb \"white\" noenhanced\n"
            "    set output \"%s.png\"\n"
            "}\n"
            "if (kind eq \"dumb\") {\n"
            "    set terminal dumb size columns, lines noenhanced\n"
            "    unset grid\n"
            "}\n",
            width, height, p->name, width * 3 / 2, height * 3 / 2, p->name);
}

static mf_status write_file(const mf_plot *plot, const mf_picture *p,
                            const char *ending, const char *text, size_t size)
{
    char name[MF_PLOT_NAME + 8], path[MF_PATH];

    snprintf(name, sizeof(name), "%s%s", p->name, ending);
    MF_TRY(mf_path_join(path, plot->dir, name));
    return mf_file_write_atomic(path, text, size);
}

static mf_status write_files(mf_plot *plot, const mf_picture *p)
{
    if (plot->n_pictures == MF_PLOT_MOST) {
        return MF_FAIL(MF_ERR_USAGE, "more than %d pictures at once",
                       MF_PLOT_MOST);
    }
    MF_TRY(mf_run_dir_create(plot->dir));
    MF_TRY(write_file(plot, p, ".dat", p->data_text, p->data_size));
    MF_TRY(write_file(plot, p, ".gp", p->script_text, p->script_size));
    strcpy(plot->pictures[plot->n_pictures++], p->name);
    return MF_OK;
}

mf_status mf_picture_end(mf_plot *plot, mf_picture *p, mf_status st)
{
    bool whole = true;

    if (st == MF_OK) {
        fputs("}\nset output\n", p->script);
    }
    if (p->data != NULL) {
        whole = fclose(p->data) == 0 && whole;
    }
    if (p->script != NULL) {
        whole = fclose(p->script) == 0 && whole;
    }
    if (st == MF_OK && !whole) {
        st = MF_FAIL(MF_ERR_MEMORY, "no memory for the picture %s", p->name);
    }
    st = st == MF_OK ? write_files(plot, p) : st;
    free(p->data_text);
    free(p->script_text);
    return st;
}

/* ---- gnuplot ------------------------------------------------------------ */

static void terminal_settings(char *out, size_t size)
{
    struct winsize w = {.ws_col = 79, .ws_row = 25};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col < 20 ||
        w.ws_row < 10) {
        w = (struct winsize){.ws_col = 80, .ws_row = 25};
    }
    snprintf(out, size, "kinds = 'dumb'; columns = %d; lines = %d",
             w.ws_col - 1, w.ws_row - 1);
}

static mf_status draw(const mf_plot *p, const char *name, bool terminal)
{
    char script[MF_PLOT_NAME + 4], settings[80] = "kinds = 'svg png'";
    const char *argv[] = {"gnuplot", "-e", settings, script, NULL};
    mf_child child;
    bool found;

    if (terminal) {
        terminal_settings(settings, sizeof(settings));
    }
    snprintf(script, sizeof(script), "%s.gp", name);
    fflush(stdout);
    MF_TRY(mf_child_start(argv, p->dir, false, &child, &found));
    if (!found) {
        return MF_FAIL(MF_ERR_IO,
                       "gnuplot is not installed (apt install gnuplot-nox): "
                       "there is no picture; script and data, %d of each, are "
                       "in %s, where `gnuplot %s` draws one",
                       p->n_pictures, p->dir, script);
    }
    MF_TRY(mf_child_end(&child));
    if (!terminal) {
        mf_log(MF_LOG_INFO, "%s/%s.svg, .png; script and data in .gp, .dat",
               p->dir, name);
    }
    return MF_OK;
}

mf_status mf_plot_draw(const mf_plot *p, bool terminal)
{
    for (int i = 0; i < p->n_pictures; i++) {
        MF_TRY(draw(p, p->pictures[i], terminal));
    }
    return MF_OK;
}
