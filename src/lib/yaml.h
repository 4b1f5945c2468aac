/* A YAML document as a tree of plain nodes with line and column, read with libyaml's events: no anchors, aliases,
 * tags or directives, one document, named limits; a key given twice is an error. An empty value is the plain
 * scalar "". */
#ifndef LIB_YAML_H
#define LIB_YAML_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/err.h"

#define YAML_BYTES_MAX (1u << 20)
#define YAML_DEPTH_MAX 16
#define YAML_NODES_MAX 20000

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	int line, col;                                   /* 1-based */
	struct str text;                                 /* scalar: its text */
	bool quoted;                                     /* scalar: was quoted or a block */
	size_t n;                                        /* list or map: entries */
	struct yaml_node **items;                        /* list: items; map: values */
	struct yaml_node **keys;                         /* map: keys (scalars) */
};

/* file names the source in errors. The tree lives in arena a. */
int yaml_parse(struct arena *a, const char *file, struct str text, struct yaml_node **ret, struct err *e) MUST_USE;
/* The same with the texts of scalars in an arena of their own: they stay when the tree goes. */
int yaml_parse_apart(struct arena *a, struct arena *texts, const char *file, struct str text, struct yaml_node **ret,
                     struct err *e) MUST_USE;
/* Value of a key, or NULL (also when map is NULL or no map). */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Plain true/false; ERR_SYNTAX otherwise (quoted text is not a bool). */
int yaml_bool(const struct yaml_node *n, bool *ret) MUST_USE;

#endif
