/* A correlation: which rules, grouped by what, within which time, how often. */
#include "detect/sigma.h"

#include <string.h>

#include "detect/logsource.h"

static int fault(const char *file, const struct yaml_node *at, const char *text, struct err *e)
{
	return err_at(e, ERR_INVALID, file, at->line, at->col, "%s", text);
}

int sigma_timespan(struct str s, int64_t *ret_ns)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'M', 2592000}, {'y', 31536000}};
	int64_t n;

	for (size_t i = 0; s.n > 1 && i < ARRAY_LEN(units); i++)
		if (s.p[s.n - 1] == units[i].unit && !str_int(str_slice(s, 0, s.n - 1), 1, 100000, &n)) {
			*ret_ns = n * units[i].seconds * 1000000000;
			return n * units[i].seconds > 366 * 86400 ? ERR_RANGE : 0;
		}
	return ERR_SYNTAX;
}

static int type(const char *file, const struct yaml_node *v, struct correlation *c, struct err *e)
{
	static const char *const kinds[] = {"event_count", "value_count", "temporal", "temporal_ordered"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (v->kind == YAML_SCALAR && str_is(v->text, kinds[i])) {
			c->kind = (enum correlation_kind)i;
			return 0;
		}
	return fault(file, v, "type is event_count, value_count, temporal or temporal_ordered", e);
}

static int refs(const char *file, const struct yaml_node *v, struct correlation *c, struct err *e)
{
	size_t n = v->kind == YAML_LIST ? v->n : 1;

	if (!n || n > CORR_RULES_MAX || v->kind == YAML_MAP)
		return fault(file, v, "rules names 1 to 16 rules", e);
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *one = v->kind == YAML_LIST ? v->items[i] : v;

		if (one->kind != YAML_SCALAR || !one->text.n)
			return fault(file, one, "a rule is named by its id or name", e);
		c->refs[i] = one->text;
	}
	c->n_rules = n;
	c->line = v->line;
	c->col = v->col;
	return 0;
}

static int group_by(const char *file, const struct yaml_node *v, struct correlation *c, struct err *e)
{
	size_t n = v->kind == YAML_LIST ? v->n : 1;

	if (!n || n > CORR_GROUP_MAX || v->kind == YAML_MAP)
		return fault(file, v, "group-by names 1 to 8 fields", e);
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *one = v->kind == YAML_LIST ? v->items[i] : v;

		if (one->kind != YAML_SCALAR || !one->text.n)
			return fault(file, one, "group-by names fields", e);
		c->group[c->n_group++] = one->text;
	}
	return 0;
}

static int condition(const char *file, const struct yaml_node *v, struct correlation *c, struct err *e)
{
	if (v->kind != YAML_MAP)
		return fault(file, v, "condition is a map: gte: 10", e);
	for (size_t i = 0; i < v->n; i++) {
		const struct yaml_node *k = v->keys[i], *x = v->items[i];
		bool gt = str_is(k->text, "gt");

		if (x->kind != YAML_SCALAR)
			return fault(file, x, "one value", e);
		if (str_is(k->text, "field")) {
			c->field = x->text;
			continue;
		}
		if (!gt && !str_is(k->text, "gte") && !str_is(k->text, "eq"))
			return fault(file, k, "a count is judged when it is reached: gte, gt or eq", e);
		if (c->least || str_int(x->text, gt ? 0 : 1, CORR_COUNT_MAX - gt, &c->least))
			return fault(file, x, "one count of 1 to 1000", e);
		c->least += gt;
	}
	return 0;
}

/* aliases: {name: {rule: field}} over the names of group-by. */
static int aliases(const char *file, const struct yaml_node *v, struct correlation *c, struct err *e)
{
	if (v->kind != YAML_MAP)
		return fault(file, v, "aliases is a map", e);
	for (size_t i = 0; i < v->n; i++) {
		size_t g = 0;

		while (g < c->n_group && !str_eq(c->group[g], v->keys[i]->text))
			g++;
		if (g == c->n_group)
			return fault(file, v->keys[i], "an alias that group-by does not use", e);
		if (v->items[i]->kind != YAML_MAP)
			return fault(file, v->items[i], "an alias is a map of rules to fields", e);
		for (size_t k = 0; k < v->items[i]->n; k++) {
			size_t r = 0;

			while (r < c->n_rules && !str_eq(c->refs[r], v->items[i]->keys[k]->text))
				r++;
			if (r == c->n_rules || v->items[i]->items[k]->kind != YAML_SCALAR)
				return fault(file, v->items[i]->keys[k], "an alias for a rule that is not correlated", e);
			c->names[g][r] = v->items[i]->items[k]->text;
		}
	}
	return 0;
}

static int known(const char *file, const struct yaml_node *map, struct err *e)
{
	static const char *const keys[] = {"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"};

	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(keys) && !str_is(map->keys[i]->text, keys[k]))
			k++;
		if (k == ARRAY_LEN(keys))
			return err_at(e, ERR_INVALID, file, map->keys[i]->line, map->keys[i]->col, "unknown key '%.*s' of a correlation",
			              STR_ARG(map->keys[i]->text));
	}
	return 0;
}

static int whole(const char *file, const struct yaml_node *map, const struct correlation *c, struct err *e)
{
	bool counts = c->kind == CORR_EVENT_COUNT || c->kind == CORR_VALUE_COUNT;

	if (counts && !c->least)
		return fault(file, map, "this type needs a condition", e);
	if ((c->kind == CORR_VALUE_COUNT) != (c->field.n > 0))
		return fault(file, map, "value_count, and only it, names a field in its condition", e);
	if (!counts && c->n_rules < 2)
		return fault(file, map, "this type needs two rules or more", e);
	if (!counts && c->least)
		return fault(file, map, "temporal types have no condition: all rules must hold", e);
	return 0;
}

int sigma_correlation(struct rules *rs, const char *file, const struct yaml_node *map, struct rule *r, struct err *e)
{
	struct correlation *c = ARENA_NEW(rs->arena, struct correlation);
	const struct {
		const char *key;
		bool needed;
		int (*read)(const char *, const struct yaml_node *, struct correlation *, struct err *);
	} parts[] = {{"type", true, type}, {"rules", true, refs}, {"group-by", false, group_by}, {"condition", false, condition},
	             {"aliases", false, aliases}};
	const struct yaml_node *v;
	int code;

	if (!c || map->kind != YAML_MAP)
		return fault(file, map, "correlation is a map", e);
	code = known(file, map, e);
	for (size_t i = 0; !code && i < ARRAY_LEN(parts); i++) {
		v = yaml_get(map, parts[i].key);
		if (v)
			code = parts[i].read(file, v, c, e);
		else if (parts[i].needed)
			code = err_at(e, ERR_INVALID, file, map->line, map->col, "a correlation without %s", parts[i].key);
	}
	v = yaml_get(map, "timespan");
	if (!code && (!v || v->kind != YAML_SCALAR || sigma_timespan(v->text, &c->timespan_ns)))
		code = fault(file, v ? v : map, "timespan is a number and s, m, h, d or w, at most a year", e);
	v = yaml_get(map, "generate");
	if (!code && v && yaml_bool(v, &c->generate))
		code = fault(file, v, "generate is true or false", e);
	if (!code)
		code = whole(file, map, c, e);
	for (size_t g = 0; g < c->n_group; g++)
		for (size_t k = 0; k < c->n_rules; k++)
			if (!c->names[g][k].p)
				c->names[g][k] = c->group[g];
	r->corr = c;
	return code;
}

static struct names *called(struct arena *a, struct str name)
{
	struct names *n = ARENA_NEW(a, struct names);

	if (n && name.n)
		n->n = logsource_names(a, name, n->list);
	return n;
}

static bool rests_on(const struct rule *r, const struct rule *what, int depth)
{
	if (r == what || depth > 8)
		return true;
	for (size_t i = 0; r->corr && i < r->corr->n_rules; i++)
		if (r->corr->rules[i] && rests_on(r->corr->rules[i], what, depth + 1))
			return true;
	return false;
}

int sigma_resolve(struct rules *rs, struct rule *r, struct err *e)
{
	struct correlation *c = r->corr;
	const char *file = r->file.p;

	for (size_t i = 0; i < c->n_rules; i++) {
		struct rule *other = (struct rule *)(uintptr_t)rules_find(rs, c->refs[i]);
		struct rule **feeds;

		if (!other)
			return err_at(e, ERR_NOTFOUND, file, c->line, c->col, "no rule '%.*s'", STR_ARG(c->refs[i]));
		if (rests_on(other, r, 0))
			return err_at(e, ERR_INVALID, file, c->line, c->col, "'%.*s' rests on this rule itself", STR_ARG(c->refs[i]));
		if (c->rules[i] == other)
			continue; /* looked at before */
		c->rules[i] = other;
		other->part = true;
		other->generate |= c->generate;
		feeds = arena_array(rs->arena, other->n_feeds + 1, sizeof(struct rule *));
		if (!feeds)
			return err_at(e, ERR_TOOBIG, file, c->line, c->col, "the rules are too long");
		if (other->n_feeds)
			memcpy(feeds, other->feeds, other->n_feeds * sizeof(struct rule *));
		feeds[other->n_feeds++] = r;
		other->feeds = feeds;
	}
	if (c->others_field)
		return 0;
	c->others_field = called(rs->arena, c->field);
	for (size_t g = 0; g < c->n_group; g++)
		for (size_t i = 0; i < c->n_rules; i++)
			c->others[g][i] = called(rs->arena, c->names[g][i]);
	return 0;
}
