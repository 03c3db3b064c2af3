#include "layers.h"

#include <stdio.h>

/* Reads one "dense WIDTH" and moves *text past it and past blanks. */
static bool read_dense(const char **text, int *width)
{
    unsigned w;
    int length = 0;

    if (sscanf(*text, " dense%*[ \t]%6u %n", &w, &length) != 1 || w < 1 ||
        w > MF_LAYERS_WIDTH) {
        return false;
    }
    *width = (int)w;
    *text += length;
    return true;
}

/* Reads "dense WIDTH, dense WIDTH, ..." up to the end of the text. */
static bool read_list(const char *text, mf_layers *out)
{
    for (out->n = 0; out->n < MF_LAYERS_HIDDEN; text++) {
        if (!read_dense(&text, &out->width[out->n])) {
            return false;
        }
        out->n++;
        if (*text != ',') {
            return *text == '\0';
        }
    }
    return false;
}

mf_status mf_layers_read(const char *text, mf_layers *out)
{
    mf_layers got = {.table = false};
    int length = 0;

    (void)sscanf(text, " table %n", &length); /* counts no conversion */
    got.table = length > 0 && text[length] == '\0';
    if (!got.table && !read_list(text, &got)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers = \"%s\": expected \"table\", or 1 to %d "
                       "hidden layers of width 1 to %d such as \"dense 64, "
                       "dense 64\"",
                       text, MF_LAYERS_HIDDEN, MF_LAYERS_WIDTH);
    }
    *out = got;
    return MF_OK;
}
