#include "node/admin.h"
#include "crypto/hash.h"
#include <strings.h>

struct admin_secret admin_secret_make(struct deputy_slice secret)
{
    struct admin_secret made = {.set = secret.len > 0};
    blake3(made.hash, secret);
    return made;
}

bool admin_secret_matches(const struct admin_secret *secret, struct deputy_slice authorization)
{
    static const char scheme[] = "Bearer ";
    const size_t skip = sizeof scheme - 1;
    uint8_t hash[HASH_BYTES];
    if (!secret->set || authorization.len < skip ||
            strncasecmp((const char *)authorization.ptr, scheme, skip) != 0)
        return false;
    blake3(hash, deputy_slice_bytes(authorization.ptr + skip, authorization.len - skip));
    return bytes_equal_secret(hash, secret->hash, sizeof hash);
}
