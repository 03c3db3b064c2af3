#include "layers.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/nn/net.h"

static const char BLANKS[] = " \t\r\n";

typedef struct reader {
    const char *text;
    const char *at;
    int n_layers; /* so far, of all parts */
} reader;

/* The next character that is not blank. */
static char next(reader *r)
{
    r->at += strspn(r->at, BLANKS);
    return *r->at;
}

/* Names the piece where reading stopped, and what could have been there. */
static mf_status refuse(reader *r, const char *expected)
{
    const char c = next(r);
    const int n = (int)strcspn(r->at + 1 - (c == '\0'), ",|") + (c != '\0');

    return MF_FAIL(MF_ERR_USAGE,
                   "net.layers = \"%s\": %s \"%.*s\": expected %s", r->text,
                   c == '\0' ? "at the end," : "at", n, r->at, expected);
}

/* "dense WIDTH" or "conv HxWxCHANNELS" or "conv HxWxCHANNELS/STRIDE"; moves
 * on if it is one. */
static bool read_layer(reader *r, mf_layer_text *out)
{
    mf_layer_text l = {.stride = 1};
    int length = 0;

    if (sscanf(r->at, " conv%*[ \t]%4dx%4dx%6d%n", &l.kh, &l.kw, &l.n_out,
               &length) == 3) {
        r->at += length;
        if (*r->at == '/') {
            if (sscanf(r->at, "/%4d%n", &l.stride, &length) != 1) {
                return false;
            }
            r->at += length;
        }
        if (l.kh < 1 || l.kw < 1 || l.kh > MF_LAYERS_KERNEL ||
            l.kw > MF_LAYERS_KERNEL || l.stride < 1 ||
            l.stride > MF_LAYERS_KERNEL) {
            return false;
        }
    } else if (sscanf(r->at, " dense%*[ \t]%6d%n", &l.n_out, &length) == 1) {
        r->at += length;
    } else {
        return false;
    }
    *out = l;
    return l.n_out >= 1 && l.n_out <= MF_LAYERS_WIDTH;
}

/* "layer, layer, ..." up to a '|' or the end. */
static mf_status read_list(reader *r, mf_part_text *part)
{
    char layer[160];

    snprintf(layer, sizeof(layer),
             "a layer such as \"dense 64\" or \"conv 3x3x32\", width 1 to %d, "
             "kernel and stride 1 to %d",
             MF_LAYERS_WIDTH, MF_LAYERS_KERNEL);
    for (;;) {
        const char *begin = r->at;
        char c;

        if (r->n_layers == MF_LAYERS_HIDDEN) {
            return MF_FAIL(MF_ERR_USAGE,
                           "net.layers = \"%s\": more than %d layers; expected "
                           "at most %d in all",
                           r->text, MF_LAYERS_HIDDEN, MF_LAYERS_HIDDEN);
        }
        if (!read_layer(r, &part->layer[part->n])) {
            r->at = begin;
            return refuse(r, layer);
        }
        part->n++;
        r->n_layers++;
        c = next(r);
        if (c == '\0' || c == '|') {
            return MF_OK;
        }
        if (c != ',') {
            return refuse(r, "\",\" before the next layer, \"|\" before the "
                             "next branch, or the end");
        }
        r->at++;
    }
}

/* "name:" if there is one; moves past it. */
static mf_status read_name(reader *r, mf_part_text *part)
{
    const char *begin = r->at;
    const size_t n = strcspn(begin, " \t\r\n:,|");

    r->at += n;
    if (next(r) != ':') {
        r->at = begin;
        return MF_OK;
    }
    if (n < 1 || n >= sizeof(part->name)) {
        r->at = begin;
        return refuse(r, "the name of an input before \":\"");
    }
    memcpy(part->name, begin, n);
    r->at++;
    return MF_OK;
}

static mf_status read_parts(reader *r, mf_layers *out)
{
    for (;;) {
        mf_part_text *part = &out->part[out->n_parts];
        char c = next(r);

        MF_TRY(read_name(r, part));
        c = next(r);
        if (part->name[0] == '\0' || (c != '|' && c != '\0')) {
            MF_TRY(read_list(r, part));
        }
        out->n_parts++;
        if (next(r) == '\0') {
            return MF_OK;
        }
        if (part->name[0] == '\0') {
            return refuse(r, "the part without a name last, after the "
                             "branches \"input: ... |\"");
        }
        if (out->n_parts == MF_LAYERS_PARTS) {
            return refuse(r, "fewer branches, one for each input at most");
        }
        r->at++;
    }
}

mf_status mf_layers_read(const char *text, mf_layers *out)
{
    mf_layers got = {.table = false};
    reader r = {.text = text, .at = text};
    int length = 0;

    (void)sscanf(text, " table %n", &length); /* counts no conversion */
    got.table = length > 0 && text[length] == '\0';
    if (!got.table && next(&r) == '\0') {
        return MF_FAIL(MF_ERR_USAGE,
                       "net.layers is empty; expected \"table\", or layers "
                       "such as \"dense 64, dense 64\"");
    }
    if (!got.table) {
        MF_TRY(read_parts(&r, &got));
    }
    *out = got;
    return MF_OK;
}

/* True if the part that begins at @p part is the branch of @p name. */
static bool is_branch(const char *part, const char *name)
{
    const size_t n = strlen(name);

    part += strspn(part, " ");
    return strncmp(part, name, n) == 0 &&
           part[n + strspn(part + n, " ")] == ':';
}

void mf_net_layers_without(const char *layers, const char *input, char *out,
                           size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (const char *part = layers; *part != '\0';) {
        const size_t n = strcspn(part, "|");

        if (!is_branch(part, input) && used < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%.*s",
                                     used > 0 ? "|" : "", (int)n, part);
        }
        part += n + (part[n] == '|');
    }
}
