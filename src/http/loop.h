/*
 * An event loop: one a thread. Everything on a loop runs on that loop's thread; only loop_post and loop_stop
 * may be called from others. Nothing that runs on a loop waits for a disk, a lock held across I/O or another
 * thread.
 */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include <deputy/error.h>
#include <stdint.h>

struct loop;

enum deputy_error loop_create(struct loop **out);

/* Ends a loop that no longer runs and whose timers and servers are ended. Letters still in its mailbox are
 * lost. NULL is allowed. */
void loop_destroy(struct loop *loop);

/* Runs until loop_stop: the calling thread becomes the loop's thread. */
void loop_run(struct loop *loop);

/* Has fn called on the loop's thread each time before it waits for something to do, and once more when
 * loop_run returns. Before it runs. */
void loop_before_wait(struct loop *loop, void (*fn)(void *ctx), void *ctx);

/* Makes loop_run return after the letters posted so far. From any thread. */
void loop_stop(struct loop *loop);

/* A letter: memory of the sender, free again as soon as run is called. */
struct loop_task {
    void (*run)(void *ctx);
    void *ctx;
    struct loop_task *next;
};

/* Has task->run called on the loop's thread, in the order of posting. From any thread; never waits. */
void loop_post(struct loop *loop, struct loop_task *task);

/* Milliseconds of a clock that never goes back, read once a turn of the loop. */
uint64_t loop_now_ms(const struct loop *loop);

struct loop_timer;

enum deputy_error loop_timer_create(
        struct loop_timer **out, struct loop *loop, void (*fire)(void *ctx), void *ctx);
/* Fires after so many milliseconds, and again every repeat_ms unless that is 0. Replaces an earlier start. */
void loop_timer_start(struct loop_timer *timer, uint64_t after_ms, uint64_t repeat_ms);
void loop_timer_stop(struct loop_timer *timer);
/* NULL is allowed. On the loop's thread, or after loop_run has returned and before loop_destroy. */
void loop_timer_destroy(struct loop_timer *timer);

/*
 * Runs work on a thread of the process's pool (four threads), then `then` on the loop: for what may block.
 * Both get ctx, which nobody else touches in between.
 */
enum deputy_error loop_offload(
        struct loop *loop, void (*work)(void *ctx), void (*then)(void *ctx), void *ctx);

#endif
