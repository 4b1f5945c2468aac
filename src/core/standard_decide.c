/* Decisions on single controls: "there is none", and from when a control holds. */
#include "core/standard.h"

#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/text.h"
#include "queries.h"

#define DECISION_TEXT_MAX 2000

static struct stmt *query(struct db *db, int q, struct err *e)
{
	struct stmt *s = db_sql(db, queries[q].sql);

	if (!s)
		err_set(e, ERR_DB, "%s", db_error(db));
	return s;
}

static int must_exist(struct db *db, int q, struct str control, struct str part, struct err *e)
{
	struct stmt *s = query(db, q, e);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, control);
	if (part.n)
		bind_str(s, 2, part);
	rc = step(s);
	stmt_done(s);
	if (rc < 0)
		return err_set(e, ERR_DB, "%s", db_error(db));
	return rc ? 0 : err_set(e, ERR_NOTFOUND, "%s", _("There is no such control."));
}

static int check_text(struct str text, struct err *e)
{
	if (!str_trim(text).n || text.n > DECISION_TEXT_MAX || !utf8_valid(text))
		return err_set(e, ERR_INVALID, "%s", _("Give the reason of the decision."));
	return 0;
}

static int check_date(struct str date, struct err *e)
{
	struct date d;

	return date.n && date_parse(date, &d) ? err_set(e, ERR_INVALID, _("%.*s is not a date like 2026-11-20."),
	                                                STR_ARG(date)) : 0;
}

int control_declare_none(struct db *db, struct str control, struct str part, struct str text, struct str until,
                         int64_t now, int64_t person, struct err *e)
{
	struct stmt *s;
	int rc = must_exist(db, part.n ? Q_CONTROL_PART_EXISTS : Q_CONTROL_LIVE, control, part, e);

	if (!rc)
		rc = check_text(text, e);
	if (!rc)
		rc = check_date(until, e);
	s = rc ? NULL : query(db, Q_DECLARATION_PUT, e);
	if (!s)
		return rc ? rc : ERR_DB;
	bind_str(s, 1, control);
	bind_str(s, 2, part.n ? part : STR(""));
	bind_str(s, 3, text);
	bind_int(s, 4, person);
	bind_int(s, 5, now);
	bind_str(s, 6, until.n ? until : STR_NONE);
	return run(s, e);
}

int control_declaration_withdraw(struct db *db, struct str control, int64_t now, int64_t person, struct err *e)
{
	struct stmt *s = query(db, Q_DECLARATION_WITHDRAW, e);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, control);
	bind_int(s, 2, now);
	bind_int(s, 3, person);
	rc = run(s, e);
	return rc ? rc : db_changes(db) ? 0 : err_set(e, ERR_NOTFOUND, "%s", _("No declaration is in force."));
}

int control_start_set(struct db *db, struct str control, struct str starts_on, struct str reason, int64_t now,
                      int64_t person, struct err *e)
{
	struct stmt *s;
	int rc = must_exist(db, Q_CONTROL_LIVE, control, STR_NONE, e);

	if (!rc)
		rc = check_text(reason, e);
	if (!rc)
		rc = check_date(starts_on, e);
	s = rc ? NULL : query(db, Q_CONTROL_START_PUT, e);
	if (!s)
		return rc ? rc : ERR_DB;
	bind_str(s, 1, control);
	bind_str(s, 2, starts_on.n ? starts_on : STR_NONE);
	bind_str(s, 3, reason);
	bind_int(s, 4, person);
	bind_int(s, 5, now);
	return run(s, e);
}
