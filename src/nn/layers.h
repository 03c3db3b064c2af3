/** @file layers.h
 *  The text of net.layers: what it says, not yet whether it fits.
 *
 *      text    = "table" | part ("|" part)*
 *      part    = (name ":")? (layer ("," layer)*)?
 *      layer   = "dense" WIDTH | "conv" HxWxCHANNELS ("/" STRIDE)?
 *
 *  Only the last part may have no name, and then has a layer; a named one may
 *  be without layers.
 */
#ifndef MFRL_NN_LAYERS_H
#define MFRL_NN_LAYERS_H

#include <stdbool.h>

#include "mfrl/base/status.h"

enum {
    MF_LAYERS_HIDDEN = 15,   /* most layers of a text */
    MF_LAYERS_WIDTH = 65536, /* most outputs or channels of a layer */
    MF_LAYERS_KERNEL = 255,  /* largest kernel and stride */
    MF_LAYERS_PARTS = 5,
    MF_LAYERS_NAME = 24
};

typedef struct mf_layer_text {
    int kh, kw, stride; /* kernel; 0 = dense */
    int n_out;          /* outputs, or channels */
} mf_layer_text;

typedef struct mf_part_text {
    char name[MF_LAYERS_NAME]; /* "" = the trunk */
    int n;
    mf_layer_text layer[MF_LAYERS_HIDDEN];
} mf_part_text;

typedef struct mf_layers {
    bool table; /* a lookup table, and no parts */
    int n_parts;
    mf_part_text part[MF_LAYERS_PARTS];
} mf_layers;

/** Read @p text; MF_ERR_USAGE if it is malformed. */
mf_status mf_layers_read(const char *text, mf_layers *out);

#endif
