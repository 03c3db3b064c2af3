#include "render.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"

enum { USUAL = 480, ACTIONS = 256, MAX_REACH = 100 };

/* Okabe and Ito's colours, which look different to everyone. */
static const mf_colour TEAMS[] = {{0x00, 0x72, 0xB2}, {0xD5, 0x5E, 0x00},
                                  {0x00, 0x9E, 0x73}, {0xCC, 0x79, 0xA7},
                                  {0xE6, 0x9F, 0x00}, {0x56, 0xB4, 0xE9}};
enum { N_TEAMS = sizeof(TEAMS) / sizeof(TEAMS[0]) };

static const mf_colour GROUND = {0xFA, 0xFA, 0xF7}, WALL = {0x8C, 0x8C, 0x8C},
                       INK = {0x22, 0x22, 0x22}, DIM = {0x77, 0x77, 0x77},
                       LOW = {0xE4, 0xE4, 0xDF}, HIGH = {0x1F, 0x3A, 0x5F};

/* The part of the team's colour that one with the least hp has. */
static const double PALEST = 0.3;

static mf_colour team_colour(const mf_renderer *r, size_t agent)
{
    const int team = r->spec->species != NULL ? r->spec->species[agent] : 0;

    return TEAMS[team >= 0 ? team % N_TEAMS : 0];
}

static mf_status set_size(mf_renderer *r, int scale)
{
    const int w = r->spec->width, h = r->spec->height;
    const int longest = w > h ? w : h;

    if (w <= 0 || h <= 0) {
        return MF_FAIL(MF_ERR_FILE, "the recorded world has neither a box nor "
                                    "walls, so that its size is not known");
    }
    if (scale == 0) {
        scale = longest < USUAL ? USUAL / longest : 1;
        scale = scale < 16 ? scale : 16;
    }
    r->scale = scale;
    r->dot = w * scale >= 200 ? w * scale / 150 : 1;
    r->head = (MF_DIGIT_HEIGHT + 4) * r->dot;
    /* Video coders want even numbers. */
    const int64_t width = ((int64_t)w * scale + 1) / 2 * 2;
    const int64_t height = ((int64_t)h * scale + r->head + 1) / 2 * 2;

    if (width > MF_RENDER_LONGEST || height > MF_RENDER_LONGEST) {
        return MF_FAIL(MF_ERR_USAGE,
                       "a picture of %d x %d cells, %d pixels each, would be "
                       "larger than %d x %d pixels: give a smaller --scale",
                       w, h, scale, MF_RENDER_LONGEST, MF_RENDER_LONGEST);
    }
    r->canvas.width = (int)width;
    r->canvas.height = (int)height;
    return MF_OK;
}

static void learn_attacks(mf_renderer *r, const mf_traj_names *names)
{
    for (int a = 0; a < names->n && a < MF_TRAJ_NO_ACTION; a++) {
        int dx, dy;

        if (sscanf(mf_traj_names_of(names, a), "attack (%d,%d)", &dx, &dy) ==
                2 &&
            dx >= -MAX_REACH && dx <= MAX_REACH && dy >= -MAX_REACH &&
            dy <= MAX_REACH) {
            r->attack[a][0] = (int8_t)dx;
            r->attack[a][1] = (int8_t)dy;
        }
    }
}

mf_status mf_renderer_create(const mf_trajectory_spec *spec,
                             const mf_traj_names *names, int scale,
                             mf_renderer *out)
{
    mf_status st;

    *out = (mf_renderer){.spec = spec};
    MF_TRY_OR(err, set_size(out, scale));
    MF_TRY_OR(err,
              mf_alloc((size_t)out->canvas.width * (size_t)out->canvas.height,
                       3, "picture", &out->canvas.rgb));
    MF_TRY_OR(err,
              mf_alloc(ACTIONS, sizeof(*out->attack), "picture", &out->attack));
    learn_attacks(out, names);
    if (spec->lattice) {
        MF_TRY_OR(err, mf_alloc(spec->n_agents, 1, "picture", &out->shade));
        out->n_shades = names->n > 2 ? names->n : 2;
    }
    return MF_OK;

err:
    mf_renderer_clear(out);
    return st;
}

void mf_renderer_clear(mf_renderer *r)
{
    mf_free(&r->canvas.rgb);
    mf_free(&r->attack);
    mf_free(&r->shade);
}

/* Number of the step in the middle, that of each team at its side. */
static void draw_head(mf_renderer *r, const int64_t count[2],
                      const mf_colour colour[2], int64_t step)
{
    mf_canvas *c = &r->canvas;
    const int y = 2 * r->dot, width = r->spec->width * r->scale;
    const int64_t shown = step >= 0 ? step : 0;

    mf_canvas_fill(c, 0, 0, c->width, r->head, (mf_colour){255, 255, 255});
    mf_canvas_number(c, y, y, r->dot, count[0], colour[0]);
    mf_canvas_number(c, (width - mf_canvas_number_width(shown, r->dot)) / 2, y,
                     r->dot, shown, DIM);
    mf_canvas_number(c, width - y - mf_canvas_number_width(count[1], r->dot), y,
                     r->dot, count[1], colour[1]);
}

/* A square of a cell's size, less a gap of some pixels to the next one. */
static void draw_cell(mf_renderer *r, int x, int y, int gap, mf_colour colour)
{
    mf_canvas_fill(&r->canvas, x * r->scale, r->head + y * r->scale,
                   r->scale - gap, r->scale - gap, colour);
}

static void draw_ground(mf_renderer *r)
{
    const mf_trajectory_spec *s = r->spec;

    mf_canvas_fill(&r->canvas, 0, r->head, r->canvas.width, r->canvas.height,
                   GROUND);
    for (int y = 0; y < s->height && s->walls != NULL; y++) {
        for (int x = 0; x < s->width; x++) {
            if (s->walls[(size_t)y * (size_t)s->width + (size_t)x] != 0) {
                draw_cell(r, x, y, 0, WALL);
            }
        }
    }
}

static void draw_lattice(mf_renderer *r, const mf_frame *f)
{
    const size_t w = (size_t)r->spec->width;
    const mf_colour colours[2] = {DIM, HIGH};
    int64_t count[2] = {0, 0};

    for (size_t i = 0; i < r->spec->n_agents; i++) {
        if (f->action != NULL && f->action[i] < r->n_shades) {
            r->shade[i] = f->action[i];
        }
        draw_cell(
            r, (int)(i % w), (int)(i / w), 0,
            mf_colour_mix(LOW, HIGH, (double)r->shade[i] / (r->n_shades - 1)));
        count[r->shade[i] > 0]++;
    }
    draw_head(r, count, colours, f->step);
}

static mf_status check_place(const mf_renderer *r, const mf_frame *f, size_t i)
{
    const int32_t *at = f->position + 3 * i;

    if (at[0] >= 0 && at[0] < r->spec->width && at[1] >= 0 &&
        at[1] < r->spec->height) {
        return MF_OK;
    }
    return MF_FAIL(MF_ERR_FILE,
                   "frame %" PRIu64 ", agent %zu: position (%" PRId32
                   ", %" PRId32 ") is not in the world of %d x %d cells",
                   f->number, i, at[0], at[1], r->spec->width, r->spec->height);
}

/* From an agent's cell to the one that it attacks. */
static void draw_attack(mf_renderer *r, const mf_frame *f, size_t i)
{
    const int8_t *to = r->attack[f->action[i]];
    const int half = r->scale / 2;
    const int x = f->position[3 * i] * r->scale + half;
    const int y = f->position[3 * i + 1] * r->scale + half + r->head;

    if (to[0] != 0 || to[1] != 0) {
        mf_canvas_line(&r->canvas, x, y, x + to[0] * r->scale,
                       y + to[1] * r->scale,
                       r->scale / 6 > 0 ? r->scale / 6 : 1, INK);
    }
}

static mf_status draw_agents(mf_renderer *r, const mf_frame *f)
{
    const size_t n = r->spec->n_agents;
    int64_t count[2] = {0, 0};

    for (size_t i = 0; i < n; i++) {
        if (f->alive[i] != 0 && f->hp != NULL && f->hp[i] > r->hp) {
            r->hp = f->hp[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        const bool hurt = f->hp != NULL && isfinite(f->hp[i]) && r->hp > 0;
        const double health = hurt ? fmax(0, f->hp[i]) / r->hp : 1;

        if (f->alive[i] == 0) {
            continue;
        }
        MF_TRY(check_place(r, f, i));
        draw_cell(r, f->position[3 * i], f->position[3 * i + 1], r->scale > 4,
                  mf_colour_mix(GROUND, team_colour(r, i),
                                PALEST + (1 - PALEST) * health));
        count[r->spec->species != NULL && r->spec->species[i] > 0]++;
    }
    for (size_t i = 0; f->action != NULL && i < n; i++) {
        if (f->alive[i] != 0) {
            draw_attack(r, f, i);
        }
    }
    draw_head(r, count, TEAMS, f->step);
    return MF_OK;
}

mf_status mf_render(mf_renderer *r, const mf_frame *f)
{
    draw_ground(r);
    if (r->spec->lattice) {
        draw_lattice(r, f);
        return MF_OK;
    }
    if (f->position == NULL) {
        return MF_FAIL(MF_ERR_FILE,
                       "positions are not recorded: nothing can be drawn");
    }
    return draw_agents(r, f);
}
