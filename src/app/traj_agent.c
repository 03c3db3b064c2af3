/* `mfrl-dist traj agent`: one agent's track. */
#include <inttypes.h>
#include <stdio.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/sheet.h"
#include "mfrl/io/whole_file.h"
#include "traj_command.h"
#include "traj_names.h"
#include "traj_place.h"
#include "traj_track.h"

static const char HELP[] =
    "usage: mfrl-dist traj agent [--csv OUT] ID FILE\n"
    "\n"
    "Prints one agent's track, a line for each frame: step, episode, alive,\n"
    "x, y, hp, action and its name, reward; - for what is not recorded or,\n"
    "while the agent is absent, not there.  --csv OUT writes it to a file\n"
    "instead, whole or not at all.\n";

enum { BLOCK = 64 * 64 };

typedef struct agent {
    const char *path, *csv;
    uint32_t id;
    mf_trajectory_reader *reader;
    mf_traj_track track;
    mf_traj_names names;
    mf_whole_file out;
} agent;

static void print_header(const agent *a)
{
    if (a->out.to != NULL) {
        fputs("step,episode,alive,x,y,hp,action,action_name,reward\n",
              a->out.to);
        return;
    }
    printf("agent %u of team %d\n%10s %7s %5s %5s %5s %9s %6s %-16s %10s\n",
           a->id, mf_trajectory_described(a->reader)->species[a->id], "step",
           "episode", "alive", "x", "y", "hp", "action", "", "reward");
}

/* A number as text, with all its digits in a file, or what stands for none. */
static void number(const agent *a, char out[32], bool there, double value)
{
    if (there) {
        snprintf(out, 32, a->out.to != NULL ? "%.9g" : "%.6g",
                 value + 0.0); /* no -0 */
    } else {
        snprintf(out, 32, "%s", a->out.to != NULL ? "" : "-");
    }
}

static void print_row(const agent *a, uint64_t i)
{
    const mf_traj_track *t = &a->track;
    const bool csv = a->out.to != NULL, alive = t->alive[i] != 0;
    const bool acted = t->action != NULL && t->action[i] != MF_TRAJ_NO_ACTION;
    char ep[32], x[32], y[32], hp[32], act[32], rew[32];

    number(a, ep, t->episode[i] >= 0, (double)t->episode[i]);
    number(a, x, alive && t->position != NULL,
           t->position != NULL ? t->position[i][0] : 0);
    number(a, y, alive && t->position != NULL,
           t->position != NULL ? t->position[i][1] : 0);
    number(a, hp, alive && t->hp != NULL, t->hp != NULL ? (double)t->hp[i] : 0);
    number(a, act, acted, acted ? t->action[i] : 0);
    number(a, rew, t->reward != NULL,
           t->reward != NULL ? (double)t->reward[i] : 0);
    if (csv) {
        fprintf(a->out.to, "%" PRId64 ",%s,%d,%s,%s,%s,%s,", t->step[i], ep,
                alive, x, y, hp, act);
        mf_sheet_put(a->out.to,
                     acted ? mf_traj_names_of(&a->names, t->action[i]) : "");
        fprintf(a->out.to, ",%s\n", rew);
        return;
    }
    printf("%10" PRId64 " %7s %5s %5s %5s %9s %6s %-16s %10s\n", t->step[i], ep,
           alive ? "yes" : "no", x, y, hp, act,
           acted ? mf_traj_names_of(&a->names, t->action[i]) : "", rew);
}

static mf_status show(agent *a)
{
    const uint64_t n = mf_trajectory_frames(a->reader);
    mf_status st = MF_OK;

    if (a->csv != NULL) {
        MF_TRY(mf_traj_spare(a->reader, a->path, a->csv));
        MF_TRY(mf_whole_file_open(a->csv, &a->out));
    }
    print_header(a);
    for (uint64_t t = 0; t < n && st == MF_OK; t += BLOCK) {
        const uint64_t k = n - t < BLOCK ? n - t : BLOCK;

        st = mf_traj_track_read(&a->track, t, k);
        for (uint64_t i = 0; i < k && st == MF_OK; i++) {
            print_row(a, i);
        }
    }
    return mf_whole_file_close(&a->out, st);
}

static mf_status open_agent(agent *a, const char *id)
{
    const mf_trajectory_spec *s;
    uint64_t value;

    MF_TRY(mf_traj_number("ID", id, &value));
    MF_TRY(mf_trajectory_open(a->path, &a->reader));
    s = mf_trajectory_described(a->reader);
    if (value >= s->n_agents) {
        return MF_FAIL(MF_ERR_USAGE,
                       "there is no agent %s in %s, which has agents 0 to %u",
                       id, a->path, s->n_agents - 1);
    }
    a->id = (uint32_t)value;
    MF_TRY(mf_traj_names_create(s, &a->names));
    return mf_traj_track_create(a->reader, a->id, a->id + 1, BLOCK, &a->track);
}

mf_status mf_traj_command_agent(int argc, char **argv)
{
    agent a = {0};
    const char *words[2];
    const mf_traj_option options[] = {{.name = "--csv", .text = &a.csv}, {0}};
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_traj_arguments(argc, argv, "agent", options, "ID and FILE", 2,
                             words));
    a.path = words[1];
    st = open_agent(&a, words[0]);
    st = st == MF_OK ? show(&a) : st;
    mf_traj_track_clear(&a.track);
    mf_traj_names_clear(&a.names);
    mf_trajectory_close(&a.reader);
    return st;
}
