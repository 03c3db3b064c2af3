/* A PNG file, taken apart again. */
#include "mfrl/io/png.h"

#include <string.h>
#include <zlib.h>

#include "io_test.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

enum { W = 3, H = 2, ROW = 3 * W };

static const uint8_t RGB[H * ROW] = {255, 0,   0,   0, 255, 0, 0, 0, 255,
                                     1,   254, 128, 7, 7,   7, 9, 8, 10};

static uint32_t number(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

/* Check the chunk at *at, give its data, and go to the next one. */
static const char *chunk(const char **at, const char *type, uint32_t *n)
{
    const char *data = *at + 8;

    *n = number(*at);
    ck_assert_int_eq(memcmp(*at + 4, type, 4), 0);
    ck_assert_uint_eq(number(data + *n),
                      crc32(0, (const Bytef *)data - 4, *n + 4));
    *at = data + *n + 4;
    return data;
}

START_TEST(a_picture_comes_back)
{
    const char *path = in_tmp("a.png");
    uint8_t rows[H * (ROW + 1)];
    uLongf n_rows = sizeof(rows);
    const char *at, *data;
    char *file;
    size_t size;
    uint32_t n;

    ck_assert_int_eq(mf_png_write(path, W, H, RGB), MF_OK);
    ck_assert_int_eq(mf_file_read(path, 1 << 20, &file, &size), MF_OK);
    ck_assert_int_eq(memcmp(file, "\x89PNG\r\n\x1a\n", 8), 0);
    at = file + 8;
    data = chunk(&at, "IHDR", &n);
    ck_assert_uint_eq(n, 13);
    ck_assert_uint_eq(number(data), W);
    ck_assert_uint_eq(number(data + 4), H);
    ck_assert_int_eq(memcmp(data + 8, "\x08\x02\0\0\0", 5), 0);
    data = chunk(&at, "IDAT", &n);
    ck_assert_int_eq(uncompress(rows, &n_rows, (const Bytef *)data, n), Z_OK);
    ck_assert_uint_eq(n_rows, sizeof(rows));
    for (int y = 0; y < H; y++) {
        ck_assert_uint_eq(rows[y * (ROW + 1)], 0); /* no filter */
        ck_assert_int_eq(memcmp(rows + y * (ROW + 1) + 1, RGB + y * ROW, ROW),
                         0);
    }
    (void)chunk(&at, "IEND", &n);
    ck_assert_uint_eq(n, 0);
    ck_assert_ptr_eq(at, file + size);
    mf_free(&file);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_picture_comes_back};

    return run_suite_between("png", tests, COUNT_OF(tests), io_setup,
                             io_teardown);
}
