/* What is written is what dstack writes, and is read back as the same. */
#include "agent/attestation_write.h"
#include "support/edit.h"
#include "support/vectors.h"

enum { WRITE_MAX = 4 * 1024 * 1024 };

static struct deputy_slice written(void **state, void (*write)(struct buf *, const struct attestation *),
        const struct attestation *attestation)
{
    struct buf out = buf_make(*state, WRITE_MAX);
    struct deputy_slice bytes;
    write(&out, attestation);
    assert_ok(buf_finish(&out, &bytes));
    return bytes;
}

static struct deputy_slice recorded_pack(void **state)
{
    const struct json_value *file, *body;
    assert_ok(json_parse(*state, &file, check_data(*state, "attestation/dstack-simulator.json")));
    const struct json_value *exchange = check_vector_named(json_member(file, "exchanges"), "getquote");
    assert_ok(json_parse(*state, &body, check_text_of(exchange, "body")));
    return unhex(*state, check_text_of(body, "attestation"));
}

static void scale_is_written_byte_for_byte(void **state)
{
    struct attestation attestation;
    struct deputy_slice original = check_data(*state, "attestation/dstack/simulator_attestation_v0.bin");
    assert_ok(attestation_parse(*state, &attestation, original));
    assert_slice(written(state, attestation_put_scale, &attestation), original);
}

static void pack_is_written_byte_for_byte(void **state)
{
    struct attestation attestation;
    struct deputy_slice original = recorded_pack(state);
    assert_ok(attestation_parse(*state, &attestation, original));
    assert_slice(written(state, attestation_put_pack, &attestation), original);
}

/* Lengths on both sides of every width of a head. */
static void lengths_of_every_width_are_read_back(void **state)
{
    static const size_t lengths[] = {0, 1, 15, 16, 31, 32, 63, 64, 255, 256, 16383, 16384, 65535, 65536};
    static uint8_t bytes[65536];
    memset(bytes, 'a', sizeof bytes);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct deputy_slice content = deputy_slice_bytes(bytes, lengths[i]);
        struct event event = {.imr = RTMR_APP,
                .type = EVENT_TYPE_RUNTIME,
                .version = EVENT_V1,
                .name = content,
                .payload = content};
        struct attestation back,
                attestation = {
                        .quote = content, .config = content, .log = {&event, 1}, .runtime = {&event, 1}};
        assert_ok(event_digest(*state, &event));
        assert_ok(attestation_parse(*state, &back, written(state, attestation_put_scale, &attestation)));
        assert_slice(back.quote, content);
        assert_slice(back.log.events[0].name, content);
        assert_slice(back.runtime.events[0].payload, content);
        assert_slice(back.config, content);
        assert_ok(attestation_parse(*state, &back, written(state, attestation_put_pack, &attestation)));
        assert_slice(back.quote, content);
        assert_slice(back.log.events[0].payload, content);
        assert_slice(back.runtime.events[0].name, content);
        assert_slice(back.config, content);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(scale_is_written_byte_for_byte),
            ARENA_TEST(pack_is_written_byte_for_byte),
            ARENA_TEST(lengths_of_every_width_are_read_back),
    };
    return cmocka_run_group_tests_name("agent.attestation_write", tests, NULL, NULL);
}
