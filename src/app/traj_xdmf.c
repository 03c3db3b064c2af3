/* XDMF: every frame a grid of points, agents' fields its attributes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfrl/io/whole_file.h"
#include "traj_export.h"

/* As XDMF names the element types. */
static const struct {
    const char *type;
    int bytes;
} TYPES[MF_TRAJ_FIELDS] = {
    [MF_TRAJ_POSITION] = {"Int", 4},    [MF_TRAJ_ALIVE] = {"UChar", 1},
    [MF_TRAJ_HP] = {"Float", 4},        [MF_TRAJ_ACTION] = {"UChar", 1},
    [MF_TRAJ_REWARD] = {"Float", 4},    [MF_TRAJ_COUNTS] = {"UChar", 1},
    [MF_TRAJ_NEIGHBOURS] = {"UInt", 2},
};

/* How the XML file names the trajectory: without directory if both are in the
 * same one, else from the root.  MF_ERR_USAGE if the name is no XML text. */
static mf_status name_source(const char *path, const char *out,
                             char name[MF_PATH])
{
    const char *a = strrchr(path, '/'), *b = strrchr(out, '/');
    char from[MF_PATH], to[MF_PATH], *whole, *dir;

    snprintf(from, sizeof(from), "%.*s/", a != NULL ? (int)(a - path) : 1,
             a != NULL ? path : ".");
    snprintf(to, sizeof(to), "%.*s/", b != NULL ? (int)(b - out) : 1,
             b != NULL ? out : ".");
    whole = realpath(from, NULL);
    dir = realpath(to, NULL);
    if (whole == NULL || dir == NULL || strcmp(whole, dir) == 0) {
        snprintf(name, MF_PATH, "%s", a != NULL ? a + 1 : path);
    } else {
        snprintf(name, MF_PATH, "%s/%s", whole, a != NULL ? a + 1 : path);
    }
    free(whole);
    free(dir);
    return strpbrk(name, "<>&\"':") == NULL
               ? MF_OK
               : MF_FAIL(MF_ERR_USAGE,
                         "%s: a name with one of < > & \" ' : cannot be "
                         "written into an XDMF file",
                         name);
}

/* Frame t of a field [frames][agents] or [frames][agents][3]. */
static void write_slab(const mf_traj_source *s, FILE *f, const char *name,
                       mf_trajectory_field field, uint64_t t)
{
    const uint64_t all = mf_trajectory_frames(s->reader);
    const uint32_t n = s->spec->n_agents;
    const char *const last = field == MF_TRAJ_POSITION ? " 3" : "";
    const bool vector = field == MF_TRAJ_POSITION;

    fprintf(f,
            "          <DataItem ItemType=\"HyperSlab\" Dimensions=\"%u%s\">\n"
            "            <DataItem Dimensions=\"3 %d\" Format=\"XML\">%" PRIu64
            " 0%s 1 1%s 1 %u%s</DataItem>\n"
            "            <DataItem Dimensions=\"%" PRIu64
            " %u%s\" NumberType=\"%s\" Precision=\"%d\" Format=\"HDF\">"
            "%s:/particles/agents/%s/value</DataItem>\n"
            "          </DataItem>\n",
            n, last, vector ? 3 : 2, t, vector ? " 0" : "", vector ? " 1" : "",
            n, last, all, n, last, TYPES[field].type, TYPES[field].bytes, name,
            mf_trajectory_field_name(field));
}

static void write_frame(const mf_traj_source *s, FILE *f, const char *name,
                        uint64_t t, int64_t step)
{
    const uint32_t n = s->spec->n_agents;

    fprintf(f,
            "      <Grid Name=\"frame %" PRIu64 "\" GridType=\"Uniform\">\n"
            "        <Time Value=\"%" PRId64 "\"/>\n"
            "        <Topology TopologyType=\"Polyvertex\" "
            "NumberOfElements=\"%u\"/>\n"
            "        <Geometry GeometryType=\"XYZ\">\n",
            t, step, n);
    if (s->spec->lattice) {
        fprintf(f,
                "          <DataItem Dimensions=\"%u 3\" NumberType=\"Int\" "
                "Precision=\"4\" Format=\"HDF\">%s:/particles/agents/position"
                "</DataItem>\n",
                n, name);
    } else {
        write_slab(s, f, name, MF_TRAJ_POSITION, t);
    }
    fputs("        </Geometry>\n", f);
    fprintf(f,
            "        <Attribute Name=\"team\" AttributeType=\"Scalar\" "
            "Center=\"Node\">\n"
            "          <DataItem Dimensions=\"%u\" NumberType=\"Char\" "
            "Precision=\"1\" Format=\"HDF\">%s:/particles/agents/species"
            "</DataItem>\n"
            "        </Attribute>\n",
            n, name);
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        const mf_trajectory_field field = (mf_trajectory_field)k;

        if (field == MF_TRAJ_POSITION || field == MF_TRAJ_COUNTS ||
            !mf_trajectory_has(s->spec, (mf_trajectory_field)k)) {
            continue;
        }
        fprintf(f,
                "        <Attribute Name=\"%s\" AttributeType=\"Scalar\" "
                "Center=\"Node\">\n",
                mf_trajectory_field_name(field));
        write_slab(s, f, name, field, t);
        fputs("        </Attribute>\n", f);
    }
    fputs("      </Grid>\n", f);
}

static mf_status write_all(const mf_traj_source *s, FILE *f, const char *name)
{
    enum { BLOCK = 1024 };
    const uint64_t n = mf_trajectory_frames(s->reader);
    int64_t steps[BLOCK];

    fputs("<?xml version=\"1.0\"?>\n"
          "<!DOCTYPE Xdmf SYSTEM \"Xdmf.dtd\" []>\n"
          "<Xdmf Version=\"2.0\">\n"
          "  <Domain>\n"
          "    <Grid Name=\"agents\" GridType=\"Collection\" "
          "CollectionType=\"Temporal\">\n",
          f);
    for (uint64_t t = 0; t < n; t += BLOCK) {
        const uint64_t k = n - t < BLOCK ? n - t : BLOCK;

        MF_TRY(mf_trajectory_read_steps(s->reader, t, k, steps));
        for (uint64_t i = 0; i < k; i++) {
            write_frame(s, f, name, t + i, steps[i]);
        }
    }
    fputs("    </Grid>\n"
          "  </Domain>\n"
          "</Xdmf>\n",
          f);
    return MF_OK;
}

mf_status mf_traj_export_xdmf(const mf_traj_source *s, const char *out)
{
    char name[MF_PATH];
    mf_whole_file file;

    if (!mf_trajectory_has(s->spec, MF_TRAJ_POSITION) && !s->spec->lattice) {
        return MF_FAIL(MF_ERR_FILE,
                       "%s: positions are not recorded, so that there is "
                       "nothing to show",
                       s->path);
    }
    MF_TRY(name_source(s->path, out, name));
    MF_TRY(mf_whole_file_open(out, &file));
    return mf_whole_file_close(&file, write_all(s, file.to, name));
}
