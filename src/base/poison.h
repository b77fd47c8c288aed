/* Tells AddressSanitizer which memory of an arena nobody may touch. Does nothing in other builds. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISON_KNOWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_KNOWN 1
#endif
#endif

#ifdef POISON_KNOWN
#include <sanitizer/asan_interface.h>
/* The address goes through a register that the compiler does not follow: the interface takes pointers to
 * const, and GCC 13 would say that fresh memory is read through one. */
static inline void memory_poison(void *memory, size_t size)
{
    __asm__("" : "+r"(memory));
    ASAN_POISON_MEMORY_REGION(memory, size);
}

static inline void memory_unpoison(void *memory, size_t size)
{
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
}
#else
static inline void memory_poison(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

static inline void memory_unpoison(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
#endif

#endif
