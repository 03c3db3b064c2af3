/* `mfrl-dist traj video`: a recorded world to look at. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "child.h"
#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/png.h"
#include "mfrl/io/whole_file.h"
#include "render.h"
#include "traj_command.h"
#include "traj_names.h"
#include "traj_place.h"

enum { USUAL_FPS = 15, MOST_FPS = 240 };
static const uint64_t NOT_GIVEN = UINT64_MAX;

static const char HELP[] =
    "usage: mfrl-dist traj video FILE [--out X.mp4|X.gif|DIR] [--fps N]\n"
    "                            [--scale N] [--from A] [--to B]\n"
    "\n"
    "Draws a trajectory, one picture a frame: agents in the colour of their\n"
    "team (0 blue, 1 vermillion), paler the less hp they have, a line to the\n"
    "cell that they attack; above, how many each team has left, and the step.\n"
    "Agents of a lattice are dark or light by their action.\n"
    "\n"
    "  --out X     .mp4 or .gif, made by ffmpeg, or a directory of PNG frames\n"
    "              (default: RUN_DIR/plots/SEGMENT.mp4).  Where there is no\n"
    "              ffmpeg, PNG frames go to X without its ending\n"
    "  --fps N     frames a second (15)\n"
    "  --scale N   pixels of a cell, 1 to 64 (for a side of about 480)\n"
    "  --from A    first frame (0)\n"
    "  --to B      last frame (the file's)\n";

typedef struct video {
    const char *path; /* of the trajectory */
    char out[MF_PATH];
    mf_whole_file file; /* whose temporary name ffmpeg writes to */
    const char *format; /* "mp4", "gif", NULL = PNG frames */
    uint64_t fps, from, to;
    int scale; /* 0 = one that fits */
    mf_trajectory_reader *reader;
    mf_traj_names names;
    mf_frames frames;
    mf_renderer renderer;
    mf_child ffmpeg;
} video;

static const char *ending_of(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name != NULL ? name : path, '.');

    return dot != NULL && dot > path && dot[-1] != '.' ? dot : "";
}

static mf_status choose_out(video *v, const char *asked)
{
    const char *ending;

    if (asked == NULL) {
        MF_TRY(mf_traj_place(v->path, ".mp4", v->out));
    } else if (snprintf(v->out, sizeof(v->out), "%s", asked) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", asked);
    }
    ending = ending_of(v->out);
    if (strcmp(ending, ".mp4") == 0 || strcmp(ending, ".gif") == 0) {
        v->format = ending + 1;
    } else if (ending[0] != '\0') {
        return MF_FAIL(MF_ERR_USAGE,
                       "--out %s: give a name that ends in .mp4 or .gif, or a "
                       "directory for PNG frames",
                       v->out);
    }
    return MF_OK;
}

static mf_status parse(int argc, char **argv, video *v)
{
    const char *asked = NULL;
    uint64_t scale = NOT_GIVEN;
    const mf_traj_option options[] = {
        {.name = "--out", .text = &asked},
        {.name = "--fps", .number = &v->fps},
        {.name = "--scale", .number = &scale},
        {.name = "--from", .number = &v->from},
        {.name = "--to", .number = &v->to},
        {0},
    };

    MF_TRY(
        mf_traj_arguments(argc, argv, "video", options, "FILE", 1, &v->path));
    if (v->fps < 1 || v->fps > MOST_FPS) {
        return MF_FAIL(MF_ERR_USAGE, "--fps: give 1 to %d", MOST_FPS);
    }
    if (scale != NOT_GIVEN && (scale < 1 || scale > MF_RENDER_SCALES)) {
        return MF_FAIL(MF_ERR_USAGE, "--scale: give 1 to %d", MF_RENDER_SCALES);
    }
    v->scale = scale != NOT_GIVEN ? (int)scale : 0;
    return choose_out(v, asked);
}

static mf_status prepare(video *v)
{
    const mf_trajectory_spec *spec;
    uint64_t n;

    MF_TRY(mf_trajectory_open(v->path, &v->reader));
    spec = mf_trajectory_described(v->reader);
    n = mf_trajectory_frames(v->reader);
    if (n == 0) {
        return MF_FAIL(MF_ERR_FILE, "%s: has no frames yet", v->path);
    }
    if (v->to == NOT_GIVEN) {
        v->to = n - 1;
    }
    if (v->from > v->to || v->to >= n) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%s: there are frames 0 to %" PRIu64
                       ": give --from and --to of these, in this order",
                       v->path, n - 1);
    }
    MF_TRY(mf_traj_spare(v->reader, v->path, v->out));
    MF_TRY(mf_traj_names_create(spec, &v->names));
    MF_TRY(mf_renderer_create(spec, &v->names, v->scale, &v->renderer));
    return mf_frames_create(v->reader, &v->frames);
}

/* ffmpeg, if there is one. */
static mf_status start_ffmpeg(video *v, bool *found)
{
    char size[32], rate[32], to[MF_PATH + 8];
    const bool gif = strcmp(v->format, "gif") == 0;
    /* Frames of few colours: a palette for each keeps them exact, and nothing
     * has to wait for the last one. */
    const char *filter = gif ? "split[a][b];[a]palettegen=stats_mode=single[p];"
                               "[b][p]paletteuse=new=1:dither=none"
                             : "format=yuv420p";
    const char *argv[] = {"ffmpeg", "-nostdin",    "-loglevel", "error",
                          "-y",     "-f",          "rawvideo",  "-pix_fmt",
                          "rgb24",  "-video_size", size,        "-framerate",
                          rate,     "-i",          "pipe:0",    "-vf",
                          filter,   "-f",          v->format,   to,
                          NULL};

    snprintf(size, sizeof(size), "%dx%d", v->renderer.canvas.width,
             v->renderer.canvas.height);
    snprintf(rate, sizeof(rate), "%" PRIu64, v->fps);
    snprintf(to, sizeof(to), "file:%s", v->file.tmp);
    return mf_child_start(argv, NULL, true, &v->ffmpeg, found);
}

/* One frame to wherever it goes. */
static mf_status put_frame(video *v, uint64_t number)
{
    const mf_canvas *c = &v->renderer.canvas;
    char name[64], path[MF_PATH];

    if (v->format != NULL) {
        return mf_child_write(&v->ffmpeg, c->rgb,
                              3 * (size_t)c->width * (size_t)c->height);
    }
    snprintf(name, sizeof(name), "frame-%06" PRIu64 ".png", number);
    MF_TRY(mf_path_join(path, v->out, name));
    return mf_png_write(path, c->width, c->height, c->rgb);
}

static mf_status put_all(video *v)
{
    mf_frame f;

    for (uint64_t t = v->from; t <= v->to; t++) {
        MF_TRY(mf_frames_get(&v->frames, t, &f));
        MF_TRY(mf_render(&v->renderer, &f));
        MF_TRY(put_frame(v, t - v->from));
    }
    return MF_OK;
}

static mf_status film(video *v)
{
    const mf_status st = put_all(v);
    const mf_status ended = mf_child_end(&v->ffmpeg);

    return st == MF_OK ? ended : st;
}

/* The film, if there is an ffmpeg. */
static mf_status try_film(video *v, bool *found)
{
    char dir[MF_PATH];
    struct stat there;
    mf_status st;

    if (stat(v->out, &there) == 0 && !S_ISREG(there.st_mode)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "--out %s is there and no regular file; ffmpeg cannot "
                       "write a film to it",
                       v->out);
    }
    MF_TRY(mf_traj_parent(v->out, dir));
    MF_TRY(mf_run_dir_create(dir));
    MF_TRY(mf_whole_file_open(v->out, &v->file));
    st = start_ffmpeg(v, found);
    if (st == MF_OK && !*found) {
        mf_whole_file_drop(&v->file);
        return MF_OK;
    }
    return mf_whole_file_close(&v->file, st == MF_OK ? film(v) : st);
}

static mf_status make(video *v)
{
    bool found = false;

    if (v->format != NULL) {
        MF_TRY(try_film(v, &found));
    }
    if (found) {
        mf_log(MF_LOG_INFO, "%s: %" PRIu64 " frames of %d x %d pixels", v->out,
               v->to - v->from + 1, v->renderer.canvas.width,
               v->renderer.canvas.height);
        return MF_OK;
    }
    if (v->format != NULL) {
        mf_log(MF_LOG_WARN,
               "ffmpeg is not installed (apt install ffmpeg): PNG frames "
               "instead of %s",
               v->out);
        v->out[strlen(v->out) - strlen(ending_of(v->out))] = '\0';
        v->format = NULL;
    }
    MF_TRY(mf_run_dir_create(v->out));
    MF_TRY(put_all(v));
    mf_log(MF_LOG_INFO,
           "%s: %" PRIu64 " PNG frames of %d x %d pixels; a video of them: "
           "ffmpeg -framerate %" PRIu64 " -i %s/frame-%%06d.png %s.mp4",
           v->out, v->to - v->from + 1, v->renderer.canvas.width,
           v->renderer.canvas.height, v->fps, v->out, v->out);
    return MF_OK;
}

mf_status mf_traj_command_video(int argc, char **argv)
{
    video *v;
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_alloc(1, sizeof(*v), "video", &v));
    v->fps = USUAL_FPS;
    v->to = NOT_GIVEN;
    st = parse(argc, argv, v);
    st = st == MF_OK ? prepare(v) : st;
    st = st == MF_OK ? make(v) : st;
    mf_frames_clear(&v->frames);
    mf_renderer_clear(&v->renderer);
    mf_traj_names_clear(&v->names);
    mf_trajectory_close(&v->reader);
    mf_free(&v);
    return st;
}
