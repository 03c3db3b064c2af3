/** @file json.h
 *  Build a JSON object and write it whole, read one back: run.json, perf.json.
 *
 *  An mf_json is a cJSON node, so that more than this needs no wrapper.  The
 *  setters replace what the key had.  All are Local; MF_ERR_MEMORY.
 */
#ifndef MFRL_IO_JSON_H
#define MFRL_IO_JSON_H

#include <stddef.h>
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

/** As above, with an empty array or object, which *out then borrows from
 *  @p j to fill it. */
mf_status mf_json_set_array(mf_json *j, const char *key, mf_json **out);
mf_status mf_json_set_object(mf_json *j, const char *key, mf_json **out);

/** Remove a member; one that is not there is none to remove. */
void mf_json_remove(mf_json *j, const char *key);

/** The object in a file of at most @p limit bytes, to be released with
 *  mf_json_destroy.  MF_ERR_FILE and *out = NULL if there is none. */
mf_status mf_json_read(const char *path, size_t limit, mf_json **out);

/** The text of a member, owned by @p j; NULL if there is none. */
const char *mf_json_get_text(const mf_json *j, const char *key);

/** The whole number of a member, @p otherwise if there is none. */
int64_t mf_json_get_int(const mf_json *j, const char *key, int64_t otherwise);

/** Write it to @p path by mf_file_write_atomic.  One rank. */
mf_status mf_json_write(const mf_json *j, const char *path);

#endif
