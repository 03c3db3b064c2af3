/* Every algorithm, one line each; registry.c expands this twice. */
MF_ALGO(mfq)
MF_ALGO(il)
MF_ALGO(mfac)
MF_ALGO(ac)
MF_ALGO(mfppo)
MF_ALGO(fmq)
MF_ALGO(rec_fmq)
