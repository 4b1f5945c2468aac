/* collect: takes logs in from others. Reads sockets and files it was given, finds where messages begin and end, puts the envelope
 * around their raw bytes and hands them to vault (batch.h). Parses hostile bytes and owns nothing but where followed files stand.
 * It never drops what it has read: when the vault is slow it stops reading; what the kernel then drops of datagrams is counted and
 * said in an entry of its own. */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H

#include "collect/batch.h"
#include "collect/envelope.h"
#include "collect/frame.h"
#include "collect/source.h"
#include "core/child.h"
#include "core/intake.h"

#define COLLECT_TICK_MS 100
#define COLLECT_REST_MS 2                            /* a socket that gave little is looked at again so much later: many messages a call */

struct streams;
struct datagrams;
struct webs;
struct follows;

struct collect {
	struct child *child;
	struct batches *out;
	struct sources *sources;
	struct streams *streams;
	struct datagrams *datagrams;
	struct webs *webs;
	struct follows *follows;
	struct {
		enum intake_kind kind;
		char where[256];
	} doors[INTAKE_MAX];
	size_t n_doors;
	bool full;                                       /* nothing is read until the vault has caught up */
	bool behind;                                     /* nor, already now, what nobody acknowledges */
	int64_t now_ns;                                  /* when the bytes at hand were received, UTC */
	uint64_t read;                                   /* bytes from connections, since the start */
	uint64_t lost;                                   /* datagrams the kernel dropped, since the start */
};

/* Now, as the time of reception of what is read next. */
void collect_stamp(struct collect *c);
/* One message or piece of one. */
void collect_put(struct collect *c, struct source *s, const struct envelope *v, const struct piece *p);
/* An entry of our own: JSON of what happened here. */
void collect_note(struct collect *c, struct str json);
/* Which door a name like "listen.udp.0" is; -1: none. */
int collect_door(const struct collect *c, const char *name);

#endif
