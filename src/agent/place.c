/* Where the guest agent is: the places that clients of dstack look for, in their order. */
#include "agent/client.h"
#include <unistd.h>

enum { PLACES = 4 };

#define LOCAL_URL "http://localhost"

/* One of the two services that an agent may offer. */
struct service {
    const char *variable;
    const char *sockets[PLACES];
    bool legacy;
};

static const struct service services[] = {
        {"DSTACK_SIMULATOR_ENDPOINT",
                {"/var/run/dstack.sock", "/run/dstack.sock", "/var/run/dstack/dstack.sock",
                        "/run/dstack/dstack.sock"},
                false},
        {"TAPPD_SIMULATOR_ENDPOINT",
                {"/var/run/tappd.sock", "/run/tappd.sock", "/var/run/dstack/tappd.sock",
                        "/run/dstack/tappd.sock"},
                true},
};

enum { SERVICES = sizeof services / sizeof services[0] };

static bool is_url(const char *endpoint)
{
    return strncmp(endpoint, "http://", 7) == 0 || strncmp(endpoint, "https://", 8) == 0;
}

static struct agent_place named(const char *endpoint, bool legacy)
{
    bool url = is_url(endpoint);
    return (struct agent_place){.socket = url ? NULL : endpoint,
            .url = url ? endpoint : LOCAL_URL,
            .legacy = legacy,
            .named = true,
            .there = true};
}

/* The value of a variable that is set and not empty, or NULL. */
static const char *value_of(char *const *environ, const char *name)
{
    size_t len = strlen(name);
    for (; *environ != NULL; environ++)
        if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=' && (*environ)[len + 1] != '\0')
            return *environ + len + 1;
    return NULL;
}

static bool find_socket(struct agent_place *out, const struct service *service)
{
    for (size_t i = 0; i < PLACES; i++) {
        *out = (struct agent_place){
                .socket = service->sockets[i], .url = LOCAL_URL, .legacy = service->legacy};
        out->there = access(service->sockets[i], F_OK) == 0;
        if (out->there)
            return true;
    }
    return false;
}

struct agent_place agent_find(const char *endpoint, char *const *environ)
{
    struct agent_place place;
    if (endpoint != NULL)
        return named(endpoint, false);
    for (size_t i = 0; i < SERVICES; i++) {
        const char *value = value_of(environ, services[i].variable);
        if (value != NULL)
            return named(value, services[i].legacy);
    }
    for (size_t i = 0; i < SERVICES; i++)
        if (find_socket(&place, &services[i]))
            return place;
    return (struct agent_place){.socket = services[0].sockets[0], .url = LOCAL_URL};
}
