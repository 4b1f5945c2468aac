/* A Sigma string made ready: bytes, "?" (one character), "*" (any text), and the dashes that `windash` lets stand for one another.
 * Without regard to ASCII case unless cased. Matching is linear in the text for one star, and bounded by text times pattern else. */
#ifndef DETECT_PATTERN_H
#define DETECT_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"

#define PATTERN_MAX 4096u                            /* atoms */

enum { ATOM_ANY = 256, ATOM_STAR, ATOM_DASH };

enum pattern_shape { SHAPE_GLOB, SHAPE_EXACT, SHAPE_PREFIX, SHAPE_SUFFIX, SHAPE_PART, SHAPE_ALL };

struct pattern {
	enum pattern_shape shape;
	bool cased;
	struct str text;                                 /* of the plain shapes; lower case unless cased */
	uint16_t *atoms;
	size_t n;
};

/* Where the value stands in the text; sets "*" at the other ends. */
enum pattern_place { PLACE_WHOLE, PLACE_PART, PLACE_START, PLACE_END };

struct pattern_options {
	enum pattern_place place;
	bool cased, windash, plain;                      /* plain: no wildcards, no escapes */
};

/* ERR_TOOBIG. Lives in the arena. */
int pattern_make(struct arena *a, struct str text, const struct pattern_options *o, struct pattern *ret) MUST_USE;
bool pattern_match(const struct pattern *p, struct str text);
/* A text to look for. A side that is bound is where the field's value begins or ends: in a message no letter, digit or "_" stands
 * there beside one of the text's own. */
struct literal_text {
	struct str s;                                    /* lower case */
	bool left, right;
};
/* The longest run of plain bytes that any text it matches holds as such; .s.p NULL when there is none. Cut where a collector may
 * have written the bytes otherwise: backslash, quote, control characters. In the arena. */
struct literal_text pattern_literal(struct arena *a, const struct pattern *p);
bool word_byte(unsigned char c);
/* The same of a regular expression: a run at its top level. */
struct str regex_literal(struct arena *a, struct str re);
/* Whether text begins with it or holds it, by the same rules of case. */
bool text_place(struct str text, struct str part, enum pattern_place place, bool cased);

#endif
