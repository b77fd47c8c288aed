/* The methods of the guest agent, one function each; their names are in methods.c. */
#ifndef AGENT_METHODS_H
#define AGENT_METHODS_H

#include "agent/call.h"

call_method guest_get_quote, guest_attest, guest_get_key, guest_get_tls_key, guest_sign, guest_verify;
call_method tappd_derive_key, tappd_derive_k256_key, tappd_tdx_quote, tappd_raw_quote;
call_method worker_get_attestation;

#endif
