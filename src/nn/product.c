#include "product.h"

const mf_kernels *mf_kernels_level(int level)
{
#ifdef __x86_64__
    const bool v3 = __builtin_cpu_supports("avx2") &&
                    __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") &&
                    __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");

    if (level == 2) {
        return v4 ? &mf_kernels_v4 : NULL;
    }
    if (level == 1) {
        return v3 ? &mf_kernels_v3 : NULL;
    }
#endif
    return level == 0 ? &mf_kernels_plain : NULL;
}

const mf_kernels *mf_kernels_best(void)
{
    int level = 2;

    while (mf_kernels_level(level) == NULL) {
        level--;
    }
    return mf_kernels_level(level);
}
