/* The document that names the app before its guest starts (spec/08 section 5.4). */
#include "attest/mr_config.h"
#include "support/edit.h"
#include "support/hex.h"
#include "support/vectors.h"

#define HASH "2222222222222222222222222222222222222222222222222222222222222222"
#define SMALLEST "{\"version\":3,\"compose_hash\":\"" HASH "\",\"key_provider\":\"none\""

static enum deputy_error parsed(void **state, const char *document)
{
    struct mr_config config;
    return mr_config_parse(*state, &config, T(document));
}

static void known_document_says_who_the_app_is(void **state)
{
    const struct json_value *known;
    struct mr_config config;
    assert_ok(json_parse(*state, &known, check_data(*state, "attestation/known_answers.json")));
    assert_ok(
            mr_config_parse(*state, &config, check_text_of(json_member(known, "mr_config_v3"), "document")));
    assert_hex(config.app_id.ptr, config.app_id.len, "1111111111111111111111111111111111111111");
    assert_hex(config.compose_hash.ptr, config.compose_hash.len, HASH);
    assert_hex(config.instance_id.ptr, config.instance_id.len, "4444444444444444444444444444444444444444");
    assert_int_equal(config.gpu_policy_hash.len, HASH_BYTES);
    assert_int_equal(config.key_provider_id.len, 32);
    assert_text(config.key_provider, "kms");
    assert_int_equal(config.init_scripts, 0);
}

static void what_is_not_said_is_absent(void **state)
{
    struct mr_config config;
    assert_ok(mr_config_parse(*state, &config, T(SMALLEST "}")));
    assert_false(deputy_slice_present(config.app_id) || deputy_slice_present(config.instance_id) ||
                 deputy_slice_present(config.key_provider_id) ||
                 deputy_slice_present(config.gpu_policy_hash));
}

static void init_scripts_are_at_most_five_hashes(void **state)
{
    struct mr_config config;
#define SCRIPT "\"" HASH "\""
    assert_ok(mr_config_parse(*state, &config,
            T(SMALLEST ",\"init_script_hashes\":[" SCRIPT "," SCRIPT "," SCRIPT "," SCRIPT "," SCRIPT "]}")));
    assert_int_equal(config.init_scripts, 5);
    assert_int_equal(parsed(state, SMALLEST ",\"init_script_hashes\":[" SCRIPT "," SCRIPT "," SCRIPT
                                            "," SCRIPT "," SCRIPT "," SCRIPT "]}"),
            DEPUTY_E_MR_CONFIG);
    assert_int_equal(parsed(state, SMALLEST ",\"init_script_hashes\":[\"22\"]}"), DEPUTY_E_MR_CONFIG);
    assert_int_equal(parsed(state, SMALLEST ",\"init_script_hashes\":" SCRIPT "}"), DEPUTY_E_MR_CONFIG);
}

static void document_of_another_form_is_refused(void **state)
{
    static const char *const wrong[] = {"", "[]", "{}", SMALLEST, SMALLEST ",\"more\":1}",
            SMALLEST ",\"version\":3}", SMALLEST ",\"app_id\":\"11\"}", SMALLEST ",\"app_id\":null}",
            SMALLEST ",\"instance_id\":\"\"}", SMALLEST ",\"gpu_policy_hash\":\"11\"}",
            SMALLEST ",\"key_provider_id\":\"1\"}", SMALLEST ",\"key_provider_id\":1}", SMALLEST "} ,",
            "{\"version\":2,\"compose_hash\":\"" HASH "\",\"key_provider\":\"none\"}",
            "{\"version\":\"3\",\"compose_hash\":\"" HASH "\",\"key_provider\":\"none\"}",
            "{\"compose_hash\":\"" HASH "\",\"key_provider\":\"none\"}",
            "{\"version\":3,\"key_provider\":\"none\"}", "{\"version\":3,\"compose_hash\":\"" HASH "\"}",
            "{\"version\":3,\"compose_hash\":\"" HASH "\",\"key_provider\":\"KMS\"}",
            "{\"version\":3,\"compose_hash\":\"" HASH "22\",\"key_provider\":\"none\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parsed(state, wrong[i]), DEPUTY_E_MR_CONFIG);
}

static void document_beyond_the_limit_is_refused_unread(void **state)
{
    struct mr_config config;
    uint8_t byte = 0;
    assert_int_equal(mr_config_parse(*state, &config, deputy_slice_bytes(&byte, MR_CONFIG_MAX_BYTES + 1)),
            DEPUTY_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(known_document_says_who_the_app_is),
            ARENA_TEST(what_is_not_said_is_absent),
            ARENA_TEST(init_scripts_are_at_most_five_hashes),
            ARENA_TEST(document_of_another_form_is_refused),
            ARENA_TEST(document_beyond_the_limit_is_refused_unread),
    };
    return cmocka_run_group_tests_name("attest.mr_config", tests, NULL, NULL);
}
