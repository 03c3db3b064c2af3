/** @file toy_test.h
 *  Tiny worlds that algorithms learn in through their calls alone: a driver
 *  that plays, and learns from samples or from the steps of the round.
 */
#ifndef MFRL_TESTS_UNIT_TOY_TEST_H
#define MFRL_TESTS_UNIT_TOY_TEST_H

#include "unit/algo_test.h"

enum { TOY_AGENTS = 16, TOY_STEPS = 8, TOY_ACTIONS = 4, TOY_STATES = 25 };
enum { TOY_ROWS = TOY_AGENTS * (TOY_STEPS + 1), TOY_RING = 4000 };
enum { TOY_BATCH = TOY_AGENTS * TOY_STEPS, TOY_END = -1, TOY_LAGS = 8 };

/* Agents play it side by side.  Their mean action is drawn, and one of two:
 * mine 0, all four neighbours chose action 0; mine 1, one chose action 1. */
typedef struct toy {
    int n_states, n_actions;
    int limit; /* steps, then an episode is cut off; 0 = none */
    double gamma;
    int (*step)(int s, int a, int mine, float *rew); /* next state, TOY_END */
} toy;

static inline void toy_unpack(const void *cfg, const uint8_t *obs,
                              const uint8_t *ctx, float *x)
{
    const toy *t = cfg;

    (void)ctx;
    for (int s = 0; s < t->n_states; s++) {
        x[s] = obs[0] == s;
    }
}

static inline uint32_t toy_key(const void *cfg, const uint16_t *counts)
{
    (void)cfg;
    return counts[1];
}

static inline mf_algo_spec toy_spec(const toy *t, const mf_run_cfg *run)
{
    return (mf_algo_spec){.run = run,
                          .n_agents = TOY_AGENTS,
                          .n_actions = t->n_actions,
                          .obs_bytes = 1,
                          .obs_floats = t->n_states,
                          .obs_states = t->n_states,
                          .n_inputs = 1,
                          .inputs = {{"state", 1, 1, t->n_states}},
                          .layers = layers_of(run),
                          .unpack = toy_unpack,
                          .env_cfg = t,
                          .abar_states = 2,
                          .abar_key = toy_key,
                          .batch = TOY_BATCH,
                          .max_rows = TOY_ROWS};
}

/* Steps as arrays of their fields. */
typedef struct steps {
    int n;
    uint32_t id[TOY_RING];
    uint8_t obs[TOY_RING], act[TOY_RING], done[TOY_RING], link[TOY_RING];
    uint8_t next_obs[TOY_RING], learn[TOY_RING];
    uint16_t counts[TOY_RING * TOY_ACTIONS];
    uint16_t next_counts[TOY_RING * TOY_ACTIONS];
    float rew[TOY_RING], prob[TOY_RING], adv[TOY_RING], ret[TOY_RING];
    float value[TOY_RING], pi[TOY_RING];
} steps;

/* One agent's steps of this round, and that of the one before which waits for
 * its next. */
typedef struct track {
    int n, age;
    int state[TOY_STEPS + 2], mine[TOY_STEPS + 2]; /* and where it is now */
    int act[TOY_STEPS + 2];
    float rew[TOY_STEPS + 2], prob[TOY_STEPS + 2];
    uint8_t link[TOY_STEPS + 2];
} track;

typedef struct player {
    const toy *toy;
    learner l;
    double t;
    int lag;      /* rounds that the weights that act are old */
    int no_ratio; /* 1: as if the new weights had acted */
    int passes;   /* over the steps of a round, or as many samples */
    uint64_t update;
    dice d;
    track tracks[TOY_AGENTS];
    float *old[TOY_LAGS + 1]; /* weights, by round */
    int round;
    steps ring, rows, batch;
    int n_ring;
} player;

static inline player *player_open(const toy *t, const mf_run_cfg *run,
                                  const mf_algo_ops *ops, const char *options,
                                  double temperature)
{
    player *p;

    ck_assert(mf_alloc(1, sizeof(*p), "player", &p) == MF_OK);
    p->toy = t;
    p->t = temperature;
    p->passes = 1;
    p->d = dice_of(11);
    p->l = learner_open_with(ops, toy_spec(t, run), options);
    for (int k = 0; k <= TOY_LAGS; k++) {
        p->old[k] = new_floats(p->l.n_weights, 1, 1);
        memcpy(p->old[k], p->l.weights, p->l.n_weights * sizeof(float));
    }
    for (int i = 0; i < TOY_AGENTS; i++) {
        p->tracks[i].state[0] = (int)roll(&p->d, (uint32_t)t->n_states);
        p->tracks[i].mine[0] = (int)roll(&p->d, 2);
    }
    return p;
}

static inline void player_close(player **p)
{
    for (int k = 0; k <= TOY_LAGS; k++) {
        mf_free(&(*p)->old[k]);
    }
    learner_close(&(*p)->l);
    mf_free(p);
}

static inline void set_counts(uint16_t *counts, int n_actions, int mine)
{
    memset(counts, 0, (size_t)n_actions * sizeof(*counts));
    counts[0] = (uint16_t)(4 - mine);
    counts[1] = (uint16_t)mine;
}

/* All agents choose. */
static inline void toy_act(player *p)
{
    const int n = p->toy->n_actions;
    uint32_t who[TOY_AGENTS], draw[TOY_AGENTS];
    uint8_t obs[TOY_AGENTS], act[TOY_AGENTS];
    uint16_t counts[TOY_AGENTS * TOY_ACTIONS];
    float prob[TOY_AGENTS];
    const mf_act_batch b = {.n = TOY_AGENTS,
                            .who = who,
                            .id = who,
                            .obs = obs,
                            .counts = counts,
                            .draw = draw,
                            .act = act,
                            .prob = prob};
    const int old = p->round - p->lag > 0 ? p->round - p->lag : 0;

    for (uint32_t i = 0; i < TOY_AGENTS; i++) {
        const track *a = &p->tracks[i];

        who[i] = i;
        draw[i] = mf_rng_u32(&p->d.key, p->d.next++);
        obs[i] = (uint8_t)a->state[a->n];
        set_counts(counts + i * (uint32_t)n, n, a->mine[a->n]);
    }
    ck_assert(p->l.ops->act(p->l.algo, p->old[old % (TOY_LAGS + 1)], p->t,
                            &b) == MF_OK);
    for (int i = 0; i < TOY_AGENTS; i++) {
        p->tracks[i].act[p->tracks[i].n] = act[i];
        p->tracks[i].prob[p->tracks[i].n] = prob[i];
    }
}

/* A finished transition into the ring of samples. */
static inline void remember(player *p, uint32_t id, const track *a, int k)
{
    const int n = p->toy->n_actions, at = p->n_ring % TOY_RING;
    const int next = a->link[k] == MF_LINK_NEXT ? k + 1 : k;
    steps *r = &p->ring;

    r->id[at] = id;
    r->obs[at] = (uint8_t)a->state[k];
    r->act[at] = (uint8_t)a->act[k];
    r->rew[at] = a->rew[k];
    r->done[at] = a->link[k] == MF_LINK_END;
    r->next_obs[at] = (uint8_t)a->state[next];
    set_counts(r->counts + at * n, n, a->mine[k]);
    set_counts(r->next_counts + at * n, n, a->mine[next]);
    p->n_ring++;
    r->n = p->n_ring < TOY_RING ? p->n_ring : TOY_RING;
}

/* One agent's step: its reward, and where it is then. */
static inline void toy_move(player *p, track *a)
{
    const int k = a->n++;
    const int next =
        p->toy->step(a->state[k], a->act[k], a->mine[k], &a->rew[k]);
    const int cut = p->toy->limit > 0 && ++a->age >= p->toy->limit;

    a->link[k] = next == TOY_END ? MF_LINK_END
                 : cut           ? MF_LINK_CUT
                                 : MF_LINK_NEXT;
    if (a->link[k] == MF_LINK_NEXT) {
        a->state[k + 1] = next;
    } else {
        a->age = 0;
        a->state[k + 1] = (int)roll(&p->d, (uint32_t)p->toy->n_states);
    }
    a->mine[k + 1] = (int)roll(&p->d, 2);
}

/* A round's steps, chained: what has no next one yet waits for the next
 * round, where it is the first. */
static inline void toy_play(player *p)
{
    track kept[TOY_AGENTS];

    for (int step = 0; step < TOY_STEPS; step++) {
        toy_act(p);
        for (int i = 0; i < TOY_AGENTS; i++) {
            toy_move(p, &p->tracks[i]);
        }
    }
    memcpy(kept, p->tracks, sizeof(kept));
    p->rows.n = 0;
    for (uint32_t i = 0; i < TOY_AGENTS; i++) {
        const track *a = &kept[i];
        track *next = &p->tracks[i];
        const int carry = a->link[a->n - 1] == MF_LINK_NEXT;

        for (int k = 0; k < a->n; k++) {
            const int at = p->rows.n++;

            p->rows.id[at] = i;
            p->rows.obs[at] = (uint8_t)a->state[k];
            p->rows.act[at] = (uint8_t)a->act[k];
            p->rows.rew[at] = a->rew[k];
            p->rows.prob[at] = a->prob[k];
            p->rows.link[at] =
                carry && k == a->n - 1 ? MF_LINK_NEWEST : a->link[k];
            set_counts(p->rows.counts + at * p->toy->n_actions,
                       p->toy->n_actions, a->mine[k]);
            if (p->rows.link[at] == MF_LINK_NEXT ||
                p->rows.link[at] == MF_LINK_END || p->toy->gamma == 0) {
                remember(p, i, a, k);
            }
        }
        /* with gamma 0 nothing has to wait */
        next->n = carry && p->toy->gamma > 0;
        for (int k = 0; k <= next->n; k++) {
            const int from = a->n - next->n + k;

            next->state[k] = a->state[from];
            next->mine[k] = a->mine[from];
            next->act[k] = k < next->n ? a->act[from] : 0;
            next->rew[k] = k < next->n ? a->rew[from] : 0;
            next->prob[k] = k < next->n ? a->prob[from] : 0;
            next->link[k] = MF_LINK_NEXT;
        }
    }
}

static inline void toy_update(player *p, const mf_minibatch *b)
{
    learner *l = &p->l;
    mf_loss_sums sums = {0};

    memset(l->grad, 0, l->n_grad * sizeof(float));
    ck_assert(l->ops->gradient(l->algo, l->weights, l->state, p->t, b, l->grad,
                               &sums) == MF_OK);
    ck_assert(l->ops->apply(l->algo, l->grad, b->n, ++p->update, l->weights,
                            l->state) == MF_OK);
}

static inline void copy_step(const player *p, const steps *from, int k,
                             steps *to)
{
    const size_t n = (size_t)p->toy->n_actions;
    const int at = to->n++;

    to->id[at] = from->id[k];
    to->obs[at] = from->obs[k];
    to->act[at] = from->act[k];
    to->rew[at] = from->rew[k];
    to->done[at] = from->done[k];
    to->next_obs[at] = from->next_obs[k];
    to->prob[at] = from->prob[k];
    to->adv[at] = from->adv[k];
    to->ret[at] = from->ret[k];
    memcpy(to->counts + (size_t)at * n, from->counts + (size_t)k * n,
           n * sizeof(*to->counts));
    memcpy(to->next_counts + (size_t)at * n, from->next_counts + (size_t)k * n,
           n * sizeof(*to->counts));
}

static inline mf_minibatch minibatch_of(const steps *s)
{
    return (mf_minibatch){.n = s->n,
                          .id = s->id,
                          .obs = s->obs,
                          .counts = s->counts,
                          .act = s->act,
                          .rew = s->rew,
                          .done = s->done,
                          .next_obs = s->next_obs,
                          .next_counts = s->next_counts,
                          .prob = s->prob,
                          .adv = s->adv,
                          .ret = s->ret};
}

/* All steps of the round that can be learned from, passes times. */
static inline void learn_round(player *p)
{
    steps *r = &p->rows;
    const mf_minibatch all = minibatch_of(r);
    const mf_chains c = {r->n,     r->link, r->rew, r->prob, r->pi,
                         r->value, r->adv,  r->ret, r->learn};
    mf_minibatch b;

    ck_assert(p->l.ops->evaluate(p->l.algo, p->l.weights, &all, r->value,
                                 r->pi) == MF_OK);
    if (p->no_ratio) {
        memcpy(r->prob, r->pi, (size_t)r->n * sizeof(*r->prob));
    }
    p->l.ops->advantages(p->l.algo, &c);
    p->batch.n = 0;
    for (int k = 0; k < r->n; k++) {
        if (r->learn[k]) {
            copy_step(p, r, k, &p->batch);
        }
    }
    b = minibatch_of(&p->batch);
    b.next_obs = NULL;
    b.next_counts = NULL;
    for (int k = 0; k < p->passes; k++) {
        toy_update(p, &b);
    }
}

static inline void learn_samples(player *p)
{
    for (int k = 0; k < p->passes; k++) {
        mf_minibatch b;

        p->batch.n = 0;
        for (int i = 0; i < TOY_BATCH; i++) {
            copy_step(p, &p->ring, (int)roll(&p->d, (uint32_t)p->ring.n),
                      &p->batch);
        }
        b = minibatch_of(&p->batch);
        b.prob = b.adv = b.ret = NULL;
        toy_update(p, &b);
    }
}

static inline void toy_rounds(player *p, int n)
{
    for (int k = 0; k < n; k++) {
        toy_play(p);
        if (p->l.on_policy) {
            learn_round(p);
        } else {
            learn_samples(p);
        }
        p->round++;
        memcpy(p->old[p->round % (TOY_LAGS + 1)], p->l.weights,
               p->l.n_weights * sizeof(float));
    }
}

/* The policy in one state, as shares of evenly spaced draws. */
static inline void toy_policy(player *p, int state, int mine, double *pi)
{
    enum { DRAWS = 1024 };
    uint32_t who[DRAWS], id[DRAWS] = {0}, draw[DRAWS];
    uint8_t obs[DRAWS], act[DRAWS];
    uint16_t counts[DRAWS * TOY_ACTIONS];
    const int n = p->toy->n_actions;
    const mf_act_batch b = {.n = DRAWS,
                            .who = who,
                            .id = id,
                            .obs = obs,
                            .counts = counts,
                            .draw = draw,
                            .act = act};

    for (uint32_t i = 0; i < DRAWS; i++) {
        who[i] = i;
        draw[i] = i << 22 | 1u << 21;
        obs[i] = (uint8_t)state;
        set_counts(counts + i * (uint32_t)n, n, mine);
    }
    ck_assert(p->l.ops->act(p->l.algo, p->l.weights, p->t, &b) == MF_OK);
    for (int a = 0; a < n; a++) {
        pi[a] = 0;
    }
    for (int i = 0; i < DRAWS; i++) {
        pi[act[i]] += 1.0 / DRAWS;
    }
}

/* Mean over the two mean actions. */
static inline void toy_mean_policy(player *p, int state, double *pi)
{
    double one[TOY_ACTIONS];

    toy_policy(p, state, 0, pi);
    toy_policy(p, state, 1, one);
    for (int a = 0; a < p->toy->n_actions; a++) {
        pi[a] = (pi[a] + one[a]) / 2;
    }
}

/* Values V [n_states] of the policy that is played, by iteration. */
static inline void toy_values(player *p, double *v)
{
    static double pi[TOY_STATES][TOY_ACTIONS];

    for (int s = 0; s < p->toy->n_states; s++) {
        toy_mean_policy(p, s, pi[s]);
        v[s] = 0;
    }
    for (int k = 0; k < 400; k++) {
        for (int s = 0; s < p->toy->n_states; s++) {
            double sum = 0;

            for (int a = 0; a < p->toy->n_actions; a++) {
                float rew;
                const int next = p->toy->step(s, a, 0, &rew);

                sum += pi[s][a] *
                       ((double)rew +
                        (next == TOY_END ? 0 : p->toy->gamma * v[next]));
            }
            v[s] = sum;
        }
    }
}

#endif
