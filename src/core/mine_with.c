/* Holders of the roles that an action names are asked one by one whether it is theirs to decide, by the same rules that will
 * let them or refuse them (rights.c): a head of section who applied himself is not among them, his superior is. */
#include "core/mine_with.h"

#include "lib/i18n.h"

#define HOLDERS_MAX 4000
#define ACTORS_MAX 256
#define NAMED_MAX 3                                  /* persons named; then "and others" */
#define TEXT_MAX 2000

struct mine_holder {
	int64_t person, unit;                            /* unit 0: the whole municipality */
	enum role role;
};
struct mine_actor {
	struct actor a;
	bool here;
};

static int holders_load(struct job *j, struct mine_with *m)
{
	struct stmt *s = db_sql(j->w->db, "SELECT holder, CASE WHEN scope = 'unit' THEN unit END, role FROM role_assignments"
		" WHERE state = 'active' AND kind = 'appointment' AND holder IS NOT NULL AND starts_on <= ?1 AND (ends_on IS NULL OR ends_on >= ?1)"
		" AND (ended_on IS NULL OR ended_on >= ?1) ORDER BY id LIMIT ?2");
	m->holders = arena_array(j->a, HOLDERS_MAX, sizeof *m->holders);
	m->actors = arena_array(j->a, ACTORS_MAX, sizeof *m->actors);
	if (!s || !m->holders || !m->actors)
		return err_set(j->e, s ? ERR_NOMEM : ERR_DB, "%s", s ? "list" : db_error(j->w->db));
	bind_str(s, 1, j->w->today);
	bind_int(s, 2, HOLDERS_MAX);
	while (m->n_holders < HOLDERS_MAX && step(s) == 1) {
		int role = role_parse(col_str(s, 2));
		if (role >= 0)
			m->holders[m->n_holders++] = (struct mine_holder){.person = col_int(s, 0), .unit = col_int(s, 1), .role = (enum role)role};
	}
	stmt_done(s);
	return 0;
}

/* NULL: has left, or too many were asked. */
static const struct actor *actor_of(struct job *j, struct mine_with *m, int64_t person)
{
	struct err gone;
	for (size_t i = 0; i < m->n_actors; i++)
		if (m->actors[i].a.person == person)
			return m->actors[i].here ? &m->actors[i].a : NULL;
	if (m->n_actors == ACTORS_MAX)
		return NULL;
	struct mine_actor *at = &m->actors[m->n_actors++];
	at->here = actor_load(j->w->db, j->a, person, j->w->today, &at->a, &gone) == 0;
	at->a.person = person;
	return at->here ? &at->a : NULL;
}

/* Might somebody of this role be meant? Whether he is, rights_match says. */
static bool may_be_meant(const struct who_list *list, enum role role)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct who *w = &list->v[i];
		if (w->kind == WHO_ROLE && str_is(w->name, role_code(role)))
			return true;
		if (w->kind == WHO_MANAGER_OF_SECTION && (role == ROLE_SEC_MANAGER || role == ROLE_DEPT_HEAD || role == ROLE_CHIEF))
			return true;
	}
	return false;
}

struct found {
	int64_t persons[NAMED_MAX];
	struct buf text;
	size_t n;
	bool more;
};

static void add(struct job *j, struct found *f, int64_t person, const char *role)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->persons[i] == person)
			return;
	if (f->n == NAMED_MAX) {
		f->more = true;
		return;
	}
	f->persons[f->n++] = person;
	if (f->text.n)
		buf_puts(&f->text, i18n_lang() == LANG_JA ? "、" : ", ");
	if (role)
		buf_printf(&f->text, "%s ", role);
	buf_str(&f->text, person_name(j->w, j->a, person));
}

static void ask(struct job *j, struct mine_with *m, const struct record *r, const struct who_list *list, const struct who_list *not_, struct found *f)
{
	for (size_t i = 0; i < list->n; i++) {           /* persons the record itself names */
		int64_t ids[NAMED_MAX];
		size_t n = list->v[i].kind == WHO_FIELD || list->v[i].kind == WHO_OWNER ? rights_persons_of(j, r, &list->v[i], ids, NAMED_MAX) : 0;
		for (size_t k = 0; k < n; k++)
			if (ids[k] != r->applicant)
				add(j, f, ids[k], NULL);
	}
	for (size_t i = 0; i < m->n_holders && !f->more; i++) {
		const struct mine_holder *h = &m->holders[i];
		const struct actor *who;
		if (h->person == r->applicant || !may_be_meant(list, h->role) || (h->unit && !unit_within(j->w->db, r->section, h->unit)) ||
		    !(who = actor_of(j, m, h->person)))
			continue;
		struct job theirs = *j;
		theirs.who = who;
		struct grant g = rights_match(&theirs, r, list, not_);
		if (g.ok && !g.on_behalf)
			add(j, f, h->person, role_label(h->role));
	}
}

int mine_with_text(struct job *outer, struct mine_with *m, const struct ledger *l, int64_t id, struct str *ret)
{
	struct job job = *outer, *j = &job;
	struct found f = {0};
	struct record r;
	job.l = l;
	int err = m->holders ? 0 : holders_load(j, m);
	if (err == 0)
		err = record_load(j, id, &r);
	if (err < 0)
		return err;
	buf_init(&f.text, TEXT_MAX);
	/* Those who decide; where none does, those who do what comes next. */
	for (int deciding = 1; deciding >= 0 && !f.n; deciding--)
		for (size_t i = 0; err == 0 && i < l->n_actions; i++) {
			const struct action *act = &l->actions[i];
			enum truth holds = TRUTH_TRUE;
			bool from = false;
			for (size_t k = 0; k < act->from.n; k++)
				from |= str_eq(act->from.v[k], r.state);
			if (!from || action_decides(act) != (deciding == 1) || (!act->by.n && !act->two_of.n))
				continue;
			if (act->when.n && (err = expr_judge(j, &r, &act->when, 1, &holds)) == 0 && holds == TRUTH_FALSE)
				continue;
			ask(j, m, &r, act->two_of.n ? &act->two_of : &act->by, &act->not_, &f);
		}
	if (f.more)
		buf_puts(&f.text, _(" and others"));
	*ret = arena_str(j->a, buf_view(&f.text));
	buf_release(&f.text);
	return err;
}
