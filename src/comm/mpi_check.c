#include "mfrl/comm/mpi_check.h"

#include <limits.h>

mf_status mf_mpi_check(int rc, const char *call, const char *file, int line)
{
    char text[MPI_MAX_ERROR_STRING];
    int len = 0;

    if (rc == MPI_SUCCESS) {
        return MF_OK;
    }
    if (MPI_Error_string(rc, text, &len) != MPI_SUCCESS) {
        len = 0;
    }
    return mf_fail(MF_ERR_MPI, file, line, "%s: %.*s", call, len, text);
}

mf_status mf_mpi_count(size_t n, const char *what, int *out)
{
    if (n > INT_MAX) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%s: %zu elements do not fit in one message of at most "
                       "%d; use more ranks",
                       what, n, INT_MAX);
    }
    *out = (int)n;
    return MF_OK;
}
