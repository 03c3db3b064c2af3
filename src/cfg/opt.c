#include "mfrl/cfg/opt.h"

#include <string.h>

#include "mfrl/base/mem.h"
#include "opt_impl.h"

enum { LISTED = 240 }; /* room for the known names in a message */

static mf_status check_sections(const mf_opt_section *sections, int n)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (strcmp(sections[i].name, sections[j].name) == 0) {
                return MF_FAIL(MF_ERR_USAGE, "section [%s] is declared twice",
                               sections[i].name);
            }
        }
        MF_ASSERT(strlen(sections[i].name) < MF_OPT_NAME);
    }
    return MF_OK;
}

static mf_status set_defaults(mf_opts *o)
{
    int n = 0;

    for (int i = 0; i < o->n_sections; i++) {
        const mf_opt_section *section = &o->sections[i];

        for (const mf_opt *opt = section->opts; opt->key != NULL; opt++) {
            MF_ASSERT(strlen(opt->key) < MF_OPT_NAME);
            MF_ASSERT(strchr(opt->key, '.') == NULL);
            MF_TRY(mf_opt_parse(opt, section->name, opt->def, "default of ",
                                (char *)section->dst + opt->offset));
            o->slots[n++] = (mf_opt_slot){.section = section, .opt = opt};
        }
    }
    return MF_OK;
}

mf_status mf_opts_create(const mf_opt_section *sections, int n, mf_opts **out)
{
    mf_status st = MF_OK;
    mf_opts *o = NULL;

    *out = NULL;
    MF_TRY(check_sections(sections, n));
    MF_TRY(mf_alloc(1, sizeof(*o), "options", &o));
    o->n_sections = n;
    for (int i = 0; i < n; i++) {
        for (const mf_opt *opt = sections[i].opts; opt->key != NULL; opt++) {
            o->n_slots++;
        }
    }
    MF_TRY_OR(err, mf_alloc((size_t)n, sizeof(*o->sections), "option sections",
                            &o->sections));
    MF_TRY_OR(err, mf_alloc((size_t)o->n_slots, sizeof(*o->slots),
                            "option keys", &o->slots));
    for (int i = 0; i < n; i++) {
        o->sections[i] = sections[i];
    }
    MF_TRY_OR(err, set_defaults(o));
    *out = o;
    return MF_OK;

err:
    mf_opts_destroy(&o);
    return st;
}

void mf_opts_destroy(mf_opts **o)
{
    if (*o != NULL) {
        mf_free(&(*o)->sections);
        mf_free(&(*o)->slots);
        mf_free(o);
    }
}

mf_status mf_opts_section(const mf_opts *o, const char *name, const char *at,
                          const mf_opt_section **out)
{
    mf_nearest best = {.want = name};
    char shown[MF_OPT_SHOWN], listed[LISTED] = "";

    for (int i = 0; i < o->n_sections; i++) {
        const char *known = o->sections[i].name;

        if (strcmp(known, name) == 0) {
            *out = &o->sections[i];
            return MF_OK;
        }
        mf_nearest_offer(&best, known, strlen(known));
        mf_opt_add(listed, LISTED, "%s[%s]", i > 0 ? ", " : "", known);
    }
    mf_opt_show(name, shown);
    if (best.word != NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%sunknown section [%s]; did you mean [%s]?", at, shown,
                       best.word);
    }
    return MF_FAIL(MF_ERR_USAGE, "%sunknown section [%s]; there are %s", at,
                   shown, listed);
}

/* The only section that has this key, or NULL. */
static const mf_opt_section *home_of(const mf_opts *o, const char *key)
{
    const mf_opt_section *home = NULL;

    for (int i = 0; i < o->n_slots; i++) {
        if (strcmp(o->slots[i].opt->key, key) == 0) {
            if (home != NULL) {
                return NULL;
            }
            home = o->slots[i].section;
        }
    }
    return home;
}

static mf_status fail_key(const mf_opts *o, const mf_opt_section *section,
                          const char *key, const char *at)
{
    const mf_opt_section *home = home_of(o, key);
    mf_nearest best = {.want = key};
    char shown[MF_OPT_SHOWN], listed[LISTED] = "";

    mf_opt_show(key, shown);
    for (const mf_opt *opt = section->opts; opt->key != NULL; opt++) {
        mf_nearest_offer(&best, opt->key, strlen(opt->key));
        mf_opt_add(listed, LISTED, "%s%s", *listed == '\0' ? "" : ", ",
                   opt->key);
    }
    if (home != NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%sunknown key '%s' in [%s]; it belongs to [%s]", at,
                       shown, section->name, home->name);
    }
    if (best.word != NULL) {
        return MF_FAIL(MF_ERR_USAGE,
                       "%sunknown key '%s' in [%s]; did you mean '%s'?", at,
                       shown, section->name, best.word);
    }
    return MF_FAIL(MF_ERR_USAGE, "%sunknown key '%s' in [%s]; its keys are %s",
                   at, shown, section->name, listed);
}

static mf_opt_slot *find_slot(const mf_opts *o, const char *section,
                              const char *key)
{
    for (int i = 0; i < o->n_slots; i++) {
        if (strcmp(o->slots[i].section->name, section) == 0 &&
            strcmp(o->slots[i].opt->key, key) == 0) {
            return &o->slots[i];
        }
    }
    return NULL;
}

mf_status mf_opts_slot(mf_opts *o, const mf_opt_section *section,
                       const char *key, const char *at, mf_opt_slot **out)
{
    *out = find_slot(o, section->name, key);
    return *out != NULL ? MF_OK : fail_key(o, section, key, at);
}

static mf_status fail_no_section(const mf_opts *o, const char *name,
                                 const char *shown, const char *at)
{
    const mf_opt_section *home = home_of(o, name);
    char hint[2 * MF_OPT_NAME + 32] = "";

    if (home != NULL) {
        mf_opt_add(hint, sizeof(hint), "; did you mean '%s.%s'?", home->name,
                   name);
    }
    return MF_FAIL(MF_ERR_USAGE, "%s'%s': expected section.key=value%s", at,
                   shown, hint);
}

mf_status mf_opts_set(mf_opts *o, const char *assignment)
{
    const char *at = "command line: ";
    char text[MF_OPT_VALUE], shown[MF_OPT_SHOWN];
    const size_t n = strlen(assignment);
    const mf_opt_section *section;
    mf_opt_slot *slot;

    mf_opt_show(assignment, shown);
    if (n >= sizeof(text)) {
        return MF_FAIL(MF_ERR_USAGE, "%s'%s' has %zu characters, more than %zu",
                       at, shown, n, sizeof(text) - 1);
    }
    memcpy(text, assignment, n + 1);

    char *value = strchr(text, '=');

    if (value == NULL) {
        return MF_FAIL(MF_ERR_USAGE, "%s'%s': expected section.key=value", at,
                       shown);
    }
    *value++ = '\0';

    char *name = mf_opt_trim(text);
    char *dot = strrchr(name, '.');

    if (dot == NULL) {
        return fail_no_section(o, name, shown, at);
    }
    *dot = '\0';
    MF_TRY(mf_opts_section(o, name, at, &section));
    MF_TRY(mf_opts_slot(o, section, dot + 1, at, &slot));
    MF_TRY(mf_opt_parse(slot->opt, section->name, mf_opt_trim(value), at,
                        (char *)section->dst + slot->opt->offset));
    slot->set = true;
    snprintf(slot->where, sizeof(slot->where), "%s", at);
    return MF_OK;
}

int mf_opts_is_set(const mf_opts *o, const char *section, const char *key)
{
    const mf_opt_slot *slot = find_slot(o, section, key);

    MF_ASSERT(slot != NULL);
    return slot != NULL && slot->set;
}

const char *mf_opts_where(const mf_opts *o, const char *section,
                          const char *key)
{
    const mf_opt_slot *slot = find_slot(o, section, key);

    MF_ASSERT(slot != NULL);
    return slot != NULL ? slot->where : "";
}

/* Where "section.key" stands in a message as what it is about, or NULL. */
static const char *find_name(const char *message, const mf_opt_slot *slot)
{
    char name[2 * MF_OPT_NAME];
    const char *at = message;

    snprintf(name, sizeof(name), "%s.%s", slot->section->name, slot->opt->key);
    while ((at = strstr(at, name)) != NULL) {
        const char *after = at + strlen(name);

        if (*after == ':' || strncmp(after, " =", 2) == 0 ||
            strncmp(after, " is ", 4) == 0) {
            return at;
        }
        at = after;
    }
    return NULL;
}

const char *mf_opts_origin(const char *message, const void *opts)
{
    const mf_opts *o = opts;
    const char *first = NULL, *where = "";

    for (int i = 0; i < o->n_slots; i++) {
        const mf_opt_slot *slot = &o->slots[i];
        const char *at = slot->set ? find_name(message, slot) : NULL;

        if (at != NULL && (first == NULL || at < first)) {
            first = at;
            where = slot->where;
        }
    }
    return where;
}

int mf_opts_differ(const mf_opts *a, const mf_opts *b,
                   int (*skip)(const char *key), int *at, mf_opt_diff *out)
{
    while (*at < a->n_slots) {
        const mf_opt_slot *p = &a->slots[*at], *q = &b->slots[*at];
        const mf_opt *opt = p->opt;

        MF_ASSERT(opt == q->opt);
        snprintf(out->key, sizeof(out->key), "%s.%s", p->section->name,
                 opt->key);
        mf_opt_format(opt, (char *)p->section->dst + opt->offset, out->a);
        mf_opt_format(opt, (char *)q->section->dst + opt->offset, out->b);
        ++*at;
        if (strcmp(out->a, out->b) != 0 && (skip == NULL || !skip(out->key))) {
            return 1;
        }
    }
    return 0;
}

double mf_schedule_at(const mf_schedule *s, double round)
{
    for (int k = 0; k < s->n; k++) {
        if (round < s->round[k]) {
            if (k == 0) {
                return s->value[0];
            }
            const double part =
                (round - s->round[k - 1]) / (s->round[k] - s->round[k - 1]);

            return s->value[k - 1] + part * (s->value[k] - s->value[k - 1]);
        }
    }
    return s->value[s->n - 1];
}
