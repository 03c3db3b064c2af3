/* Digests of weights and worlds: what is equal when two runs are the same. */
#include <inttypes.h>
#include <string.h>

#include "mfrl/base/digest.h"
#include "mfrl/base/log.h"
#include "mfrl/comm/collective.h"
#include "trainer.h"

static uint64_t cell_digest(uint64_t at, const uint8_t *cell, size_t elem)
{
    uint64_t value = 0;

    if (elem <= sizeof(value)) {
        memcpy(&value, cell, elem);
    } else {
        value = mf_digest_bytes(cell, elem, 0);
    }
    return mf_digest_item(at, value);
}

/* Of the tile's cells; the state, which all tiles know, counts once. */
static uint64_t world_digest(mf_arena *a, mf_arena_world *w)
{
    const mf_env_ops *env = a->run->cfg->env;
    const mf_tile *t = &a->tile;
    uint64_t sum = 0;
    size_t elem, bytes;
    const uint8_t *cells = env->cells(w->env, &elem);

    for (int y = 0; y < t->ny; y++) {
        const uint8_t *row = cells + mf_tile_at(t, 0, y) * elem;
        const uint64_t first =
            (uint64_t)w->world << 40 |
            ((uint64_t)(t->y0 + y) * (uint64_t)t->width + (uint64_t)t->x0);

        for (int x = 0; x < t->nx; x++) {
            sum +=
                cell_digest(first + (uint64_t)x, row + (size_t)x * elem, elem);
        }
    }
    if (env->state != NULL && t->x0 == 0 && t->y0 == 0) {
        const void *state = env->state(w->env, &bytes);

        sum += mf_digest_item((uint64_t)w->world << 40 | UINT32_MAX,
                              mf_digest_bytes(state, bytes, 0));
    }
    return sum;
}

mf_status mf_trainer_digest(mf_trainer *t, uint64_t *weights, uint64_t *worlds)
{
    int64_t sum = 0;

    for (int w = 0; t->actor != NULL && w < t->actor->arena.n_worlds; w++) {
        sum =
            (int64_t)((uint64_t)sum + world_digest(&t->actor->arena,
                                                   &t->actor->arena.worlds[w]));
    }
    MF_TRY(mf_comm_sum_i64(&sum, 1, t->run->roles.control));
    *worlds = (uint64_t)sum;
    *weights = 0;
    if (t->run->roles.rank == 0) {
        *weights = mf_digest_bytes(
            t->learner->weights,
            mf_config_published(t->run->cfg) * sizeof(float), 0);
    }
    return MF_OK;
}

mf_status mf_trainer_log_digest(mf_trainer *t)
{
    uint64_t weights, worlds;

    MF_TRY(mf_trainer_digest(t, &weights, &worlds));
    mf_log_root(MF_LOG_INFO,
                "digest round=%lld weights=%016" PRIx64 " worlds=%016" PRIx64,
                (long long)t->round, weights, worlds);
    return MF_OK;
}
