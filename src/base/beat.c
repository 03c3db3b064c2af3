#include "mfrl/base/beat.h"

#include <stdatomic.h>
#include <stddef.h>

static atomic_ulong beats, waiting;
static _Atomic(void (*)(void)) wanted;

/* Only the main thread writes, so that no locked operation is needed. */
static void count(atomic_ulong *n)
{
    void (*hook)(void) = atomic_load_explicit(&wanted, memory_order_relaxed);

    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (hook != NULL) {
        atomic_store(&wanted, NULL);
        hook();
    }
}

void mf_beat(void) { count(&beats); }

void mf_beat_waiting(void) { count(&waiting); }

unsigned long mf_beats(void) { return atomic_load(&beats); }

unsigned long mf_beats_waiting(void) { return atomic_load(&waiting); }

void mf_beat_call(void (*hook)(void)) { atomic_store(&wanted, hook); }
