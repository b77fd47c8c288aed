#include "node/webhook_post.h"
#include "support/check.h"

static void failed_deliveries_are_tried_later_and_later(void **state)
{
    (void)state;
    assert_int_equal(webhook_delay(1), 30);
    assert_int_equal(webhook_delay(2), 120);
    assert_int_equal(webhook_delay(3), 600);
    assert_int_equal(webhook_delay(4), 3600);
    assert_int_equal(webhook_delay(100), 3600);
    assert_int_equal(webhook_delay(0), 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(failed_deliveries_are_tried_later_and_later)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
