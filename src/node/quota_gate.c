#include "node/quota_gate.h"

static bool gate_waits(struct quota_gate *gate)
{
    while (gate->at < gate->count) {
        if (quota_need(gate->quota, gate->spaces[gate->at++], &gate->wait))
            return true;
    }
    return false;
}

static void gate_told(void *ctx)
{
    struct quota_gate *gate = ctx;
    if (!gate_waits(gate))
        gate->then(gate->ctx);
}

/* All are asked about at once, so that many take no longer than one. */
bool quota_gate_closed(struct quota_gate *gate)
{
    gate->wait.letter = (struct loop_task){.run = gate_told, .ctx = gate};
    for (size_t i = 0; i < gate->count; i++)
        quota_need(gate->quota, gate->spaces[i], NULL);
    return gate_waits(gate);
}
