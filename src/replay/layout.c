#include "mfrl/replay/layout.h"

mf_layout mf_layout_make(int n_actions, int obs_bytes, int max_neighbours)
{
    mf_layout l = {.n_actions = n_actions,
                   .obs_bytes = obs_bytes,
                   .wide = max_neighbours > UINT8_MAX};

    l.obs_at = MF_RECORD_COUNTS + (size_t)n_actions * (l.wide ? 2 : 1);
    l.stride = (l.obs_at + (size_t)obs_bytes + 3) / 4 * 4;
    return l;
}
