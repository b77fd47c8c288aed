/* Parts that certificates and revocation lists have in common. For this room alone. */
#ifndef CRYPTO_X509_PARTS_H
#define CRYPTO_X509_PARTS_H

#include "crypto/x509.h"

/* SEQUENCE of what is signed, the algorithm, the signature; content is that of what is signed. */
bool x509_take_signed(struct deputy_slice from, struct x509_signed *out, struct deputy_slice *content);

/* An AlgorithmIdentifier of a signature. */
bool x509_take_algorithm(struct deputy_slice *from, enum x509_algorithm *out);

/* A SubjectPublicKeyInfo. */
bool x509_take_key(struct deputy_slice *from, struct x509_key *out, struct deputy_slice *whole);

bool x509_take_extension(struct deputy_slice *from, struct x509_extension *out);

#endif
