#include "crypto/tls.h"
#include "base/try.h"
#include "crypto/errors.h"
#include "crypto/start.h"
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    TLS_OUT_FIRST = 4 * 1024,
    TLS_OUT_MAX = 128 * 1024, /* a peer that makes us answer and does not read is cut off */
    TLS_CHAIN_MAX = 16,
};

struct tls {
    SSL *ssl;
    const uint8_t *in; /* [in, in + in_len): fed and not used up */
    size_t in_len;
    uint8_t *out; /* [sent, filled) of it is to be sent */
    size_t out_cap, filled, sent;
};

/* ---- a BIO that reads what was fed and gathers what is to be sent ---- */

static int gather_read(BIO *bio, char *out, size_t cap, size_t *len)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->in_len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *len = cap < tls->in_len ? cap : tls->in_len;
    memcpy(out, tls->in, *len);
    tls->in += *len;
    tls->in_len -= *len;
    return 1;
}

/* Room behind what is to be sent: moved to the front, else grown. */
static bool gather_room(struct tls *tls, size_t len)
{
    size_t held = tls->filled - tls->sent;
    if (len > TLS_OUT_MAX - held)
        return false;
    if (tls->sent > 0 && tls->filled + len > tls->out_cap) {
        memmove(tls->out, tls->out + tls->sent, held);
        tls->sent = 0;
        tls->filled = held;
    }
    size_t cap = tls->out_cap != 0 ? tls->out_cap : TLS_OUT_FIRST;
    while (cap < held + len)
        cap *= 2;
    if (cap == tls->out_cap)
        return true;
    uint8_t *grown = realloc(tls->out, cap);
    if (grown == NULL)
        return false;
    tls->out = grown;
    tls->out_cap = cap;
    return true;
}

static int gather_write(BIO *bio, const char *bytes, size_t len, size_t *written)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!gather_room(tls, len))
        return 0;
    memcpy(tls->out + tls->filled, bytes, len);
    tls->filled += len;
    *written = len;
    return 1;
}

static long gather_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int gather_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

/* Made once; lives as long as the process. */
static const BIO_METHOD *gather_method(void)
{
    static _Atomic(BIO_METHOD *) shared;
    BIO_METHOD *method = shared;
    if (method != NULL)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "deputy");
    if (method == NULL || BIO_meth_set_read_ex(method, gather_read) != 1 ||
            BIO_meth_set_write_ex(method, gather_write) != 1 ||
            BIO_meth_set_ctrl(method, gather_control) != 1 ||
            BIO_meth_set_create(method, gather_create) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    BIO_METHOD *none = NULL;
    if (atomic_compare_exchange_strong(&shared, &none, method))
        return method;
    BIO_meth_free(method);
    return none;
}

/* ---- the identity ---- */

/* An identity is a context by another name. */
static SSL_CTX *context_of(struct tls_identity *identity)
{
    return (SSL_CTX *)identity;
}

static void bio_free(BIO **bio)
{
    BIO_free(*bio);
}

static void certificate_free(X509 **certificate)
{
    X509_free(*certificate);
}

static void pkey_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

/* Nobody is asked for a password: an encrypted key is refused. */
static int no_password(char *out, int cap, int writing, void *ctx)
{
    (void)out;
    (void)cap;
    (void)writing;
    (void)ctx;
    return 0;
}

/* NULL: there is no further certificate, or it is not one. */
static X509 *certificate_read(BIO *pem)
{
    X509 *certificate = X509_new_ex(crypto_shared()->openssl, NULL);
    if (certificate != NULL && PEM_read_bio_X509(pem, &certificate, no_password, NULL) != NULL)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* Whether the reader stopped because there was nothing more, rather than because something was wrong. */
static bool pem_is_over(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static enum deputy_error chain_use(SSL_CTX *context, struct deputy_slice text)
{
    BIO *pem DEFER(bio_free) = BIO_new_mem_buf(text.ptr, (int)text.len);
    X509 *own DEFER(certificate_free) = pem != NULL ? certificate_read(pem) : NULL;
    ENSURE(own != NULL && SSL_CTX_use_certificate(context, own) == 1, DEPUTY_E_TLS_CERTIFICATE);
    for (size_t count = 0;; count++) {
        X509 *next = certificate_read(pem);
        if (next == NULL)
            break;
        bool added = count < TLS_CHAIN_MAX && SSL_CTX_add0_chain_cert(context, next) == 1;
        if (!added)
            X509_free(next);
        ENSURE(added, DEPUTY_E_TLS_CERTIFICATE);
    }
    return pem_is_over() ? DEPUTY_OK : DEPUTY_E_TLS_CERTIFICATE;
}

static enum deputy_error key_use(SSL_CTX *context, struct deputy_slice text)
{
    BIO *pem DEFER(bio_free) = BIO_new_mem_buf(text.ptr, (int)text.len);
    EVP_PKEY *key DEFER(pkey_free) = pem == NULL ? NULL
                                                 : PEM_read_bio_PrivateKey_ex(pem, NULL, no_password, NULL,
                                                           crypto_shared()->openssl, NULL);
    ENSURE(key != NULL, DEPUTY_E_TLS_KEY);
    ENSURE(X509_check_private_key(SSL_CTX_get0_certificate(context), key) == 1, DEPUTY_E_TLS_MISMATCH);
    return SSL_CTX_use_PrivateKey(context, key) == 1 ? DEPUTY_OK : DEPUTY_E_TLS_KEY;
}

/* RFC 7301: who asks for protocols and not for ours is refused. */
static int protocol_choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
        const unsigned char *asked, unsigned int asked_len, void *ctx)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, asked, asked_len) !=
            OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static enum deputy_error context_set(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_security_level(context, 2); /* RSA from 2048 bits on */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, protocol_choose, NULL);
    bool set = SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
               SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
               SSL_CTX_set_num_tickets(context, 0) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1;
    return set ? DEPUTY_OK : DEPUTY_E_INTERNAL;
}

enum deputy_error tls_identity_create(
        struct tls_identity **out, struct deputy_slice certificates, struct deputy_slice key)
{
    ENSURE(crypto_shared() != NULL, DEPUTY_E_INTERNAL);
    ENSURE(certificates.len <= INT32_MAX && key.len <= INT32_MAX, DEPUTY_E_LIMIT);
    ERRORS_FORGOTTEN;
    SSL_CTX *context = SSL_CTX_new_ex(crypto_shared()->openssl, NULL, TLS_server_method());
    ENSURE(context != NULL, DEPUTY_E_NOMEM);
    enum deputy_error error = context_set(context);
    if (error == DEPUTY_OK)
        error = chain_use(context, certificates);
    if (error == DEPUTY_OK)
        error = key_use(context, key);
    if (error != DEPUTY_OK) {
        SSL_CTX_free(context);
        return error;
    }
    *out = (struct tls_identity *)context;
    return DEPUTY_OK;
}

struct tls_identity *tls_identity_hold(struct tls_identity *identity)
{
    SSL_CTX_up_ref(context_of(identity));
    return identity;
}

void tls_identity_release(struct tls_identity *identity)
{
    SSL_CTX_free(context_of(identity));
}

/* ---- a connection ---- */

static enum deputy_error tls_fill(struct tls *tls, struct tls_identity *identity)
{
    ERRORS_FORGOTTEN;
    const BIO_METHOD *method = gather_method();
    ENSURE(method != NULL, DEPUTY_E_NOMEM);
    tls->ssl = SSL_new(context_of(identity));
    BIO *bio = BIO_new_ex(crypto_shared()->openssl, method);
    if (tls->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        return DEPUTY_E_NOMEM;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_accept_state(tls->ssl);
    return DEPUTY_OK;
}

enum deputy_error tls_create(struct tls **out, struct tls_identity *identity)
{
    struct tls *tls = calloc(1, sizeof *tls);
    ENSURE(tls != NULL, DEPUTY_E_NOMEM);
    enum deputy_error error = tls_fill(tls, identity);
    if (error != DEPUTY_OK) {
        tls_destroy(tls);
        return error;
    }
    *out = tls;
    return DEPUTY_OK;
}

void tls_destroy(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    free(tls->out);
    free(tls);
}

void tls_feed(struct tls *tls, struct deputy_slice bytes)
{
    tls->in = bytes.ptr;
    tls->in_len = bytes.len;
}

struct deputy_slice tls_fed(const struct tls *tls)
{
    return deputy_slice_bytes(tls->in, tls->in_len);
}

bool tls_has_more(const struct tls *tls)
{
    return tls->in_len > 0 || SSL_pending(tls->ssl) > 0;
}

bool tls_is_open(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl);
}

/* The library judges by the thread's queue of errors, so that must be empty before. */
enum tls_step tls_read(struct tls *tls, uint8_t *out, size_t cap, size_t *len)
{
    ERR_clear_error();
    ERRORS_FORGOTTEN;
    *len = 0;
    if (SSL_read_ex(tls->ssl, out, cap, len) == 1)
        return TLS_BYTES;
    switch (SSL_get_error(tls->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_END;
    default:
        return TLS_BAD;
    }
}

bool tls_write(struct tls *tls, struct deputy_slice plain)
{
    size_t written;
    ERRORS_FORGOTTEN;
    return SSL_is_init_finished(tls->ssl) && SSL_write_ex(tls->ssl, plain.ptr, plain.len, &written) == 1 &&
           written == plain.len;
}

void tls_end(struct tls *tls)
{
    ERRORS_FORGOTTEN;
    if (SSL_is_init_finished(tls->ssl))
        SSL_shutdown(tls->ssl);
}

struct deputy_slice tls_waiting(const struct tls *tls)
{
    if (tls->filled == tls->sent)
        return (struct deputy_slice){NULL, 0};
    return deputy_slice_bytes(tls->out + tls->sent, tls->filled - tls->sent);
}

/* A connection with nothing to send holds no memory for it. */
void tls_sent(struct tls *tls, size_t len)
{
    tls->sent += len;
    if (tls->sent < tls->filled)
        return;
    free(tls->out);
    tls->out = NULL;
    tls->out_cap = tls->filled = tls->sent = 0;
}

uint8_t *tls_take(struct tls *tls, struct deputy_slice *bytes)
{
    uint8_t *out = tls->out;
    *bytes = tls_waiting(tls);
    tls->out = NULL;
    tls->out_cap = tls->filled = tls->sent = 0;
    return out;
}
