#include "opt_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 32 };

void mf_opt_add(char *text, size_t size, const char *fmt, ...)
{
    const size_t used = strlen(text);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text + used, size - used, fmt, ap);
    va_end(ap);
}

const char *mf_opt_show(const char *text, char *shown)
{
    size_t i = 0;

    for (; text[i] != '\0' && i < MF_OPT_SHOWN - 4; i++) {
        const unsigned char c = (unsigned char)text[i];

        shown[i] = c < ' ' || c == 127 ? '?' : text[i];
    }
    memcpy(shown + i, text[i] == '\0' ? "" : "...", text[i] == '\0' ? 1 : 4);
    return shown;
}

char *mf_opt_trim(char *text)
{
    size_t n;

    text += strspn(text, " \t");
    n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t')) {
        n--;
    }
    text[n] = '\0';
    return text;
}

const char *mf_opt_word(const char *choices, int i, size_t *len)
{
    const char *word = choices;

    while (word != NULL && i-- > 0) {
        word = strchr(word, '|');
        if (word != NULL) {
            word++;
        }
    }
    *len = word == NULL ? 0 : strcspn(word, "|=");
    return word;
}

/* The fewest digits that read back as the same double, written as people do:
 * 1000, 0.05, 1e-9. */
static const char *real_text(double v, char *text /* [NUMBER] */)
{
    char *e;

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, NUMBER, "%.*g", digits, v);
        if (strtod(text, NULL) == v) {
            break;
        }
    }
    e = strchr(text, 'e');
    if (e == NULL) {
        return text;
    }
    if (fabs(v) >= 1 && fabs(v) < 1e6) { /* whole: 1e+02 */
        snprintf(text, NUMBER, "%.0f", v);
        return text;
    }
    e += e[1] == '-' ? 2 : 1; /* 1e+06 to 1e6, 1e-09 to 1e-9 */

    const char *digits = e + strspn(e, "+0");

    memmove(e, digits, strlen(digits) + 1);
    return text;
}

static void int_text(const mf_opt *opt, int64_t v, char *text)
{
    const char *word;
    size_t len;

    for (int i = 0; (word = mf_opt_word(opt->choices, i, &len)) != NULL; i++) {
        if (strtoll(word + len + 1, NULL, 10) == v) {
            mf_opt_add(text, MF_OPT_VALUE, "%.*s", (int)len, word);
            return;
        }
    }
    mf_opt_add(text, MF_OPT_VALUE, "%" PRId64, v);
}

static void choice_text(const mf_opt *opt, int v, char *text)
{
    size_t len;
    const char *word = v < 0 ? NULL : mf_opt_word(opt->choices, v, &len);

    if (word == NULL) { /* reads back as an error, as it must */
        mf_opt_add(text, MF_OPT_VALUE, "%d", v);
    } else {
        mf_opt_add(text, MF_OPT_VALUE, "%.*s", (int)len, word);
    }
}

static void schedule_text(const mf_schedule *s, char *text)
{
    char number[NUMBER];

    if (s->n == 1 && s->round[0] == 0) {
        mf_opt_add(text, MF_OPT_VALUE, "%s", real_text(s->value[0], number));
        return;
    }
    for (int k = 0; k < s->n; k++) {
        mf_opt_add(text, MF_OPT_VALUE, "%s%.0f:%s", k > 0 ? ", " : "",
                   s->round[k], real_text(s->value[k], number));
    }
}

void mf_opt_format(const mf_opt *opt, const void *field, char *text)
{
    const mf_reals *reals = field;
    char number[NUMBER];

    *text = '\0';
    switch (opt->type) {
    case MF_OPT_INT:
        int_text(opt, *(const int64_t *)field, text);
        break;
    case MF_OPT_REAL:
        mf_opt_add(text, MF_OPT_VALUE, "%s",
                   real_text(*(const double *)field, number));
        break;
    case MF_OPT_BOOL:
        mf_opt_add(text, MF_OPT_VALUE, *(const bool *)field ? "on" : "off");
        break;
    case MF_OPT_CHOICE:
        choice_text(opt, *(const int *)field, text);
        break;
    case MF_OPT_STRING:
        mf_opt_add(text, MF_OPT_VALUE, "%.*s", MF_OPT_TEXT - 1,
                   (const char *)field);
        break;
    case MF_OPT_REALS:
        for (int k = 0; k < reals->n; k++) {
            mf_opt_add(text, MF_OPT_VALUE, "%s%s", k > 0 ? ", " : "",
                       real_text(reals->at[k], number));
        }
        break;
    case MF_OPT_SCHEDULE:
        schedule_text(field, text);
        break;
    }
}

/* "auto, split or colocated", with " or " as @p last. */
static void add_words(const char *choices, const char *last, char *text,
                      size_t size)
{
    const char *word;
    size_t len, next_len;

    for (int i = 0; (word = mf_opt_word(choices, i, &len)) != NULL; i++) {
        const char *next = mf_opt_word(choices, i + 1, &next_len);
        const char *join = next != NULL ? ", " : last;

        mf_opt_add(text, size, "%s%.*s", i > 0 ? join : "", (int)len, word);
    }
}

static void add_range(const mf_opt *opt, char *text, size_t size)
{
    char lo[NUMBER], hi[NUMBER];

    if (opt->min == 0 && opt->max == 0) {
        return;
    }
    if (opt->type == MF_OPT_INT) {
        mf_opt_add(text, size, " from %.0f to %.0f", opt->min, opt->max);
    } else {
        mf_opt_add(text, size, " from %s to %s", real_text(opt->min, lo),
                   real_text(opt->max, hi));
    }
}

void mf_opt_expect(const mf_opt *opt, char *text, size_t size)
{
    *text = '\0';
    switch (opt->type) {
    case MF_OPT_INT:
        if (opt->choices != NULL) {
            add_words(opt->choices, ", ", text, size);
            mf_opt_add(text, size, " or ");
        }
        mf_opt_add(text, size, "a whole number");
        add_range(opt, text, size);
        break;
    case MF_OPT_REAL:
        mf_opt_add(text, size, "a number");
        add_range(opt, text, size);
        break;
    case MF_OPT_BOOL:
        mf_opt_add(text, size, "on or off");
        break;
    case MF_OPT_CHOICE:
        add_words(opt->choices, " or ", text, size);
        break;
    case MF_OPT_STRING:
        mf_opt_add(text, size,
                   "text of at most %d characters, no quotes, comments or "
                   "control characters",
                   MF_OPT_TEXT - 1);
        break;
    case MF_OPT_REALS:
        mf_opt_add(text, size, "1 to %d numbers", MF_OPT_LIST);
        add_range(opt, text, size);
        mf_opt_add(text, size, " with commas between");
        break;
    case MF_OPT_SCHEDULE:
        mf_opt_add(text, size, "a number");
        add_range(opt, text, size);
        mf_opt_add(text, size,
                   ", or at most %d pairs round:number with commas between, "
                   "rounds increasing",
                   MF_OPT_LIST);
        break;
    }
    if (opt->unit != NULL) {
        mf_opt_add(text, size, " (%s)", opt->unit);
    }
}

static mf_status write_key(const mf_opt_slot *slot, int explain, FILE *out)
{
    const mf_opt *opt = slot->opt;
    const mf_opt_section *section = slot->section;
    char text[MF_OPT_VALUE], expected[320];

    mf_opt_format(opt, (const char *)section->dst + opt->offset, text);
    MF_TRY(mf_opt_parse(opt, section->name, text, "config to write: ", NULL));
    if (explain) {
        mf_opt_expect(opt, expected, sizeof(expected));
        fprintf(out, "# %s\n#   %s; default %s\n", opt->meaning,
                opt->type == MF_OPT_STRING ? "text" : expected,
                *opt->def == '\0' ? "empty" : opt->def);
    }
    fprintf(out, "%s =%s%s\n", opt->key, *text == '\0' ? "" : " ", text);
    return MF_OK;
}

mf_status mf_opts_write(const mf_opts *o, int explain, FILE *out)
{
    const mf_opt_section *section = NULL;

    for (int i = 0; i < o->n_slots; i++) {
        const mf_opt_slot *slot = &o->slots[i];

        if (slot->section != section) {
            fprintf(out, "%s[%s]\n", section == NULL ? "" : "\n",
                    slot->section->name);
            section = slot->section;
        } else if (explain) {
            fputc('\n', out);
        }
        MF_TRY(write_key(slot, explain, out));
    }
    if (fflush(out) != 0 || ferror(out)) {
        return MF_FAIL(MF_ERR_IO, "cannot write the config: %s",
                       strerror(errno));
    }
    return MF_OK;
}
