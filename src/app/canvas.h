/** @file canvas.h
 *  Rectangles, lines and numbers in a picture of 8-bit colours.
 */
#ifndef MFRL_APP_CANVAS_H
#define MFRL_APP_CANVAS_H

#include <stdint.h>

typedef struct mf_colour {
    uint8_t r, g, b;
} mf_colour;

typedef struct mf_canvas {
    int width, height; /* pixels */
    uint8_t *rgb;      /* [height][width][3] */
} mf_canvas;

/** Digits are 3 x 5 dots, with one between two of them. */
enum { MF_DIGIT_WIDTH = 4, MF_DIGIT_HEIGHT = 5 };

/** `part` of b and the rest of a; part in [0, 1]. */
mf_colour mf_colour_mix(mf_colour a, mf_colour b, double part);

/** Fill a rectangle; what is outside of the picture is left out. */
void mf_canvas_fill(mf_canvas *c, int x, int y, int width, int height,
                    mf_colour colour);

/** A line between the middles of two points, both included, drawn with squares
 *  of @p pen pixels. */
void mf_canvas_line(mf_canvas *c, int x0, int y0, int x1, int y1, int pen,
                    mf_colour colour);

/** Width in pixels of a number whose dots are squares of @p dot pixels. */
int mf_canvas_number_width(int64_t value, int dot);

/** Write a number, not below 0, from its upper left corner on. */
void mf_canvas_number(mf_canvas *c, int x, int y, int dot, int64_t value,
                      mf_colour colour);

#endif
