#include "lib/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "lib/text.h"

struct reader {
	yaml_parser_t parser;
	struct arena *a, *texts;
	const char *file;
	struct err *e;
	size_t nodes;
};

static int fail_at(struct reader *r, int code, yaml_mark_t at, const char *what)
{
	return err_at(r->e, code, r->file, (int)at.line + 1, (int)at.column + 1, "%s", what);
}

static int next_event(struct reader *r, yaml_event_t *ret)
{
	if (yaml_parser_parse(&r->parser, ret))
		return 0;
	const char *what = r->parser.problem ? r->parser.problem : "does not parse";
	return fail_at(r, r->parser.error == YAML_MEMORY_ERROR ? ERR_NOMEM : ERR_SYNTAX, r->parser.problem_mark, what);
}

/* What an event carries beyond plain content. */
static const char *extra(const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	if (ev->type == YAML_ALIAS_EVENT)
		return "aliases are not allowed here";
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	}
	return anchor ? "anchors are not allowed here" : tag ? "tags are not allowed here" : NULL;
}

static int node_new(struct reader *r, const yaml_event_t *ev, struct yaml_node **ret)
{
	const char *wrong = extra(ev);
	if (wrong)
		return fail_at(r, ERR_SYNTAX, ev->start_mark, wrong);
	if (++r->nodes > YAML_NODES_MAX)
		return fail_at(r, ERR_TOOBIG, ev->start_mark, "too many entries");
	struct yaml_node *n = ARENA_NEW(r->a, struct yaml_node);
	if (!n)
		return fail_at(r, ERR_NOMEM, ev->start_mark, "too large");
	n->line = (int)ev->start_mark.line + 1;
	n->col = (int)ev->start_mark.column + 1;
	if (ev->type == YAML_SCALAR_EVENT) {
		n->kind = YAML_SCALAR;
		n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		n->text = arena_str(r->texts, str_n(ev->data.scalar.value, ev->data.scalar.length));
		if (!n->text.p)
			return fail_at(r, ERR_NOMEM, ev->start_mark, "too large");
	} else {
		n->kind = ev->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
	}
	*ret = n;
	return 0;
}

/* Room for one entry more; arrays double. */
static bool grow(struct reader *r, struct yaml_node *n, size_t *cap)
{
	if (n->n < *cap)
		return true;
	size_t more = *cap ? *cap * 2 : 8;
	struct yaml_node **items = arena_array(r->a, more, sizeof(void *));
	struct yaml_node **keys = n->kind == YAML_MAP ? arena_array(r->a, more, sizeof(void *)) : NULL;
	if (!items || (n->kind == YAML_MAP && !keys))
		return false;
	if (n->n)
		memcpy(items, n->items, n->n * sizeof(void *));
	if (n->n && keys)
		memcpy(keys, n->keys, n->n * sizeof(void *));
	n->items = items;
	n->keys = keys;
	*cap = more;
	return true;
}

static int by_text(const void *pa, const void *pb)
{
	const struct yaml_node *a = *(struct yaml_node *const *)pa, *b = *(struct yaml_node *const *)pb;
	int c = str_cmp(a->text, b->text);
	if (c)
		return c;
	return a->line != b->line ? a->line - b->line : a->col - b->col;
}

/* Sorted, so that a file of many keys costs no quadratic time. The first repetition in the file is named. */
static int check_keys(struct reader *r, const struct yaml_node *map)
{
	if (map->n < 2)
		return 0;
	struct yaml_node **sorted = malloc(map->n * sizeof(void *)), *again = NULL;
	if (!sorted)
		return err_set(r->e, ERR_NOMEM, "out of memory");
	memcpy(sorted, map->keys, map->n * sizeof(void *));
	qsort(sorted, map->n, sizeof(void *), by_text);
	for (size_t i = 1; i < map->n; i++) {
		struct yaml_node *k = sorted[i];
		bool earlier = !again || k->line < again->line || (k->line == again->line && k->col < again->col);
		if (str_eq(sorted[i - 1]->text, k->text) && earlier)
			again = k;
	}
	free(sorted);
	if (!again)
		return 0;
	return err_at(r->e, ERR_SYNTAX, r->file, again->line, again->col, "key given twice: %.*s",
	              again->text.n > 200 ? 200 : (int)again->text.n, again->text.p);
}

static int read_node(struct reader *r, const yaml_event_t *ev, int depth, struct yaml_node **ret);

/* Reads the entries of a list or map up to its end event. */
static int read_entries(struct reader *r, struct yaml_node *n, int depth)
{
	yaml_event_type_t end = n->kind == YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	size_t cap = 0;
	struct yaml_node *key = NULL;
	for (;;) {
		yaml_event_t ev;
		int err = next_event(r, &ev);
		if (err)
			return err;
		struct yaml_node *item = NULL;
		bool done = ev.type == end;
		if (done)
			;
		else if (n->kind == YAML_MAP && !key && ev.type != YAML_SCALAR_EVENT && ev.type != YAML_ALIAS_EVENT)
			err = fail_at(r, ERR_SYNTAX, ev.start_mark, "a key must be a plain text");
		else if (!grow(r, n, &cap))
			err = fail_at(r, ERR_NOMEM, ev.start_mark, "too large");
		else
			err = read_node(r, &ev, depth, &item);
		yaml_event_delete(&ev);
		if (err || done)
			return err ? err : n->kind == YAML_MAP ? check_keys(r, n) : 0;
		if (n->kind == YAML_MAP && !key) {
			key = item;
			continue;
		}
		if (key)
			n->keys[n->n] = key;
		n->items[n->n++] = item;
		key = NULL;
	}
}

static int read_node(struct reader *r, const yaml_event_t *ev, int depth, struct yaml_node **ret)
{
	struct yaml_node *n;
	int err = node_new(r, ev, &n);
	if (err)
		return err;
	if (n->kind != YAML_SCALAR) {
		if (depth >= YAML_DEPTH_MAX)
			return fail_at(r, ERR_TOOBIG, ev->start_mark, "nested too deeply");
		err = read_entries(r, n, depth + 1);
		if (err)
			return err;
	}
	*ret = n;
	return 0;
}

/* stream start, document start, one node, document end, stream end */
static int read_stream(struct reader *r, struct yaml_node **ret)
{
	for (;;) {
		yaml_event_t ev;
		int err = next_event(r, &ev);
		if (err)
			return err;
		yaml_event_type_t type = ev.type;
		if (type == YAML_DOCUMENT_START_EVENT && *ret)
			err = fail_at(r, ERR_SYNTAX, ev.start_mark, "more than one document");
		else if (type == YAML_DOCUMENT_START_EVENT &&
		         (ev.data.document_start.version_directive ||
		          ev.data.document_start.tag_directives.start != ev.data.document_start.tag_directives.end))
			err = fail_at(r, ERR_SYNTAX, ev.start_mark, "directives are not allowed here");
		else if (type == YAML_STREAM_END_EVENT && !*ret)
			err = fail_at(r, ERR_SYNTAX, ev.start_mark, "the file is empty");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
		         type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
			err = read_node(r, &ev, 0, ret);
		yaml_event_delete(&ev);
		if (err || type == YAML_STREAM_END_EVENT)
			return err;
	}
}

/* libyaml gives no place for bytes that are no text. */
static int check_bytes(const char *file, struct str text, struct err *e)
{
	int line = 1;
	if (text.n > YAML_BYTES_MAX)
		return err_at(e, ERR_TOOBIG, file, 0, 0, "longer than %u bytes", YAML_BYTES_MAX);
	while (text.n) {
		uint32_t c;
		size_t n = utf8_next(text, &c);
		if (!n || !c)
			return err_at(e, ERR_SYNTAX, file, line, 0, "not valid UTF-8");
		if (c < 0x20 && c != '\n' && c != '\r' && c != '\t')
			return err_at(e, ERR_SYNTAX, file, line, 0, "control characters are not allowed");
		line += c == '\n';
		text = str_slice(text, n, text.n);
	}
	return 0;
}

int yaml_parse(struct arena *a, const char *file, struct str text, struct yaml_node **ret, struct err *e)
{
	return yaml_parse_apart(a, a, file, text, ret, e);
}

int yaml_parse_apart(struct arena *a, struct arena *texts, const char *file, struct str text, struct yaml_node **ret,
                     struct err *e)
{
	if (str_starts(text, "\xef\xbb\xbf"))
		text = str_slice(text, 3, text.n);
	int err = check_bytes(file, text, e);
	if (err)
		return err;
	struct reader r = { .a = a, .texts = texts, .file = file, .e = e };
	if (!yaml_parser_initialize(&r.parser))
		return err_set(e, ERR_NOMEM, "out of memory");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
	struct yaml_node *root = NULL;
	err = read_stream(&r, &root);
	yaml_parser_delete(&r.parser);
	if (!err)
		*ret = root;
	return err;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (str_is(map->keys[i]->text, key))
			return map->items[i];
	return NULL;
}

int yaml_bool(const struct yaml_node *n, bool *ret)
{
	if (!n || n->kind != YAML_SCALAR || n->quoted)
		return ERR_SYNTAX;
	if (!str_is(n->text, "true") && !str_is(n->text, "false"))
		return ERR_SYNTAX;
	*ret = str_is(n->text, "true");
	return 0;
}
