/* The handlers that the route table names, by file. */
#ifndef OFFICE_PAGES_H
#define OFFICE_PAGES_H

#include "office/office.h"

/* page_signin.c */
handler page_signin, do_signin, page_second, do_second, page_password, do_password, page_enrol, do_enrol, do_signout, page_link, do_link,
	do_language;
/* page_me.c */
handler page_me, do_me_session_end, do_me_factor_begin, do_me_factor_confirm, do_me_codes;
/* page_confirm.c */
handler page_confirm, do_confirm;
/* page_signin_log.c */
handler page_signin_log, page_signin_log_csv, page_signin_log_own, page_signin_log_own_csv, do_signin_log_export, do_signin_log_own_export;
/* page_token.c */
handler page_tokens, do_token_make, do_token_end, page_tokens_all, do_token_end_any;
/* page_home.c */
handler page_home, page_duties, do_decide, do_duty_done, do_notice_open;
/* page_job.c */
handler page_jobs, page_job, do_job_cancel;
/* page_mine.c */
handler page_samples, page_sample, do_sample;
handler page_applications, page_applications_csv, do_applications_export;
/* page_board.c */
handler page_board, page_clause, page_control, page_board_csv;
handler do_control_none, do_control_some, do_control_start;
/* page_ledgers.c, page_record.c */
handler page_ledgers, page_ledger, page_record, page_record_new, page_record_edit, page_record_print, do_record_create, do_record_update,
	do_record_act, page_attachment, page_search;
/* page_clause_text.c */
handler page_clause_text, do_clause_text, page_clause_texts, do_clause_texts;
/* page_override.c */
handler do_record_override, page_overrides;
/* page_csv.c */
handler page_export, do_export_job, page_import, do_import_preview, do_import_apply, do_import_undo;
/* page_event.c */
handler page_event, page_event_proof;
/* page_logs.c, page_log.c */
handler page_logs, page_logs_csv, page_logs_jsonl, page_log_entry, page_log_proof;
/* page_transfers.c */
handler page_transfers, page_transfers_csv;
/* page_transfer.c */
handler page_transfer_new, do_transfers, page_transfer, do_transfer_fetch, do_transfer_again;
/* page_log_tokens.c */
handler page_log_tokens, do_log_token_make, do_log_token_end;
/* page_arrivals.c */
handler page_arrivals, page_arrivals_csv, do_arrival_outside;
/* page_settings.c */
handler page_settings, do_settings, page_parameters, do_parameters, page_access, do_access;
/* page_gates.c */
handler page_gates, do_gates_again;
/* api_transfer.c */
handler api_transfers, api_transfers_new, api_transfer, api_transfer_file;
/* api.c */
handler api_status, api_ledgers, api_records, api_record, api_record_create, api_record_update, api_record_act, api_openapi;

#endif
