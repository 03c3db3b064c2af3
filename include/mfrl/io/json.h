/** @file json.h
 *  Build a JSON object and write it whole: run.json, perf.json.
 *
 *  An mf_json is a cJSON node, so that more than this needs no wrapper.  The
 *  setters replace what the key had.  All are Local; MF_ERR_MEMORY.
 */
#ifndef MFRL_IO_JSON_H
#define MFRL_IO_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "mfrl/base/status.h"

typedef struct cJSON mf_json;

/** An empty object; release it with mf_json_destroy. */
mf_status mf_json_create(mf_json **out);
void mf_json_destroy(mf_json **j);

/** Set a member of an object, or append to an array (key = NULL).  All digits
 *  of an integer are kept; NaN and infinity become null. */
mf_status mf_json_set_text(mf_json *j, const char *key, const char *value);
mf_status mf_json_set_int(mf_json *j, const char *key, int64_t value);
mf_status mf_json_set_real(mf_json *j, const char *key, double value);
mf_status mf_json_set_bool(mf_json *j, const char *key, bool value);

/** As above, with an empty array or object, which *out then borrows from
 *  @p j to fill it. */
mf_status mf_json_set_array(mf_json *j, const char *key, mf_json **out);
mf_status mf_json_set_object(mf_json *j, const char *key, mf_json **out);

/** Write it to @p path by mf_file_write_atomic.  One rank. */
mf_status mf_json_write(const mf_json *j, const char *path);

#endif
