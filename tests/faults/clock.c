/*
 * Loaded before a process (LD_PRELOAD): its clocks go wrong, or time goes by, on demand. A test says how
 * through a shared file that CLOCK_CONTROL names; tests/kit/clock.py has the same layout, and one file may
 * serve several processes. Without that variable it does nothing.
 *
 * Waits that are under way do not notice: a timer that has become due fires when its loop next wakes up.
 */
#define _GNU_SOURCE
#include "control.h"
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

struct control {
    _Atomic int64_t jumped_s; /* by which the wall clock is wrong */
    _Atomic int64_t passed_s; /* that have gone by beside the true ones, for all clocks */
};

typedef int clock_fn(clockid_t clock, struct timespec *out);

static struct control *control;
static clock_fn *truth;

__attribute__((constructor)) static void clock_start(void)
{
    control = control_map("CLOCK_CONTROL", sizeof *control);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (truth == NULL)
        truth = (clock_fn *)(uintptr_t)dlsym(RTLD_NEXT, "clock_gettime");
    int result = truth(clock, out);
    if (result != 0 || control == NULL)
        return result;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        out->tv_sec += atomic_load(&control->jumped_s) + atomic_load(&control->passed_s);
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)
        out->tv_sec += atomic_load(&control->passed_s);
    return result;
}
