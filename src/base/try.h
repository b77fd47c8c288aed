/* A line a step: failure returns at once, success falls through. */
#ifndef BASE_TRY_H
#define BASE_TRY_H

#include <deputy/error.h>

/* Returns the error of a call that failed. */
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        enum deputy_error try_result_ = (call);                                                              \
        if (try_result_ != DEPUTY_OK)                                                                        \
            return try_result_;                                                                              \
    } while (0)

/* Returns the error when the condition does not hold. */
#define ENSURE(condition, error)                                                                             \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return (error);                                                                                  \
    } while (0)

/* Calls the function with the variable's address when the variable goes out of scope. */
#define DEFER(function) __attribute__((cleanup(function)))

#endif
