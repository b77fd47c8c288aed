/* Requests and plans out of a case's input. */
#ifndef GOLDEN_COMPOSE_MANIFESTS_H
#define GOLDEN_COMPOSE_MANIFESTS_H

#include "base/time.h"
#include "golden.h"
#include <deputy/did.h>
#include <deputy/request.h>

enum deputy_error manifest_of(struct trial *trial, const struct deputy_manifest **out,
        struct deputy_refusal *refusal, const struct json_value *value);

/* Of the list of manifests; anything but a list is an empty one. */
enum deputy_error compose_of(struct trial *trial, struct deputy_request *request,
        struct deputy_refusal *refusal, const struct json_value *list, bool account);

/* The signer named by `address` and `chain_id`, else owner 1 on chain 1. */
struct deputy_account account_of(struct trial *trial);

/* Members manifests, prefix, include_account. The request is left alone when there are no manifests. */
enum deputy_error plan_of(struct trial *trial, struct deputy_plan *plan, struct deputy_request *request,
        struct deputy_refusal *refusal, const struct deputy_account *owner);

#endif
