#include "net_groups.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"

void mf_net_group(const mf_algo_array *a, bool opponent, char out[MF_NET_GROUP])
{
    if (!opponent) {
        snprintf(out, MF_NET_GROUP, "/%s", a->group);
    } else {
        snprintf(out, MF_NET_GROUP, "/opponent%s%s",
                 a->function[0] != '\0' ? "/" : "", a->function);
    }
}

/* What it takes to run a network from the file alone, as attributes of its
 * group: "inputs", the parts of an input row in order, "input_<name>", what is
 * in them, and "conventions". */
static mf_status write_inputs(mf_h5 *f, const mf_env_spec *e, int sees_abar,
                              const char *group)
{
    char text[256] = "", name[64];
    size_t used = 0;

    for (int i = 0; i < e->n_inputs; i++) {
        const mf_env_input *in = &e->inputs[i];

        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "%s%s [%d][%d][%d]", i > 0 ? ", " : "",
                                 in->name, in->h, in->w, in->c);
        snprintf(name, sizeof(name), "input_%.32s", in->name);
        MF_TRY(mf_h5_set_text(f, group, name, in->meaning));
    }
    if (sees_abar) {
        snprintf(text + used, sizeof(text) - used, "%sabar [1][1][%d]",
                 used > 0 ? ", " : "", e->n_actions);
        MF_TRY(mf_h5_set_text(f, group, "input_abar",
                              "share of each action among the neighbours; "
                              "zeros where there is none"));
    }
    MF_TRY(mf_h5_set_text(f, group, "inputs", text));
    return mf_h5_set_text(
        f, group, "conventions",
        "convolution: weight [kernel y][kernel x][in][out], no padding, "
        "result [y][x][channel], flattened in that order for a dense layer; "
        "dense: y = x W + b, weight [in][out]; where a layer reads several, "
        "they are joined in the order named; the last one gives a value by "
        "action, the logits of the policy, or the one value of the state");
}

/* The attribute "layers" of a network's group: its layers in order, as the
 * forward pass runs them.
 * @param a  [n] arrays of the group */
static mf_status write_layers(mf_h5 *f, const mf_algo_array *a, int n,
                              const char *group)
{
    char names[1024] = "";
    size_t used = 0;

    for (int k = 0; k < n; k++) {
        const char *name = a[k].name + strlen(a[k].group) + 1;
        const char *end = strstr(name, "/weight");

        if (end != NULL) {
            used +=
                (size_t)snprintf(names + used, sizeof(names) - used, "%s%.*s",
                                 used > 0 ? ", " : "", (int)(end - name), name);
        }
    }
    return mf_h5_set_text(f, group, "layers", names);
}

/* What the second dimension of a table is. */
static mf_status write_state(mf_h5 *f, const mf_env_spec *e, int sees_abar,
                             const char *group)
{
    char text[128];

    if (sees_abar) {
        snprintf(text, sizeof(text),
                 "observation, 0 to %d, times %d, plus key of the mean action, "
                 "0 to %d",
                 e->obs_states - 1, e->abar_states, e->abar_states - 1);
    } else {
        snprintf(text, sizeof(text), "observation, 0 to %d", e->obs_states - 1);
    }
    return mf_h5_set_text(f, group, "state", text);
}

mf_status mf_net_describe(mf_h5 *f, const mf_learner *l, bool opponent)
{
    const mf_env_spec *e = &l->run->cfg->env_spec;
    mf_algo_array *a;
    mf_status st = MF_OK;

    MF_TRY(mf_alloc(MF_ALGO_MAX_ARRAYS, sizeof(*a), "arrays", &a));

    const int n = l->run->cfg->algo->arrays(l->algo, a);
    int end;

    for (int k = 0; k < n && st == MF_OK; k = end) {
        char group[MF_NET_GROUP];

        for (end = k + 1; end < n && a[end].in_state == a[k].in_state &&
                          strcmp(a[end].group, a[k].group) == 0;
             end++) {
        }
        mf_net_group(&a[k], opponent, group);
        if (a[k].in_state) {
            continue;
        }
        if (a[k].is_table) {
            st = write_state(f, e, a[k].sees_abar, group);
            continue;
        }
        st = write_layers(f, &a[k], end - k, group);
        st = st == MF_OK ? write_inputs(f, e, a[k].sees_abar, group) : st;
    }
    mf_free(&a);
    return st;
}
