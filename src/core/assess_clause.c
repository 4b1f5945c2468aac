/* From findings to the status of a control, of its parts, and of every clause of the standard in force. */
#include "core/assess_int.h"

#include "core/event.h"
#include "lib/json.h"
#include "queries.h"

#define EVENT_CHANGES 100                                /* changes of one event */
#define EVENT_BYTES (32u << 10)
#define DEPTH_MAX 16

struct share {
	int64_t n[ST_COUNT_], total;
};

static int load_tally(struct assess *x, const struct control_row *k, struct str part, struct share *t)
{
	struct stmt *s = assess_query(x, Q_FINDING_COUNT_OF);
	int rc;

	*t = (struct share){0};
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	while ((rc = step(s)) == 1) {
		int status = status_parse(col_str(s, 1));

		if (status < 0 || !str_eq(col_str(s, 0), part))
			continue;
		t->n[status] += col_int(s, 2);
		t->total += col_int(s, 2);
	}
	stmt_done(s);
	return rc < 0 ? assess_db(x) : 0;
}

/* Nothing to judge: event-driven controls are met with "0 events", others need a declaration that there is none. */
static int empty_status(struct assess *x, const struct control_row *k, struct str part, enum status *ret)
{
	bool event = str_is(k->kind, "workflow") || (str_is(k->kind, "duty") && str_is(k->cycle, "on-event"));
	struct stmt *s;
	int rc;

	if (k->check->empty != EMPTY_BY_KIND)
		event = k->check->empty == EMPTY_MET;
	*ret = event ? ST_MET : ST_UNKNOWN;
	if (event)
		return 0;
	s = assess_query(x, Q_DECLARED_NONE);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_str(s, 2, part);
	bind_str(s, 3, x->w->today);
	rc = step(s);
	stmt_done(s);
	if (rc == 1)
		*ret = ST_NOT_APPLICABLE;
	return rc < 0 ? assess_db(x) : 0;
}

static bool is_later(const struct check *c, struct str part)
{
	for (size_t i = 0; i < c->n_later; i++)
		if (!part.n || str_eq(c->later[i], part))
			return true;
	return false;
}

/* Worst of the subjects; below the target share the control is not met even where each one is still within its grace. */
static enum status worst_of(const struct control_row *k, const struct share *t)
{
	int64_t fine = t->n[ST_MET] + t->n[ST_DUE] + t->n[ST_EXCEPTED];
	int s = 0;

	while (s < ST_NOT_APPLICABLE && !t->n[s])
		s++;
	if (s == ST_IN_PROGRESS && k->target >= 0 && (double)fine < k->target * (double)t->total)
		return ST_NOT_MET;
	return (enum status)s;
}

static int status_of(struct assess *x, const struct control_row *k, struct str part, struct share *t, enum status *ret)
{
	int rc = load_tally(x, k, part, t);

	if (rc)
		return rc;
	if (k->starts_on.n && str_cmp(k->starts_on, x->w->today) > 0) {
		*ret = ST_PLANNED;
		return 0;
	}
	if (!k->check) {
		*ret = ST_UNKNOWN;
		return 0;
	}
	if (t->total)
		*ret = worst_of(k, t);
	else
		rc = empty_status(x, k, part, ret);
	if (!rc && is_later(k->check, part) && *ret > ST_UNKNOWN)
		*ret = ST_UNKNOWN;
	return rc;
}

static int put_status(struct assess *x, const struct control_row *k, struct str part, const struct share *t, enum status now)
{
	int64_t met = t->n[ST_MET], total = t->total, old_met = -1, old_total = -1;
	struct stmt *s = assess_query(x, Q_CONTROL_STATUS_GET);
	int old = -1, rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_str(s, 2, part);
	rc = step(s);
	if (rc == 1) {
		old = status_parse(col_str(s, 0));
		old_met = col_int(s, 1);
		old_total = col_int(s, 2);
	}
	stmt_done(s);
	if (rc < 0)
		return assess_db(x);
	if (old == (int)now && old_met == met && old_total == total)
		return 0;
	x->changed |= old != (int)now;
	s = assess_query(x, Q_CONTROL_STATUS_PUT);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_str(s, 2, part);
	bind_z(s, 3, status_code(now));
	bind_int(s, 4, met);
	bind_int(s, 5, total);
	bind_int(s, 6, x->w->now);
	rc = run(s, x->e);
	if (rc)
		return rc;
	s = assess_query(x, Q_CONTROL_SPAN_CLOSE);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_str(s, 2, part);
	bind_int(s, 3, x->w->now);
	rc = run(s, x->e);
	if (rc)
		return rc;
	s = assess_query(x, Q_CONTROL_SPAN_OPEN);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_str(s, 2, part);
	bind_z(s, 3, status_code(now));
	bind_int(s, 4, met);
	bind_int(s, 5, total);
	bind_int(s, 6, x->w->now);
	return run(s, x->e);
}

static int judge_part(struct assess *x, const struct control_row *k, struct str part)
{
	struct share t;
	enum status now;
	int rc = status_of(x, k, part, &t, &now);

	return rc ? rc : put_status(x, k, part, &t, now);
}

int judge_status(struct assess *x, const struct control_row *k)
{
	int rc = judge_part(x, k, STR(""));

	for (size_t i = 0; !rc && k->check && i < k->check->n_parts; i++)
		rc = judge_part(x, k, k->check->parts[i].key);
	for (size_t i = 0; !rc && k->check && i < k->check->n_later; i++)
		rc = judge_part(x, k, k->check->later[i]);
	return rc;
}

/* --- clauses -------------------------------------------------------------------------------------------------------------- */

struct clause_node {
	struct str id, parent, old;
	struct str strength;
	bool off;                                        /* not under this network model */
	bool any;                                        /* something was rolled into it */
	enum status own;                                 /* of its bindings and children */
};
struct control_state {
	struct str control, part;
	enum status status;
};
struct clause_work {
	struct clause_node *v;                           /* by id */
	size_t n, cap;
	struct control_state *states;                    /* by control, part */
	size_t n_states, cap_states;
};

static int load_clauses(struct assess *x, struct clause_work *cw)
{
	struct str model = STR_NONE;
	struct stmt *s = assess_query(x, Q_NETWORK_MODEL);
	int rc;

	if (!s)
		return ERR_DB;
	if (step(s) == 1)
		model = col_dup(s, 0, x->a);
	stmt_done(s);
	s = assess_query(x, Q_ASSESS_CLAUSES);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, model.n ? model : STR("alpha"));
	while ((rc = step(s)) == 1) {
		if (cw->n == cw->cap)
			cw->v = assess_grow(x->a, cw->v, cw->n, &cw->cap, sizeof *cw->v);
		if (!cw->v)
			break;
		cw->v[cw->n++] = (struct clause_node){.id = col_dup(s, 0, x->a), .parent = col_dup(s, 1, x->a),
			.strength = col_dup(s, 2, x->a), .old = col_dup(s, 3, x->a), .off = col_int(s, 4) != 0,
			.own = ST_NOT_APPLICABLE};
	}
	stmt_done(s);
	return rc < 0 ? assess_db(x) : 0;
}

static int load_states(struct assess *x, struct clause_work *cw)
{
	struct stmt *s = assess_query(x, Q_CONTROL_STATUS_ALL);
	int rc;

	if (!s)
		return ERR_DB;
	while ((rc = step(s)) == 1) {
		if (cw->n_states == cw->cap_states)
			cw->states = assess_grow(x->a, cw->states, cw->n_states, &cw->cap_states, sizeof *cw->states);
		if (!cw->states)
			break;
		cw->states[cw->n_states++] = (struct control_state){col_dup(s, 0, x->a), col_dup(s, 1, x->a),
			(enum status)status_parse(col_str(s, 2))};
	}
	stmt_done(s);
	return rc < 0 ? assess_db(x) : 0;
}

static struct clause_node *find_clause(struct clause_work *cw, struct str id)
{
	size_t lo = 0, hi = cw->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = str_cmp(cw->v[mid].id, id);

		if (!d)
			return &cw->v[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* A part the check does not judge (yet) is unknown. */
static enum status state_of(const struct clause_work *cw, struct str control, struct str part)
{
	size_t lo = 0, hi = cw->n_states;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = str_cmp(cw->states[mid].control, control);

		if (!d)
			d = str_cmp(cw->states[mid].part, part);
		if (!d)
			return cw->states[mid].status;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return ST_UNKNOWN;
}

/* What a failure means depends on the words of the clause. */
static enum status by_strength(enum status s, struct str strength)
{
	if (s != ST_NOT_MET)
		return s;
	if (str_is(strength, "effort") || str_is(strength, "desirable"))
		return ST_DEVIATION;
	return str_is(strength, "may") ? ST_NOT_APPLICABLE : ST_NOT_MET;
}

static void roll_into(struct clause_node *node, enum status s)
{
	node->any = true;
	if (s < node->own)
		node->own = s;
}

static int roll_bindings(struct assess *x, struct clause_work *cw)
{
	struct stmt *s = assess_query(x, Q_ASSESS_BINDINGS);
	int rc;

	if (!s)
		return ERR_DB;
	while ((rc = step(s)) == 1) {
		struct clause_node *node = find_clause(cw, col_str(s, 0));

		if (node && !node->off)
			roll_into(node, by_strength(state_of(cw, col_str(s, 1), col_str(s, 2)), node->strength));
	}
	stmt_done(s);
	return rc < 0 ? assess_db(x) : 0;
}

/* Children count in every clause above them, each with its own strength. */
static void roll_up(struct clause_work *cw)
{
	enum status *own = xcalloc(cw->n ? cw->n : 1, sizeof *own);

	for (size_t i = 0; i < cw->n; i++)
		own[i] = cw->v[i].any || cw->v[i].off ? cw->v[i].own : ST_UNKNOWN;
	for (size_t i = 0; i < cw->n; i++) {
		struct clause_node *up = find_clause(cw, cw->v[i].parent);

		for (int depth = 0; up && depth < DEPTH_MAX && !cw->v[i].off; depth++) {
			if (!up->off)
				roll_into(up, own[i]);
			up = find_clause(cw, up->parent);
		}
	}
	free(own);
	for (size_t i = 0; i < cw->n; i++)
		if (!cw->v[i].any && !cw->v[i].off)
			cw->v[i].own = ST_UNKNOWN;
}

static int put_event(struct assess *x, struct buf *detail)
{
	struct event ev = {.action = "clause.status"};
	int rc = buf_err(detail);

	if (rc)
		return err_set(x->e, rc, "event of clause statuses");
	ev.detail = buf_view(detail);
	return event_put(x->w->db, &ev, NULL, x->e);
}

static int put_clause(struct assess *x, const struct clause_node *node)
{
	struct stmt *s = assess_query(x, Q_CLAUSE_STATUS_PUT);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, node->id);
	bind_z(s, 2, status_code(node->own));
	bind_int(s, 3, x->w->now);
	rc = run(s, x->e);
	if (rc)
		return rc;
	s = assess_query(x, Q_CLAUSE_SPAN_CLOSE);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, node->id);
	bind_int(s, 2, x->w->now);
	rc = run(s, x->e);
	if (rc)
		return rc;
	s = assess_query(x, Q_CLAUSE_SPAN_OPEN);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, node->id);
	bind_z(s, 2, status_code(node->own));
	bind_int(s, 3, x->w->now);
	return run(s, x->e);
}

static int put_clauses(struct assess *x, struct clause_work *cw)
{
	size_t i = 0;
	int rc = 0;

	while (!rc && i < cw->n) {
		struct buf detail;
		struct jw j;
		int n = 0;

		buf_init(&detail, EVENT_BYTES);
		jw_init(&j, &detail, false);
		jw_object(&j);
		jw_key(&j, "changes");
		jw_array(&j);
		for (; !rc && i < cw->n && n < EVENT_CHANGES; i++) {
			const struct clause_node *node = &cw->v[i];

			if (str_is(node->old, status_code(node->own)))
				continue;
			jw_object(&j);
			jw_kstr(&j, "clause", node->id);
			jw_kstr(&j, "from", node->old.n ? node->old : STR_NONE);
			jw_kz(&j, "to", status_code(node->own));
			jw_end_object(&j);
			rc = put_clause(x, node);
			n++;
		}
		jw_end_array(&j);
		jw_end_object(&j);
		if (!rc && n)
			rc = put_event(x, &detail);
		buf_release(&detail);
	}
	return rc;
}

int judge_clauses(struct assess *x)
{
	struct clause_work cw = {0};
	int rc = load_clauses(x, &cw);

	if (!rc)
		rc = load_states(x, &cw);
	if (!rc && arena_full(x->a))
		rc = assess_full(x);
	if (!rc)
		rc = roll_bindings(x, &cw);
	if (rc)
		return rc;
	roll_up(&cw);
	return put_clauses(x, &cw);
}
