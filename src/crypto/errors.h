/* OpenSSL keeps a queue of errors for each thread, which is the host program's: what we fail at leaves no
 * trace. */
#ifndef CRYPTO_ERRORS_H
#define CRYPTO_ERRORS_H

#include <openssl/err.h>

static inline void errors_forget(const int *mark)
{
    (void)mark;
    ERR_pop_to_mark();
}

/* Drops what is added to the queue from here to the end of the scope. */
#define ERRORS_FORGOTTEN                                                                                     \
    __attribute__((cleanup(errors_forget), unused)) const int errors_mark_ = ERR_set_mark()

#endif
