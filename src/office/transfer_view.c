/* One file of the transfer service as its sender or recipient sees it (transfer_page.h). */
#include "office/transfer_page.h"

#include <jansson.h>

#include "queries.h"

#define REPORT_SHOWN_MAX (1u << 20)                      /* larger ones are not taken apart for a page */

bool transfer_mine(struct ctx *c, int64_t id, bool report, struct mine *m)
{
	struct arena *a = c->arena;
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_MINE);
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, id);
	bool found = step(q) == 1;
	if (found) {
		*m = (struct mine){.id = col_int(q, 0), .number = col_dup(q, 1, a), .name = col_dup(q, 2, a), .state = col_dup(q, 3, a),
		                   .direction = col_dup(q, 4, a), .size = col_int(q, 5), .at = col_int(q, 6), .until = col_dup(q, 7, a),
		                   .out_name = col_dup(q, 8, a), .code = col_dup(q, 9, a), .findings = col_int(q, 10), .applicant = col_int(q, 11),
		                   .sender = col_dup(q, 12, a), .step = col_dup(q, 13, a), .done = col_int(q, 14), .of = col_int(q, 15),
		                   .original = col_int(q, 17), .mine_to_fetch = col_int(q, 18), .purpose = col_dup(q, 19, a), .out_size = col_int(q, 20),
		                   .format = col_dup(q, 21, a), .outcome = col_dup(q, 22, a), .lost = col_dup(q, 23, a), .out_hash = col_dup(q, 24, a),
		                   .section = col_dup(q, 25, a), .on = col_dup(q, 26, a), .hash = col_dup(q, 27, a)};
		if (report && col_str(q, 16).n <= REPORT_SHOWN_MAX)
			m->report = col_dup(q, 16, a);
	}
	stmt_done(q);
	return found;
}

struct str transfer_size(struct arena *a, int64_t n)
{
	if (n < 1000)
		return arena_strf(a, "%lld B", (long long)n);
	return n < 1000000 ? arena_strf(a, "%.1f KB", (double)n / 1000) : arena_strf(a, "%.1f MB", (double)n / 1000000);
}

bool transfer_busy(const struct mine *m)
{
	return str_is(m->state, "received") || str_is(m->state, "checking");
}

bool transfer_fetchable(const struct ctx *c, const struct mine *m)
{
	if (c->office->two_sides && c->net != str_is(m->direction, "out"))
		return false;
	return m->mine_to_fetch && (str_is(m->state, "ready") || str_is(m->state, "fetched"));
}

struct str transfer_step(const struct mine *m)
{
	static const struct {
		const char *code, *label;
	} steps[] = {{"sniff", N_("looking at the type")}, {"scan", N_("scanning for malware")}, {"rebuild", N_("rebuilding")}, {"verify", N_("verifying")}};
	if (str_is(m->state, "received"))
		return str_from(_("waiting for its turn"));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_starts(m->step, steps[i].code))
			return str_from(_(steps[i].label));
	return str_from(_("being checked"));
}

struct str transfer_way(const struct mine *m)
{
	return str_from(str_is(m->direction, "out") ? _("Outward (LGWAN to Internet)") : _("Inward (Internet to LGWAN)"));
}

/* --- what the report says ------------------------------------------------------------------------------------------------------ */

static struct str sentence(struct arena *a, json_t *o)
{
	json_t *v = json_object_get(o, i18n_lang() == LANG_EN ? "en" : "ja");
	return json_is_string(v) ? arena_str(a, str_n(json_string_value(v), json_string_length(v))) : STR("");
}

size_t transfer_losses(struct ctx *c, const struct mine *m, struct lost *ret, size_t max, size_t *ret_all, struct str *ret_reason)
{
	json_error_t je;
	json_t *root = m->report.n ? json_loadb(m->report.p, m->report.n, JSON_REJECT_DUPLICATES, &je) : NULL, *one;
	size_t n = 0, i;
	*ret_all = 0;
	*ret_reason = sentence(c->arena, root);
	json_array_foreach(json_object_get(root, "parts"), i, one) {
		const char *action = json_string_value(json_object_get(one, "action"));
		int64_t count = json_integer_value(json_object_get(one, "count"));
		struct str text = sentence(c->arena, one);
		json_t *path = json_object_get(one, "path");
		if (!text.n || (action && strcmp(action, "kept") == 0))
			continue;
		if (count > 1)
			text = arena_strf(c->arena, _("%.*s (%lld)"), STR_ARG(text), (long long)count);
		(*ret_all)++;
		if (n < max)
			ret[n++] = (struct lost){text, json_is_string(path) ? arena_str(c->arena, str_n(json_string_value(path), json_string_length(path))) : STR("")};
	}
	json_decref(root);
	return n;
}

