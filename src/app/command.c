#include "command.h"

#include <stdio.h>
#include <string.h>

bool mf_is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

bool mf_helps(int argc, char **argv, const char *help)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (mf_is_help(argv[i])) {
            fputs(help, stdout);
            return true;
        }
    }
    return false;
}
