#include "office/transfer_rule.h"

#include "core/org.h"
#include "lib/i18n.h"
#include "queries.h"

static const char *const approvers[] = {"none", "manager", "sys-manager", "csirt", "chief", "data-manager"};

struct rule {
	bool in, out, personal;
	struct str section;                              /* STR_NONE: every */
	int64_t level, mb;                               /* 0: every */
	const char *who;
};

static struct str next_line(struct str *rest)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != ';')
		n++;
	struct str line = str_trim(str_slice(*rest, 0, n));
	*rest = str_slice(*rest, n < rest->n ? n + 1 : n, rest->n);
	return line;
}

static bool condition(struct rule *r, struct str word)
{
	if (str_is(word, "personal"))
		return r->personal = true;
	if (str_starts(word, "section=")) {
		r->section = str_slice(word, 8, word.n);
		return r->section.n > 0;
	}
	if (str_starts(word, "class>="))
		return str_int(str_slice(word, 7, word.n), 1, 9, &r->level) == 0;
	return str_starts(word, "mb>=") && str_int(str_slice(word, 4, word.n), 1, 1 << 20, &r->mb) == 0;
}

static bool parse(struct str line, struct rule *ret)
{
	struct str who = line, left = str_trim(str_cut(&who, ':')), way = str_cut(&left, ' ');
	*ret = (struct rule){.section = STR_NONE};
	ret->in = str_is(way, "in") || str_is(way, "any");
	ret->out = str_is(way, "out") || str_is(way, "any");
	for (size_t i = 0; who.p && i < ARRAY_LEN(approvers); i++)
		if (str_is(str_trim(who), approvers[i]))
			ret->who = approvers[i];
	bool ok = (ret->in || ret->out) && ret->who && !(ret->out && ret->who == approvers[0]);
	while (ok && left.p && (left = str_trim(left)).n)
		ok = condition(ret, str_cut(&left, ' '));
	return ok;
}

int transfer_rules_check(struct str rules, struct err *e)
{
	struct rule r;
	while (rules.n) {
		struct str line = next_line(&rules);
		if (line.n && line.p[0] != '#' && !parse(line, &r))
			return err_set(e, ERR_SYNTAX, _("Who permits which files: \"%.*s\" is no rule; write for instance: in class>=3 : chief"), (int)(line.n > 100 ? 100 : line.n), line.p);
	}
	return 0;
}

/* Of a unit that there is not, or not any more, a rule holds for everybody, unless it asks nobody: rather too much is asked than nothing. */
static bool fits_section(struct db *db, int64_t section, const struct rule *r)
{
	struct stmt *q = db_query(db, Q_TRANSFER_UNIT);
	bind_str(q, 1, r->section);
	int64_t unit = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	return unit ? unit_within(db, section, unit) : r->who != approvers[0];
}

const char *transfer_rules_who(struct db *db, struct str rules, const struct transfer_case *x)
{
	struct rule r;
	while (rules.n) {
		struct str line = next_line(&rules);
		if (!line.n || line.p[0] == '#' || !parse(line, &r))
			continue;
		if ((x->outward ? r.out : r.in) && (!r.personal || x->personal) && x->level >= r.level && x->size >= r.mb << 20 &&
		    (!r.section.p || fits_section(db, x->section, &r)))
			return r.who;
	}
	return NULL;
}
