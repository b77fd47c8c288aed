#include "agent/methods.h"

static enum deputy_error guest_gpu_info(struct call *call)
{
    call_put_text(call, "attestation", deputy_slice_text("")); /* no GPU */
    return DEPUTY_OK;
}

struct row {
    const char *name;
    call_method *run;
};

static const struct row guest_rows[] = {{"Info", put_info}, {"Version", put_version},
        {"GetQuote", guest_get_quote}, {"Attest", guest_attest}, {"GetKey", guest_get_key},
        {"GetTlsKey", guest_get_tls_key}, {"Sign", guest_sign}, {"Verify", guest_verify},
        {"GpuInfo", guest_gpu_info}};

static const struct row tappd_rows[] = {{"Info", put_info}, {"Version", put_version},
        {"TdxQuote", tappd_tdx_quote}, {"RawQuote", tappd_raw_quote}, {"DeriveKey", tappd_derive_key},
        {"DeriveK256Key", tappd_derive_k256_key}};

static const struct row worker_rows[] = {
        {"Info", put_info}, {"Version", put_version}, {"GetAttestationForAppKey", worker_get_attestation}};

static call_method *find(const struct row *rows, size_t count, struct deputy_slice name)
{
    for (size_t i = 0; i < count; i++)
        if (deputy_slice_equal(name, deputy_slice_text(rows[i].name)))
            return rows[i].run;
    return NULL;
}

#define FIND(rows, name) find(rows, sizeof(rows) / sizeof((rows)[0]), name)

/* Cuts the prefix off; false when the name does not begin with it. */
static bool cut(struct deputy_slice *name, const char *prefix)
{
    struct deputy_slice wanted = deputy_slice_text(prefix);
    if (name->len < wanted.len || memcmp(name->ptr, wanted.ptr, wanted.len) != 0)
        return false;
    *name = deputy_slice_bytes(name->ptr + wanted.len, name->len - wanted.len);
    return true;
}

call_method *guest_method(struct deputy_slice name)
{
    return FIND(guest_rows, name);
}

call_method *tappd_method(struct deputy_slice name)
{
    (void)cut(&name, "Tappd.");
    return FIND(tappd_rows, name);
}

call_method *worker_method(struct deputy_slice name)
{
    return cut(&name, "Worker.") ? FIND(worker_rows, name) : NULL;
}
