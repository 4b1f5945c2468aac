/* What can be asked of the office: nothing else is answered. docs/permissions.md is made from this table. */
#include "office/dispatch.h"
#include "office/logs.h"
#include "office/pages.h"

#define FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ANY_FIELDS FIELDS("*")
#define R(r) (1u << ROLE_##r)
#define ADMINS (R(SECRETARIAT) | R(CHIEF))
#define DECIDERS (ADMINS | R(CISO) | R(VICE_CISO))
#define LOG_DECIDERS (ADMINS | R(CSIRT) | R(SYS_MANAGER))
#define LOG_TOKEN_MAKERS (R(SYS_MANAGER) | R(SYS_OPERATOR) | R(CLOUD_MANAGER) | R(CHIEF))
#define LOG_WATCHERS (LOGS_OVERSEE | R(SYS_OPERATOR) | R(CLOUD_MANAGER))
#define AUDITORS (R(AUDIT_CHIEF) | R(AUDITOR))
#define OVERSEERS (ADMINS | R(CISO) | R(VICE_CISO) | R(AUDIT_CHIEF) | R(AUDITOR))

const struct route routes[] = {
	/* sign-in */
	{"GET", "/sign-in", R_PUBLIC | R_NET, ROLES_ALL, NULL, page_signin, "Sign-in form"},
	{"POST", "/sign-in", R_PUBLIC | R_NET, ROLES_ALL, FIELDS("staff_no", "password", "next"), do_signin, "Sign in"},
	{"GET", "/sign-in/second", R_NO_FACTOR | R_NET, ROLES_ALL, NULL, page_second, "Second factor form"},
	{"POST", "/sign-in/second", R_NO_FACTOR | R_NET, ROLES_ALL, FIELDS("code"), do_second, "Check the second factor"},
	{"GET", "/sign-in/password", R_NO_FACTOR | R_NET, ROLES_ALL, NULL, page_password, "Password change form"},
	{"POST", "/sign-in/password", R_NO_FACTOR | R_NET, ROLES_ALL, FIELDS("current", "password", "again"), do_password, "Change one's password"},
	{"GET", "/sign-in/enrol", R_NO_FACTOR | R_WRITES | R_NET, ROLES_ALL, NULL, page_enrol, "Set up the second factor"},
	{"POST", "/sign-in/enrol", R_NO_FACTOR | R_NET, ROLES_ALL, FIELDS("code", "kind"), do_enrol, "Confirm the second factor"},
	{"POST", "/sign-out", R_NO_FACTOR | R_NET, ROLES_ALL, NULL, do_signout, "Sign out"},
	{"GET", "/link/{token}", R_PUBLIC, ROLES_ALL, NULL, page_link, "One-time sign-in link: asks to go on"},
	{"POST", "/link/{token}", R_PUBLIC, ROLES_ALL, NULL, do_link, "One-time sign-in link: signs in"},
	{"POST", "/language", R_PUBLIC | R_NET, ROLES_ALL, FIELDS("lang", "back"), do_language, "Language of the pages"},
	/* oneself */
	{"GET", "/me", R_WRITES, ROLES_ALL, NULL, page_me, "Own account: factors, sessions"},
	{"POST", "/me/sessions/{id}/end", 0, ROLES_ALL, NULL, do_me_session_end, "End one of one's own sessions"},
	{"POST", "/me/factor", 0, ROLES_ALL, NULL, do_me_factor_begin, "Begin to set up an authenticator app"},
	{"POST", "/me/factor/confirm", 0, ROLES_ALL, FIELDS("code"), do_me_factor_confirm, "Confirm an authenticator app"},
	{"POST", "/me/codes", 0, ROLES_ALL, FIELDS("kind"), do_me_codes, "New recovery codes or code sheet"},
	{"GET", "/me/confirm", 0, ROLES_ALL, NULL, page_confirm, "Asks again who it is"},
	{"POST", "/me/confirm", 0, ROLES_ALL, FIELDS("for", "password", "code"), do_confirm, "Confirm by password or code who it is"},
	{"GET", "/me/sign-ins", 0, ROLES_ALL, NULL, page_signin_log_own, "One's own sign-in events"},
	{"GET", "/me/sign-ins.csv", 0, ROLES_ALL, NULL, page_signin_log_own_csv, "One's own sign-in events as CSV"},
	{"POST", "/me/sign-ins/export", 0, ROLES_ALL, NULL, do_signin_log_own_export, "The same of many events as a job"},
	{"GET", "/me/tokens", 0, ROLES_ALL, NULL, page_tokens, "One's own API tokens"},
	{"POST", "/me/tokens", R_SEALED, ROLES_ALL, FIELDS("label", "scope", "days"), do_token_make, "Make an API token for oneself"},
	{"POST", "/me/tokens/{id}/end", R_SEALED, ROLES_ALL, NULL, do_token_end, "End one of one's own API tokens"},
	/* work */
	{"GET", "/", R_NET, ROLES_ALL, NULL, page_home, "First screen by role"},
	{"GET", "/duties", 0, ROLES_ALL, NULL, page_duties, "What waits for me"},
	{"POST", "/duties/decide", R_SEALED, ROLES_ALL, FIELDS("ids"), do_decide, "Approve what is checked, each by its own rules"},
	{"POST", "/duties/{id}/done", R_SEALED, ROLES_ALL, FIELDS("note"), do_duty_done, "Mark a duty as done that no record ends"},
	{"POST", "/notices/{id}", 0, ROLES_ALL, NULL, do_notice_open, "Open a notice: one takes note of it"},
	{"GET", "/applications", 0, ROLES_ALL, NULL, page_applications, "What I applied for, over all ledgers"},
	{"GET", "/applications.csv", 0, ROLES_ALL, NULL, page_applications_csv, "What I applied for, as CSV"},
	{"POST", "/applications/export", 0, ROLES_ALL, NULL, do_applications_export, "The same of many applications as a job"},
	{"GET", "/board", 0, ROLES_ALL, NULL, page_board, "Compliance board"},
	{"GET", "/board.csv", 0, ROLES_ALL, NULL, page_board_csv, "Compliance board as CSV"},
	{"GET", "/clauses/{id}", 0, ROLES_ALL, NULL, page_clause, "One clause: text, controls, failing subjects"},
	{"GET", "/clauses/{id}/text", 0, ADMINS, NULL, page_clause_text, "Form of the municipality's own wording, with its history"},
	{"POST", "/clauses/{id}/text", R_SEALED, ADMINS, FIELDS("text", "source", "edition"), do_clause_text, "Set the municipality's own wording"},
	{"GET", "/controls/{id}", 0, ROLES_ALL, NULL, page_control, "One control and its subjects"},
	{"POST", "/controls/{id}/none", R_SEALED, DECIDERS, FIELDS("part", "reason", "until"), do_control_none, "Decide that there is nothing to judge"},
	{"POST", "/controls/{id}/some", R_SEALED, DECIDERS, NULL, do_control_some, "Withdraw that decision"},
	{"POST", "/controls/{id}/start", R_SEALED, DECIDERS, FIELDS("starts_on", "reason"), do_control_start, "Set the approved start of a control"},
	{"GET", "/search", 0, ROLES_ALL, NULL, page_search, "Search all ledgers"},
	/* ledgers: who may see or write what is in each definition */
	{"GET", "/ledgers", 0, ROLES_ALL, NULL, page_ledgers, "All ledgers"},
	{"GET", "/ledgers/{ledger}", 0, ROLES_ALL, NULL, page_ledger, "List of a ledger"},
	{"GET", "/ledgers/{ledger}/new", 0, ROLES_ALL, NULL, page_record_new, "Form of a new record"},
	{"POST", "/ledgers/{ledger}", 0, ROLES_ALL, ANY_FIELDS, do_record_create, "Create a record"},
	{"GET", "/ledgers/{ledger}/export.csv", 0, ROLES_ALL, NULL, page_export, "Export a ledger as CSV"},
	{"POST", "/ledgers/{ledger}/export", 0, ROLES_ALL, NULL, do_export_job, "Export a large ledger as a job"},
	{"GET", "/ledgers/{ledger}/import", 0, ROLES_ALL, NULL, page_import, "Import form and earlier imports"},
	{"POST", "/ledgers/{ledger}/import", 0, ROLES_ALL, FIELDS("file"), do_import_preview, "Preview of an import"},
	{"POST", "/ledgers/{ledger}/import/apply", 0, ROLES_ALL, FIELDS("upload"), do_import_apply, "Apply a previewed import"},
	{"POST", "/ledgers/{ledger}/import/{id}/undo", 0, ROLES_ALL, NULL, do_import_undo, "Take an import back"},
	{"GET", "/ledgers/{ledger}/{id}", 0, ROLES_ALL, NULL, page_record, "One record with its history"},
	{"GET", "/ledgers/{ledger}/{id}/edit", 0, ROLES_ALL, NULL, page_record_edit, "Edit form, or the form of ?action="},
	{"GET", "/ledgers/{ledger}/{id}/print", 0, ROLES_ALL, NULL, page_record_print, "Printed form"},
	{"POST", "/ledgers/{ledger}/{id}", 0, ROLES_ALL, ANY_FIELDS, do_record_update, "Change a record"},
	{"POST", "/ledgers/{ledger}/{id}/act/{action}", R_SEALED, ROLES_ALL, ANY_FIELDS, do_record_act, "Take an action"},
	{"POST", "/ledgers/{ledger}/{id}/override", R_SEALED, ADMINS | R(CISO), FIELDS("who", "reason"), do_record_override,
	 "Record that somebody concerned may decide once"},
	{"GET", "/overrides", 0, OVERSEERS, NULL, page_overrides, "Decisions by concerned persons, with reasons"},
	{"GET", "/attachments/{id}", 0, ROLES_ALL, NULL, page_attachment, "Download an attachment"},
	/* transfer of files: the sender and the recipients of each; no route hands out an original */
	{"GET", "/transfers", R_NET, ROLES_ALL, NULL, page_transfers, "Files one handed over or is to fetch"},
	{"GET", "/transfers.csv", R_NET, ROLES_ALL, NULL, page_transfers_csv, "The same as CSV"},
	{"GET", "/transfers/new", R_NET, ROLES_ALL, NULL, page_transfer_new, "Form to hand files over"},
	{"POST", "/transfers", R_SEALED | R_NET | R_SPOOL, ROLES_ALL,
	 FIELDS("direction", "recipients", "purpose", "class_c", "personal", "outside_recipient", "provision", "to_party", "once"), do_transfers, "Hand files over"},
	{"GET", "/transfers/gates", R_WRITES, OVERSEERS | R(SYS_MANAGER) | R(SYS_OPERATOR) | R(CSIRT), NULL, page_gates, "State of the gates, outcomes over time"},
	{"POST", "/transfers/gates/again", R_SEALED, ADMINS | R(SYS_MANAGER) | R(SYS_OPERATOR) | R(CSIRT), NULL, do_gates_again, "Have held files checked again"},
	{"GET", "/transfers/{id}", R_NET, ROLES_ALL, NULL, page_transfer, "One file: what became of it, what was removed"},
	{"POST", "/transfers/{id}/file", R_NET, ROLES_ALL, NULL, do_transfer_fetch, "Fetch what passed the gate; recorded each time"},
	{"POST", "/transfers/{id}/again", R_SEALED | R_NET, ROLES_ALL, FIELDS("password"), do_transfer_again, "Have a held file checked again"},
	/* audit */
	{"GET", "/samples", 0, AUDITORS, NULL, page_samples, "Random samples: draw one, earlier ones"},
	{"POST", "/samples", R_SEALED, AUDITORS, FIELDS("ledger", "n", "seed"), do_sample, "Draw a random sample of a ledger"},
	{"GET", "/samples/{id}", 0, AUDITORS, NULL, page_sample, "A sample: its records with their proofs"},
	/* proof */
	{"GET", "/events/{seq}", 0, ROLES_ALL, NULL, page_event, "One event and its proof"},
	{"GET", "/events/{seq}/proof", 0, ROLES_ALL, NULL, page_event_proof, "Proof file (tlog-proof) of an event"},
	/* logs: who may read which sources is in the ledger of log sources (office/logs.h) */
	{"GET", "/logs", R_NAMED, LOGS_OVERSEE, NULL, page_logs, "Search the logs that one may read"},
	{"GET", "/logs/export.csv", R_NAMED, LOGS_OVERSEE, NULL, page_logs_csv, "Hits of a log search as CSV"},
	{"GET", "/logs/export.jsonl", R_NAMED, LOGS_OVERSEE, NULL, page_logs_jsonl, "Hits of a log search as JSON lines"},
	{"GET", "/logs/{log}/{index}", R_NAMED, LOGS_OVERSEE, NULL, page_log_entry, "One log entry with its neighbours and its proof"},
	{"GET", "/logs/{log}/{index}/proof", R_NAMED, LOGS_OVERSEE, NULL, page_log_proof, "Proof file (tlog-proof) of a log entry"},
	{"GET", "/log-sources", 0, LOG_WATCHERS, NULL, page_arrivals, "Log sources: what the ledger declares beside what arrives"},
	{"GET", "/log-sources.csv", 0, LOG_WATCHERS, NULL, page_arrivals_csv, "The same as CSV"},
	{"POST", "/log-sources/outside", R_SEALED, LOG_DECIDERS, FIELDS("source", "reason"), do_arrival_outside, "Say why a sender need not be registered"},
	{"GET", "/log-sources/tokens", 0, LOG_WATCHERS, NULL, page_log_tokens, "Tokens with which programs hand logs in"},
	{"POST", "/log-sources/tokens", R_SEALED, LOG_TOKEN_MAKERS, FIELDS("source", "label", "days"), do_log_token_make, "Make a token of a log source, shown once"},
	{"POST", "/log-sources/tokens/{id}/end", R_SEALED, LOG_TOKEN_MAKERS, NULL, do_log_token_end, "End a token of a log source"},
	/* running the place */
	{"GET", "/settings", 0, OVERSEERS, NULL, page_settings, "Settings"},
	{"POST", "/settings", R_SEALED, ADMINS, ANY_FIELDS, do_settings, "Change settings"},
	{"GET", "/settings/parameters", 0, OVERSEERS, NULL, page_parameters, "Parameters of the standard with history"},
	{"POST", "/settings/parameters", R_SEALED, ADMINS, FIELDS("name", "value", "reason"), do_parameters, "Change a parameter"},
	{"GET", "/settings/texts", 0, ADMINS, NULL, page_clause_texts, "Form to load own wordings from a table"},
	{"POST", "/settings/texts", R_SEALED, ADMINS, FIELDS("source", "edition", "file"), do_clause_texts, "Load own wordings from a table"},
	{"GET", "/settings/access", 0, ADMINS, NULL, page_access, "Sign-ins: lock, unlock, temporary passwords, sessions"},
	{"POST", "/settings/access", R_SEALED, ADMINS, FIELDS("person", "do", "search"), do_access, "Unlock, set a temporary password, end sessions"},
	{"GET", "/settings/sign-ins", 0, ADMINS, NULL, page_signin_log, "Everybody's sign-in events"},
	{"GET", "/settings/sign-ins.csv", 0, ADMINS, NULL, page_signin_log_csv, "Everybody's sign-in events as CSV"},
	{"POST", "/settings/sign-ins/export", 0, ADMINS, NULL, do_signin_log_export, "The same of many events as a job"},
	{"GET", "/settings/tokens", 0, OVERSEERS, NULL, page_tokens_all, "Everybody's API tokens"},
	{"POST", "/settings/tokens/{id}/end", R_SEALED, ADMINS, NULL, do_token_end_any, "End anybody's API token"},
	{"GET", "/jobs", 0, ROLES_ALL, NULL, page_jobs, "One's own long jobs"},
	{"GET", "/jobs/{id}", 0, ROLES_ALL, NULL, page_job, "Progress of a long job"},
	{"POST", "/jobs/{id}/cancel", 0, ROLES_ALL, NULL, do_job_cancel, "Cancel a job"},
	/* API */
	{"GET", "/api/v1/openapi.json", R_PUBLIC, ROLES_ALL, NULL, api_openapi, "This API, described"},
	{"GET", "/api/v1/status", R_API, ROLES_ALL, NULL, api_status, "Status of clauses and controls"},
	{"GET", "/api/v1/ledgers", R_API, ROLES_ALL, NULL, api_ledgers, "Ledgers and their fields"},
	{"GET", "/api/v1/ledgers/{ledger}/records", R_API, ROLES_ALL, NULL, api_records, "Records of a ledger"},
	{"POST", "/api/v1/ledgers/{ledger}/records", R_API, ROLES_ALL, NULL, api_record_create, "Create a record"},
	{"GET", "/api/v1/ledgers/{ledger}/records/{id}", R_API, ROLES_ALL, NULL, api_record, "One record"},
	{"PATCH", "/api/v1/ledgers/{ledger}/records/{id}", R_API, ROLES_ALL, NULL, api_record_update, "Change a record"},
	{"GET", "/api/v1/transfers", R_API | R_NET, ROLES_ALL, NULL, api_transfers, "Files one handed over or is to fetch"},
	{"POST", "/api/v1/transfers", R_API | R_SEALED | R_NET | R_SPOOL, ROLES_ALL,
	 FIELDS("direction", "recipients", "purpose", "class_c", "personal", "outside_recipient", "provision", "to_party"), api_transfers_new, "Hand files over (multipart/form-data)"},
	{"GET", "/api/v1/transfers/{id}", R_API | R_NET, ROLES_ALL, NULL, api_transfer, "What became of one file, with the gate's report"},
	{"GET", "/api/v1/transfers/{id}/file", R_API | R_WRITES | R_NET, ROLES_ALL, NULL, api_transfer_file, "Fetch what passed the gate"},
	{"POST", "/api/v1/ledgers/{ledger}/records/{id}/actions/{action}", R_API | R_SEALED, ROLES_ALL, NULL, api_record_act, "Take an action"},
};
const size_t n_routes = ARRAY_LEN(routes);

/* Does the path fit the pattern? Literal parts must be equal; {…} takes one non-empty part. */
static bool fits(const char *pattern, struct str path, struct str args[4])
{
	struct str pat = str_from(pattern), rest = path;
	size_t n = 0;
	while (pat.p || rest.p) {
		if (!pat.p || !rest.p)
			return false;
		struct str want = str_cut(&pat, '/'), got = str_cut(&rest, '/');
		if (want.n && want.p[0] == '{') {
			if (!got.n || n == 4)
				return false;
			args[n++] = got;
		} else if (!str_eq(want, got)) {
			return false;
		}
	}
	return true;
}

const struct route *route_find(struct str method, struct str path, struct str args[4], bool *ret_path_known)
{
	*ret_path_known = false;
	if (str_is(method, "HEAD"))
		method = STR("GET");
	for (size_t i = 0; i < n_routes; i++) {
		struct str got[4] = {0};
		if (!fits(routes[i].path, path, got))
			continue;
		*ret_path_known = true;
		if (!str_is(method, routes[i].method))
			continue;
		memcpy(args, got, sizeof(got));
		return &routes[i];
	}
	return NULL;
}
