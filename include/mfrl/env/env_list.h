/* Every environment, one line each; registry.c expands this twice. */
MF_ENV(battle)
MF_ENV(ising)
MF_ENV(squeeze)
