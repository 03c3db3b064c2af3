#ifdef __x86_64__
#include "product_impl.h"

void mf_product_v4(const mf_product *p) { mf_product_body(p); }
#else
typedef int mf_nothing_here; /* C wants a declaration */
#endif
