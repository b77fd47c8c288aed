#include "backend/local_gate.h"
#include "backend/answer.h"
#include "backend/local_read.h"
#include "backend/public.h"
#include "base/try.h"
#include "grant/attempt.h"

enum http_flow local_refuse(struct http_exchange *x, enum deputy_error code, enum backend_blame blame)
{
    const struct backend_fault fault = {{.code = code}, blame};
    backend_answer_fault(x, &fault);
    return HTTP_DONE;
}

/* A browser says where a request comes from, and no server's client does. */
static bool is_of_a_page(const struct http_exchange *x)
{
    return deputy_slice_present(http_header(x, "origin")) ||
           deputy_slice_present(http_header(x, "sec-fetch-site"));
}

static enum deputy_error caller_check(const struct http_exchange *x, const struct local_rules *rules)
{
    ENSURE(!is_of_a_page(x), DEPUTY_E_LOCAL_BROWSER);
    if (http_over_unix(x))
        return DEPUTY_OK;
    ENSURE(local_host_is_ours(http_header(x, "host")), DEPUTY_E_LOCAL_HOST);
    ENSURE(local_bearer_fits(http_header(x, "authorization"), rules->bearer), DEPUTY_E_LOCAL_BEARER);
    return DEPUTY_OK;
}

bool local_admits(struct http_exchange *x, const struct backend_loop *on)
{
    enum deputy_error error = caller_check(x, &on->backend->local);
    if (error == DEPUTY_OK)
        return true;
    local_refuse(x, error, BLAME_REQUEST);
    return false;
}

/* A session beside the owner must be the owner's, whether or not the backend insists on one. */
static enum deputy_error subject_check(
        const struct http_exchange *x, const struct backend *backend, const uint8_t owner[20])
{
    uint8_t subject[20];
    struct deputy_slice token = http_header(x, LOCAL_SUBJECT);
    if (!deputy_slice_present(token))
        return backend->local.require_subject ? DEPUTY_E_LOCAL_NO_SUBJECT : DEPUTY_OK;
    enum deputy_error error = token_subject(backend->public_of->tokens, subject, token, backend_now(backend));
    ENSURE(error == DEPUTY_OK || error_is_of_memory(error), DEPUTY_E_LOCAL_SESSION);
    TRY(error);
    ENSURE(memcmp(subject, owner, sizeof subject) == 0, DEPUTY_E_LOCAL_SUBJECT);
    return DEPUTY_OK;
}

bool local_admits_owner(struct http_exchange *x, const struct backend_loop *on, uint8_t owner[20])
{
    if (!local_admits(x, on))
        return false;
    enum deputy_error error = local_owner_read(owner, http_param(x, "owner"));
    if (error == DEPUTY_OK)
        error = subject_check(x, on->backend, owner);
    if (error == DEPUTY_OK)
        return true;
    local_refuse(x, error, BLAME_REQUEST);
    return false;
}
