#include "mfrl/io/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "mfrl/base/mem.h"
#include "mfrl/io/run_files.h"

mf_status mf_json_create(mf_json **out)
{
    *out = cJSON_CreateObject();
    return *out != NULL ? MF_OK : MF_FAIL(MF_ERR_MEMORY, "JSON object");
}

void mf_json_destroy(mf_json **j)
{
    cJSON_Delete(*j);
    *j = NULL;
}

/* Give the new node (NULL = allocation failed) to its parent. */
static mf_status put(mf_json *j, const char *key, cJSON *node)
{
    bool done = false;

    if (node != NULL && key == NULL) {
        done = cJSON_AddItemToArray(j, node);
    } else if (node != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(j, key);
        done = cJSON_AddItemToObject(j, key, node);
    }
    if (!done) {
        cJSON_Delete(node);
        return MF_FAIL(MF_ERR_MEMORY, "JSON member %s",
                       key != NULL ? key : "of an array");
    }
    return MF_OK;
}

mf_status mf_json_set_text(mf_json *j, const char *key, const char *value)
{
    return put(j, key, cJSON_CreateString(value));
}

mf_status mf_json_set_int(mf_json *j, const char *key, int64_t value)
{
    char digits[32]; /* a JSON number of cJSON is a double: 53 bits */

    snprintf(digits, sizeof(digits), "%" PRId64, value);
    return put(j, key, cJSON_CreateRaw(digits));
}

mf_status mf_json_set_real(mf_json *j, const char *key, double value)
{
    return put(j, key, cJSON_CreateNumber(value));
}

mf_status mf_json_set_array(mf_json *j, const char *key, mf_json **out)
{
    cJSON *node = cJSON_CreateArray();

    MF_TRY(put(j, key, node));
    *out = node;
    return MF_OK;
}

mf_status mf_json_set_object(mf_json *j, const char *key, mf_json **out)
{
    cJSON *node = cJSON_CreateObject();

    MF_TRY(put(j, key, node));
    *out = node;
    return MF_OK;
}

void mf_json_remove(mf_json *j, const char *key)
{
    cJSON_DeleteItemFromObjectCaseSensitive(j, key);
}

/* cJSON would print 15 digits of a whole number that has 16. */
static mf_status keep_digits(mf_json *j)
{
    mf_json *next;

    for (mf_json *at = j->child; at != NULL; at = next) {
        char digits[32];

        next = at->next;
        if (cJSON_IsNumber(at) && fabs(at->valuedouble) < 0x1p53 &&
            at->valuedouble == floor(at->valuedouble)) {
            cJSON *raw;

            snprintf(digits, sizeof(digits), "%.0f", at->valuedouble);
            raw = cJSON_CreateRaw(digits);
            if (raw == NULL) {
                return MF_FAIL(MF_ERR_MEMORY, "JSON member %s", at->string);
            }
            cJSON_ReplaceItemInObjectCaseSensitive(j, at->string, raw);
        }
    }
    return MF_OK;
}

mf_status mf_json_read(const char *path, size_t limit, mf_json **out)
{
    char *text;

    *out = NULL;
    MF_TRY(mf_file_read(path, limit, &text, NULL));
    *out = cJSON_Parse(text);
    mf_free(&text);
    if (!cJSON_IsObject(*out)) {
        mf_json_destroy(out);
        return MF_FAIL(MF_ERR_FILE, "%s is no JSON object", path);
    }
    return keep_digits(*out);
}

const char *mf_json_get_text(const mf_json *j, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, key));
}

int64_t mf_json_get_int(const mf_json *j, const char *key, int64_t otherwise)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(j, key);

    if (cJSON_IsRaw(at)) { /* by keep_digits */
        return strtoll(at->valuestring, NULL, 10);
    }
    return cJSON_IsNumber(at) ? (int64_t)at->valuedouble : otherwise;
}

mf_status mf_json_write(const mf_json *j, const char *path)
{
    char *text = cJSON_Print(j);
    size_t n;
    mf_status st;

    if (text == NULL) {
        return MF_FAIL(MF_ERR_MEMORY, "text of %s", path);
    }
    n = strlen(text);
    text[n] = '\n'; /* in the place of the final zero */
    st = mf_file_write_atomic(path, text, n + 1);
    cJSON_free(text);
    return st;
}
