/* Tells AddressSanitizer which memory of an arena nobody may touch. Does nothing in other builds. */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define POISON_KNOWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_KNOWN 1
#endif
#endif

#ifdef POISON_KNOWN
#include <sanitizer/asan_interface.h>
#define memory_poison(memory, size) ASAN_POISON_MEMORY_REGION((memory), (size))
#define memory_unpoison(memory, size) ASAN_UNPOISON_MEMORY_REGION((memory), (size))
#else
#define memory_poison(memory, size) ((void)(memory), (void)(size))
#define memory_unpoison(memory, size) ((void)(memory), (void)(size))
#endif

#endif
