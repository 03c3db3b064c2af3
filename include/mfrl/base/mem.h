/** @file mem.h
 *  Counted, aligned, zeroed allocation.
 */
#ifndef MFRL_BASE_MEM_H
#define MFRL_BASE_MEM_H

#include <stddef.h>

#include "mfrl/base/status.h"

/** Allocate n zeroed elements of @p size bytes, aligned to 64 bytes, and
 *  store the pointer in *out (a T **).  n = 0 gives a valid pointer.
 *  On failure *out is NULL and one error line names @p what and the bytes. */
mf_status mf_alloc(size_t n, size_t size, const char *what, void *out);

/** Release *ptr (a T **) and set it to NULL; NULL is ignored. */
void mf_free(void *ptr);

/** Blocks now allocated: zero again when everything was destroyed. */
size_t mf_mem_blocks(void);

/** Bytes now allocated, and the most there ever were. */
size_t mf_mem_bytes(void);
size_t mf_mem_peak(void);

#endif
