/* A poll(2) loop: descriptors with callbacks, and timers. One per process, single-threaded. */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
typedef void loop_fn(void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *l);
void loop_add(struct loop *l, int fd, loop_fn *readable, void *arg);   /* also called on hang-up */
void loop_remove(struct loop *l, int fd);
/* Calls fn once after ms; returns an id for loop_cancel. */
int loop_after(struct loop *l, int64_t ms, loop_fn *fn, void *arg);
void loop_cancel(struct loop *l, int id);
void loop_run(struct loop *l);                       /* until loop_stop */
void loop_stop(struct loop *l);

#endif
