/* Settings of the installation and parameters of the standard: shown to those who oversee, changed by the security
 * office. */
#include "office/pages.h"
#include "office/setting.h"

#include "core/event.h"
#include "core/standard.h"
#include "lib/json.h"
#include "office/dispatch.h"
#include "office/life.h"
#include "queries.h"
#include "tpl.h"

#define ADMIN_BITS ((1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF))

static bool may_change(const struct ctx *c)
{
	return c->actor.roles & ADMIN_BITS;
}

static void fill_choices(struct ctx *c, const struct setting *s, struct str value, struct tpl_settings_rows *row)
{
	struct str rest = str_from(s->choices);
	struct tpl_settings_rows_choices *v = arena_array(c->arena, 16, sizeof(*v));
	while (rest.n && row->n_choices < 16) {
		struct str code = str_cut(&rest, '|');
		v[row->n_choices++] = (struct tpl_settings_rows_choices){code, str_eq(code, value)};
	}
	row->choices = v;
}

/* wrong: the setting that the error is about, or NULL. */
static int show_settings(struct ctx *c, const struct setting *wrong, struct str error)
{
	struct tpl_settings_rows *rows = arena_array(c->arena, n_settings, sizeof(*rows));
	for (size_t i = 0; i < n_settings; i++) {
		const struct setting *s = &settings[i];
		struct str typed = req_field(c, s->name),
		                   value = typed.p ? typed : setting_text(c->office->db, c->arena, s->name);
		rows[i] = (struct tpl_settings_rows){
			.name = str_from(s->name), .label = str_from(_(s->label)), .help = str_from(_(s->help)), .value = value,
			.is_int = s->type == SET_INT, .is_choice = s->type == SET_CHOICE, .line = (s->type == SET_TEXT || s->type == SET_HOURS || s->type == SET_DAYS) && s->max <= 100, .min = s->min, .max = s->max,
			.default_text = str_from(s->def), .error = s == wrong ? error : STR(""),
		};
		if (s->type == SET_CHOICE)
			fill_choices(c, s, value, &rows[i]);
	}
	struct tpl_settings d = {
		.csrf = c->session->csrf, .error = error, .at = wrong ? arena_strf(c->arena, "#s-%s", wrong->name) : STR(""), .may_change = may_change(c),
		.parameters = STR("/settings/parameters"), .access = STR("/settings/access"), .may_access = may_change(c),
		.rows = rows, .n_rows = n_settings,
	};
	page_begin(c, _("Settings"));
	tpl_settings(&c->page, &d);
	return page_end(c, error.n ? 422 : 200);
}

int page_settings(struct ctx *c, struct err *e)
{
	(void)e;
	return show_settings(c, NULL, STR(""));
}

static int put_event(struct ctx *c, const char *action, const char *name, struct str before, struct str after,
                     struct str reason, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 65536);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "name", name);
	jw_kstr(&j, "before", before);
	jw_kstr(&j, "after", after);
	jw_kstr(&j, "reason", reason);
	jw_end_object(&j);
	struct event ev = {.action = action, .actor = c->actor.person, .detail = buf_view(&b)};
	int r = event_put(c->office->db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

int do_settings(struct ctx *c, struct err *e)
{
	int64_t changed = 0;
	for (size_t i = 0; i < c->req->n_fields; i++) {
		struct str name = c->req->fields[i].name, value = str_trim(c->req->fields[i].value);
		const struct setting *s = setting_find(name);
		if (str_is(name, "csrf"))
			continue;
		if (!s)
			return err_set(e, ERR_SYNTAX, _("Unknown field \"%.*s\"."), (int)(name.n > 60 ? 60 : name.n), name.p);
		struct str before = setting_text(c->office->db, c->arena, s->name);
		if (str_eq(before, value))
			continue;
		int r = setting_set(c->office->db, s->name, value, c->actor.person, c->world.now, e);
		if (r >= 0 && strcmp(s->name, "standard") == 0)
			r = standard_use(c->office->db, value, e);
		if (r == ERR_RANGE || r == ERR_SYNTAX || r == ERR_NOTFOUND) {
			c->discard = true;
			return show_settings(c, s, arena_str(c->arena, str_from(e->text)));
		}
		if (r < 0 || (r = put_event(c, "setting.change", s->name, before, value, STR(""), e)) < 0)
			return r;
		changed++;
	}
	auth_rules_send(c->office);
	flash(c, changed ? _("The settings were saved.") : _("Nothing was changed."));
	return res_redirect(c, STR("/settings"));
}

/* --- parameters -------------------------------------------------------------------------------------------------- */

static void fill_history(struct ctx *c, struct tpl_parameters_rows *row)
{
	struct tpl_parameters_rows_history *v = arena_array(c->arena, 20, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_PARAMETER_HISTORY);
	bind_str(q, 1, row->name);
	while (row->n_history < 20 && step(q) == 1)
		v[row->n_history++] = (struct tpl_parameters_rows_history){
			.at = col_int(q, 0), .value = col_dup(q, 1, c->arena), .who = col_dup(q, 2, c->arena),
			.reason = col_dup(q, 3, c->arena)};
	stmt_done(q);
	row->history = v;
	row->changed = row->n_history > 0;
}

static int show_parameters(struct ctx *c, struct str error)
{
	struct tpl_parameters_rows *rows = arena_array(c->arena, 400, sizeof(*rows));
	size_t n = 0;
	bool ja = i18n_lang() == LANG_JA;
	struct stmt *q = db_query(c->office->db, Q_PARAMETER_LIST);
	while (n < 400 && step(q) == 1)
		rows[n++] = (struct tpl_parameters_rows){
			.name = col_dup(q, 0, c->arena), .label = col_dup(q, ja ? 1 : 2, c->arena),
			.help = col_dup(q, ja ? 3 : 4, c->arena), .value = col_dup(q, 5, c->arena),
			.default_text = col_dup(q, 6, c->arena), .controls = col_dup(q, 7, c->arena)};
	stmt_done(q);
	for (size_t i = 0; i < n; i++)
		fill_history(c, &rows[i]);
	struct tpl_parameters d = {.csrf = c->session->csrf, .error = error, .may_change = may_change(c), .rows = rows,
	                           .n_rows = n};
	page_begin(c, _("Parameters of the standard"));
	tpl_parameters(&c->page, &d);
	return page_end(c, error.n ? 422 : 200);
}

int page_parameters(struct ctx *c, struct err *e)
{
	(void)e;
	return show_parameters(c, STR(""));
}

int do_parameters(struct ctx *c, struct err *e)
{
	struct str name = req_field(c, "name"), value = str_trim(req_field(c, "value")),
	                  reason = str_trim(req_field(c, "reason")), before;
	if (!reason.n) {
		c->discard = true;
		return show_parameters(c, str_from(_("Say why the parameter changes.")));
	}
	if (param_get(c->office->db, c->arena, arena_z(c->arena, name), &before) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such parameter."));
	int r = param_set(c->office->db, name, value, c->world.now, c->actor.person, reason, e);
	if (r == ERR_INVALID || r == ERR_RANGE || r == ERR_SYNTAX) {
		c->discard = true;
		return show_parameters(c, arena_str(c->arena, str_from(e->text)));
	}
	if (r < 0 || (r = put_event(c, "parameter.change", arena_z(c->arena, name), before, value, reason, e)) < 0)
		return r;
	flash(c, _("The parameter was changed; everything is judged anew."));
	return res_redirect(c, STR("/settings/parameters"));
}
