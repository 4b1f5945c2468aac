/* Writes JSON without an object model (reading is jansson's). Commas and nesting are the writer's business. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct json {
	struct buf *out;
	unsigned depth;
	bool first[64];
	bool after_key;
	bool pretty;
};

void json_init(struct json *j, struct buf *out, bool pretty);
void json_object(struct json *j);
void json_end_object(struct json *j);
void json_array(struct json *j);
void json_end_array(struct json *j);
void json_key(struct json *j, const char *key);
void json_str(struct json *j, struct str s);         /* invalid UTF-8 becomes U+FFFD; STR_NONE gives null */
void json_z(struct json *j, const char *z);          /* NULL gives null */
void json_int(struct json *j, int64_t v);
void json_double(struct json *j, double v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
void json_raw(struct json *j, struct str s);         /* already JSON */
/* key and value in one */
void json_kstr(struct json *j, const char *key, struct str s);
void json_kz(struct json *j, const char *key, const char *z);
void json_kint(struct json *j, const char *key, int64_t v);
void json_kbool(struct json *j, const char *key, bool v);

#endif
