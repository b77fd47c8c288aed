/* CACAOs, for those who judge tokens. */
#ifndef TOKEN_CACAO_H
#define TOKEN_CACAO_H

#include <deputy/cacao.h>
#include <deputy/token.h>

/* The message that was signed, written again from the payload. */
enum deputy_error cacao_text(
        struct deputy_arena *arena, struct deputy_slice *text, const struct deputy_cacao *cacao);

/* DEPUTY_E_SIGNATURE unless the issuer's account signed the message (spec/01 section 9.3, step 1). */
enum deputy_error cacao_verify(struct deputy_arena *arena, const struct deputy_cacao *cacao);

/* Valid at t when not_before < t and t <= expiry, as far as there are such (spec/01 section 6.5). */
enum deputy_error cacao_window(struct deputy_window *out, const struct deputy_cacao *cacao);

#endif
