/* `mfrl-dist traj info`: what is in a file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "mfrl/base/digest.h"
#include "mfrl/base/mem.h"
#include "mfrl/cfg/opt.h"
#include "mfrl/io/inspect.h"
#include "traj_command.h"

static const char HELP[] =
    "usage: mfrl-dist traj info [--check] [--config] FILE\n"
    "\n"
    "Prints what a trajectory is of (environment, algorithm, seed, world,\n"
    "steps, agents, teams, episodes), its fields with type, size and\n"
    "compression, and how it was left: closed, still being written, or not\n"
    "closed by a run that was killed.  Reads the first and the last frames;\n"
    "    --check    reads all of them, every checksum\n"
    "    --config   prints the config of the run instead\n"
    "Of any other HDF5 file it says what it is.  A file that is damaged or no\n"
    "HDF5 is one line and exit code 3.\n";

enum { BLOCK = 1 << 16 };

typedef struct info {
    const char *path;
    bool check, config;
    mf_file_facts facts;
    mf_trajectory_reader *reader;
    const mf_trajectory_spec *spec;
    int64_t *block, *more; /* [BLOCK] */
} info;

/* "12.3 MB", in one of four buffers. */
static const char *size_text(uint64_t bytes)
{
    static const char *const UNITS[] = {"bytes", "kB", "MB", "GB", "TB"};
    static char buffer[4][32];
    static int next;
    char *out = buffer[next++ % 4];
    double value = (double)bytes;
    int unit = 0;

    while (value >= 1000 && unit < 4) {
        value /= 1000;
        unit++;
    }
    snprintf(out, sizeof(buffer[0]), "%.*f %s", unit > 0 ? 1 : 0, value,
             UNITS[unit]);
    return out;
}

static const char *how_left(const mf_file_facts *f)
{
    return f->running      ? "being written by a running job"
           : f->unfinished ? "not closed: its run was killed, or runs elsewhere"
                           : "closed";
}

static void print_origin(const info *o)
{
    const mf_trajectory_spec *s = o->spec;
    char algo[64], text[64] = "";

    (void)mf_ini_find(s->config, "algo", "name", algo, sizeof(algo));
    if (s->width > 0) {
        snprintf(text, sizeof(text), ", %d x %d cells%s%s", s->width, s->height,
                 s->periodic ? ", periodic" : "",
                 s->walls != NULL ? ", with walls" : "");
    }
    printf("world      %s, seed %" PRIu64 ", world %u%s\n",
           s->env[0] != '\0' ? s->env : "of an unknown environment", s->seed,
           s->world, text);
    printf("algorithm  %s\n", algo[0] != '\0' ? algo : "not told");
    printf("config     %zu bytes, digest %016" PRIx64 " (--config prints it)\n",
           strlen(s->config), mf_digest_bytes(s->config, strlen(s->config), 0));
}

static void print_agents(const info *o)
{
    const mf_trajectory_spec *s = o->spec;
    uint32_t teams[256] = {0};
    int n = 0;

    for (uint32_t i = 0; i < s->n_agents; i++) {
        teams[(uint8_t)s->species[i]]++;
    }
    for (int k = 0; k < 256; k++) {
        n += teams[k] > 0;
    }
    printf("agents     %u in %d team%s", s->n_agents, n, n == 1 ? "" : "s");
    for (int k = 0; k < 256 && n > 1; k++) {
        if (teams[k] > 0) {
            printf(", %u in team %d", teams[k], (int8_t)k);
        }
    }
    printf("%s\n", s->lattice ? ", each in its place of a lattice" : "");
    if (s->n_actions > 0) {
        printf("actions    %d%s", s->n_actions,
               s->action_names != NULL ? ":" : "");
        for (int a = 0; a < s->n_actions && s->action_names != NULL; a++) {
            if (a == 4 && s->n_actions > 6) {
                printf(" ... %s", s->action_names[s->n_actions - 1]);
                break;
            }
            printf(" %s%s", s->action_names[a],
                   a + 1 < s->n_actions ? "," : "");
        }
        printf("\n");
    }
}

/* Steps between frames: always the same, or 0. */
static mf_status print_steps(info *o)
{
    const uint64_t n = mf_trajectory_frames(o->reader);
    int64_t first = 0, last = 0, every = 0;

    for (uint64_t t = 0; t < n; t += BLOCK) {
        const uint64_t k = n - t < BLOCK ? n - t : BLOCK;

        MF_TRY(mf_trajectory_read_steps(o->reader, t, k, o->block));
        for (uint64_t i = 0; i < k; i++) {
            const int64_t gap = o->block[i] - last;

            if (t + i == 0) {
                first = o->block[i];
            } else if (t + i == 1) {
                every = gap;
            } else if (gap != every) {
                every = 0;
            }
            last = o->block[i];
        }
    }
    printf("frames     %" PRIu64, n);
    if (n > 0) {
        printf(", steps %" PRId64 " to %" PRId64, first, last);
    }
    if (n > 1 && every == 1) {
        printf(", every step");
    } else if (n > 1 && every > 1) {
        printf(", every %" PRId64 " steps", every);
    } else if (n > 1) {
        printf(", unevenly");
    }
    printf("\n");
    return MF_OK;
}

static mf_status print_episodes(info *o)
{
    const uint64_t n = mf_trajectory_frames(o->reader);
    int64_t first = 0, last = 0;
    uint64_t count = 0;

    if (!o->spec->episodes || n == 0) {
        return MF_OK;
    }
    for (uint64_t t = 0; t < n; t += BLOCK) {
        const uint64_t k = n - t < BLOCK ? n - t : BLOCK;

        MF_TRY(mf_trajectory_read_episodes(o->reader, t, k, o->block, o->more));
        first = t == 0 ? o->block[0] : first;
        for (uint64_t i = 0; i < k; i++) {
            count += t + i == 0 || o->block[i] != last;
            last = o->block[i];
        }
    }
    printf("episodes   %" PRIu64 ", number %" PRId64 " to %" PRId64 "\n", count,
           first, last);
    return MF_OK;
}

static mf_status print_fields(const info *o)
{
    const uint64_t n = mf_trajectory_frames(o->reader);

    printf("\n%-20s %-18s %10s %10s %7s\n", "field", "of agent and frame",
           "raw", "on disk", "ratio");
    for (int k = 0; k < MF_TRAJ_FIELDS; k++) {
        const mf_trajectory_field field = (mf_trajectory_field)k;
        uint64_t raw, stored;

        if (!mf_trajectory_has(o->spec, field)) {
            continue;
        }
        raw = n * o->spec->n_agents * mf_trajectory_row(o->reader, field);
        MF_TRY(mf_trajectory_stored(o->reader, field, &stored));
        printf("%-20s %-18s %10s %10s ", mf_trajectory_field_name(field),
               mf_trajectory_type(o->reader, field), size_text(raw),
               size_text(stored));
        if (stored > 0) {
            printf("%6.1fx\n", (double)raw / (double)stored);
        } else {
            printf("%7s\n", "-");
        }
    }
    for (int i = 0; i < o->spec->n_observables; i++) {
        printf("%s%s", i == 0 ? "observables: " : ", ",
               o->spec->observables[i].name);
    }
    if (o->spec->n_observables > 0) {
        printf("\n");
    }
    return MF_OK;
}

static mf_status check_frames(const info *o)
{
    const uint64_t n = mf_trajectory_frames(o->reader);
    mf_frames frames;
    mf_frame f;
    mf_status st = MF_OK;

    MF_TRY(mf_frames_create(o->reader, &frames));
    if (n > 0) {
        st = mf_frames_get(&frames, 0, &f);
    }
    for (uint64_t t = 0; t < n && st == MF_OK && o->check; t += frames.most) {
        st = mf_frames_get(&frames, t, &f);
    }
    if (st == MF_OK && n > 0) {
        st = mf_frames_get(&frames, n - 1, &f);
    }
    mf_frames_clear(&frames);
    MF_TRY(st);
    printf("damage     none found in %s\n",
           o->check ? "any frame"
                    : "the first and last frames (--check reads all)");
    return MF_OK;
}

static mf_status print_all(info *o)
{
    const size_t parts = mf_trajectory_parts(o->reader);

    printf("%s: a trajectory, %s", o->path, size_text(o->facts.bytes));
    if (parts > 0) {
        printf(" and the %zu part%s beside it", parts, parts == 1 ? "" : "s");
    }
    printf(", %s\n", how_left(&o->facts));
    print_origin(o);
    MF_TRY(print_steps(o));
    MF_TRY(print_episodes(o));
    print_agents(o);
    MF_TRY(check_frames(o));
    return print_fields(o);
}

static mf_status show_trajectory(info *o)
{
    mf_status st;

    MF_TRY(mf_trajectory_open(o->path, &o->reader));
    o->spec = mf_trajectory_described(o->reader);
    if (o->config) {
        fputs(o->spec->config, stdout);
        st = MF_OK;
    } else {
        st = mf_alloc(BLOCK, sizeof(*o->block), "steps", &o->block);
        if (st == MF_OK) {
            st = mf_alloc(BLOCK, sizeof(*o->more), "steps", &o->more);
        }
        if (st == MF_OK) {
            st = print_all(o);
        }
    }
    mf_free(&o->block);
    mf_free(&o->more);
    mf_trajectory_close(&o->reader);
    return st;
}

mf_status mf_traj_command_info(int argc, char **argv)
{
    info o = {0};
    const mf_traj_option options[] = {{.name = "--check", .flag = &o.check},
                                      {.name = "--config", .flag = &o.config},
                                      {0}};

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_traj_arguments(argc, argv, "info", options, "FILE", 1, &o.path));
    MF_TRY(mf_file_inspect(o.path, &o.facts));
    if (o.facts.kind == MF_FILE_TRAJECTORY) {
        return show_trajectory(&o);
    }
    printf("%s: %s, %s, %s\n", o.path, o.facts.what, size_text(o.facts.bytes),
           how_left(&o.facts));
    return MF_OK;
}
