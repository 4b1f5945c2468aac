/* The gate's data: which type goes which way, and what each code means to a person. */
#include <stdio.h>
#include <string.h>

#include "gate/gate.h"
#include "lib/csv.h"
#include "lib/file.h"

#define TABLE_MAX (1u << 20)
#define ROWS_MAX 1000

struct routes {
	struct route list[ROWS_MAX];
	size_t n;
};

struct code {
	struct str code, ja, en;
};

struct codes {
	struct code list[ROWS_MAX];
	size_t n;
};

typedef void row_fn(void *table, struct arena *a, struct str *cells);

static int load(struct arena *a, const char *share, const char *name, size_t columns, row_fn *each, void *table, size_t *n,
                struct err *e)
{
	char path[4200];
	struct csv *c;
	struct buf b;
	struct str *cells;
	size_t k, rows = 0;
	int r;

	if ((size_t)snprintf(path, sizeof path, "%s/gate/%s", share, name) >= sizeof path)
		return err_set(e, ERR_TOOBIG, "%.200s: too long", share);
	buf_init(&b, TABLE_MAX);
	r = file_read(path, TABLE_MAX, &b, e);
	if (r) {
		buf_release(&b);
		return r;
	}
	c = csv_open(arena_str(a, buf_view(&b)), '\t');
	buf_release(&b);
	while ((r = csv_row(c, a, &cells, &k, e)) == 1) {
		if (k != columns || *n >= ROWS_MAX) {
			r = err_at(e, ERR_SYNTAX, name, csv_line(c), 0, "%zu columns are wanted, and at most %d rows", columns, ROWS_MAX);
			break;
		}
		if (rows++)                              /* the first names the columns */
			each(table, a, cells);
	}
	csv_close(c);
	return r;
}

static void add_route(void *table, struct arena *a, struct str *cells)
{
	struct routes *rs = table;

	rs->list[rs->n++] = (struct route){cells[0], cells[1], cells[2], cells[3], cells[4]};
}

static void add_code(void *table, struct arena *a, struct str *cells)
{
	struct codes *cs = table;

	cs->list[cs->n++] = (struct code){cells[0], cells[1], cells[2]};
}

int routes_load(struct arena *a, const char *share, struct routes **ret, struct err *e)
{
	*ret = ARENA_NEW(a, struct routes);
	return load(a, share, "routes.tsv", 5, add_route, *ret, &(*ret)->n, e);
}

int codes_load(struct arena *a, const char *share, struct codes **ret, struct err *e)
{
	*ret = ARENA_NEW(a, struct codes);
	return load(a, share, "codes.tsv", 3, add_code, *ret, &(*ret)->n, e);
}

const struct route *route_find(const struct routes *rs, struct str ext)
{
	for (size_t i = 0; i < rs->n; i++)
		if (str_eq(rs->list[i].ext, ext))
			return &rs->list[i];
	return NULL;
}

bool route_takes(const struct route *rt, struct str type)
{
	struct str rest = rt->types;

	while (rest.n) {
		struct str one = str_cut(&rest, ' ');

		if (str_eq(one, type) || str_is(one, "any"))
			return true;
	}
	return false;
}

struct str code_text(const struct codes *cs, struct str code, bool ja)
{
	for (size_t i = 0; i < cs->n; i++)
		if (str_eq(cs->list[i].code, code))
			return ja ? cs->list[i].ja : cs->list[i].en;
	return code;
}
