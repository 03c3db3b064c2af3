#include "mfrl/io/h5.h"

#include <sys/wait.h>

#include <hdf5.h>

#include "io_test.h"

static const char *path(void) { return in_tmp("a.h5"); }

static bool has(mf_h5 *f, const char *object)
{
    bool there;

    ck_ok(mf_h5_has(f, object, &there));
    return there;
}

static bool has_attr(mf_h5 *f, const char *object, const char *name)
{
    bool there;

    ck_ok(mf_h5_has_attr(f, object, name, &there));
    return there;
}

static size_t bytes_of(const mf_h5_array *a)
{
    size_t n = mf_h5_type_size(a->type);

    for (int d = 0; d < a->n_dims; d++) {
        n *= a->dims[d];
    }
    return n;
}

START_TEST(all_types_and_shapes_come_back)
{
    const mf_h5_array shapes[] = {
        {.n_dims = 0},
        {.n_dims = 1, .dims = {1}},
        {.n_dims = 1, .dims = {0}},
        {.n_dims = 2, .dims = {3, 5}},
        {.n_dims = 3, .dims = {4, 0, 2}},
        {.n_dims = 4, .dims = {2, 3, 4, 5}},
        {.n_dims = 1, .dims = {1000003}}, /* several chunks, last one part */
        {.n_dims = 3, .dims = {3, 2, 300001}},
    };
    static unsigned char data[8 * 1800006 + 8], back[sizeof(data)];

    fill(data, sizeof(data));
    for (mf_h5_type type = MF_U8; type <= MF_F64; type++) {
        for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
            mf_h5_array a = shapes[i], found;
            mf_h5 *f;

            a.type = type;
            a.path = "/some/group/of/arrays";
            a.unit = "cells";
            ck_ok(mf_h5_create(path(), &f));
            ck_ok(mf_h5_write(f, &a, data));
            ck_ok(mf_h5_close(&f));
            ck_assert_ptr_null(f);
            ck_ok(mf_h5_open(path(), &f));
            ck_ok(mf_h5_shape(f, a.path, &found));
            ck_assert_int_eq(found.type, a.type);
            ck_assert_int_eq(found.n_dims, a.n_dims);
            ck_assert_mem_eq(found.dims, a.dims, sizeof(a.dims));
            memset(back, 0, bytes_of(&a) + 8);
            ck_ok(mf_h5_read(f, &a, back));
            ck_assert(memcmp(back, data, bytes_of(&a)) == 0);
            for (int k = 0; k < 8; k++) {
                ck_assert_int_eq(back[bytes_of(&a) + (size_t)k], 0);
            }
            ck_ok(mf_h5_close(&f));
        }
    }
}
END_TEST

START_TEST(types_mean_what_they_say)
{
    const int32_t i = -5;
    const uint16_t u = 65535;
    const float x = 0.1f;
    const int8_t c = -128;
    int32_t big_endian = 0;
    mf_h5_array a = {.path = "/i", .type = MF_I32};
    mf_h5 *f;
    hid_t h, d, s;

    ck_ok(mf_h5_create(path(), &f));
    ck_ok(mf_h5_write(f, &a, &i));
    a = (mf_h5_array){.path = "/u", .type = MF_U16};
    ck_ok(mf_h5_write(f, &a, &u));
    a = (mf_h5_array){.path = "/x", .type = MF_F32};
    ck_ok(mf_h5_write(f, &a, &x));
    a = (mf_h5_array){.path = "/c", .type = MF_I8};
    ck_ok(mf_h5_write(f, &a, &c));
    ck_ok(mf_h5_close(&f));
    /* Seen by plain HDF5, which converts by value. */
    double v;
    h = H5Fopen(path(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const char *names[] = {"/i", "/u", "/x", "/c"};
    const double values[] = {-5.0, 65535.0, (double)0.1f, -128.0};
    for (int k = 0; k < 4; k++) {
        d = H5Dopen2(h, names[k], H5P_DEFAULT);
        ck_assert_int_ge(
            H5Dread(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &v),
            0);
        ck_assert_double_eq(v, values[k]);
        H5Dclose(d);
    }
    H5Fclose(h);
    /* A file from a machine of the other byte order. */
    h = H5Fcreate(path(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    s = H5Screate(H5S_SCALAR);
    d = H5Dcreate2(h, "/i", H5T_STD_I32BE, s, H5P_DEFAULT, H5P_DEFAULT,
                   H5P_DEFAULT);
    H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &i);
    H5Dclose(d);
    H5Sclose(s);
    H5Fclose(h);
    ck_ok(mf_h5_open(path(), &f));
    a = (mf_h5_array){.path = "/i", .type = MF_I32};
    ck_ok(mf_h5_read(f, &a, &big_endian));
    ck_assert_int_eq(big_endian, -5);
    ck_ok(mf_h5_close(&f));
}
END_TEST

START_TEST(wrong_requests_are_told_apart)
{
    const float data[12] = {0};
    float back[12];
    mf_h5_array a = {
        .path = "/g/x", .type = MF_F32, .n_dims = 2, .dims = {3, 4}};
    mf_h5 *f;

    ck_ok(mf_h5_create(path(), &f));
    ck_ok(mf_h5_write(f, &a, data));
    ck_fails(MF_ERR_IO, "/g/x: cannot create", mf_h5_write(f, &a, data));
    ck_assert_int_eq(mf_h5_close(&f), MF_ERR_IO); /* once lost, always */

    ck_ok(mf_h5_create(path(), &f));
    ck_ok(mf_h5_write(f, &a, data));
    ck_ok(mf_h5_close(&f));
    ck_ok(mf_h5_open(path(), &f));
    a.dims[1] = 5;
    ck_fails(MF_ERR_FILE,
             "a.h5: /g/x: expected float32 [3][5], found float32 [3][4]",
             mf_h5_read(f, &a, back));
    a.n_dims = 1;
    ck_fails(MF_ERR_FILE, "expected float32 [3], found float32 [3][4]",
             mf_h5_read(f, &a, back));
    a = (mf_h5_array){.path = "/g/x", .type = MF_I32, .n_dims = 0};
    ck_fails(MF_ERR_FILE, "expected int32 number, found float32 [3][4]",
             mf_h5_read(f, &a, back));
    a = (mf_h5_array){
        .path = "/g/x", .type = MF_U32, .n_dims = 2, .dims = {3, 4}};
    ck_fails(MF_ERR_FILE, "expected uint32 [3][4], found float32",
             mf_h5_read(f, &a, back));
    a.path = "/g/y";
    ck_fails(MF_ERR_FILE, "/g/y: there is no such", mf_h5_read(f, &a, back));
    a.path = "/g/x/y";
    ck_fails(MF_ERR_FILE, "there is no such", mf_h5_read(f, &a, back));
    a.path = "/g";
    ck_fails(MF_ERR_FILE, "/g: ", mf_h5_read(f, &a, back));
    ck_assert(has(f, "/") && has(f, "/g") && has(f, "/g/x"));
    ck_assert(!has(f, "/x") && !has(f, "/h/x"));
    ck_assert(!has(f, "/g/x/y")); /* x is no group */
    ck_assert(!has(f, "g"));
    a = (mf_h5_array){
        .path = "/g/x", .type = MF_F32, .n_dims = 2, .dims = {3, 4}};
    ck_ok(mf_h5_read(f, &a, back)); /* a failed read spoils nothing */
    ck_ok(mf_h5_close(&f));
    ck_ok(mf_h5_create(path(), &f));
    a.path = "x";
    ck_fails(MF_ERR_IO, "absolute path", mf_h5_write(f, &a, data));
    ck_assert_int_eq(mf_h5_close(&f), MF_ERR_IO);
}
END_TEST

START_TEST(parts_are_the_parts)
{
    enum { NY = 700, NX = 901 }; /* several chunks */
    static uint32_t data[NY][NX], back[NY * NX + 1];
    mf_h5_array a = {
        .path = "/w", .type = MF_U32, .n_dims = 2, .dims = {NY, NX}};
    mf_h5 *f;

    for (uint32_t i = 0; i < NY * NX; i++) {
        data[i / NX][i % NX] = i;
    }
    ck_ok(mf_h5_create(path(), &f));
    ck_ok(mf_h5_write(f, &a, data));
    ck_ok(mf_h5_close(&f));
    ck_ok(mf_h5_open(path(), &f));
    for (uint32_t k = 0; k < 200; k++) {
        const uint64_t start[2] = {draw(4 * k, NY), draw(4 * k + 1, NX)};
        size_t wrong = 0;

        a.dims[0] = draw(4 * k + 2, NY - (size_t)start[0]) + (k > 0);
        a.dims[1] = draw(4 * k + 3, NX - (size_t)start[1]) + 1;
        back[a.dims[0] * a.dims[1]] = 77;
        ck_ok(mf_h5_read_part(f, &a, start, back));
        for (size_t y = 0; y < a.dims[0]; y++) {
            for (size_t x = 0; x < a.dims[1]; x++) {
                wrong +=
                    back[y * a.dims[1] + x] != data[start[0] + y][start[1] + x];
            }
        }
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(back[a.dims[0] * a.dims[1]], 77);
    }
    a.dims[0] = 2;
    a.dims[1] = NX;
    ck_fails(MF_ERR_FILE, "expected a part of uint32 [2][901]",
             mf_h5_read_part(f, &a, (uint64_t[]){NY - 1, 0}, back));
    ck_fails(MF_ERR_FILE, "a part of",
             mf_h5_read_part(f, &a, (uint64_t[]){UINT64_MAX, 0}, back));
    ck_ok(mf_h5_close(&f));
}
END_TEST

START_TEST(attributes_come_back)
{
    static char longer[200000]; /* a whole config may be one */
    const int64_t list[3] = {INT64_MIN, 0, INT64_MAX};
    const char *const words[3] = {"up", "", "two words"};
    int64_t ints[3];
    double real;
    char *text, **many;
    size_t n;
    mf_h5 *f;

    memset(longer, 'c', sizeof(longer) - 1);
    ck_ok(mf_h5_create(path(), &f));
    ck_ok(mf_h5_set_text(f, "/", "config", longer));
    ck_ok(mf_h5_set_text(f, "/net", "layers", "conv1 dense2"));
    ck_ok(mf_h5_set_text(f, "/net", "empty", ""));
    ck_ok(mf_h5_set_int(f, "/net/deep/er", "version", -7));
    ck_ok(mf_h5_set_real(f, "/net", "gamma", 0.95));
    ck_ok(mf_h5_set_ints(f, "/net", "shape", list, 3));
    ck_ok(mf_h5_set_ints(f, "/net", "none", list, 0));
    ck_ok(mf_h5_set_texts(f, "/net", "names", words, 3));
    ck_ok(mf_h5_set_texts(f, "/net", "no_names", words, 0));
    ck_ok(mf_h5_write(
        f, &(mf_h5_array){.path = "/x", .unit = "s", .description = "wall"},
        &(uint8_t){1}));
    ck_ok(mf_h5_close(&f));

    ck_ok(mf_h5_open(path(), &f));
    const char *const texts[][3] = {{"/", "config", longer},
                                    {"/net", "layers", "conv1 dense2"},
                                    {"/net", "empty", ""},
                                    {"/x", "unit", "s"},
                                    {"/x", "description", "wall"}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_ok(mf_h5_get_text(f, texts[i][0], texts[i][1], &text));
        ck_assert_str_eq(text, texts[i][2]);
        mf_free(&text);
    }
    ck_ok(mf_h5_get_texts(f, "/net", "names", &many, &n));
    ck_assert_uint_eq(n, 3);
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(many[i], words[i]);
    }
    mf_free(&many);
    ck_ok(mf_h5_get_texts(f, "/net", "no_names", &many, &n));
    ck_assert_uint_eq(n, 0);
    mf_free(&many);
    ck_assert(has_attr(f, "/net", "names"));
    ck_assert(!has_attr(f, "/net", "name"));
    ck_assert(!has_attr(f, "/nets", "names"));
    ck_ok(mf_h5_get_int(f, "/net/deep/er", "version", ints));
    ck_assert_int_eq(ints[0], -7);
    ck_ok(mf_h5_get_real(f, "/net", "gamma", &real));
    ck_assert_double_eq(real, 0.95);
    ck_ok(mf_h5_get_ints(f, "/net", "shape", ints, 3));
    ck_assert_mem_eq(ints, list, sizeof(list));
    ck_ok(mf_h5_get_ints(f, "/net", "none", ints, 0));
    ck_fails(MF_ERR_FILE, "/net: attribute shape: expected 2 integers, found 3",
             mf_h5_get_ints(f, "/net", "shape", ints, 2));
    ck_fails(MF_ERR_FILE, "of another kind",
             mf_h5_get_int(f, "/net", "gamma", ints));
    ck_fails(MF_ERR_FILE, "expected one text",
             mf_h5_get_text(f, "/net", "gamma", &text));
    ck_fails(MF_ERR_FILE, "attribute gamma: expected texts",
             mf_h5_get_texts(f, "/net", "gamma", &many, &n));
    ck_fails(MF_ERR_FILE, "no attribute tau",
             mf_h5_get_real(f, "/net", "tau", &real));
    ck_fails(MF_ERR_FILE, "no attribute gamma",
             mf_h5_get_real(f, "/nets", "gamma", &real));
    ck_ok(mf_h5_close(&f));
}
END_TEST

/* What h5py writes: texts of variable length, and types we do not know. */
START_TEST(files_of_other_programs)
{
    const char *word = "variable", *const words[2] = {"of any", "length"};
    const hsize_t two = 2;
    char *text, **texts;
    size_t n;
    mf_h5 *f;
    hid_t h = H5Fcreate(path(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t s = H5Screate(H5S_SCALAR), t = H5Tcopy(H5T_C_S1);

    H5Tset_size(t, H5T_VARIABLE);
    hid_t a = H5Acreate2(h, "word", t, s, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(H5Awrite(a, t, &word), 0);
    H5Aclose(a);
    const hid_t pair = H5Screate_simple(1, &two, NULL);
    a = H5Acreate2(h, "words", t, pair, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_int_ge(H5Awrite(a, t, words), 0);
    H5Aclose(a);
    H5Sclose(pair);
    a = H5Dcreate2(h, "/strings", t, s, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(a);
    H5Tclose(t);
    H5Sclose(s);
    H5Fclose(h);
    ck_ok(mf_h5_open(path(), &f));
    ck_ok(mf_h5_get_text(f, "/", "word", &text));
    ck_assert_str_eq(text, "variable");
    mf_free(&text);
    ck_ok(mf_h5_get_texts(f, "/", "words", &texts, &n));
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(texts[0], "of any");
    ck_assert_str_eq(texts[1], "length");
    mf_free(&texts);
    ck_fails(MF_ERR_FILE, "/strings: neither an integer nor a float array",
             mf_h5_shape(f, "/strings", &(mf_h5_array){0}));
    ck_ok(mf_h5_close(&f));
}
END_TEST

enum { N_MEMBERS = 20 };

static const char *member(int i)
{
    static char name[32];

    snprintf(name, sizeof(name), "/g/member-%02d", i);
    return name;
}

/* A group of so many that HDF5 stores them in a heap. */
static void make_members(void)
{
    const uint8_t one = 1;
    mf_h5 *f;

    ck_ok(mf_h5_create(path(), &f));
    for (int i = 0; i < N_MEMBERS; i++) {
        const mf_h5_array a = {
            .path = member(7 * i % N_MEMBERS), .type = MF_U8, .n_dims = 0};

        ck_ok(mf_h5_write(f, &a, &one));
        ck_ok(mf_h5_set_int(f, a.path, "unit", i));
    }
    ck_ok(mf_h5_close(&f));
}

START_TEST(members_are_sorted)
{
    char **names;
    size_t n;
    mf_h5 *f;

    make_members();
    ck_ok(mf_h5_open(path(), &f));
    ck_ok(mf_h5_members(f, "/g", &names, &n));
    ck_assert_uint_eq(n, N_MEMBERS);
    for (int i = 0; i < N_MEMBERS; i++) {
        ck_assert_str_eq(names[i], member(i) + 3);
    }
    mf_free(&names);
    ck_ok(mf_h5_members(f, "/", &names, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(names[0], "g");
    mf_free(&names);
    ck_ok(mf_h5_members(f, "/none", &names, &n));
    ck_assert(n == 0 && names == NULL);
    ck_ok(mf_h5_members(f, member(3), &names, &n));
    ck_assert(n == 0 && names == NULL);
    ck_ok(mf_h5_close(&f));
}
END_TEST

/* What a damaged file says, if anything, is right.  Counts the refusals. */
static int look_at_damaged(void)
{
    char **names = NULL;
    size_t n;
    bool there;
    int refused = 0;
    mf_h5 *f;

    if (mf_h5_open(path(), &f) != MF_OK) {
        return 1;
    }
    for (int i = 0; i < N_MEMBERS; i += 3) {
        if (mf_h5_has_attr(f, member(i), "unit", &there) != MF_OK) {
            refused = 1;
        } else {
            ck_assert(there);
        }
    }
    if (mf_h5_members(f, "/g", &names, &n) != MF_OK) {
        refused = 1;
    } else {
        ck_assert_uint_eq(n, N_MEMBERS);
    }
    mf_free(&names);
    (void)mf_h5_close(&f);
    return refused;
}

START_TEST(damage_is_not_absence)
{
    size_t n;
    int how, refused = 0;

    make_members();
    free(get_file(path(), &n));
    log_begin();
    const pid_t child = fork();
    if (child == 0) { /* HDF5 loses memory when it refuses some headers */
        for (size_t at = 0; at < n; at += 5) {
            const size_t bit = 8 * at + at % 8;

            flip_bit(path(), bit);
            refused += look_at_damaged();
            flip_bit(path(), bit);
        }
        _exit(refused > 50 ? 0 : 2);
    }
    waitpid(child, &how, 0);
    log_end();
    ck_assert_int_eq(how, 0);
}
END_TEST

START_TEST(what_is_no_hdf5_file_is_refused)
{
    mf_h5 *f;

    ck_fails(MF_ERR_FILE, "cannot open: No such file",
             mf_h5_open(in_tmp("none"), &f));
    ck_fails(MF_ERR_FILE, "cannot open: Is a directory",
             mf_h5_open(tmp_root, &f));
    put_file(in_tmp("text"), "[run]\nseed = 3\n", 15);
    ck_fails(MF_ERR_FILE, "not an HDF5 file", mf_h5_open(in_tmp("text"), &f));
    put_file(in_tmp("empty"), "", 0);
    ck_fails(MF_ERR_FILE, "not an HDF5 file", mf_h5_open(in_tmp("empty"), &f));
    ck_fails(MF_ERR_IO, "cannot create: No such file",
             mf_h5_create(in_tmp("no/where"), &f));
    ck_fails(MF_ERR_IO, "cannot create: Is a directory",
             mf_h5_create(tmp_root, &f));
    ck_assert_ptr_null(f);
    ck_ok(mf_h5_close(&f));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_types_and_shapes_come_back,
        types_mean_what_they_say,
        wrong_requests_are_told_apart,
        parts_are_the_parts,
        attributes_come_back,
        files_of_other_programs,
        members_are_sorted,
        damage_is_not_absence,
        what_is_no_hdf5_file_is_refused,
    };

    return run_io_suite("h5", tests, COUNT_OF(tests));
}
