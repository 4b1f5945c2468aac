/* The recorded way round the separation of duties, for when nobody else is there to decide. */
#include "core/engine.h"
#include "lib/i18n.h"

bool overridden(struct job *j, const struct record *r, const struct action *act)
{
	if (!act->not_.n)
		return false;
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT 1 FROM override o WHERE o.ledger = ?1 AND o.record = ?2 AND o.action = ?3"
		" AND o.actor = ?4 AND NOT EXISTS (SELECT 1 FROM \"%.*s_step\" u WHERE u.record = o.record AND u.action = o.action"
		" AND u.actor = o.actor AND u.at >= o.at)", STR_ARG(j->l->table)));
	if (!s)
		return false;
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, r->id);
	bind_str(s, 3, act->name);
	bind_int(s, 4, j->who->person);
	bool found = step(s) == 1;
	stmt_done(s);
	return found;
}

/* Would this person decide, were he not named by `not`? */
static int blocked_only(struct job *j, const struct record *r, const struct action *act, int64_t person, bool *ret)
{
	struct actor other;
	struct job jo = *j;
	*ret = false;
	int err = actor_load(j->w->db, j->a, person, j->w->today, &other, j->e);
	if (err < 0)
		return err == ERR_NOTFOUND ? 0 : err;        /* he has left */
	jo.who = &other;
	*ret = rights_match(&jo, r, &act->by, NULL).ok && !rights_match(&jo, r, &act->by, &act->not_).ok &&
	       !overridden(&jo, r, act);
	return 0;
}

int record_blocked(struct world *w, struct arena *a, const struct record *r, const struct action *act, int64_t *ret,
                   size_t max, size_t *ret_n, struct err *e)
{
	static const struct actor system = {0};
	struct job j = {.w = w, .a = a, .who = &system, .l = r->ledger, .e = e};
	int64_t named[BLOCKED_MAX];
	*ret_n = 0;
	for (size_t i = 0; !act->two_of.n && i < act->not_.n; i++) {
		size_t n = rights_persons_of(&j, r, &act->not_.v[i], named, ARRAY_LEN(named));
		for (size_t k = 0; k < n; k++) {
			bool only, known = false;
			for (size_t m = 0; m < *ret_n; m++)
				known |= ret[m] == named[k];
			int err = known || *ret_n == max ? 0 : blocked_only(&j, r, act, named[k], &only);
			if (err < 0)
				return err;
			if (!known && *ret_n < max && only)
				ret[(*ret_n)++] = named[k];
		}
	}
	return 0;
}

int record_override(struct world *w, struct arena *a, const struct actor *who, const struct record *r,
                    const struct action *act, int64_t person, struct str reason, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .l = r->ledger, .e = e};
	if (!(ACTOR_HAS(who, ROLE_CISO) || ACTOR_HAS(who, ROLE_CHIEF) || ACTOR_HAS(who, ROLE_SECRETARIAT)) ||
	    who->person == person)
		return err_set(e, ERR_DENIED, "%s", _("This is for others to decide"));
	reason = str_trim(reason);
	if (!reason.n || reason.n > LONGTEXT_MAX || !act->not_.n)
		return err_set(e, ERR_INVALID, "%s", _("Please give the reason"));
	if (!visible(&j, r->id))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such record"));
	struct stmt *s = db_sql(w->db, "INSERT INTO override(ledger, record, action, actor, reason, by, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_str(s, 1, r->ledger->name);
	bind_int(s, 2, r->id);
	bind_str(s, 3, act->name);
	bind_int(s, 4, person);
	bind_str(s, 5, reason);
	bind_int(s, 6, who->person);
	bind_int(s, 7, w->now);
	int err = run(s, e);
	return err < 0 ? err : record_event(&j, r, "record.override", 0, reason, NULL);
}
