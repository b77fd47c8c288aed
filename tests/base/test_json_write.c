#include "base/json_write.h"
#include "support/check.h"

/* RFC 8785 section 3.2.4 */
static void canonical_form_is_that_of_rfc_8785(void **state)
{
    const struct json_value *value;
    struct buf out = buf_make(*state, 4096);
    struct deputy_slice text;
    assert_ok(json_parse(*state, &value,
            T("{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"
              "\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
              "\"literals\":[null,true,false]}")));
    json_put_canonical(&out, value);
    assert_ok(buf_finish(&out, &text));
    assert_text(text, "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                      "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            ARENA_TEST(canonical_form_is_that_of_rfc_8785),
    };
    return cmocka_run_group_tests_name("base.json_write", tests, NULL, NULL);
}
