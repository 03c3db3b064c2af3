#include "opt_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ITEM = 64, /* longest number of a list, with its NUL */
    WHY = 160
};

typedef union value {
    int64_t whole;
    double real;
    bool flag;
    int choice;
    char text[MF_OPT_TEXT];
    mf_reals reals;
    mf_schedule schedule;
} value;

static const size_t FIELD_SIZE[] = {
    [MF_OPT_INT] = sizeof(int64_t),
    [MF_OPT_REAL] = sizeof(double),
    [MF_OPT_BOOL] = sizeof(bool),
    [MF_OPT_CHOICE] = sizeof(int),
    [MF_OPT_STRING] = MF_OPT_TEXT,
    [MF_OPT_REALS] = sizeof(mf_reals),
    [MF_OPT_SCHEDULE] = sizeof(mf_schedule),
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Add the exponent that may end a number ("e6") to *shift. */
static bool parse_exponent(const char *t, int *shift)
{
    char *end;

    if (*t == '\0') {
        return true;
    }
    if (*t != 'e' && *t != 'E') {
        return false;
    }
    t++;
    if (!is_digit(t[*t == '+' || *t == '-'])) {
        return false;
    }
    const long e = strtol(t, &end, 10);

    if (*end != '\0' || e < -99 || e > 99) {
        return false;
    }
    *shift += (int)e;
    return true;
}

/* In decimal throughout, so that a number is taken exactly or not at all. */
static bool parse_whole(const char *t, int64_t *out)
{
    const bool minus = *t == '-';
    uint64_t m = 0;
    int shift = 0;
    bool any = false, after_dot = false;

    t += *t == '+' || *t == '-';
    for (; is_digit(*t) || (*t == '.' && !after_dot); t++) {
        if (*t == '.') {
            after_dot = true;
        } else if (__builtin_mul_overflow(m, 10, &m) ||
                   __builtin_add_overflow(m, (uint64_t)(*t - '0'), &m)) {
            return false;
        } else {
            any = true;
            shift -= after_dot;
        }
    }
    if (!any || !parse_exponent(t, &shift)) {
        return false;
    }
    for (; shift < 0 && m > 0; shift++) {
        if (m % 10 != 0) {
            return false;
        }
        m /= 10;
    }
    for (; shift > 0 && m > 0; shift--) {
        if (__builtin_mul_overflow(m, 10, &m)) {
            return false;
        }
    }
    if (m > INT64_MAX) {
        return false;
    }
    *out = minus ? -(int64_t)m : (int64_t)m;
    return true;
}

/* strtod alone would also take blanks, hex, nan and inf. */
static bool parse_real(const mf_opt *opt, const char *t, double *out)
{
    char *end;

    if (*t == '\0' || t[strspn(t, "0123456789+-.eE")] != '\0') {
        return false;
    }
    *out = strtod(t, &end);
    return *end == '\0' && isfinite(*out) &&
           ((opt->min == 0 && opt->max == 0) ||
            (*out >= opt->min && *out <= opt->max));
}

static bool parse_int(const mf_opt *opt, const char *t, int64_t *out)
{
    size_t len;
    const char *word;

    for (int i = 0; (word = mf_opt_word(opt->choices, i, &len)) != NULL; i++) {
        if (strlen(t) == len && memcmp(t, word, len) == 0) {
            *out = strtoll(word + len + 1, NULL, 10); /* "auto=0" */
            return true;
        }
    }
    /* Compared as integers: above 2^53 a double would blur the limit. */
    return parse_whole(t, out) &&
           ((opt->min == 0 && opt->max == 0) ||
            (*out >= (int64_t)opt->min && *out <= (int64_t)opt->max));
}

static bool parse_choice(const mf_opt *opt, const char *t, int *out, char *why)
{
    mf_nearest best = {.want = t};
    size_t len;
    const char *word;

    for (int i = 0; (word = mf_opt_word(opt->choices, i, &len)) != NULL; i++) {
        if (strlen(t) == len && memcmp(t, word, len) == 0) {
            *out = i;
            return true;
        }
        mf_nearest_offer(&best, word, len);
    }
    if (best.word != NULL) {
        mf_opt_add(why, WHY, "; did you mean '%.*s'?", best.len, best.word);
    }
    return false;
}

/* What INI text can carry and mf_opts_read gives back unchanged. */
static bool parse_text(const char *t, char *out)
{
    const size_t n = strlen(t);

    if (n >= MF_OPT_TEXT || (n > 0 && (is_blank(t[0]) || is_blank(t[n - 1])))) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const bool starts = i == 0 || is_blank(t[i - 1]);

        if ((unsigned char)t[i] < ' ' || t[i] == 127 || t[i] == '"' ||
            (starts && (t[i] == ';' || t[i] == '#'))) {
            return false;
        }
    }
    memcpy(out, t, n);
    return true;
}

/* Take the next of a comma-separated list and move *p behind it, to NULL after
 * the last.  Returns it trimmed, or empty if it is longer than any number. */
static char *next_item(const char **p, char *item)
{
    const size_t n = strcspn(*p, ",");
    const size_t kept = n < ITEM ? n : 0;

    memcpy(item, *p, kept);
    item[kept] = '\0';
    *p = (*p)[n] == ',' ? *p + n + 1 : NULL;
    return mf_opt_trim(item);
}

static bool parse_reals(const mf_opt *opt, const char *t, mf_reals *out,
                        char *why)
{
    char buf[ITEM];

    for (const char *p = t; p != NULL; out->n++) {
        const char *item = next_item(&p, buf);

        if (out->n == MF_OPT_LIST) {
            mf_opt_add(why, WHY, "; these are more");
            return false;
        }
        if (!parse_real(opt, item, &out->at[out->n])) {
            mf_opt_add(why, WHY, "; entry %d is '%s'", out->n + 1, item);
            return false;
        }
    }
    return true;
}

/* One round:value pair. */
static bool parse_point(const mf_opt *opt, char *item, double *round,
                        double *val)
{
    char *colon = strchr(item, ':');
    int64_t whole;

    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    if (!parse_whole(mf_opt_trim(item), &whole) || whole < 0 ||
        whole > INT64_C(1) << 53) {
        return false;
    }
    *round = (double)whole;
    return parse_real(opt, mf_opt_trim(colon + 1), val);
}

static bool parse_schedule(const mf_opt *opt, const char *t, mf_schedule *out,
                           char *why)
{
    char buf[ITEM];

    if (strchr(t, ':') == NULL) {
        out->n = 1;
        return parse_real(opt, t, &out->value[0]);
    }
    for (const char *p = t; p != NULL; out->n++) {
        char *item = next_item(&p, buf);
        const int k = out->n;
        char shown[ITEM];

        if (k == MF_OPT_LIST) {
            mf_opt_add(why, WHY, "; these are more");
            return false;
        }
        memcpy(shown, item, strlen(item) + 1);
        if (!parse_point(opt, item, &out->round[k], &out->value[k])) {
            mf_opt_add(why, WHY, "; entry %d is '%s'", k + 1, shown);
            return false;
        }
        if (k > 0 && out->round[k] <= out->round[k - 1]) {
            mf_opt_add(why, WHY, "; round %.0f comes after round %.0f",
                       out->round[k], out->round[k - 1]);
            return false;
        }
    }
    return true;
}

static bool parse_any(const mf_opt *opt, const char *t, value *v, char *why)
{
    switch (opt->type) {
    case MF_OPT_INT:
        return parse_int(opt, t, &v->whole);
    case MF_OPT_REAL:
        return parse_real(opt, t, &v->real);
    case MF_OPT_BOOL:
        v->flag = strcmp(t, "on") == 0;
        return v->flag || strcmp(t, "off") == 0;
    case MF_OPT_CHOICE:
        return parse_choice(opt, t, &v->choice, why);
    case MF_OPT_STRING:
        return parse_text(t, v->text);
    case MF_OPT_REALS:
        return parse_reals(opt, t, &v->reals, why);
    case MF_OPT_SCHEDULE:
        return parse_schedule(opt, t, &v->schedule, why);
    }
    return false;
}

mf_status mf_opt_parse(const mf_opt *opt, const char *section, const char *text,
                       const char *at, void *field)
{
    value v;
    char why[WHY] = "";

    memset(&v, 0, sizeof(v));
    if (!parse_any(opt, text, &v, why)) {
        char expected[320], shown[MF_OPT_SHOWN];

        mf_opt_expect(opt, expected, sizeof(expected));
        if (*text == '\0') {
            return MF_FAIL(MF_ERR_USAGE, "%s%s.%s is empty: expected %s", at,
                           section, opt->key, expected);
        }
        return MF_FAIL(MF_ERR_USAGE, "%s%s.%s = %s: expected %s%s", at, section,
                       opt->key, mf_opt_show(text, shown), expected, why);
    }
    if (field != NULL) {
        memcpy(field, &v, FIELD_SIZE[opt->type]);
    }
    return MF_OK;
}
