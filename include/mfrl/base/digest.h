/** @file digest.h
 *  Fingerprints: "the same" means equal digests.
 */
#ifndef MFRL_BASE_DIGEST_H
#define MFRL_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/** XXH3-64 of @p size bytes. */
uint64_t mf_digest_bytes(const void *data, size_t size, uint64_t seed);

/** Mix of (key, value) whose sum over a set does not depend on the order:
 *  a world's digest is the sum over its cells, whoever owns them. */
static inline uint64_t mf_digest_item(uint64_t key, uint64_t value)
{
    uint64_t h = (key + 1) * 0x9E3779B97F4A7C15u ^ value;

    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
}

#endif
