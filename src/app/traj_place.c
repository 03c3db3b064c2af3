#include "traj_place.h"

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
