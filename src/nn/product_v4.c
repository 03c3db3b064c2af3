#ifdef __x86_64__
#include "product_impl.h"

const mf_kernels mf_kernels_v4 = {mf_product_run, mf_product_transpose};
#else
typedef int mf_nothing_here; /* C wants a declaration */
#endif
