/* Writes JSON without an object model (reading is jansson's, whose names begin with json_: ours begin with jw_).
 * Commas and nesting are the writer's business. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct jw {
	struct buf *out;
	unsigned depth;
	bool first[64];
	bool after_key;
	bool pretty;
};

void jw_init(struct jw *j, struct buf *out, bool pretty);
void jw_object(struct jw *j);
void jw_end_object(struct jw *j);
void jw_array(struct jw *j);
void jw_end_array(struct jw *j);
void jw_key(struct jw *j, const char *key);
void jw_str(struct jw *j, struct str s);         /* invalid UTF-8 becomes U+FFFD; STR_NONE gives null */
void jw_z(struct jw *j, const char *z);          /* NULL gives null */
void jw_int(struct jw *j, int64_t v);
void jw_double(struct jw *j, double v);
void jw_bool(struct jw *j, bool v);
void jw_null(struct jw *j);
void jw_raw(struct jw *j, struct str s);         /* already JSON */
/* key and value in one */
void jw_kstr(struct jw *j, const char *key, struct str s);
void jw_kz(struct jw *j, const char *key, const char *z);
void jw_kint(struct jw *j, const char *key, int64_t v);
void jw_kbool(struct jw *j, const char *key, bool v);

#endif
