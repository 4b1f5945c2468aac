/* Files that others write and we follow: lines become entries. How far a file was read is remembered in collect/followed, but only as
 * far as the vault has acknowledged. A file renamed away is read to its end and some seconds longer before the new one of its
 * name is begun (the supervisor hands it over); one that became shorter, or begins otherwise, is begun anew. */
#ifndef COLLECT_FOLLOW_H
#define COLLECT_FOLLOW_H

#include "collect/collect.h"

#define FOLLOW_READ (256u * 1024)
#define FOLLOW_QUIET_MS 2000                         /* how long a file renamed away must stay as it is */
#define FOLLOW_HEAD 256u                             /* bytes by which a file is known again */
#define FOLLOW_NEXT_MAX 8u                           /* files of one name that wait for their turn */

/* dir: the open folder collect/, where the state is kept. */
struct follows *follows_new(struct collect *c, int dir);
void follows_free(struct follows *f);
/* The file of a door, now or after it was made anew; fd is duplicated. */
int follows_take(struct follows *f, size_t door, int fd, struct err *e) MUST_USE;
/* Whether this is the file the state speaks of: the one before, renamed away while we were not there. */
bool follows_knows(const struct follows *f, size_t door, int fd);
/* Every COLLECT_TICK_MS: reads what was added. */
void follows_tick(struct follows *f);
void follows_sources(struct follows *f);
void follows_acked(struct follows *f);
/* Writes down how far all is acknowledged, when that changed. */
void follows_save(struct follows *f);

#endif
