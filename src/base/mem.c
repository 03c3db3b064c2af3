#include "mfrl/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

/* The size sits in the 64 bytes before the block, so that freeing needs no
 * table. */
static struct {
    size_t blocks;
    size_t bytes;
    size_t peak;
} total;

mf_status mf_alloc(size_t n, size_t size, const char *what, void *out)
{
    const void *none = NULL;
    size_t bytes;

    memcpy(out, &none, sizeof(none)); /* a T *, of any T */
    if (__builtin_mul_overflow(n, size, &bytes) ||
        bytes > SIZE_MAX / 2 - 2 * ALIGN) {
        return MF_FAIL(MF_ERR_MEMORY, "%s: %zu x %zu bytes is too large", what,
                       n, size);
    }
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;

    char *raw = aligned_alloc(ALIGN, bytes + ALIGN);

    if (raw == NULL) {
        return MF_FAIL(MF_ERR_MEMORY,
                       "out of memory: %s needs %.1f MB, %.1f MB are in use; "
                       "use more ranks or a smaller replay.capacity",
                       what, (double)bytes * 1e-6, (double)total.bytes * 1e-6);
    }
    memset(raw, 0, bytes + ALIGN);
    memcpy(raw, &bytes, sizeof(bytes));
    total.blocks++;
    total.bytes += bytes;
    if (total.bytes > total.peak) {
        total.peak = total.bytes;
    }
    raw += ALIGN;
    memcpy(out, &raw, sizeof(raw));
    return MF_OK;
}

void mf_free(void *ptr)
{
    char *block;

    memcpy(&block, ptr, sizeof(block));
    if (block != NULL) {
        char *raw = block - ALIGN;
        size_t bytes;

        memcpy(&bytes, raw, sizeof(bytes));
        total.blocks--;
        total.bytes -= bytes;
        free(raw);
        block = NULL;
        memcpy(ptr, &block, sizeof(block));
    }
}

size_t mf_mem_blocks(void) { return total.blocks; }
size_t mf_mem_bytes(void) { return total.bytes; }
size_t mf_mem_peak(void) { return total.peak; }
