/* The program's name and version, in one place. */
#ifndef MFRL_APP_VERSION_H
#define MFRL_APP_VERSION_H

#define MF_VERSION "0.1.0"

#endif
