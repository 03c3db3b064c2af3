/** @file png.h
 *  Write a picture as a PNG file.
 */
#ifndef MFRL_IO_PNG_H
#define MFRL_IO_PNG_H

#include <stdint.h>

#include "mfrl/base/status.h"

/** Write a picture of 8-bit colours, [height][width][3] red, green, blue, as
 *  @p path, whole or not at all.  MF_ERR_IO.  Local. */
mf_status mf_png_write(const char *path, int width, int height,
                       const uint8_t *rgb);

#endif
