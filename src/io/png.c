#include "mfrl/io/png.h"

#include <string.h>
#include <zlib.h>

#include "mfrl/base/log.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

/* The file is a signature and three chunks: the header, all rows as one zlib
 * stream, the end.  A chunk is length, type, data, CRC of type and data. */
enum { SIGNATURE = 8, AROUND = 12, HEADER = 13 };
enum { DEPTH = 8, COLOUR_RGB = 2, LEVEL = 6 };

static void put_u32(uint8_t *at, size_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Around n bytes that are already at chunk + 8; gives the next chunk. */
static uint8_t *close_chunk(uint8_t *chunk, const char *type, size_t n)
{
    put_u32(chunk, n);
    memcpy(chunk + 4, type, 4);
    put_u32(chunk + 8 + n, crc32(0, chunk + 4, (uInt)(n + 4)));
    return chunk + n + AROUND;
}

/* Rows as they are compressed: each begins with its filter, which is none. */
static mf_status copy_rows(int width, int height, const uint8_t *rgb,
                           uint8_t **out, size_t *size)
{
    const size_t row = 3 * (size_t)width;

    *size = (row + 1) * (size_t)height;
    MF_TRY(mf_alloc(*size, 1, "picture", out));
    for (size_t y = 0; y < (size_t)height; y++) {
        memcpy(*out + y * (row + 1) + 1, rgb + y * row, row);
    }
    return MF_OK;
}

mf_status mf_png_write(const char *path, int width, int height,
                       const uint8_t *rgb)
{
    static const uint8_t MARK[SIGNATURE] = {0x89, 'P',  'N',  'G',
                                            '\r', '\n', 0x1a, '\n'};
    uint8_t *rows = NULL, *file = NULL, *at;
    size_t n;
    uLongf packed;
    mf_status st;

    MF_TRY(copy_rows(width, height, rgb, &rows, &n));
    packed = compressBound((uLong)n);
    MF_TRY_OR(out, mf_alloc(SIGNATURE + 3 * AROUND + HEADER + packed, 1,
                            "picture", &file));
    memcpy(file, MARK, SIGNATURE);
    at = file + SIGNATURE;
    put_u32(at + 8, (size_t)width);
    put_u32(at + 12, (size_t)height);
    at[16] = DEPTH;
    at[17] = COLOUR_RGB;
    at = close_chunk(at, "IHDR", HEADER);
    if (compress2(at + 8, &packed, rows, (uLong)n, LEVEL) != Z_OK) {
        st = MF_FAIL(MF_ERR_MEMORY, "no memory to compress %s", path);
        goto out;
    }
    at = close_chunk(at, "IDAT", packed);
    at = close_chunk(at, "IEND", 0);
    st = mf_file_write_atomic(path, file, (size_t)(at - file));
out:
    mf_free(&rows);
    mf_free(&file);
    return st;
}
