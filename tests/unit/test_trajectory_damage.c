#include "mfrl/io/trajectory_read.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <hdf5.h>

#include "trajectory_test.h"

enum { N = 24, FRAMES = 70, WRITERS = 3 };

struct damage {
    int refused, cuts_read, wrong, left_open;
};

/* What there is must not seem to be missing. */
static int is_whole(const mf_trajectory_spec *s)
{
    return s->fields == (1u << MF_TRAJ_FIELDS) - 1 && s->n_observables == 3 &&
           s->walls != NULL && s->action_names != NULL && s->episodes &&
           s->env[0] != '\0' && s->config[0] != '\0' && s->width == T_WIDTH;
}

/* Read all; what HDF5 does not refuse must be right. */
static int read_damaged(const char *path, struct damage *d)
{
    static float hp[FRAMES * N];
    mf_trajectory_reader *r;
    uint64_t n;

    if (mf_trajectory_open(path, &r) != MF_OK) {
        return 0;
    }
    n = mf_trajectory_frames(r);
    d->wrong += !is_whole(mf_trajectory_described(r));
    if (n > FRAMES || mf_trajectory_described(r)->n_agents != N ||
        mf_trajectory_read(r, MF_TRAJ_HP, 0, n, hp) != MF_OK) {
        mf_trajectory_close(&r);
        return 0;
    }
    for (uint64_t i = 0; i < n * N; i++) {
        const float want = t_hp(i / N, i % N);

        d->wrong += t_dead(i / N, i % N) ? !isnan(hp[i]) : hp[i] != want;
    }
    mf_trajectory_close(&r);
    return 1;
}

static void damage(struct damage *d)
{
    const char *const parts[] = {"s.h5", "s.part-0001.h5"};
    size_t n;

    for (uint32_t k = 0; k < 400; k++) {
        const char *path = in_tmp(parts[k % 2]);
        char *good = get_file(path, &n);
        const size_t bit = draw(k, 8 * n);

        flip_bit(path, bit);
        d->refused += !read_damaged(in_tmp("s.h5"), d);
        flip_bit(path, bit);
        if (k < 64) {
            put_file(path, good, n * (k / 2) / 32);
            d->cuts_read += read_damaged(in_tmp("s.h5"), d);
            put_file(path, good, n);
        }
        free(good);
    }
    d->left_open = (int)H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL);
}

START_TEST(damage_is_never_taken_for_data)
{
    struct damage *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int how;

    t_record(WRITERS, N, FRAMES);
    log_begin();
    const pid_t child = fork();
    if (child == 0) { /* HDF5 loses memory when it refuses some headers */
        damage(d);
        _exit(0);
    }
    waitpid(child, &how, 0);
    log_end();
    ck_assert_int_eq(how, 0);
    ck_assert_int_eq(d->wrong, 0);
    ck_assert_int_eq(d->cuts_read, 0);
    ck_assert_int_eq(d->left_open, 0);
    ck_assert_int_gt(d->refused, 50);
    munmap(d, sizeof(*d));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {damage_is_never_taken_for_data};

    return run_io_suite("trajectory_damage", tests,
                        sizeof(tests) / sizeof(tests[0]));
}
