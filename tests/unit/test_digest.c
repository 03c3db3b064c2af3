#include "mfrl/base/digest.h"

#include "mfrl/base/rng.h"
#include "unit/suite.h"

/* Sum of the items of a set of cells, taken up in the order that a stride
 * coprime to n makes. */
static uint64_t sum_of(const uint32_t *value, uint64_t n, uint64_t stride)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < n; i++) {
        const uint64_t k = i * stride % n;

        sum += mf_digest_item(k, value[k]);
    }
    return sum;
}

START_TEST(sums_do_not_depend_on_the_order)
{
    enum { N = 101 };
    const mf_rng key = {.seed = 5, .purpose = MF_RNG_TEST};
    uint32_t value[N];
    uint64_t whole;

    mf_rng_fill(&key, 0, N, value);
    whole = sum_of(value, N, 1);
    for (uint64_t stride = 2; stride < N; stride++) {
        ck_assert(sum_of(value, N, stride) == whole);
    }
    for (int i = 0; i < N; i++) { /* any cell, changed by one bit */
        value[i] ^= 1;
        ck_assert(sum_of(value, N, 1) != whole);
        value[i] ^= 1;
    }
    for (int i = 1; i < N; i++) { /* two cells, exchanged */
        const uint32_t v = value[0];

        value[0] = value[i];
        value[i] = v;
        ck_assert(sum_of(value, N, 1) != whole);
        value[i] = value[0];
        value[0] = v;
    }
    ck_assert(sum_of(value, N, 1) == whole);
}
END_TEST

/* Keys and values of a world are small numbers; their items must differ. */
START_TEST(items_of_small_numbers_differ)
{
    enum { KEYS = 60, VALUES = 20, N = KEYS * VALUES };
    uint64_t item[N];

    for (uint64_t i = 0; i < N; i++) {
        item[i] = mf_digest_item(i / VALUES, i % VALUES);
        for (uint64_t k = 0; k < i; k++) {
            ck_assert(item[k] != item[i]);
        }
    }
    ck_assert(mf_digest_item(0, 0) != 0); /* an empty world is not this */
}
END_TEST

START_TEST(bytes_and_seed_count)
{
    unsigned char data[300] = {0};
    const uint64_t zeros = mf_digest_bytes(data, sizeof(data), 0);

    /* the answer of XXH3 for no bytes */
    ck_assert(mf_digest_bytes(data, 0, 0) == 0x2D06800538D394C2u);
    ck_assert(mf_digest_bytes(data, sizeof(data), 1) != zeros);
    ck_assert(mf_digest_bytes(data, sizeof(data) - 1, 0) != zeros);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = 1;
        ck_assert(mf_digest_bytes(data, sizeof(data), 0) != zeros);
        data[i] = 0;
    }
    ck_assert(mf_digest_bytes(data, sizeof(data), 0) == zeros);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sums_do_not_depend_on_the_order,
        items_of_small_numbers_differ,
        bytes_and_seed_count,
    };

    return run_suite("digest", tests, COUNT_OF(tests));
}
