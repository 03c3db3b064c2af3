#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 64 };

static mf_status differs(const mf_compare *c, uint32_t agent, const char *field,
                         const char *want, const char *got)
{
    return MF_FAIL(MF_ERR_FILE,
                   "%s: frame %" PRIu64 " (step %" PRId64 "), agent %u, %s: "
                   "expected %s, got %s",
                   c->path, c->frame->number, c->frame->step, agent, field,
                   want, got);
}

/* A state that is wrong comes of the frame before it. */
static mf_status state_differs(const mf_compare *c, uint32_t agent,
                               const char *field, const char *want,
                               const char *got)
{
    char where[WORDS];

    if (c->frame->number == 0) {
        return differs(c, agent, field, want, got);
    }
    snprintf(where, sizeof(where), "%s (after frame %" PRIu64 ")", field,
             c->frame->number - 1);
    return differs(c, agent, where, want, got);
}

static bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static void say_float(float x, char out[WORDS])
{
    snprintf(out, WORDS, "%.9g", (double)x);
}

static mf_status compare_position(const mf_compare *c, uint32_t i)
{
    const int32_t *want = c->sim->rows.position[i];
    const int32_t *got = c->frame->position + 3 * (size_t)i;
    char words[2][WORDS];

    if (memcmp(want, got, 3 * sizeof(*want)) == 0) {
        return MF_OK;
    }
    snprintf(words[0], WORDS, "(%d, %d, %d)", want[0], want[1], want[2]);
    snprintf(words[1], WORDS, "(%d, %d, %d)", got[0], got[1], got[2]);
    return state_differs(c, i, "position", words[0], words[1]);
}

static mf_status compare_hp(const mf_compare *c, uint32_t i)
{
    char words[2][WORDS];

    if (same_float(c->sim->rows.hp[i], c->frame->hp[i])) {
        return MF_OK;
    }
    say_float(c->sim->rows.hp[i], words[0]);
    say_float(c->frame->hp[i], words[1]);
    return state_differs(c, i, "hp", words[0], words[1]);
}

/* Files of other programs know nothing of episodes. */
static mf_status compare_episode(const mf_compare *c)
{
    const mf_env_ops *env = c->sim->cfg->env;
    uint64_t episode;
    int64_t steps;

    if (c->frame->episode_step < 0 || env->episode == NULL) {
        return MF_OK;
    }
    env->episode(c->sim->env, &episode, &steps);
    if ((int64_t)episode == c->frame->episode &&
        steps == c->frame->episode_step) {
        return MF_OK;
    }
    return MF_FAIL(MF_ERR_FILE,
                   "%s: frame %" PRIu64 " (step %" PRId64 "), episode: "
                   "expected number %" PRIu64 " after %" PRId64 " steps, got "
                   "number %" PRId64 " after %" PRId64,
                   c->path, c->frame->number, c->frame->step, episode, steps,
                   c->frame->episode, c->frame->episode_step);
}

mf_status mf_compare_state(const mf_compare *c)
{
    static const char *const WORD[] = {"0", "1"};
    const mf_frame *f = c->frame;

    for (uint32_t i = 0; i < c->sim->n_agents; i++) {
        if (f->alive[i] != c->sim->rows.alive[i]) {
            return state_differs(c, i, "alive", WORD[c->sim->rows.alive[i]],
                                 f->alive[i] == 0   ? "0"
                                 : f->alive[i] == 1 ? "1"
                                                    : "another number");
        }
        if (f->position != NULL) {
            MF_TRY(compare_position(c, i));
        }
        if (f->hp != NULL) {
            MF_TRY(compare_hp(c, i));
        }
    }
    return compare_episode(c);
}

mf_status mf_compare_actions(const mf_compare *c)
{
    const int n_actions = c->sim->cfg->env_spec.n_actions;
    char want[WORDS], got[WORDS];

    for (uint32_t i = 0; i < c->sim->n_agents; i++) {
        const int a = c->frame->action[i];
        const bool here = c->sim->rows.alive[i] != 0;

        if (here ? a < n_actions : a == MF_TRAJ_NO_ACTION) {
            continue;
        }
        snprintf(got, sizeof(got), "%d", a);
        snprintf(want, sizeof(want),
                 here ? "one from 0 to %d" : "255 as it is not there",
                 n_actions - 1);
        return differs(c, i, "action", want, got);
    }
    return MF_OK;
}

mf_status mf_compare_rewards(const mf_compare *c)
{
    char words[2][WORDS];

    for (uint32_t i = 0; c->frame->reward != NULL && i < c->sim->n_agents;
         i++) {
        if (!same_float(c->sim->rows.reward[i], c->frame->reward[i])) {
            say_float(c->sim->rows.reward[i], words[0]);
            say_float(c->frame->reward[i], words[1]);
            return differs(c, i, "reward", words[0], words[1]);
        }
    }
    return MF_OK;
}

/* Counts of one agent; at = its place in [n_agents][n_actions]. */
static mf_status compare_agent_counts(const mf_compare *c, uint32_t i)
{
    const size_t n_actions = (size_t)c->sim->cfg->env_spec.n_actions;
    char field[WORDS], want[WORDS], got[WORDS];

    for (size_t a = 0; a < n_actions; a++) {
        const size_t at = i * n_actions + a;
        const unsigned have = c->frame->wide_counts != NULL
                                  ? c->frame->wide_counts[at]
                                  : c->frame->counts[at];

        if (have != c->sim->rows.counts[at]) {
            snprintf(field, sizeof(field), "mean_action_counts of action %zu",
                     a);
            snprintf(want, sizeof(want), "%u", c->sim->rows.counts[at]);
            snprintf(got, sizeof(got), "%u", have);
            return differs(c, i, field, want, got);
        }
    }
    return MF_OK;
}

mf_status mf_compare_counts(const mf_compare *c)
{
    const bool counts =
        c->frame->counts != NULL || c->frame->wide_counts != NULL;
    char want[WORDS], got[WORDS];

    for (uint32_t i = 0; i < c->sim->n_agents; i++) {
        if (counts) {
            MF_TRY(compare_agent_counts(c, i));
        }
        if (c->frame->neighbours != NULL &&
            c->frame->neighbours[i] != c->sim->rows.neighbours[i]) {
            snprintf(want, sizeof(want), "%u", c->sim->rows.neighbours[i]);
            snprintf(got, sizeof(got), "%u", c->frame->neighbours[i]);
            return differs(c, i, "neighbours", want, got);
        }
    }
    return MF_OK;
}

static mf_status compare_part(const mf_compare *c, uint32_t agent,
                              const char *name, const float *want,
                              const float *got, size_t n)
{
    char field[WORDS], words[2][WORDS];

    for (size_t k = 0; k < n; k++) {
        if (!same_float(want[k], got[k])) {
            snprintf(field, sizeof(field), "float %zu of its %s", k, name);
            say_float(want[k], words[0]);
            say_float(got[k], words[1]);
            return differs(c, agent, field, words[0], words[1]);
        }
    }
    return MF_OK;
}

mf_status mf_compare_views(const mf_compare *c, const float *view,
                           size_t n_view, const float *features,
                           size_t n_features, float *seen)
{
    const mf_config *cfg = c->sim->cfg;
    const mf_env_agents *g = &c->sim->agents;
    const size_t bytes = (size_t)cfg->env_spec.obs_bytes;

    for (uint32_t i = 0; i < g->n; i++) {
        const uint32_t id = g->id[i];

        cfg->env->unpack(cfg->env_cfg, g->obs + i * bytes, g->ctx, seen);
        MF_TRY(compare_part(c, id, "view", seen, view + id * n_view, n_view));
        MF_TRY(compare_part(c, id, "features", seen + n_view,
                            features + id * n_features, n_features));
    }
    return MF_OK;
}
