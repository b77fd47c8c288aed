/*
 * Loads a running node with distinct invocations, signed beforehand, and says what they cost it.
 * usage: load_node PORT PID OPERATION REQUESTS [name=value ...]
 *
 * OPERATION is get or put of a value of size= bytes [1024] at connections= [64], under a chain of depth= [1]
 * delegations; decrypt, of one envelope under a delegation; select, one row by its key out of rows= [1000] of
 * an SQL table; or databases, each request the making of another SQL database. The last line of output is one
 * of names and values. The CPU time is that of the process PID while requests were under way; beside it
 * stands that of a bare libsodium verify of the same kind of token, done by this process between the requests
 * of the same moments, so that both meet the same machine; and that of all public-key operations that the
 * request itself needs, done bare in the same way: for decrypt the verify, opening a wrapped key, wrapping it
 * again, and signing.
 */
#include "base/arena.h"
#include "load/sealed.h"
#include <deputy/token.h>
#include <deputy/ucan.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 20000, KEYS = 256, VERIFY_EACH = 16, VALUE_MAX = 64 * 1024, BATCH_ARENA = 1024 * 1024 * 1024 };
enum { LIFETIME_S = 60, STATUS_MAX = 600, BASE64_SIGNATURE = 88 };

enum operation { GET, PUT, DECRYPT, SELECT, DATABASES };

struct options {
    uint16_t port;
    int pid;
    enum operation operation;
    size_t rows;
    size_t requests;
    size_t size;
    size_t connections;
    size_t depth;
};

struct load {
    struct options options;
    struct load_world world;
    struct load_holder holder;
    struct load_sealed sealed;
    struct load_holder sql; /* the session, under another delegation */
    size_t signed_count;
    struct deputy_arena *arena; /* of the batch */
    struct deputy_slice batch[BATCH];
    size_t batch_count, taken;
    uint32_t *micros; /* of each answer */
    size_t answered;
    size_t statuses[STATUS_MAX];
    double seconds, node_cpu_ns;
    const struct deputy_token *sample; /* what the bare verify is of */
    double verify_ns, bare_ns;
    size_t verifies;
    uint8_t value[VALUE_MAX];
};

static double clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double node_cpu_ns(const struct load *load)
{
    clockid_t clock;
    if (clock_getcpuclockid(load->options.pid, &clock) != 0)
        load_must(DEPUTY_E_ARGUMENT, "the node's clock");
    return clock_ns(clock);
}

static const struct deputy_key *signer(const struct load *load)
{
    return load->options.operation == DECRYPT ? load->sealed.reader.key : load->holder.key;
}

static void bare_verify(struct load *load)
{
    const struct deputy_token *token = load->sample;
    struct deputy_slice text = token->ucan->signed_text;
    double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    int bad = crypto_sign_verify_detached(
            token->ucan->signature.ptr, text.ptr, text.len, deputy_key_public(signer(load)).ptr);
    double took = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
    load->verify_ns += took;
    load->bare_ns += took;
    load->verifies++;
    if (bad != 0)
        load_must(DEPUTY_E_SIGNATURE, "bare verify");
}

/* One shared secret to open, an ephemeral key and a shared secret to wrap, and the signature of the answer,
 * which is made before it has a signature. */
static void bare_decrypt(struct load *load, struct deputy_slice answer)
{
    static const char member[] = "\"nodeSignature\":\"\",";
    size_t unsigned_bytes = answer.len - (sizeof member - 1) - BASE64_SIGNATURE;
    static uint8_t secret[64] = {9}, point[32], shared[32], signature[64];
    double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    int bad = crypto_scalarmult_base(point, secret);
    bad |= crypto_scalarmult(shared, secret, point);
    bad |= crypto_scalarmult(shared, secret, point);
    bad |= crypto_sign_detached(signature, NULL, answer.ptr, unsigned_bytes, secret);
    load->bare_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
    if (bad != 0)
        load_must(DEPUTY_E_KEY, "bare operations");
}

/* ---- one batch ---- */

static struct deputy_slice kv_post(struct load *load, bool put, size_t number)
{
    char key[32];
    snprintf(key, sizeof key, "load/%zu", number % KEYS);
    struct deputy_slice token = world_invocation(&load->world, load->arena, &load->holder, key,
            put ? "tinycloud.kv/put" : "tinycloud.kv/get", LIFETIME_S);
    struct deputy_slice body = deputy_slice_bytes(load->value, put ? load->options.size : 0);
    return world_post(load->arena, "/invoke", token, "", body);
}

/* The token of a request is what stands behind the name of its header. */
static void sample_take(struct load *load, struct deputy_slice request)
{
    static const char name[] = "Authorization: ";
    const char *token = strstr((const char *)request.ptr, name) + sizeof name - 1;
    struct deputy_slice value = deputy_slice_bytes(token, strcspn(token, "\r"));
    load_must(deputy_token_parse(load->arena, &load->sample, DEPUTY_TOKEN_INVOCATION, value), "sample");
}

static struct deputy_slice text_of(struct load *load, const char *format, size_t number)
{
    char text[256];
    struct deputy_slice kept;
    int len = snprintf(text, sizeof text, format, number);
    load_must(arena_copy(load->arena, &kept, deputy_slice_bytes(text, (size_t)len)), "body");
    return kept;
}

static struct deputy_slice select_post(struct load *load, size_t number)
{
    struct deputy_slice body =
            text_of(load, "{\"action\":\"query\",\"sql\":\"SELECT v FROM t WHERE k = ?\",\"params\":[%zu]}",
                    number * 7919 % load->options.rows + 1);
    struct deputy_slice token = world_sql_invocation(
            &load->world, load->arena, &load->sql, "load/main", "tinycloud.sql/read", LIFETIME_S);
    return world_post(load->arena, "/invoke", token, "", body);
}

static struct deputy_slice database_post(struct load *load, size_t number)
{
    char path[32];
    snprintf(path, sizeof path, "load/%zu", number);
    struct deputy_slice body =
            text_of(load, "{\"action\":\"execute\",\"sql\":\"CREATE TABLE t AS SELECT %zu AS a\"}", number);
    struct deputy_slice token = world_sql_invocation(
            &load->world, load->arena, &load->sql, path, "tinycloud.sql/write", LIFETIME_S);
    return world_post(load->arena, "/invoke", token, "", body);
}

static struct deputy_slice next_post(struct load *load, enum operation operation, size_t number)
{
    switch (operation) {
    case DECRYPT:
        return sealed_post(&load->sealed, &load->world, load->arena);
    case SELECT:
        return select_post(load, number);
    case DATABASES:
        return database_post(load, load->signed_count++);
    default:
        return kv_post(load, operation == PUT, number);
    }
}

static void batch_sign(struct load *load, enum operation operation, size_t count)
{
    deputy_arena_reset(load->arena);
    for (size_t i = 0; i < count; i++)
        load->batch[i] = next_post(load, operation, i);
    sample_take(load, load->batch[0]);
    load->batch_count = count;
    load->taken = 0;
}

static enum wire_turn batch_next(void *ctx, size_t connection, struct wire_request *request)
{
    struct load *load = ctx;
    (void)connection;
    if (load->taken == load->batch_count)
        return WIRE_LEAVE;
    request->bytes = load->batch[load->taken++];
    return WIRE_SEND;
}

static void batch_answered(void *ctx, size_t connection, const struct wire_answer *answer)
{
    struct load *load = ctx;
    (void)connection;
    load->micros[load->answered++] = (uint32_t)((answer->received_ns - answer->sent_ns) / 1000);
    if (answer->status < STATUS_MAX)
        load->statuses[answer->status]++;
    if (load->answered % VERIFY_EACH != 0)
        return;
    bare_verify(load);
    if (load->options.operation == DECRYPT && answer->status == 200)
        bare_decrypt(load, answer->body);
}

static void batch_run(struct load *load, struct wire *wire)
{
    const struct wire_driver driver = {batch_next, batch_answered, load};
    double cpu = node_cpu_ns(load), start = clock_ns(CLOCK_MONOTONIC);
    wire_run(wire, &driver);
    load->seconds += (clock_ns(CLOCK_MONOTONIC) - start) / 1e9;
    load->node_cpu_ns += node_cpu_ns(load) - cpu;
}

/* ---- all of them ---- */

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void forget_measures(struct load *load)
{
    load->answered = load->verifies = 0;
    load->seconds = load->node_cpu_ns = load->verify_ns = load->bare_ns = 0;
    memset(load->statuses, 0, sizeof load->statuses);
}

static void report(struct load *load)
{
    size_t n = load->answered;
    qsort(load->micros, n, sizeof load->micros[0], by_size);
    printf("requests %zu ok %zu seconds %.3f per_second %.0f p50_us %u p99_us %u node_ns %.0f verify_ns "
           "%.0f bare_ns %.0f\n",
            n, load->statuses[200], load->seconds, (double)n / load->seconds, load->micros[n / 2],
            load->micros[n * 99 / 100], load->node_cpu_ns / (double)n,
            load->verify_ns / (double)load->verifies, load->bare_ns / (double)load->verifies);
}

static void sql_run(struct load *load, const char *ability, const char *sql)
{
    char body[512];
    struct deputy_slice answer;
    snprintf(body, sizeof body, "{\"action\":\"execute\",\"sql\":\"%s\"}", sql);
    struct deputy_slice token =
            world_sql_invocation(&load->world, load->arena, &load->sql, "load/main", ability, LIFETIME_S);
    struct deputy_slice request = world_post(load->arena, "/invoke", token, "", deputy_slice_text(body));
    if (world_ask(&load->world, request, &answer) != 200)
        load_must(DEPUTY_E_ARGUMENT, "the table");
}

/* The table from which select reads. */
static void table_fill(struct load *load)
{
    char sql[256];
    snprintf(sql, sizeof sql,
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %zu)"
            " SELECT i, 'value ' || i FROM n",
            load->options.rows);
    sql_run(load, "tinycloud.sql/schema", "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
    sql_run(load, "tinycloud.sql/write", sql);
}

static void run(struct load *load)
{
    const struct options *options = &load->options;
    struct wire *wire = wire_open(options->port, options->connections);
    if (options->operation == SELECT)
        table_fill(load);
    /* every key has a value, and whatever is made once is made */
    batch_sign(load, options->operation == GET ? PUT : options->operation, KEYS);
    batch_run(load, wire);
    forget_measures(load);
    for (size_t left = options->requests; left > 0; left -= load->batch_count) {
        batch_sign(load, options->operation, left < BATCH ? left : BATCH);
        batch_run(load, wire);
    }
    wire_close(wire);
    report(load);
}

static void option_read(struct options *options, const char *text)
{
    const char *sign = strchr(text, '=');
    size_t number = sign != NULL ? strtoul(sign + 1, NULL, 10) : 0;
    if (strncmp(text, "size=", 5) == 0 && number <= VALUE_MAX)
        options->size = number;
    else if (strncmp(text, "connections=", 12) == 0 && number > 0)
        options->connections = number;
    else if (strncmp(text, "depth=", 6) == 0 && number > 0)
        options->depth = number;
    else if (strncmp(text, "rows=", 5) == 0 && number > 0)
        options->rows = number;
    else
        load_must(DEPUTY_E_ARGUMENT, text);
}

static enum operation operation_of(const char *name)
{
    static const struct {
        const char *name;
        enum operation operation;
    } names[] = {{"put", PUT}, {"decrypt", DECRYPT}, {"select", SELECT}, {"databases", DATABASES}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].operation;
    }
    return GET;
}

static void options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.size = 1024, .connections = 64, .depth = 1, .rows = 1000};
    options->port = (uint16_t)strtoul(argv[1], NULL, 10);
    options->pid = (int)strtol(argv[2], NULL, 10);
    options->operation = operation_of(argv[3]);
    options->requests = strtoul(argv[4], NULL, 10);
    for (int i = 5; i < argc; i++)
        option_read(options, argv[i]);
}

static void load_open(struct load *load)
{
    size_t most = load->options.requests > KEYS ? load->options.requests : KEYS;
    load_must(deputy_arena_create(&load->arena, BATCH_ARENA), "arena");
    load->micros = calloc(most, sizeof load->micros[0]);
    if (load->micros == NULL)
        load_must(DEPUTY_E_NOMEM, "answers");
    memset(load->value, 'v', sizeof load->value);
    world_open(&load->world, load->options.port, (uint32_t)wire_now_ns());
    if (load->options.operation == DECRYPT)
        sealed_open(&load->sealed, &load->world);
    if (load->options.operation == SELECT || load->options.operation == DATABASES)
        world_sign_in_sql(&load->world, &load->sql);
    if (load->options.depth == 1)
        load->holder = load->world.session;
    else
        world_descend(&load->world, &load->holder, load->options.depth);
}

static void load_close(struct load *load)
{
    sealed_close(&load->sealed);
    if (load->options.depth > 1)
        deputy_key_destroy(load->holder.key);
    world_close(&load->world);
    free(load->micros);
    deputy_arena_destroy(load->arena);
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc < 5) {
        fprintf(stderr, "usage: load_node PORT PID get|put|decrypt|select|databases REQUESTS"
                        " [size=N] [connections=N] [depth=N] [rows=N]\n");
        return 2;
    }
    options_read(&load.options, argc, argv);
    load_open(&load);
    run(&load);
    load_close(&load);
    return 0;
}
