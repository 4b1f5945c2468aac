/* What stored values look like to a person, and the titles made of them. */
#include "core/engine.h"
#include "lib/date.h"
#include "lib/i18n.h"

static struct str one_text(struct world *w, struct arena *a, const char *sql, int64_t id)
{
	struct str out = STR_NONE;
	struct stmt *s = id ? db_sql(w->db, sql) : NULL;
	if (!s)
		return STR_NONE;
	bind_int(s, 1, id);
	if (step(s) == 1)
		out = col_dup(s, 0, a);
	stmt_done(s);
	return out;
}

struct str person_name(struct world *w, struct arena *a, int64_t id)
{
	return one_text(w, a, "SELECT name FROM persons WHERE id = ?1", id);
}

struct str unit_name(struct world *w, struct arena *a, int64_t id)
{
	return one_text(w, a, "SELECT name FROM org_units WHERE id = ?1", id);
}

static struct str text_by_code(struct world *w, struct arena *a, const char *sql, struct str code)
{
	struct str out = STR_NONE;
	struct stmt *s = db_sql(w->db, sql);
	if (!s)
		return code;
	bind_str(s, 1, code);
	if (step(s) == 1)
		out = col_dup(s, 0, a);
	stmt_done(s);
	return out.n ? out : code;
}

static struct str ref_display(struct world *w, struct arena *a, const struct actor *who, const struct field *f,
                              struct str stored)
{
	int64_t n;
	struct str id = stored, name = f->to.n == 1 ? f->to.v[0] : STR_NONE;
	if (memchr(stored.p, ':', stored.n))
		name = str_cut(&id, ':');
	const struct ledger *to = name.p ? ledgers_get(w->ledgers, name) : NULL;
	if (!to || str_int(id, 1, INT64_MAX, &n) < 0)
		return stored;
	struct job j = {.w = w, .a = a, .who = who, .l = to};
	if (who && !visible(&j, n))
		return str_from(_("(not shown)"));
	return one_text(w, a, arena_printf(a, "SELECT coalesce(title, number) FROM \"%.*s\" WHERE id = ?1",
	                                   STR_ARG(to->table)), n);
}

/* 1,234 */
static struct str grouped(struct arena *a, struct str digits)
{
	char *p = arena_alloc(a, digits.n * 2 + 1);
	size_t n = 0;
	for (size_t i = 0; p && i < digits.n; i++) {
		size_t left = digits.n - i;
		if (i && left % 3 == 0 && digits.p[i - 1] != '-')
			p[n++] = ',';
		p[n++] = digits.p[i];
	}
	return str_n(p, n);
}

static struct str duration_display(struct arena *a, struct str stored)
{
	struct duration d;
	if (duration_parse(stored, &d) < 0)
		return stored;
	const char *const texts[] = {[UNIT_MIN] = _("%lld minutes"), [UNIT_HOUR] = _("%lld hours"),
	                             [UNIT_DAY] = _("%lld days"),
		[UNIT_WORKDAY] = _("%lld working days"), [UNIT_WEEK] = _("%lld weeks"), [UNIT_MONTH] = _("%lld months"), [UNIT_YEAR] = _("%lld years")};
	return arena_strf(a, texts[d.unit], (long long)d.n);
}

static struct str bool_display(struct str stored)
{
	return str_from(str_is(stored, "1") ? _("Yes") : _("No"));
}

static struct str choice_display(const struct field *f, struct str stored)
{
	const struct choice *c = field_choice(f, stored);
	return c ? label_text(&c->label) : stored;
}

static struct str role_display(struct str stored)
{
	int role = role_parse(stored);
	return role < 0 ? stored : str_from(role_label((enum role)role));
}

static const struct { const char *code, *label; } zones[] = {
	{"mynumber", N_("My Number zone")}, {"lgwan", N_("LGWAN zone")}, {"internet", N_("Internet zone")}, {"dmz", N_("Demilitarised zone")},
	{"management", N_("Management zone")}, {"development", N_("Development zone")}, {"offline", N_("Not connected")},
};

struct str zone_label(struct str code)
{
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (str_is(code, zones[i].code))
			return str_from(_(zones[i].label));
	return code;
}

struct str value_display(struct world *w, struct arena *a, const struct actor *who, const struct field *f,
                         struct str stored)
{
	int64_t id = 0;
	if (!stored.n)
		return STR_NONE;
	switch (f->type) {
	case FT_BOOL:
		return bool_display(stored);
	case FT_CHOICE:
		return choice_display(f, stored);
	case FT_ROLE:
		return role_display(stored);
	case FT_REF:
		return ref_display(w, a, who, f, stored);
	case FT_ZONE:
		return zone_label(stored);
	case FT_MONEY:
		return arena_strf(a, _("%.*s yen"), STR_ARG(grouped(a, stored)));
	case FT_DURATION:
		return duration_display(a, stored);
	case FT_POST:
		return text_by_code(w, a, "SELECT title FROM org_units__posts WHERE code = ?1 LIMIT 1", stored);
	case FT_CLAUSE:
		return text_by_code(w, a, i18n_lang() == LANG_JA
		                              ? "SELECT label || ' ' || coalesce(summary_ja, heading, '') FROM clause WHERE id = ?1"
		                              : "SELECT label || ' ' || coalesce(summary_en, heading, '') FROM clause WHERE id = ?1", stored);
	case FT_CONTROL:
		return text_by_code(w, a, i18n_lang() == LANG_JA ? "SELECT title_ja FROM control WHERE id = ?1"
		                                                  : "SELECT title_en FROM control WHERE id = ?1", stored);
	case FT_DATETIME: {
		struct str t = exact_to_text(a, f->type, stored);
		char *z = arena_strdup(a, arena_z(a, t));
		for (char *p = z; p && *p; p++)
			if (*p == 'T')
				*p = ' ';
		return str_from(z);
	}
	case FT_FISCAL_YEAR:
		return arena_strf(a, _("Fiscal year %.*s"), STR_ARG(stored));
	case FT_PERSON: case FT_SECTION: case FT_FILE:
		break;
	default:
		return stored;
	}
	if (str_int(stored, 1, INT64_MAX, &id) < 0)
		return stored;
	struct str out = f->type == FT_PERSON ? person_name(w, a, id) : f->type == FT_SECTION ? unit_name(w, a, id)
	               : one_text(w, a, "SELECT name FROM attachment WHERE id = ?1", id);
	return out.n ? out : stored;
}

/* Titles are stored, so they are made in one language: the municipality's. References are shown whoever reads: a title
 * of what is restricted does not name other restricted things. */
struct str title_make(struct job *j, const struct record *r)
{
	struct buf out;
	enum lang lang = i18n_lang();
	i18n_set(LANG_JA);
	buf_init(&out, 4000);
	for (struct str rest = j->l->title; rest.n;) {
		struct str plain = str_cut(&rest, '{'), name = rest.p ? str_cut(&rest, '}') : STR_NONE;
		buf_str(&out, plain);
		if (str_is(name, "number"))
			buf_str(&out, r->number);
		else if (str_is(name, "created_on"))
			buf_str(&out, r->created_on);
		const struct field *f = name.n ? ledger_field(j->l, name) : NULL;
		if (!f || f->secret_set)
			continue;
		const struct value *v = &r->all[field_index(j->l, f)];
		buf_str(&out, value_display(j->w, j->a, NULL, f, v->text));
		for (size_t i = 0; i < v->n_many; i++) {
			if (i)
				buf_puts(&out, "、");
			buf_str(&out, value_display(j->w, j->a, NULL, f, v->many[i]));
		}
	}
	i18n_set(lang);
	/* Empty holes leave double blanks behind. */
	struct str made = str_trim(buf_view(&out)), title = STR_NONE;
	char *p = arena_alloc(j->a, made.n + 1);
	size_t n = 0;
	for (size_t i = 0; p && i < made.n; i++)
		if (made.p[i] != ' ' || (n && p[n - 1] != ' '))
			p[n++] = made.p[i];
	if (n)
		title = str_n(p, n);
	buf_release(&out);
	return title.n ? title : r->number;
}
