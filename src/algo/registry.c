#include "mfrl/algo/algo.h"

#include <string.h>

#define MF_ALGO(name) extern const mf_algo_ops mf_algo_##name;
#include "mfrl/algo/algo_list.h"
#undef MF_ALGO

#define MF_ALGO(name) &mf_algo_##name,
static const mf_algo_ops *const ALGOS[] = {
#include "mfrl/algo/algo_list.h"
    NULL};
#undef MF_ALGO

const mf_algo_ops *mf_algo_at(int i)
{
    const int n = (int)(sizeof(ALGOS) / sizeof(ALGOS[0])) - 1;

    return i >= 0 && i < n ? ALGOS[i] : NULL;
}

const mf_algo_ops *mf_algo_find(const char *name)
{
    for (int i = 0; ALGOS[i] != NULL; i++) {
        if (strcmp(ALGOS[i]->name, name) == 0) {
            return ALGOS[i];
        }
    }
    return NULL;
}

int mf_algo_always_on_policy(const void *cfg)
{
    (void)cfg;
    return 1;
}
