#include "run/address.h"
#include "base/try.h"
#include <arpa/inet.h>
#include <stdio.h>

static enum deputy_error port_read(uint16_t *out, struct deputy_slice text)
{
    uint32_t port = 0;
    ENSURE(text.len >= 1 && text.len <= 5, DEPUTY_E_ARGUMENT);
    for (size_t i = 0; i < text.len; i++) {
        ENSURE(text.ptr[i] >= '0' && text.ptr[i] <= '9', DEPUTY_E_ARGUMENT);
        port = port * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    ENSURE(port <= UINT16_MAX, DEPUTY_E_ARGUMENT);
    *out = (uint16_t)port;
    return DEPUTY_OK;
}

static bool is_address(int family, const char *text)
{
    uint8_t bytes[16];
    return inet_pton(family, text, bytes) == 1;
}

static enum deputy_error host_read(char out[48], struct deputy_slice text)
{
    bool bracketed = text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']';
    if (bracketed)
        text = deputy_slice_bytes(text.ptr + 1, text.len - 2);
    if (deputy_slice_equal(text, deputy_slice_text("localhost")))
        text = deputy_slice_text("127.0.0.1");
    ENSURE(text.len > 0 && text.len < 48, DEPUTY_E_ARGUMENT);
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return is_address(bracketed ? AF_INET6 : AF_INET, out) ? DEPUTY_OK : DEPUTY_E_ARGUMENT;
}

enum deputy_error address_read(struct address *out, struct deputy_slice text)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    ENSURE(colon > 1, DEPUTY_E_ARGUMENT);
    TRY(port_read(&out->port, deputy_slice_bytes(text.ptr + colon, text.len - colon)));
    return host_read(out->host, deputy_slice_bytes(text.ptr, colon - 1));
}

void address_print(char *out, const struct address *address)
{
    bool v6 = strchr(address->host, ':') != NULL;
    snprintf(out, 64, v6 ? "[%s]:%u" : "%s:%u", address->host, address->port);
}
