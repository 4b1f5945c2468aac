/* Commands of `sekisho` on a data folder, as they arrive over the control socket (the caller is root or the owner). */
#ifndef OFFICE_CLI_H
#define OFFICE_CLI_H

#include "office/office.h"

#define CLI_ARGS_MAX 64
#define CLI_OUT_MAX (64u << 20)

struct cli_file {
	struct str name;
	int fd;
};

struct cli {
	struct office *office;
	struct arena *arena;
	struct world world;
	struct actor actor;                              /* admin */
	struct str args[CLI_ARGS_MAX];
	size_t n_args;
	struct cli_file files[MSG_FDS_MAX];
	size_t n_files;
	bool json;                                       /* --json was given (and taken out of args) */
	struct buf out, err;
};

/* One command: returns the exit code (0, 1 "no", 2 usage, 3 failure). */
typedef int cli_run(struct cli *c);
struct cli_command {
	const char *name;                                /* one or two words */
	const char *usage;                               /* what follows, for --help and faults */
	const char *help;
	cli_run *run;
};
extern const struct cli_command cli_commands[];
extern const size_t n_cli_commands;

/* Reads CLI_CALL, runs it, sends CLI_OUT, CLI_ERR, CLI_EXIT. ERR_PROTO ends the connection. */
int cli_message(struct office *o, int fd, struct msg *m) MUST_USE;

/* Value of "--name VALUE" (taken out of args), or STR_NONE. */
struct str cli_option(struct cli *c, const char *name);
bool cli_flag(struct cli *c, const char *name);
/* Prints e's text as "sekisho: …" to stderr and gives the exit code that fits its kind. */
int cli_fail(struct cli *c, const struct err *e);
int cli_usage(struct cli *c, const struct cli_command *cmd);
/* The bytes of an attached file. */
int cli_file_read(struct cli *c, size_t i, size_t max, struct str *ret, struct err *e) MUST_USE;

/* Runs fn in a transaction, judges what it changed, commits. */
int cli_transact(struct cli *c, int (*fn)(struct cli *, void *, struct err *), void *arg, struct err *e) MUST_USE;

/* The office's part of sekisho backup: office/cli_backup.c */
cli_run cli_backup;
/* The office's part of sekisho doctor, a JSON array of points: office/cli_doctor.c */
cli_run cli_doctor;
/* What may leave a log of others: office/cli_vault.c */
cli_run cli_vault_policy, cli_vault_prune, cli_vault_hold, cli_vault_release, cli_vault_redact;
/* office/cli_gate.c */
cli_run cli_gate_signatures;
/* A backup whose command went away is given up. */
void cli_backup_old(void);

/* sekisho standard …: office/cli_standard.c */
cli_run cli_standard_list, cli_standard_show, cli_standard_import, cli_standard_diff, cli_standard_export;

#endif
