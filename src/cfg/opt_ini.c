/* mf_opts_read: libinih splits lines into names and values, the rest is
 * checked here.
 *
 * Most builds of inih give handlers no line number, join an indented line to
 * the value above, and skip in silence what follows a section's "]".  So the
 * lines go through a reader of our own: it counts them, takes indentation off
 * and checks the section lines. */
#include "mfrl/cfg/opt.h"

#include <ini.h>
#include <string.h>

#include "opt_impl.h"

/* Debian's inih has its limit on lines as a variable.  Elsewhere it is fixed,
 * at 200 unless built otherwise, and longer lines are refused. */
extern int ini_max_line __attribute__((weak));

typedef struct reader {
    mf_opts *o;
    const char *source;
    const char *rest;      /* of the text */
    int line;              /* the one handed out last, from 1 */
    char at[MF_OPT_WHERE]; /* "source:line: " */
    const mf_opt_section *section;
    bool key_due; /* the line handed out must come back as a key */
    bool apply;   /* else only check */
    mf_status st;
} reader;

static bool is_comment(const char *p) { return *p == ';' || *p == '#'; }

/* "[name]", then nothing or a comment. */
static mf_status read_section(reader *r, const char *from, size_t n)
{
    char text[MF_OPT_VALUE], shown[MF_OPT_SHOWN];
    const size_t kept = n < sizeof(text) ? n : sizeof(text) - 1;

    memcpy(text, from, kept);
    text[kept] = '\0';

    char *end = strchr(text, ']');

    if (end == NULL) {
        return MF_FAIL(MF_ERR_USAGE, "%s'%s': expected a closing ']'", r->at,
                       mf_opt_show(text, shown));
    }
    *end++ = '\0';
    end += strspn(end, " \t\r");
    if (*end != '\0' && !is_comment(end)) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%s'%s' after a section's ']': expected a line of its "
                       "own",
                       r->at, mf_opt_show(end, shown));
    }
    return mf_opts_section(r->o, mf_opt_trim(text + 1), r->at, &r->section);
}

static mf_status check_key_seen(const reader *r)
{
    if (r->key_due) {
        return MF_FAIL(MF_ERR_USAGE, "%sexpected key = value or [section]",
                       r->at);
    }
    return MF_OK;
}

/* ini_reader: the next line into out[size], NULL at the end or on error. */
static char *next_line(char *out, int size, void *user)
{
    reader *r = user;

    if (r->st == MF_OK) {
        r->st = check_key_seen(r);
    }
    if (r->st != MF_OK || *r->rest == '\0') {
        return NULL;
    }
    const char *from = r->rest + strspn(r->rest, " \t\r\f\v");
    const size_t n = strcspn(from, "\n");
    const size_t limit =
        (size_t)(size < MF_OPT_VALUE ? size : MF_OPT_VALUE) - 2;

    r->rest = from + n + (from[n] == '\n');
    r->line++;
    snprintf(r->at, sizeof(r->at), "%.280s:%d: ", r->source, r->line);
    out[0] = '\n';
    out[1] = '\0';
    if (n == 0 || is_comment(from)) {
        return out;
    }
    if (*from == '[') {
        r->st = read_section(r, from, n);
        return r->st == MF_OK ? out : NULL;
    }
    if (n > limit) {
        r->st = MF_FAIL(MF_ERR_USAGE,
                        "%sthe line has %zu characters, more than the %zu "
                        "that can be read",
                        r->at, n, limit);
        return NULL;
    }
    r->key_due = true;
    memcpy(out, from, n);
    out[n] = '\n';
    out[n + 1] = '\0';
    return out;
}

/* Cut off a comment that follows a blank.  inih does so for ';' only. */
static void drop_comment(char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (is_comment(text + i) &&
            (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t')) {
            text[i] = '\0';
            return;
        }
    }
}

static mf_status read_key(reader *r, const char *key, const char *value)
{
    mf_opt_slot *slot;
    char text[MF_OPT_VALUE], shown[MF_OPT_SHOWN];
    const size_t n = strlen(value);

    if (r->section == NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%skey '%s' comes before the first [section]", r->at,
                       mf_opt_show(key, shown));
    }
    MF_TRY(mf_opts_slot(r->o, r->section, key, r->at, &slot));
    if (slot->line != 0) {
        return MF_FAIL(MF_ERR_USAGE, "%s%s.%s was already set on line %d",
                       r->at, r->section->name, key, slot->line);
    }
    slot->line = r->line;
    MF_ASSERT(n < sizeof(text)); /* a line is no longer than that */
    memcpy(text, value, n + 1);
    drop_comment(text);
    MF_TRY(mf_opt_parse(slot->opt, r->section->name, mf_opt_trim(text), r->at,
                        r->apply ? (char *)r->section->dst + slot->opt->offset
                                 : NULL));
    if (r->apply) {
        slot->set = true;
        memcpy(slot->where, r->at, sizeof(slot->where));
    }
    return MF_OK;
}

/* ini_handler.  The section that inih gives may be cut short; ours is not. */
static int on_key(void *user, const char *section, const char *key,
                  const char *value)
{
    reader *r = user;

    (void)section;
    if (*key != '\0') { /* "= value" stays due and is reported as no key */
        r->key_due = false;
        r->st = read_key(r, key, value);
    }
    return 1;
}

static mf_status walk(mf_opts *o, const char *text, const char *source,
                      bool apply)
{
    reader r = {.o = o, .source = source, .rest = text, .apply = apply};

    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
        r.rest += 3; /* byte order mark of some editors */
    }
    for (int i = 0; i < o->n_slots; i++) {
        o->slots[i].line = 0;
    }
    if (ini_parse_stream(next_line, &r, on_key, &r) < 0) {
        return MF_FAIL(MF_ERR_MEMORY, "%s: out of memory for a line", source);
    }
    return r.st == MF_OK ? check_key_seen(&r) : r.st;
}

static void allow_long_lines(void)
{
    if (&ini_max_line != NULL) {
        ini_max_line = MF_OPT_VALUE;
    }
}

mf_status mf_opts_read(mf_opts *o, const char *text, const char *source)
{
    allow_long_lines();
    /* All is checked before any field is changed. */
    MF_TRY(walk(o, text, source, false));
    return walk(o, text, source, true);
}

typedef struct wanted {
    const char *rest; /* of the text */
    const char *section, *key;
    char *out;
    size_t size;
    bool found;
} wanted;

/* ini_reader: the next line without indentation, cut to what fits. */
static char *next_plain_line(char *out, int size, void *user)
{
    wanted *w = user;

    if (*w->rest == '\0') {
        return NULL;
    }
    w->rest += strspn(w->rest, " \t\r\f\v");

    const size_t n = strcspn(w->rest, "\n");

    snprintf(out, (size_t)size, "%.*s", (int)n, w->rest);
    w->rest += n + (w->rest[n] == '\n');
    return out;
}

static int look_at_key(void *user, const char *section, const char *key,
                       const char *value)
{
    wanted *w = user;
    char text[MF_OPT_VALUE];

    if (strcmp(section, w->section) != 0 || strcmp(key, w->key) != 0) {
        return 1;
    }
    snprintf(text, sizeof(text), "%s", value);
    drop_comment(text);
    value = mf_opt_trim(text);
    w->found = strlen(value) < w->size;
    snprintf(w->out, w->size, "%s", w->found ? value : "");
    return 1;
}

bool mf_ini_find(const char *text, const char *section, const char *key,
                 char *out, size_t size)
{
    wanted w = {text, section, key, out, size, false};

    out[0] = '\0';
    allow_long_lines();
    (void)ini_parse_stream(next_plain_line, &w, look_at_key, &w);
    return w.found;
}
