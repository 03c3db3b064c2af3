#include "mfrl/base/mem.h"

#include <stdint.h>
#include <string.h>

#include "unit/log_catch.h"
#include "unit/suite.h"

enum { ALIGN = 64 };

START_TEST(blocks_are_zero_and_aligned)
{
    for (size_t n = 0; n < 300; n++) {
        uint8_t *a, *b;

        ck_assert(mf_alloc(n, 1, "test", &a) == MF_OK);
        ck_assert(a != NULL && (uintptr_t)a % ALIGN == 0);
        for (size_t i = 0; i < n; i++) {
            ck_assert(a[i] == 0);
        }
        memset(a, 0xEE, n); /* the next block may be made of these bytes */
        ck_assert(mf_alloc(1, n, "test", &b) == MF_OK);
        memset(b, 0xDD, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert(a[i] == 0xEE);
        }
        mf_free(&a);
        mf_free(&b);
        ck_assert(a == NULL && b == NULL);
    }
}
END_TEST

START_TEST(blocks_and_bytes_are_counted)
{
    double *block[10] = {NULL};
    size_t most;

    ck_assert_uint_eq(mf_mem_bytes(), 0);
    for (size_t i = 0; i < 10; i++) {
        const size_t before = mf_mem_bytes();

        ck_assert(mf_alloc(i * 100, sizeof(double), "test", &block[i]) ==
                  MF_OK);
        ck_assert_uint_eq(mf_mem_blocks(), i + 1);
        ck_assert_uint_ge(mf_mem_bytes() - before, i * 800);
        ck_assert_uint_lt(mf_mem_bytes() - before, i * 800 + ALIGN);
    }
    most = mf_mem_bytes();
    ck_assert_uint_eq(mf_mem_peak(), most);
    for (size_t i = 0; i < 10; i++) {
        mf_free(&block[i]);
        mf_free(&block[i]); /* NULL is ignored */
        ck_assert_uint_eq(mf_mem_blocks(), 9 - i);
        ck_assert_uint_eq(mf_mem_peak(), most);
    }
    ck_assert_uint_eq(mf_mem_bytes(), 0);
}
END_TEST

START_TEST(impossible_sizes_are_refused)
{
    char *p = (char *)&p;

    log_catch();
    ck_assert(mf_alloc(SIZE_MAX / 8 + 1, 16, "the map", &p) == MF_ERR_MEMORY);
    ck_assert(p == NULL);
    ck_assert(strstr(log_take(), "the map: ") != NULL);
    ck_assert(mf_alloc(SIZE_MAX, 1, "the map", &p) == MF_ERR_MEMORY);
    ck_assert(p == NULL && strstr(log_take(), "too large") != NULL);
    ck_assert_uint_eq(mf_mem_blocks(), 0);
    ck_assert_uint_eq(mf_mem_bytes(), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        blocks_are_zero_and_aligned,
        blocks_and_bytes_are_counted,
        impossible_sizes_are_refused,
    };

    return run_suite("mem", tests, COUNT_OF(tests));
}
