/* The read side of a log as c2sp.org/tlog-tiles wants it: /checkpoint, /tile/L/N[.p/W], and /tile/entries/N[.p/W] only where asked for,
 * since entries may be about persons. Beside it /cosigned, the newest checkpoint that witnesses cosigned. Reads the folder, writes nothing. */
#ifndef WITNESS_TILES_H
#define WITNESS_TILES_H

#include "tlog/tlog.h"
#include "witness/http.h"

struct tiles {
	const char *dir;                                 /* the log's folder */
	bool entries;
	struct tlog *log;
	struct note_key key;
	struct checkpoint head;
	int64_t opened;
};

struct tile_name {
	bool entries;
	unsigned level, width;                           /* width 256: full */
	uint64_t n;
};

/* A path with its leading slash; ERR_SYNTAX for anything but the one way to write it. */
int tile_name_parse(struct str path, struct tile_name *ret) MUST_USE;
int tiles_open(struct tiles *t, struct err *e) MUST_USE;
http_answer_fn tiles_answer;

#endif
