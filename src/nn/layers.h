/** @file layers.h
 *  The text of net.layers.
 */
#ifndef MFRL_NN_LAYERS_H
#define MFRL_NN_LAYERS_H

#include <stdbool.h>

#include "mfrl/base/status.h"

enum { MF_LAYERS_HIDDEN = 15, MF_LAYERS_WIDTH = 65536 };

typedef struct mf_layers {
    bool table;                  /* a lookup table, and no layers */
    int n;                       /* hidden layers, >= 1 without a table */
    int width[MF_LAYERS_HIDDEN]; /* outputs of each dense layer */
} mf_layers;

/** Read @p text; MF_ERR_USAGE if it is malformed. */
mf_status mf_layers_read(const char *text, mf_layers *out);

#endif
