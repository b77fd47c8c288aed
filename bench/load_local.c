/*
 * Asks the local API of a running backend the same thing over and over, and says what that costs it and its
 * node. usage: load_local PORT REQUEST_FILE REQUESTS CONNECTIONS PID_OF_BACKEND PID_OF_NODE
 *
 * The last line of output is one of names and values: the CPU time that each of the two took for a request,
 * and that of a bare Ed25519 signature, made by this process between the requests of the same moments, so
 * that all meet the same machine.
 */
#include "load/wire.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REQUEST_MAX = 64 * 1024, SIGN_EACH = 16, SIGNED_BYTES = 600 };

struct load {
    struct deputy_slice request;
    size_t left, answered, ok, signatures;
    double sign_ns;
    uint8_t key[crypto_sign_SECRETKEYBYTES];
    uint8_t message[SIGNED_BYTES];
};

static double clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double process_ns(const char *pid)
{
    clockid_t clock;
    if (clock_getcpuclockid((pid_t)strtol(pid, NULL, 10), &clock) != 0) {
        fprintf(stderr, "load_local: no process %s\n", pid);
        exit(1);
    }
    return clock_ns(clock);
}

static enum wire_turn next(void *ctx, size_t connection, struct wire_request *request)
{
    struct load *load = ctx;
    (void)connection;
    if (load->left == 0)
        return WIRE_LEAVE;
    load->left--;
    *request = (struct wire_request){.bytes = load->request};
    return WIRE_SEND;
}

static void bare_sign(struct load *load)
{
    uint8_t signature[crypto_sign_BYTES];
    double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    crypto_sign_detached(signature, NULL, load->message, sizeof load->message, load->key);
    load->sign_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
    load->message[0] ^= signature[0];
    load->signatures++;
}

static void answered(void *ctx, size_t connection, const struct wire_answer *answer)
{
    struct load *load = ctx;
    (void)connection;
    load->ok += answer->status == 200;
    if (load->answered++ % SIGN_EACH == 0)
        bare_sign(load);
}

static void run(struct load *load, struct wire *wire, size_t requests)
{
    const struct wire_driver driver = {next, answered, load};
    load->left = requests;
    load->answered = load->ok = load->signatures = 0;
    load->sign_ns = 0;
    wire_run(wire, &driver);
}

static struct deputy_slice request_read(const char *path)
{
    static uint8_t bytes[REQUEST_MAX];
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    if (file != NULL)
        fclose(file);
    if (len == 0 || len == sizeof bytes) {
        fprintf(stderr, "load_local: %s holds no request\n", path);
        exit(1);
    }
    return deputy_slice_bytes(bytes, len);
}

int main(int argc, char **argv)
{
    static struct load load;
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    if (argc != 7 || sodium_init() < 0) {
        fprintf(stderr, "usage: load_local PORT REQUEST_FILE REQUESTS CONNECTIONS PID_OF_BACKEND "
                        "PID_OF_NODE\n");
        return 2;
    }
    size_t requests = strtoul(argv[3], NULL, 10), connections = strtoul(argv[4], NULL, 10);
    crypto_sign_keypair(public_key, load.key);
    load.request = request_read(argv[2]);
    struct wire *wire = wire_open((uint16_t)strtoul(argv[1], NULL, 10), connections);
    run(&load, wire, connections); /* opens what is kept open afterwards */
    double backend = process_ns(argv[5]), node = process_ns(argv[6]), start = clock_ns(CLOCK_MONOTONIC);
    run(&load, wire, requests);
    double seconds = (clock_ns(CLOCK_MONOTONIC) - start) / 1e9, each = (double)load.answered;
    printf("requests %zu ok %zu per_second %.0f backend_ns %.0f node_ns %.0f sign_ns %.0f\n", load.answered,
            load.ok, each / seconds, (process_ns(argv[5]) - backend) / each,
            (process_ns(argv[6]) - node) / each, load.sign_ns / (double)load.signatures);
    wire_close(wire);
    return 0;
}
