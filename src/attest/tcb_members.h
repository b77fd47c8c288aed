/* Readers of members that TCB info and enclave identities have in common. For these two alone. */
#ifndef ATTEST_TCB_MEMBERS_H
#define ATTEST_TCB_MEMBERS_H

#include "attest/tcb_info.h"

enum { TCB_DEPTH_MAX = 16 };

/* The text as an object that is nested at most TCB_DEPTH_MAX deep (else DEPUTY_E_JSON_DEPTH). */
enum deputy_error tcb_read_object(
        struct deputy_arena *arena, const struct json_value **out, struct deputy_slice json);

enum deputy_error tcb_read_hex(uint8_t *out, size_t len, const struct json_value *object, const char *name);
enum deputy_error tcb_read_number(
        int64_t *out, const struct json_value *object, const char *name, int64_t max);

/* issueDate, nextUpdate: YYYY-MM-DDThh:mm:ssZ and no other form. */
enum deputy_error tcb_read_dates(int64_t *issued, int64_t *next, const struct json_value *object);

/* tcbStatus and advisoryIDs of a level. */
enum deputy_error tcb_read_worth(struct tcb_worth *out, const struct json_value *level);

/* tcbLevels of one security version each. */
enum deputy_error tcb_read_svn_levels(
        struct deputy_arena *arena, struct svn_levels *out, const struct json_value *object);

/* A member that must be an array of at most max elements. */
enum deputy_error tcb_read_array(
        const struct json_value **out, const struct json_value *object, const char *name, size_t max);

#endif
