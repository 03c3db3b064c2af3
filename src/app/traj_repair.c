/* `mfrl-dist traj repair`: close what a kill left open. */
#include <inttypes.h>
#include <stdio.h>

#include "mfrl/io/repair.h"
#include "traj_command.h"

static const char HELP[] =
    "usage: mfrl-dist traj repair FILE\n"
    "\n"
    "Closes a trajectory that a killed run left open, so that every HDF5\n"
    "program reads it: takes away HDF5's marks of an open file and cuts all\n"
    "datasets to the frames that all of them have, also in the parts beside\n"
    "the file.  Works on copies, which take the files' places when all are\n"
    "done (needs as much room again).  A file that is well is left as it is;\n"
    "one that a running job writes is refused.\n";

mf_status mf_traj_command_repair(int argc, char **argv)
{
    mf_repaired r;
    const char *path;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_traj_arguments(argc, argv, "repair", NULL, "FILE", 1, &path));
    MF_TRY(mf_trajectory_repair(path, &r));
    if (!r.needed) {
        printf("%s: nothing to repair, %" PRIu64 " frames\n", path, r.frames);
        return MF_OK;
    }
    printf("%s: repaired, %" PRIu64 " frames in %d file%s; %" PRIu64
           " rows beyond them were cut\n",
           path, r.frames, r.files, r.files == 1 ? "" : "s", r.cut);
    return MF_OK;
}
