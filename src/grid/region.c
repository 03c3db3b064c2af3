#include "mfrl/grid/region.h"

int mf_tile_spans(const mf_tile *t, mf_region region, mf_span *out)
{
    /* The interior is [x0, x1) x [y0, y1), or nothing. */
    const int x0 = t->w, x1 = t->nx - t->w;
    const int y0 = t->w, y1 = t->ny - t->w;
    int n = 0;

    for (int y = 0; y < t->ny; y++) {
        const int crosses = y >= y0 && y < y1 && x0 < x1;

        if (region == MF_REGION_INTERIOR) {
            if (crosses) {
                out[n++] = (mf_span){.y = y, .x0 = x0, .x1 = x1};
            }
        } else if (region == MF_REGION_ALL || !crosses) {
            out[n++] = (mf_span){.y = y, .x0 = 0, .x1 = t->nx};
        } else if (x0 > 0) { /* the rim left and right of the interior */
            out[n++] = (mf_span){.y = y, .x0 = 0, .x1 = x0};
            out[n++] = (mf_span){.y = y, .x0 = x1, .x1 = t->nx};
        }
    }
    return n;
}
