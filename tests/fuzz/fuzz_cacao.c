/* CACAOs both ways, and the message behind them: an input is the DAG-CBOR of one. */
#include "siwe_property.h"
#include "token/cacao.h"
#include <deputy/cid.h>
#include <deputy/did.h>

/* Written again, it has the same meaning and, where the issuer was written in its canonical form, the same
 * CID. */
static void cacao_is_written_again(struct deputy_slice bytes, const struct deputy_cacao *cacao)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_slice again, issuer;
    struct deputy_cacao read;
    HOLDS(deputy_cacao_build(arena, &again, &cacao->siwe, cacao->signature) == DEPUTY_OK);
    HOLDS(deputy_cacao_parse(arena, &read, again) == DEPUTY_OK);
    siwe_must_equal(&read.siwe, &cacao->siwe);
    HOLDS(memcmp(read.signature, cacao->signature, sizeof read.signature) == 0);
    HOLDS(deputy_did_pkh_format(arena, &issuer, cacao->siwe.chain_id, cacao->siwe.address) == DEPUTY_OK);
    if (!deputy_slice_equal(issuer, cacao->issuer))
        return;
    struct deputy_cid before = deputy_cid_of_bytes(bytes), after = deputy_cid_of_bytes(again);
    HOLDS(deputy_slice_equal(again, bytes) && deputy_cid_equal(&before, &after));
}

/* The message is one that a wallet could have shown: read as text, it says the same. */
static void message_is_read(const struct deputy_cacao *cacao)
{
    struct deputy_arena *arena = fuzz_arena_kept();
    struct deputy_slice text;
    struct deputy_siwe siwe;
    HOLDS(cacao_text(arena, &text, cacao) == DEPUTY_OK);
    enum deputy_error error = deputy_siwe_parse(arena, &siwe, text);
    if (cacao->siwe.nonce.len < 8)
        HOLDS(error == DEPUTY_E_SIWE_NONCE);
    else
        HOLDS(error == DEPUTY_OK);
    if (error == DEPUTY_OK)
        siwe_must_equal(&siwe, &cacao->siwe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deputy_arena *arena = fuzz_arena();
    struct deputy_slice bytes = deputy_slice_bytes(data, size);
    struct deputy_cacao cacao;
    struct deputy_window window;
    if (deputy_cacao_parse(arena, &cacao, bytes) != DEPUTY_OK)
        return 0;
    cacao_is_written_again(bytes, &cacao);
    message_is_read(&cacao);
    HOLDS(cacao_window(&window, &cacao) == DEPUTY_OK);
    enum deputy_error verified = cacao_verify(arena, &cacao);
    HOLDS(verified == DEPUTY_OK || verified == DEPUTY_E_SIGNATURE);
    return 0;
}
