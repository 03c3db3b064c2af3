#include "product_impl.h"

const mf_kernels mf_kernels_plain = {mf_product_run, mf_product_transpose};
