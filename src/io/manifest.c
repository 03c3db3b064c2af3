#include "manifest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "ckpt_dir.h"
#include "mfrl/base/digest.h"
#include "mfrl/base/mem.h"
#include "mfrl/io/json.h"

#define HASH_KEY "manifest_hash"

enum { MAX_BYTES = 1 << 28 };

/* cJSON prints numbers of more than 15 digits inexactly. */
static const double MAX_INT = 999999999999999.0;

int mf_manifest_name_ok(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL &&
           strcmp(name, MF_CKPT_MANIFEST) != 0;
}

/* Hash of the object as it is now, as text; MF_ERR_MEMORY. */
static mf_status hash_text(const cJSON *j, char out[17])
{
    char *text = cJSON_PrintUnformatted(j);

    if (text == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "text of %s", MF_CKPT_MANIFEST);
    }
    snprintf(out, 17, "%016" PRIx64, mf_digest_bytes(text, strlen(text), 0));
    cJSON_free(text);
    return MF_OK;
}

static mf_status fill(mf_json *j, int64_t round, int64_t agent_steps,
                      const mf_ckpt_entry *entries, size_t n)
{
    char hash[17];
    mf_json *files, *file;

    MF_TRY(mf_json_set_int(j, "format", MF_CKPT_FORMAT));
    MF_TRY(mf_json_set_int(j, "round", round));
    MF_TRY(mf_json_set_int(j, "agent_steps", agent_steps));
    MF_TRY(mf_json_set_array(j, "files", &files));
    for (size_t i = 0; i < n; i++) {
        snprintf(hash, sizeof(hash), "%016" PRIx64, entries[i].hash);
        MF_TRY(mf_json_set_object(files, NULL, &file));
        MF_TRY(mf_json_set_text(file, "name", entries[i].name));
        MF_TRY(mf_json_set_int(file, "size", (int64_t)entries[i].size));
        MF_TRY(mf_json_set_text(file, "hash", hash));
    }
    MF_TRY(hash_text(j, hash));
    return mf_json_set_text(j, HASH_KEY, hash);
}

mf_status mf_manifest_write(const char *dir, int64_t round, int64_t agent_steps,
                            const mf_ckpt_entry *entries, size_t n)
{
    char path[MF_PATH];
    mf_json *j;
    mf_status st;

    if ((double)agent_steps > MAX_INT || (double)round > MAX_INT) {
        return MF_FAIL(MF_ERR_USAGE, "more than 10^15 agent steps");
    }
    MF_TRY(mf_path_join(path, dir, MF_CKPT_MANIFEST));
    MF_TRY(mf_json_create(&j));
    st = fill(j, round, agent_steps, entries, n);
    if (st == MF_OK) {
        st = mf_json_write(j, path);
    }
    mf_json_destroy(&j);
    return st;
}

/* A member that is a whole number. */
static int get_int(const cJSON *j, const char *key, int64_t *out)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, key);

    if (!cJSON_IsNumber(v) || !(fabs(v->valuedouble) <= MAX_INT) ||
        v->valuedouble != floor(v->valuedouble)) {
        return 0;
    }
    *out = (int64_t)v->valuedouble;
    return 1;
}

static int get_file(const cJSON *j, mf_ckpt_entry *out)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(j, "name");
    const cJSON *hash = cJSON_GetObjectItemCaseSensitive(j, "hash");
    int64_t size;
    char *end;

    if (!get_int(j, "size", &size) || size < 0 || !cJSON_IsString(name) ||
        !cJSON_IsString(hash) || strlen(hash->valuestring) != 16 ||
        strlen(name->valuestring) >= sizeof(out->name) ||
        !mf_manifest_name_ok(name->valuestring)) {
        return 0;
    }
    strcpy(out->name, name->valuestring);
    out->size = (uint64_t)size;
    out->hash = strtoull(hash->valuestring, &end, 16);
    return *end == '\0';
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const mf_ckpt_entry *)a)->name,
                  ((const mf_ckpt_entry *)b)->name);
}

/* NULL, or what is wrong with the parsed manifest. */
static const char *take(cJSON *j, mf_ckpt_info *info)
{
    cJSON *said = cJSON_DetachItemFromObjectCaseSensitive(j, HASH_KEY);
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(j, "files");
    const cJSON *file;
    char hash[17];
    int64_t format;
    const int sound = cJSON_IsString(said) && hash_text(j, hash) == MF_OK &&
                      strcmp(said->valuestring, hash) == 0;

    cJSON_Delete(said);
    if (get_int(j, "format", &format) && format != MF_CKPT_FORMAT) {
        return "manifest.json is of another format version";
    }
    if (!sound) {
        return "manifest.json does not match its hash";
    }
    if (!get_int(j, "round", &info->round) ||
        !get_int(j, "agent_steps", &info->agent_steps) ||
        !cJSON_IsArray(files) ||
        mf_alloc((size_t)cJSON_GetArraySize(files), sizeof(*info->files),
                 "list of a checkpoint's files", &info->files) != MF_OK) {
        return "manifest.json lacks a member";
    }
    info->n = 0;
    cJSON_ArrayForEach(file, files)
    {
        if (!get_file(file, &info->files[info->n++])) {
            mf_free(&info->files);
            return "manifest.json has a bad file entry";
        }
    }
    qsort(info->files, info->n, sizeof(*info->files), by_name);
    return NULL;
}

mf_status mf_manifest_read(mf_ckpt_info *info, char why[MF_MANIFEST_WHY])
{
    char path[MF_PATH];
    struct stat st;
    char *text;
    size_t n;
    const char *wrong;
    cJSON *j;

    MF_TRY(mf_path_join(path, info->dir, MF_CKPT_MANIFEST));
    if (stat(path, &st) != 0) {
        snprintf(why, MF_MANIFEST_WHY, "manifest.json is missing");
        return MF_ERR_FILE;
    }
    if (mf_file_read(path, MAX_BYTES, &text, &n) != MF_OK) {
        snprintf(why, MF_MANIFEST_WHY, "manifest.json cannot be read");
        return MF_ERR_FILE;
    }
    j = cJSON_ParseWithOpts(text, NULL, 1);
    wrong = !cJSON_IsObject(j) || strlen(text) != n
                ? "manifest.json is no JSON object"
                : take(j, info);
    cJSON_Delete(j);
    mf_free(&text);
    if (wrong != NULL) {
        snprintf(why, MF_MANIFEST_WHY, "%s", wrong);
        return MF_ERR_FILE;
    }
    return MF_OK;
}
