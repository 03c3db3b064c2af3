/** @file simd.h
 *  One source, several instruction sets: MF_CLONES before a kernel compiles it
 *  for each and picks one at start, so that one binary serves a mixed cluster.
 *  Contraction is off everywhere (see the Makefile), so all clones give the
 *  same bits.  Sums of products, which want fused multiply-adds, do not go this
 *  way but through src/nn/product.h.
 */
#ifndef MFRL_BASE_SIMD_H
#define MFRL_BASE_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&         \
    !defined(__SANITIZE_ADDRESS__)
#define MF_CLONES                                                              \
    __attribute__((                                                            \
        target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define MF_CLONES
#endif

#endif
