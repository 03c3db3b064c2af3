/* Every algorithm, one line each; registry.c expands this twice. */
MF_ALGO(mfq)
