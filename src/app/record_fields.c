#include "record_fields.h"

#include <stdio.h>
#include <string.h>

#include "mfrl/cfg/opt.h"
#include "mfrl/io/trajectory.h"

static const struct {
    const char *name;
    unsigned bits;
} WORDS[] = {
    {"position", 1u << MF_TRAJ_POSITION},
    {"alive", 1u << MF_TRAJ_ALIVE},
    {"hp", 1u << MF_TRAJ_HP},
    {"action", 1u << MF_TRAJ_ACTION},
    {"reward", 1u << MF_TRAJ_REWARD},
    {"counts", 1u << MF_TRAJ_COUNTS},
    {"neighbours", 1u << MF_TRAJ_NEIGHBOURS},
    {"all", (1u << MF_TRAJ_FIELDS) - 1},
};
enum { N_WORDS = sizeof(WORDS) / sizeof(WORDS[0]) };

mf_status mf_record_fields(const char *list, unsigned *fields)
{
    char text[MF_OPT_TEXT];
    char *rest = text;
    unsigned bits = 1u << MF_TRAJ_POSITION | 1u << MF_TRAJ_ALIVE;

    snprintf(text, sizeof(text), "%s", list);
    for (char *word; (word = strsep(&rest, ", ")) != NULL;) {
        int k = 0;

        while (k < N_WORDS && strcmp(word, WORDS[k].name) != 0) {
            k++;
        }
        if (word[0] != '\0' && k == N_WORDS) {
            return MF_FAIL(MF_ERR_USAGE,
                           "trajectory.fields = %s: '%s' is none of hp, "
                           "action, reward, counts, neighbours, all",
                           list, word);
        }
        bits |= word[0] != '\0' ? WORDS[k].bits : 0;
    }
    *fields = bits;
    return MF_OK;
}
