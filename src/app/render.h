/** @file render.h
 *  A frame of a trajectory as a picture: the world from above, one square a
 *  cell, below a line with the numbers of both teams and of the step.
 *
 *  Agents have the colour of their team, paler the less hp they have, and a
 *  line to the cell that they attack.  Agents of a lattice are shades of their
 *  action.
 */
#ifndef MFRL_APP_RENDER_H
#define MFRL_APP_RENDER_H

#include "canvas.h"
#include "frames.h"
#include "traj_names.h"

enum { MF_RENDER_LONGEST = 8192 }; /* pixels of a side, at most */
enum { MF_RENDER_SCALES = 64 };    /* pixels of a cell, at most */

typedef struct mf_renderer {
    const mf_trajectory_spec *spec; /* borrowed */
    mf_canvas canvas;               /* the last picture */
    int scale;                      /* pixels of a cell */
    int head, dot;                  /* pixels above the world; of the digits */
    double hp;                      /* of the healthiest agent seen */
    int8_t (*attack)[2];            /* [256] dx, dy by action; 0, 0 = none */
    uint8_t *shade;                 /* [n_agents] of a lattice: last action */
    int n_shades;
} mf_renderer;

/** Prepare pictures of what @p spec, which is borrowed, is of.
 *  @param names   of the actions: "attack (dx,dy)" attacks
 *  @param scale   pixels of a cell; 0 chooses for a side of about 480
 *  MF_ERR_FILE if the world has no size, MF_ERR_USAGE if the picture would be
 *  too large.  Local. */
mf_status mf_renderer_create(const mf_trajectory_spec *spec,
                             const mf_traj_names *names, int scale,
                             mf_renderer *out);
void mf_renderer_clear(mf_renderer *r);

/** Draw a frame into r->canvas.  MF_ERR_FILE if an agent is not in the world.
 *  Local. */
mf_status mf_render(mf_renderer *r, const mf_frame *f);

#endif
