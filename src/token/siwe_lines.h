/* The fixed text of a SIWE message's lines (spec/01 section 6.1), the same for writer and reader. */
#ifndef TOKEN_SIWE_LINES_H
#define TOKEN_SIWE_LINES_H

#define SIWE_SCHEME_END "://"
#define SIWE_PREAMBLE " wants you to sign in with your Ethereum account:"
#define SIWE_URI "URI: "
#define SIWE_VERSION "Version: "
#define SIWE_CHAIN_ID "Chain ID: "
#define SIWE_NONCE "Nonce: "
#define SIWE_ISSUED_AT "Issued At: "
#define SIWE_EXPIRATION_TIME "Expiration Time: "
#define SIWE_NOT_BEFORE "Not Before: "
#define SIWE_REQUEST_ID "Request ID: "
#define SIWE_RESOURCES "Resources:"
#define SIWE_RESOURCE "- "

#endif
