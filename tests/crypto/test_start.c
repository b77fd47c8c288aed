/* What the libraries below do to the process that they run in. */
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "support/check.h"
#include "support/child.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From here on the process is killed when it opens a file or a socket, or writes. */
static void forbid_files(void)
{
    struct sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 4, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 3, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_writev, 1, 0),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void use_key(enum deputy_key_kind kind)
{
    static const uint8_t secret[32] = {[31] = 9};
    struct deputy_key *key = NULL;
    uint8_t signature[64];
    must(deputy_key_import(&key, kind, secret) == DEPUTY_OK);
    must(deputy_key_sign(signature, key, T("message")) == DEPUTY_OK);
    deputy_key_destroy(key);
}

static void use_everything(void *context)
{
    (void)context;
    static const uint8_t zeros[64];
    uint8_t out[64];
    forbid_files();
    must(crypto_start() == DEPUTY_OK);
    random_bytes(out, sizeof out);
    use_key(DEPUTY_KEY_ED25519);
    use_key(DEPUTY_KEY_SECP256K1);
    use_key(DEPUTY_KEY_P256);
    must(p256_verify(zeros, T("message"), zeros) == DEPUTY_E_KEY);
    must(ed25519_verify(zeros, T("message"), zeros) == DEPUTY_E_SIGNATURE);
    must(hkdf_sha256(out, 32, T("secret"), T("salt"), T("info")) == DEPUTY_OK);
    must(aes256gcm_seal(out, zeros, zeros, T("data"), T("text")) == DEPUTY_OK);
    sha256(out, T("text"));
    keccak256(out, T("text"));
    blake3(out, T("text"));
}

static void open_a_file(void *context)
{
    forbid_files();
    syscall(SYS_openat, -100, (const char *)context, 0);
}

/* Some systems ship an OpenSSL that asks the kernel for its FIPS switch as soon as a context is made. */
static void start_openssl_alone(void *context)
{
    (void)context;
    forbid_files();
    must(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1);
    must(OSSL_LIB_CTX_new() != NULL);
}

static void use_everything_once_started(void *context)
{
    must(crypto_start() == DEPUTY_OK);
    use_everything(context);
}

/* First in this program: the libraries start within the child. */
static void nothing_is_opened_or_printed_from_the_start_on(void **state)
{
    (void)state;
    assert_int_equal(check_child(open_a_file, (char[]){"/dev/null"}), SIGSYS);
    setenv("OPENSSL_CONF", "/dev/null", 1);
    bool quiet = check_child(start_openssl_alone, NULL) == 0;
    assert_int_equal(check_child(quiet ? use_everything : use_everything_once_started, NULL), 0);
    unsetenv("OPENSSL_CONF");
}

static void *start_and_hash(void *result)
{
    uint8_t public_key[EC_PUBLIC_BYTES];
    static const uint8_t secret[EC_SECRET_BYTES] = {[31] = 1};
    *(enum deputy_error *)result = secp256k1_public(public_key, secret);
    return NULL;
}

static void threads_may_start_the_libraries_together(void **state)
{
    (void)state;
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    enum deputy_error results[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_and_hash, &results[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(results[i]);
    }
}

static void random_bytes_fill_everything_and_differ(void **state)
{
    (void)state;
    enum { LEN = 64 };
    uint8_t seen[LEN] = {0}, again[LEN];
    random_bytes(again, LEN);
    for (int round = 0; round < 16; round++) {
        uint8_t drawn[LEN];
        random_bytes(drawn, LEN);
        assert_memory_not_equal(drawn, again, LEN);
        memcpy(again, drawn, LEN);
        for (size_t i = 0; i < LEN; i++)
            seen[i] |= drawn[i];
    }
    for (size_t i = 0; i < LEN; i++)
        assert_int_not_equal(seen[i], 0);
}

/* Given by AddressSanitizer, which the tests run on. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
        void (*on_free)(const volatile void *)) __attribute__((weak));

static _Thread_local unsigned allocations;

static void count_allocation(const volatile void *memory, size_t size)
{
    (void)memory;
    (void)size;
    allocations++;
}

static void ignore_free(const volatile void *memory)
{
    (void)memory;
}

static void verifying_and_hashing_allocate_nothing(void **state)
{
    (void)state;
    static const uint8_t seed[ED25519_SEED_BYTES] = {5};
    uint8_t public_key[ED25519_PUBLIC_BYTES], expanded[ED25519_EXPANDED_BYTES];
    uint8_t signature[ED25519_SIGNATURE_BYTES], digest[HASH_BYTES], public_xy[64];
    uint8_t recoverable[SECP256K1_RECOVERABLE_BYTES] = {[31] = 1, [63] = 1};
    if (__sanitizer_install_malloc_and_free_hooks == NULL)
        skip();
    assert_ok(ed25519_expand(public_key, expanded, seed));
    assert_ok(ed25519_sign(signature, T("message"), expanded));
    assert_true(__sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_free) > 0);
    void *volatile counted = malloc(1);
    free(counted);
    unsigned before = allocations;
    enum deputy_error verified = ed25519_verify(public_key, T("message"), signature);
    sha256(digest, T("message"));
    keccak256(digest, T("message"));
    blake3(digest, T("message"));
    enum deputy_error recovered = secp256k1_recover(public_xy, digest, recoverable);
    unsigned after = allocations;
    assert_int_not_equal(before, 0);
    assert_int_equal(after, before);
    assert_ok(verified);
    assert_ok(recovered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(nothing_is_opened_or_printed_from_the_start_on),
            cmocka_unit_test(threads_may_start_the_libraries_together),
            cmocka_unit_test(random_bytes_fill_everything_and_differ),
            cmocka_unit_test(verifying_and_hashing_allocate_nothing),
    };
    return cmocka_run_group_tests_name("crypto.start", tests, NULL, NULL);
}
