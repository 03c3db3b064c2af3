#include "product_impl.h"

void mf_product_plain(const mf_product *p) { mf_product_body(p); }
