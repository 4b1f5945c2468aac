#include "witness/tiles.h"

#include <string.h>

#include "witness/request.h"

#define GROUPS_MAX 6                                 /* of three digits */

/* "x001/x234/067" with or without ".p/W" */
static int parse_number(struct str s, uint64_t *ret, unsigned *ret_width)
{
	uint64_t n = 0, width;

	for (unsigned i = 0; i < GROUPS_MAX; i++) {
		struct str group = str_cut(&s, '/');
		bool more = group.n && *group.p == 'x';

		if (more)
			group = str_slice(group, 1, group.n);
		if (group.n < 3)
			return ERR_SYNTAX;
		for (unsigned k = 0; k < 3; k++) {
			if (group.p[k] < '0' || group.p[k] > '9')
				return ERR_SYNTAX;
			n = n * 10 + (unsigned)(group.p[k] - '0');
		}
		if (more && i == 0 && n == 0)
			return ERR_SYNTAX;                       /* zeroes that need not be there */
		if (more && group.n == 3)
			continue;
		*ret = n;
		*ret_width = MERKLE_TILE;
		if (more || (group.n == 3) != !s.p)
			return ERR_SYNTAX;
		if (group.n == 3)
			return 0;
		if (!str_is(str_slice(group, 3, group.n), ".p") || request_size(s, &width) || !width || width >= MERKLE_TILE)
			return ERR_SYNTAX;
		*ret_width = (unsigned)width;
		return 0;
	}
	return ERR_SYNTAX;
}

int tile_name_parse(struct str path, struct tile_name *ret)
{
	struct str rest, what;
	uint64_t level;

	*ret = (struct tile_name){0};
	if (!str_starts(path, "/tile/"))
		return ERR_SYNTAX;
	rest = str_slice(path, 6, path.n);
	what = str_cut(&rest, '/');
	if (str_is(what, "entries"))
		ret->entries = true;
	else if (request_size(what, &level) || level > 63)
		return ERR_SYNTAX;
	else
		ret->level = (unsigned)level;
	return parse_number(rest, &ret->n, &ret->width);
}
