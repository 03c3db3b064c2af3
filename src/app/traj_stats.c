/* `mfrl-dist traj stats`: what teams did and earned, over time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/sheet.h"
#include "mfrl/io/whole_file.h"
#include "traj_command.h"
#include "traj_names.h"
#include "traj_place.h"
#include "traj_sums.h"

static const char HELP[] =
    "usage: mfrl-dist traj stats [--every K | --episodes] [--csv OUT] FILE\n"
    "\n"
    "Prints by team and window of frames:\n"
    "    alive    agents alive in the window's last frame\n"
    "    deaths   agents who are there in a frame and not in the next one of\n"
    "             the same episode; kills are the other team's deaths.  In\n"
    "             games of one team without hp nobody dies: there it is "
    "acting\n"
    "             instead of alive, because some may rest\n"
    "    return   sum of the window's rewards over agents of the team\n"
    "    reward   mean of a living agent and frame;  hp likewise\n"
    "    H(team)  entropy of the team's mean action, nats, mean over frames\n"
    "    H(local) of the mean actions that agents saw, if counts are recorded\n"
    "and of spins on a lattice the order parameter |mean spin| and the mean\n"
    "product of neighbouring spins, after each step; then the actions by "
    "team.\n"
    "    --every K    windows of K frames (default: ten windows)\n"
    "    --episodes   a window for every episode\n"
    "    --csv OUT    all numbers, one row per window, whole or not at all\n"
    "A death in the last step of an episode is not in the file.\n";

static const uint64_t NOT_GIVEN = UINT64_MAX;

typedef struct stats {
    const char *path, *csv;
    uint64_t every;
    bool episodes, spins, local, two, die;
    mf_trajectory_reader *reader;
    const mf_trajectory_spec *spec;
    mf_frames frames;
    mf_traj_sums sums;
    mf_traj_names names;
    mf_window_sums *total;
    mf_whole_file out;
} stats;

static double ratio(double sum, uint64_t n)
{
    return n > 0 ? sum / (double)n : 0;
}

static uint64_t kills(const stats *s, const mf_window_sums *w, int k)
{
    return s->two ? w->teams[1 - k].deaths : 0;
}

/* ---- the table ---------------------------------------------------------- */

static void print_header(const stats *s)
{
    printf("%-17s", "steps");
    if (s->spins) {
        printf(" %8s %8s %8s %8s", "order", "corr", "reward", "up");
    } else {
        printf(" %4s %8s %7s %7s %9s %9s %8s %8s", "team",
               s->die ? "alive" : "acting", s->die ? "deaths" : "",
               s->two ? "kills" : "", "return", "reward", "hp", "H(team)");
    }
    printf("%s\n", s->local ? " H(local)" : "");
}

static void print_team(const stats *s, const mf_window_sums *w, int k)
{
    const mf_team_sums *t = &w->teams[k];
    char died[24] = "", killed[24] = "";

    if (s->die) {
        snprintf(died, sizeof(died), "%" PRIu64, t->deaths);
    }
    if (s->two) {
        snprintf(killed, sizeof(killed), "%" PRIu64, kills(s, w, k));
    }
    printf(" %4d %8" PRIu64 " %7s %7s %9.4g %9.4g", s->sums.teams[k],
           t->last_living, died, killed, ratio(t->reward, s->sums.size[k]),
           ratio(t->reward, t->living));
    if (mf_trajectory_has(s->spec, MF_TRAJ_HP)) {
        printf(" %8.4g", ratio(t->hp, t->living));
    } else {
        printf(" %8s", "-");
    }
    printf(" %8.4f", ratio(t->entropy, t->n_entropy));
}

static void print_spins(const mf_window_sums *w)
{
    const mf_team_sums *t = &w->teams[0];

    printf(" %8.4f %8.4f %8.4f %8.4f", ratio(w->order, w->n_spins),
           ratio(w->correlation, w->n_spins), ratio(t->reward, t->living),
           ratio((double)t->actions[1], t->actions[0] + t->actions[1]));
}

static void print_window(const stats *s, const mf_window_sums *w,
                         const char *label)
{
    for (int k = 0; k < s->sums.n_teams; k++) {
        printf("%-17s", k == 0 ? label : "");
        if (s->spins) {
            print_spins(w);
        } else {
            print_team(s, w, k);
        }
        if (s->local) {
            printf(" %8.4f",
                   ratio(w->teams[k].local_entropy, w->teams[k].n_local));
        }
        printf("\n");
    }
}

static uint64_t all_actions(const mf_team_sums *t)
{
    uint64_t n = 0;

    for (int a = 0; a < MF_SUMS_ACTIONS; a++) {
        n += t->actions[a];
    }
    return n;
}

static void print_actions(const stats *s)
{
    printf("\n%-17s", "actions, %");
    for (int k = 0; k < s->sums.n_teams; k++) {
        printf(" team %-3d", s->sums.teams[k]);
    }
    printf("\n");
    for (int a = 0; a < MF_SUMS_ACTIONS; a++) {
        uint64_t n = 0;

        for (int k = 0; k < s->sums.n_teams; k++) {
            n += s->total->teams[k].actions[a];
        }
        if (n == 0 && a >= s->names.n) {
            continue;
        }
        printf("%-17s", mf_traj_names_of(&s->names, a));
        for (int k = 0; k < s->sums.n_teams; k++) {
            const mf_team_sums *t = &s->total->teams[k];

            printf(" %8.3f",
                   100 * ratio((double)t->actions[a], all_actions(t)));
        }
        printf("\n");
    }
}

/* ---- the same as CSV ---------------------------------------------------- */

static void write_header(const stats *s)
{
    const char *const there = s->die ? "alive" : "acting";
    FILE *f = s->out.to;

    fputs("first_frame,frames,first_step,last_step,episode", f);
    if (s->spins) {
        fputs(",order_parameter,neighbour_correlation", f);
    }
    for (int k = 0; k < s->sums.n_teams; k++) {
        const int team = s->sums.teams[k];

        fprintf(f, ",team_%d/%s,team_%d/%s_mean", team, there, team, there);
        if (s->die) {
            fprintf(f, ",team_%d/deaths", team);
        }
        fprintf(f,
                ",team_%d/return,team_%d/reward_mean,team_%d/hp_mean,"
                "team_%d/entropy,team_%d/local_entropy",
                team, team, team, team, team);
        if (s->two) {
            fprintf(f, ",team_%d/kills", team);
        }
        for (int a = 0; a < s->names.n; a++) {
            char name[128];

            snprintf(name, sizeof(name), "team_%d/%s", team,
                     mf_traj_names_of(&s->names, a));
            fputc(',', f);
            mf_sheet_put(f, name);
        }
    }
    fputc('\n', f);
}

/* A number, or nothing where there is none. */
static void write_mean(FILE *f, double sum, uint64_t n)
{
    if (n > 0) {
        fprintf(f, ",%.9g", sum / (double)n);
    } else {
        fputc(',', f);
    }
}

static void write_team(const stats *s, const mf_window_sums *w, int k)
{
    const mf_team_sums *t = &w->teams[k];
    const uint64_t n = all_actions(t);
    FILE *f = s->out.to;

    fprintf(f, ",%" PRIu64, t->last_living);
    write_mean(f, (double)t->living, w->n);
    if (s->die) {
        fprintf(f, ",%" PRIu64, t->deaths);
    }
    write_mean(f, t->reward,
               mf_trajectory_has(s->spec, MF_TRAJ_REWARD) ? s->sums.size[k]
                                                          : 0);
    write_mean(f, t->reward,
               mf_trajectory_has(s->spec, MF_TRAJ_REWARD) ? t->living : 0);
    write_mean(f, t->hp,
               mf_trajectory_has(s->spec, MF_TRAJ_HP) ? t->living : 0);
    write_mean(f, t->entropy, t->n_entropy);
    write_mean(f, t->local_entropy, t->n_local);
    if (s->two) {
        fprintf(f, ",%" PRIu64, kills(s, w, k));
    }
    for (int a = 0; a < s->names.n; a++) {
        write_mean(f, (double)t->actions[a], n);
    }
}

static void write_window(const stats *s, const mf_window_sums *w)
{
    FILE *f = s->out.to;

    fprintf(f, "%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRId64 ",", w->first,
            w->n, w->first_step, w->last_step);
    if (w->episode >= 0) {
        fprintf(f, "%" PRId64, w->episode);
    }
    if (s->spins) {
        write_mean(f, w->order, w->n_spins);
        write_mean(f, w->correlation, w->n_spins);
    }
    for (int k = 0; k < s->sums.n_teams; k++) {
        write_team(s, w, k);
    }
    fputc('\n', f);
}

/* ---- frame by frame ----------------------------------------------------- */

static void take_window(stats *s)
{
    const mf_window_sums *w = &s->sums.now;
    char label[48];

    if (w->n == 0) {
        return;
    }
    snprintf(label, sizeof(label), "%" PRId64 "-%" PRId64, w->first_step,
             w->last_step);
    print_window(s, w, label);
    if (s->out.to != NULL) {
        write_window(s, w);
    }
    mf_traj_sums_join(s->total, w);
    mf_traj_sums_next(&s->sums);
}

static mf_status walk(stats *s)
{
    const uint64_t n = mf_trajectory_frames(s->reader);
    mf_frame f;

    for (uint64_t t = 0; t < n; t++) {
        MF_TRY(mf_frames_get(&s->frames, t, &f));
        mf_traj_sums_step(&s->sums, &f);
        if (s->episodes ? f.episode != s->sums.now.episode
                        : s->sums.now.n == s->every) {
            take_window(s);
        }
        mf_traj_sums_frame(&s->sums, &f);
    }
    take_window(s);
    return MF_OK;
}

static mf_status prepare(stats *s)
{
    const uint64_t n = mf_trajectory_frames(s->reader);

    if (s->episodes && !s->spec->episodes) {
        return MF_FAIL(MF_ERR_FILE, "%s: episodes are not recorded", s->path);
    }
    if (s->every == NOT_GIVEN) {
        s->every = n > 10 ? (n + 9) / 10 : 1;
    }
    MF_TRY(mf_traj_sums_create(s->spec, s->path, &s->sums));
    s->spins = mf_traj_sums_spins(s->spec);
    s->local = mf_trajectory_has(s->spec, MF_TRAJ_COUNTS);
    s->two = s->sums.n_teams == 2;
    s->die = s->sums.n_teams > 1 || mf_trajectory_has(s->spec, MF_TRAJ_HP);
    MF_TRY(mf_traj_names_create(s->spec, &s->names));
    MF_TRY(mf_alloc(1, sizeof(*s->total), "sums", &s->total));
    return mf_frames_create_some(
        s->reader,
        1u << MF_TRAJ_ALIVE | 1u << MF_TRAJ_HP | 1u << MF_TRAJ_ACTION |
            1u << MF_TRAJ_REWARD | 1u << MF_TRAJ_COUNTS,
        &s->frames);
}

static mf_status show(stats *s)
{
    mf_status st;

    if (s->csv != NULL) {
        MF_TRY(mf_traj_spare(s->reader, s->path, s->csv));
        MF_TRY(mf_whole_file_open(s->csv, &s->out));
        write_header(s);
    }
    print_header(s);
    st = walk(s);
    if (st == MF_OK) {
        print_window(s, s->total, "all");
        print_actions(s);
    }
    return mf_whole_file_close(&s->out, st);
}

mf_status mf_traj_command_stats(int argc, char **argv)
{
    stats s = {.every = NOT_GIVEN};
    const mf_traj_option options[] = {
        {.name = "--every", .number = &s.every},
        {.name = "--episodes", .flag = &s.episodes},
        {.name = "--csv", .text = &s.csv},
        {0}};
    mf_status st;

    if (mf_helps(argc, argv, HELP)) {
        return MF_OK;
    }
    MF_TRY(mf_traj_arguments(argc, argv, "stats", options, "FILE", 1, &s.path));
    if (s.every == 0 || (s.every != NOT_GIVEN && s.episodes)) {
        return MF_FAIL(MF_ERR_USAGE, s.every == 0
                                         ? "--every: give 1 or more frames"
                                         : "give --every or --episodes, not "
                                           "both");
    }
    MF_TRY(mf_trajectory_open(s.path, &s.reader));
    s.spec = mf_trajectory_described(s.reader);
    st = prepare(&s);
    st = st == MF_OK ? show(&s) : st;
    mf_frames_clear(&s.frames);
    mf_traj_sums_clear(&s.sums);
    mf_traj_names_clear(&s.names);
    mf_free(&s.total);
    mf_trajectory_close(&s.reader);
    return st;
}
