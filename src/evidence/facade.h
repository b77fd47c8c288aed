/*
 * What dstack's own verifier service is asked and answers, in JSON (spec/08 section 8.2): so that whoever
 * asks that service can ask this one. A request carries evidence alone; what it is worth is the service's to
 * say, under a policy of its own or under what the original holds evidence to.
 */
#ifndef EVIDENCE_FACADE_H
#define EVIDENCE_FACADE_H

#include <deputy/attest.h>

enum { FACADE_REQUEST_MAX = 2 * 1024 * 1024 };

/*
 * Reads a request: {"attestation"} in hexadecimal digits, or else {"quote", "event_log", "vm_config"}, of
 * which the quote is in hexadecimal digits and the others are text. Members that are null or not known are
 * passed over. DEPUTY_E_JSON_... and DEPUTY_E_HEX, or DEPUTY_E_ARGUMENT when there is no evidence in it.
 */
enum deputy_error facade_request_read(
        struct deputy_arena *arena, struct deputy_attest_evidence *out, struct deputy_slice json);

/*
 * What the original holds evidence to: genuine hardware of whatever status but Revoked, an event log that is
 * the quote's, and the operating system whose hash the evidence names. That hash is the guest's word until
 * the registers follow from it, and whoever asks compares it.
 */
enum deputy_error facade_policy(struct deputy_arena *arena, struct deputy_attest_policy *out,
        const struct deputy_attest_evidence *evidence);

/*
 * The answer to a request. Under the service's own policy it decides what is valid; without one, all three of
 * quote, event log and operating system have to be verified.
 */
enum deputy_error facade_answer(struct deputy_arena *arena, struct deputy_slice *json,
        const struct deputy_attest_verdict *verdict, bool own_policy);

/*
 * What the answer comes to, in one word of the program: "valid", the code of what refused the evidence
 * ("quote_signature", "tcb_status"), or, when nothing did, the check without which it is not valid
 * ("event_log", "os_image").
 */
const char *facade_class(const struct deputy_attest_verdict *verdict, bool own_policy);

/* The answer when there is no verdict: nothing is verified, for that reason. */
enum deputy_error facade_refusal(
        struct deputy_arena *arena, struct deputy_slice *json, struct deputy_slice reason);

#endif
