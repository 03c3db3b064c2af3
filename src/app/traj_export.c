/* `mfrl-dist traj export`: for other programs. */
#include "traj_export.h"

#include <inttypes.h>
#include <stdio.h>

#include "frames.h"
#include "mfrl/io/sheet.h"
#include "mfrl/io/whole_file.h"
#include "traj_command.h"
#include "traj_place.h"

static const char HELP[] =
    "usage: mfrl-dist traj export --csv OUT | --xdmf OUT | --minari DIR FILE\n"
    "\n"
    "    --csv OUT     a long table: a row for every frame and living agent\n"
    "    --xdmf OUT    for ParaView: an XML file (.xdmf) that points into the\n"
    "                  datasets of FILE and copies none; keep it beside FILE\n"
    "    --minari DIR  a Minari dataset (HDF5): DIR/data/main_data.hdf5 and\n"
    "                  metadata.json.  One agent's life is one episode: it is\n"
    "                  terminated by the agent's death and truncated where "
    "its\n"
    "                  game or the file ends.  Needs every step, actions and\n"
    "                  rewards; observations are position and hp, since what\n"
    "                  networks see is not recorded; counts go to infos.\n"
    "What is written appears whole or not at all.\n";

/* ---- CSV ---------------------------------------------------------------- */

static void csv_header(const mf_frame *f, FILE *to)
{
    fputs("frame,step", to);
    fputs(f->episode >= 0 ? ",episode,episode_step" : "", to);
    fputs(",agent,team", to);
    fputs(f->position != NULL ? ",x,y" : "", to);
    fputs(f->hp != NULL ? ",hp" : "", to);
    fputs(f->action != NULL ? ",action,action_name" : "", to);
    fputs(f->reward != NULL ? ",reward" : "", to);
    fputs(f->neighbours != NULL ? ",neighbours\n" : "\n", to);
}

static void csv_row(const mf_traj_source *s, const mf_frame *f, uint32_t i,
                    FILE *to)
{
    fprintf(to, "%" PRIu64 ",%" PRId64, f->number, f->step);
    if (f->episode >= 0) {
        fprintf(to, ",%" PRId64 ",%" PRId64, f->episode, f->episode_step);
    }
    fprintf(to, ",%u,%d", i, s->spec->species[i]);
    if (f->position != NULL) {
        fprintf(to, ",%d,%d", f->position[3 * (size_t)i],
                f->position[3 * (size_t)i + 1]);
    }
    if (f->hp != NULL) {
        fprintf(to, ",%.9g", (double)f->hp[i]);
    }
    if (f->action != NULL && f->action[i] != MF_TRAJ_NO_ACTION) {
        fprintf(to, ",%d,", f->action[i]);
        mf_sheet_put(to, mf_traj_names_of(&s->names, f->action[i]));
    } else if (f->action != NULL) {
        fputs(",,", to);
    }
    if (f->reward != NULL) {
        fprintf(to, ",%.9g", (double)f->reward[i]);
    }
    if (f->neighbours != NULL) {
        fprintf(to, ",%u", f->neighbours[i]);
    }
    fputc('\n', to);
}

static mf_status csv_rows(const mf_traj_source *s, mf_frames *frames, FILE *to)
{
    const uint64_t n = mf_trajectory_frames(s->reader);

    for (uint64_t t = 0; t < n; t++) {
        mf_frame f;

        MF_TRY(mf_frames_get(frames, t, &f));
        if (t == 0) {
            csv_header(&f, to);
        }
        for (uint32_t i = 0; i < s->spec->n_agents; i++) {
            if (f.alive[i]) {
                csv_row(s, &f, i, to);
            }
        }
        if (ferror(to) != 0) {
            return MF_OK; /* said when it is closed */
        }
    }
    return MF_OK;
}

static mf_status export_csv(const mf_traj_source *s, const char *out)
{
    mf_whole_file file;
    mf_frames frames;
    mf_status st;

    MF_TRY(mf_frames_create_some(
        s->reader, (1u << MF_TRAJ_FIELDS) - 1 - (1u << MF_TRAJ_COUNTS),
        &frames));
    st = mf_whole_file_open(out, &file);
    if (st == MF_OK) {
        st = mf_whole_file_close(&file, csv_rows(s, &frames, file.to));
    }
    mf_frames_clear(&frames);
    return st;
}

/* ---- the command -------------------------------------------------------- */

static mf_status export_to(const char *path, const char *out,
                           mf_status (*write)(const mf_traj_source *,
                                              const char *))
{
    mf_traj_source s = {.path = path};
    mf_status st;

    MF_TRY(mf_trajectory_open(path, &s.reader));
    s.spec = mf_trajectory_described(s.reader);
    st = mf_trajectory_frames(s.reader) == 0
             ? MF_FAIL(MF_ERR_FILE, "%s: has no frames yet", path)
             : mf_traj_spare(s.reader, path, out);
    st = st == MF_OK ? mf_traj_names_create(s.spec, &s.names) : st;
    st = st == MF_OK ? write(&s, out) : st;
    if (st == MF_OK) {
        printf("%s: %" PRIu64 " frames of %u agents to %s\n", path,
               mf_trajectory_frames(s.reader), s.spec->n_agents, out);
    }
    mf_traj_names_clear(&s.names);
    mf_trajectory_close(&s.reader);
    return st;
}

mf_status mf_traj_command_export(int argc, char **argv)
{
    const char *path, *csv = NULL, *xdmf = NULL, *minari = NULL;
    const mf_traj_option options[] = {{.name = "--csv", .text = &csv},
                                      {.name = "--xdmf", .text = &xdmf},
                                      {.name = "--minari", .text = &minari},
                                      {0}};

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_traj_arguments(argc, argv, "export", options,
                             "one of --csv OUT, --xdmf OUT, --minari DIR, and "
                             "FILE",
                             1, &path));
    if ((csv != NULL) + (xdmf != NULL) + (minari != NULL) != 1) {
        return MF_FAIL(MF_ERR_USAGE,
                       "traj export needs one of --csv OUT, --xdmf OUT, "
                       "--minari DIR; see mfrl-dist traj export --help");
    }
    return csv != NULL    ? export_to(path, csv, export_csv)
           : xdmf != NULL ? export_to(path, xdmf, mf_traj_export_xdmf)
                          : export_to(path, minari, mf_traj_export_minari);
}
