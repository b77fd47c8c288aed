#include "grant/sql_caveat.h"
#include "base/try.h"

/* ---- shape ---- */

static bool pin_is_valid(const struct json_value *pin)
{
    int64_t index;
    return json_is(pin, JSON_OBJECT) && json_to_int64(&index, json_member(pin, "index")) == DEPUTY_OK &&
           json_member(pin, "value") != NULL;
}

static bool statement_is_valid(const struct json_value *statement)
{
    if (!json_is(json_member(statement, "name"), JSON_STRING) ||
            !json_is(json_member(statement, "sql"), JSON_STRING))
        return false;
    const struct json_value *pins = json_member(statement, "fixedParams");
    if (pins == NULL)
        return true;
    if (pins->kind != JSON_ARRAY)
        return false;
    JSON_EACH (pin, pins) {
        if (!pin_is_valid(pin))
            return false;
    }
    return true;
}

static bool profile_is_valid(const struct json_value *profile)
{
    const struct json_value *statements = json_member(profile, "statements");
    bool read_only;
    if (!json_text_is(json_member(profile, "mode"), "constrained-statements") ||
            json_to_bool(&read_only, json_member(profile, "readOnly")) != DEPUTY_OK ||
            !json_is(statements, JSON_ARRAY) || statements->count > SQL_CAVEAT_MAX_STATEMENTS)
        return false;
    JSON_EACH (statement, statements) {
        if (!statement_is_valid(statement))
            return false;
    }
    return true;
}

static bool caveat_read(struct sql_caveat *out, const struct json_value *value)
{
    if (profile_is_valid(value)) {
        *out = (struct sql_caveat){value, value, NULL};
        return true;
    }
    const struct json_value *member = json_member(value, "constrained-statements");
    if (!profile_is_valid(member))
        return false;
    *out = (struct sql_caveat){value, member, value->count > 1 ? value : NULL};
    return true;
}

/* "10" comes before "2": the wire's map of caveats is ordered by the text of its keys. */
static bool index_text_precedes(uint32_t later, uint32_t earlier)
{
    uint64_t padded = earlier; /* as many digits as the later one, which is the larger number */
    for (uint64_t digits = 10; digits <= later; digits *= 10)
        padded *= digits > earlier ? 10 : 1;
    return later < padded;
}

bool sql_caveat_find(struct sql_caveat *out, const struct json_value *caveats)
{
    struct sql_caveat candidate;
    bool found = false;
    uint32_t index = 0, first = 0;
    JSON_EACH (value, caveats) {
        if ((!found || index_text_precedes(index, first)) && caveat_read(&candidate, value)) {
            *out = candidate;
            first = index;
            found = true;
        }
        index++;
    }
    return found;
}

/* ---- pins ---- */

static const struct json_value *first_pin(const struct json_value *statement)
{
    const struct json_value *pins = json_member(statement, "fixedParams");
    return pins != NULL ? pins->first : NULL;
}

static int64_t pin_index(const struct json_value *pin)
{
    int64_t index = -1;
    (void)json_to_int64(&index, json_member(pin, "index"));
    return index;
}

static bool statement_pins_usable(const struct json_value *statement)
{
    uint8_t seen[SQL_CAVEAT_MAX_PIN / 8 + 1] = {0};
    for (const struct json_value *pin = first_pin(statement); pin != NULL; pin = pin->next) {
        int64_t index = pin_index(pin);
        if (index < 0 || index > SQL_CAVEAT_MAX_PIN)
            return false;
        uint8_t bit = (uint8_t)(1U << (index % 8));
        if (seen[index / 8] & bit)
            return false;
        seen[index / 8] |= bit;
    }
    return true;
}

bool sql_caveat_pins_usable(const struct sql_caveat *caveat)
{
    JSON_EACH (statement, json_member(caveat->profile, "statements")) {
        if (!statement_pins_usable(statement))
            return false;
    }
    return true;
}

/* ---- containment ---- */

static const struct json_value *pin_at(const struct json_value *statement, int64_t index)
{
    for (const struct json_value *pin = first_pin(statement); pin != NULL; pin = pin->next) {
        if (pin_index(pin) == index)
            return pin;
    }
    return NULL;
}

static const char *pins_contain(const struct json_value *parent, const struct json_value *child)
{
    for (const struct json_value *pin = first_pin(parent); pin != NULL; pin = pin->next) {
        const struct json_value *kept = pin_at(child, pin_index(pin));
        if (kept == NULL)
            return "containment-sql-fixed-param-dropped";
        if (!json_equal(json_member(pin, "value"), json_member(kept, "value")))
            return "containment-sql-fixed-param-mismatch";
    }
    return NULL;
}

static struct deputy_slice statement_text(const struct json_value *statement, const char *member)
{
    return json_member(statement, member)->text;
}

static const struct json_value *statement_named(const struct json_value *statements, struct deputy_slice name)
{
    JSON_EACH (statement, statements) {
        if (deputy_slice_equal(statement_text(statement, "name"), name))
            return statement;
    }
    return NULL;
}

static bool caveat_is_read_only(const struct sql_caveat *caveat)
{
    return json_member(caveat->profile, "readOnly")->kind == JSON_TRUE;
}

const char *sql_caveat_contain(const struct sql_caveat *parent, const struct sql_caveat *child)
{
    if (!caveat_is_read_only(parent) || !caveat_is_read_only(child))
        return "sql-non-readonly-not-permitted";
    const struct json_value *granted = json_member(parent->profile, "statements");
    JSON_EACH (statement, json_member(child->profile, "statements")) {
        const struct json_value *match = statement_named(granted, statement_text(statement, "name"));
        if (match == NULL ||
                !deputy_slice_equal(statement_text(match, "sql"), statement_text(statement, "sql")))
            return "containment-sql-statement-added";
        const char *reason = pins_contain(match, statement);
        if (reason != NULL)
            return reason;
    }
    return NULL;
}
