#include "attest/unpack.h"
#include "attest/snp_key.h"
#include "base/json.h"
#include "base/try.h"

/* vm_config, or dstack's whole configuration with that text in it. Nothing of it is believed for being there.
 */
static enum deputy_error config_of(
        struct deputy_arena *arena, struct deputy_slice *out, struct deputy_slice config)
{
    const struct json_value *object;
    struct deputy_slice inner;
    *out = config;
    enum deputy_error error = json_parse(arena, &object, config);
    ENSURE(error != DEPUTY_E_NOMEM && error != DEPUTY_E_LIMIT, error);
    if (error == DEPUTY_OK && json_to_text(&inner, json_member(object, "vm_config")) == DEPUTY_OK)
        *out = inner;
    return DEPUTY_OK;
}

/* Certificates that do not come along are those that were given. */
static enum deputy_error certificates_of(
        struct deputy_arena *arena, struct deputy_attest_evidence *out, const struct attestation *attestation)
{
    struct snp_certificates found;
    TRY(snp_certificates_read(arena, &found, attestation->certificates, attestation->certificate_count));
    struct deputy_slice key = deputy_slice_present(found.vcek) ? found.vcek : found.vlek;
    if (deputy_slice_present(key))
        out->vek = key;
    if (deputy_slice_present(found.intermediate))
        out->ask = found.intermediate;
    return DEPUTY_OK;
}

enum deputy_error evidence_unpack(
        struct deputy_arena *arena, struct unpacked *out, const struct deputy_attest_evidence *evidence)
{
    *out = (struct unpacked){.evidence = *evidence, .is_packed = deputy_slice_present(evidence->attestation)};
    if (!out->is_packed)
        return DEPUTY_OK;
    ENSURE(!deputy_slice_present(evidence->quote) && !deputy_slice_present(evidence->report),
            DEPUTY_E_ARGUMENT);
    TRY(attestation_parse(arena, &out->attestation, evidence->attestation));
    if (out->attestation.platform == ATTESTATION_TDX) {
        out->evidence.quote = out->attestation.quote;
        return config_of(arena, &out->evidence.vm_config, out->attestation.config);
    }
    out->evidence.report = out->attestation.report;
    out->evidence.mr_config = out->attestation.mr_config;
    return certificates_of(arena, &out->evidence, &out->attestation);
}
