#include "grant/attempt.h"
#include "base/json_write.h"
#include "base/try.h"
#include "grant/json_plain.h"

enum { ARGUMENT_MAX = 8 * 1024 };

struct attempt attempt_make(struct deputy_arena *arena, struct deputy_refusal *refusal)
{
    *refusal = (struct deputy_refusal){.code = DEPUTY_OK};
    return (struct attempt){arena, refusal};
}

enum deputy_error attempt_end(const struct attempt *attempt, enum deputy_error result)
{
    if (attempt->refusal->code != result)
        *attempt->refusal = (struct deputy_refusal){.code = result};
    return result;
}

enum deputy_error attempt_refuse(const struct attempt *attempt, enum deputy_error code)
{
    *attempt->refusal = (struct deputy_refusal){.code = code};
    return code;
}

enum deputy_error attempt_refuse_about(
        const struct attempt *attempt, enum deputy_error code, struct deputy_slice first)
{
    *attempt->refusal = (struct deputy_refusal){.code = code, .args = {first}};
    return code;
}

enum deputy_error attempt_refuse_about_two(const struct attempt *attempt, enum deputy_error code,
        struct deputy_slice first, struct deputy_slice second)
{
    *attempt->refusal = (struct deputy_refusal){.code = code, .args = {first, second}};
    return code;
}

static enum deputy_error refuse_with(
        const struct attempt *attempt, enum deputy_error code, struct buf *argument)
{
    struct deputy_slice text;
    TRY(buf_finish(argument, &text));
    return attempt_refuse_about(attempt, code, text);
}

enum deputy_error attempt_refuse_quoted(
        const struct attempt *attempt, enum deputy_error code, struct deputy_slice text)
{
    struct buf argument = buf_make(attempt->arena, ARGUMENT_MAX);
    json_put_text(&argument, text);
    return refuse_with(attempt, code, &argument);
}

enum deputy_error attempt_refuse_value(
        const struct attempt *attempt, enum deputy_error code, const struct json_value *value)
{
    struct buf argument = buf_make(attempt->arena, ARGUMENT_MAX);
    json_put_plain(&argument, value);
    return refuse_with(attempt, code, &argument);
}

enum deputy_error attempt_refuse_index(const struct attempt *attempt, enum deputy_error code, size_t index)
{
    struct buf argument = buf_make(attempt->arena, ARGUMENT_MAX);
    buf_put_decimal(&argument, index);
    return refuse_with(attempt, code, &argument);
}

enum deputy_error attempt_refuse_number(const struct attempt *attempt, enum deputy_error code, double number)
{
    struct buf argument = buf_make(attempt->arena, ARGUMENT_MAX);
    json_put_double(&argument, number);
    return refuse_with(attempt, code, &argument);
}
