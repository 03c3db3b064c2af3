#include "opt_impl.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 63 };

static int min3(int a, int b, int c)
{
    const int ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from
 * a[n] to b[m]; case does not count. */
static int edit_distance(const char *a, size_t n, const char *b, size_t m)
{
    int d[LONGEST + 1][LONGEST + 1];

    for (size_t i = 0; i <= n; i++) {
        d[i][0] = (int)i;
    }
    for (size_t j = 0; j <= m; j++) {
        d[0][j] = (int)j;
    }
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            const int x = tolower((unsigned char)a[i - 1]);
            const int y = tolower((unsigned char)b[j - 1]);

            d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
                           d[i - 1][j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2])) {
                d[i][j] = min3(d[i][j], d[i - 2][j - 2] + 1, d[i][j]);
            }
        }
    }
    return d[n][m];
}

/* One is the start of the other: "temp" for temperature, "batchsize" for batch,
 * but not env.<unknown> for env. */
static bool is_other_form(const char *want, size_t n, const char *word,
                          size_t len)
{
    const size_t shared = n < len ? n : len;

    return shared >= 3 && want[shared] != '.' &&
           strncasecmp(want, word, shared) == 0;
}

void mf_nearest_offer(mf_nearest *best, const char *word, size_t len)
{
    const size_t n = strlen(best->want);
    const int limit = 1 + (int)n / 4; /* slips that a word of n letters has */

    if (n == 0 || n > LONGEST || len > LONGEST) {
        return;
    }
    int distance = edit_distance(best->want, n, word, len);

    if (distance > limit && is_other_form(best->want, n, word, len)) {
        distance = limit;
    }
    if (distance <= limit && distance < (int)n &&
        (best->word == NULL || distance < best->distance)) {
        best->word = word;
        best->len = (int)len;
        best->distance = distance;
    }
}
