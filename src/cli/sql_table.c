#include "cli/sql_table.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "cli/output.h"

enum { TABLE_WIDTH_MAX = 60, TABLE_CELL_MAX = 64 * 1024 * 1024 };

struct table {
    size_t columns, rows; /* rows with the heading */
    struct deputy_slice *cells;
    size_t *widths; /* characters */
};

static void put_blob(struct buf *out, const struct json_value *bytes)
{
    buf_put_text(out, "x'");
    JSON_EACH (byte, bytes) {
        int64_t value = 0;
        (void)json_to_int64(&value, byte);
        const uint8_t one = (uint8_t)value;
        hex_put(out, deputy_slice_bytes(&one, 1));
    }
    buf_put_byte(out, '\'');
}

static struct deputy_slice cell_text(struct cli *cli, const struct json_value *value)
{
    struct buf out = buf_make(cli->arena, TABLE_CELL_MAX);
    switch (value->kind) {
    case JSON_NULL:
        return deputy_slice_text("");
    case JSON_STRING:
        return value->text;
    case JSON_ARRAY:
        put_blob(&out, value);
        return cli_text(&out);
    default:
        return value->raw;
    }
}

static size_t characters_of(struct deputy_slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.ptr[i] & 0xc0) != 0x80;
    return count;
}

static void table_row(struct cli *cli, struct table *table, const struct json_value *values)
{
    size_t column = 0;
    JSON_EACH (value, values) {
        if (column == table->columns)
            break;
        struct deputy_slice text = cell_text(cli, value);
        size_t width = characters_of(text);
        table->cells[table->rows * table->columns + column] = text;
        if (width > table->widths[column])
            table->widths[column] = width < TABLE_WIDTH_MAX ? width : TABLE_WIDTH_MAX;
        column++;
    }
    table->rows++;
}

static void put_spaces(size_t count)
{
    for (size_t i = 0; i < count; i++)
        putchar(' ');
}

static void put_row(const struct table *table, size_t row)
{
    for (size_t column = 0; column < table->columns; column++) {
        struct deputy_slice text = table->cells[row * table->columns + column];
        size_t width = characters_of(text);
        cli_put_safe(stdout, text);
        if (column + 1 < table->columns)
            put_spaces((width < table->widths[column] ? table->widths[column] - width : 0) + 2);
    }
    putchar('\n');
}

static void put_rule(const struct table *table)
{
    for (size_t column = 0; column < table->columns; column++) {
        for (size_t i = 0; i < table->widths[column]; i++)
            putchar('-');
        put_spaces(column + 1 < table->columns ? 2 : 0);
    }
    putchar('\n');
}

int sql_table_show(struct cli *cli, const struct json_value *result)
{
    const struct json_value *columns = json_member(result, "columns"), *rows = json_member(result, "rows");
    if (!json_is(rows, JSON_ARRAY))
        return cli_complain("the node's answer is no result"), CLI_NO;
    struct table table = {.columns = columns->count};
    table.cells = ARENA_ARRAY(cli->arena, struct deputy_slice, (size_t)(rows->count + 1) * table.columns);
    table.widths = ARENA_ARRAY(cli->arena, size_t, table.columns);
    if (table.columns > 0 && (table.cells == NULL || table.widths == NULL))
        return cli_complain("the result is too large to be shown: use --json"), CLI_UNUSABLE;
    table_row(cli, &table, columns);
    JSON_EACH (row, rows)
        table_row(cli, &table, row);
    if (table.columns == 0)
        return CLI_YES;
    put_row(&table, 0);
    put_rule(&table);
    for (size_t row = 1; row < table.rows; row++)
        put_row(&table, row);
    return CLI_YES;
}
