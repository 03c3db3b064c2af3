#include "traj_place.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mfrl/base/log.h"

mf_status mf_traj_parent(const char *path, char out[MF_PATH])
{
    const char *slash = strrchr(path, '/');
    const size_t n = slash != NULL ? (size_t)(slash - path) : 0;

    if (n >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", path);
    }
    if (slash == path) {
        strcpy(out, "/");
    } else {
        snprintf(out, MF_PATH, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : ".");
    }
    return MF_OK;
}

/* RUN_DIR/traj stands for RUN_DIR. */
static void leave_traj(char dir[MF_PATH])
{
    static const char TRAJ[] = "/traj";
    const size_t n = strlen(dir), cut = sizeof(TRAJ) - 1;

    if (n > cut && strcmp(dir + n - cut, TRAJ) == 0) {
        dir[n - cut] = '\0';
    } else if (strcmp(dir, TRAJ + 1) == 0) {
        strcpy(dir, ".");
    }
}

mf_status mf_traj_plots(const char *run_or_file, char out[MF_PATH])
{
    char dir[MF_PATH];
    struct stat s;

    if (stat(run_or_file, &s) == 0 && S_ISDIR(s.st_mode)) {
        return mf_path_join(out, run_or_file, "plots");
    }
    MF_TRY(mf_traj_parent(run_or_file, dir));
    leave_traj(dir);
    return mf_path_join(out, dir, "plots");
}

mf_status mf_traj_place(const char *file, const char *ending, char out[MF_PATH])
{
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    const int n =
        dot != NULL && dot > name ? (int)(dot - name) : (int)strlen(name);
    char dir[MF_PATH], base[MF_PATH];

    if (snprintf(base, sizeof(base), "%.*s%s", n, name, ending) >= MF_PATH) {
        return MF_FAIL(MF_ERR_USAGE, "path too long: %s", file);
    }
    MF_TRY(mf_traj_plots(file, dir));
    return mf_path_join(out, dir, base);
}

static bool is_same(const char *path, const struct stat *s)
{
    struct stat other;

    return stat(path, &other) == 0 && other.st_dev == s->st_dev &&
           other.st_ino == s->st_ino;
}

mf_status mf_traj_spare(const mf_trajectory_reader *r, const char *file,
                        const char *out)
{
    const char *slash = strrchr(file, '/');
    const int dir = slash != NULL ? (int)(slash - file) + 1 : 0;
    char part[MF_PATH];
    struct stat s;

    if (stat(out, &s) != 0) {
        return MF_OK;
    }
    bool same = is_same(file, &s);

    for (size_t i = 0; i < mf_trajectory_parts(r) && !same; i++) {
        same = snprintf(part, sizeof(part), "%.*s%s", dir, file,
                        mf_trajectory_part(r, i)) < MF_PATH &&
               is_same(part, &s);
    }
    return same ? MF_FAIL(MF_ERR_USAGE,
                          "%s is the recording itself, or a part of it; give "
                          "the output another name",
                          out)
                : MF_OK;
}
