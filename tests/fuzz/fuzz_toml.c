/* Configuration files: whatever they hold, they are read or refused with a line. */
#include "property.h"
#include "run/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct toml_entry *entries;
    struct toml_problem problem;
    enum deputy_error error = toml_parse(fuzz_arena(), &entries, &problem, deputy_slice_bytes(data, size));
    HOLDS(error != DEPUTY_E_CONFIG_SYNTAX || (problem.line > 0 && problem.text != NULL));
    for (; error == DEPUTY_OK && entries != NULL; entries = entries->next)
        HOLDS(entries->path.len > 0 && entries->line > 0);
    return 0;
}
