/** @file record_fields.h
 *  What trajectory.fields means.
 */
#ifndef MFRL_APP_RECORD_FIELDS_H
#define MFRL_APP_RECORD_FIELDS_H

#include "mfrl/base/status.h"

/** The bits 1u << MF_TRAJ_... of a list such as "hp, action" or "all"; position
 *  and alive are always among them.  MF_ERR_USAGE if there is another word. */
mf_status mf_record_fields(const char *list, unsigned *fields);

#endif
