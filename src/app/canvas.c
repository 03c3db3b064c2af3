#include "canvas.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 24 }; /* digits at most, and the end */

mf_colour mf_colour_mix(mf_colour a, mf_colour b, double part)
{
    return (mf_colour){
        (uint8_t)lround(a.r + part * (b.r - a.r)),
        (uint8_t)lround(a.g + part * (b.g - a.g)),
        (uint8_t)lround(a.b + part * (b.b - a.b)),
    };
}

void mf_canvas_fill(mf_canvas *c, int x, int y, int width, int height,
                    mf_colour colour)
{
    const int left = x > 0 ? x : 0, top = y > 0 ? y : 0;
    const int right = x + width < c->width ? x + width : c->width;
    const int bottom = y + height < c->height ? y + height : c->height;

    for (int i = top; i < bottom; i++) {
        for (int j = left; j < right; j++) {
            uint8_t *at =
                c->rgb + 3 * ((size_t)i * (size_t)c->width + (size_t)j);

            at[0] = colour.r;
            at[1] = colour.g;
            at[2] = colour.b;
        }
    }
}

void mf_canvas_line(mf_canvas *c, int x0, int y0, int x1, int y1, int pen,
                    mf_colour colour)
{
    const int dx = abs(x1 - x0), dy = abs(y1 - y0);
    const int n = dx > dy ? dx : dy;

    for (int i = 0; i <= n; i++) {
        const double part = n > 0 ? (double)i / n : 0;

        mf_canvas_fill(c, x0 + (int)lround(part * (x1 - x0)) - pen / 2,
                       y0 + (int)lround(part * (y1 - y0)) - pen / 2, pen, pen,
                       colour);
    }
}

int mf_canvas_number_width(int64_t value, int dot)
{
    return (snprintf(NULL, 0, "%" PRId64, value) * MF_DIGIT_WIDTH - 1) * dot;
}

void mf_canvas_number(mf_canvas *c, int x, int y, int dot, int64_t value,
                      mf_colour colour)
{
    /* Rows from the top, three bits each. */
    static const char ROWS[10][MF_DIGIT_HEIGHT + 1] = {
        "75557", "26227", "71747", "71717", "55711",
        "74717", "74757", "71111", "75757", "75717"};
    char text[NUMBER];

    snprintf(text, sizeof(text), "%" PRId64, value);
    for (size_t k = 0; text[k] != '\0'; k++) {
        for (int i = 0; i < MF_DIGIT_HEIGHT && text[k] != '-'; i++) {
            for (int j = 0; j < MF_DIGIT_WIDTH - 1; j++) {
                if (((ROWS[text[k] - '0'][i] - '0') >> (2 - j) & 1) != 0) {
                    mf_canvas_fill(c, x + ((int)k * MF_DIGIT_WIDTH + j) * dot,
                                   y + i * dot, dot, dot, colour);
                }
            }
        }
    }
}
