/* The house audits its own logs: a process beside the vault (role "audit"), with the vault's user but unable to write anything, niced
 * to the last, that does what `sekisho vault verify` does whenever the office says so, against what the office remembers of the audit
 * before: a log that was put back, or is gone, does not continue that. What it saw becomes an event (office/audit.h). It answers to
 * the supervisor while it reads, and ends at once when told. */
#ifndef VAULT_AUDIT_H
#define VAULT_AUDIT_H

#define AUDIT_LOGS_MAX 32u                           /* as many as the vault has, its own included */
#define AUDIT_TOLD_MAX 8u                            /* problems of one log that are told; all are counted */
#define AUDIT_ROLE "audit"

/* main of that role; does not return. */
_Noreturn void audit_main(int argc, char **argv);

#endif
