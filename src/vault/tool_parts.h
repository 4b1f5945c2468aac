/* Between tool.c (arguments) and tool_verify.c, tool_prove.c, tool_show.c (the commands). */
#ifndef VAULT_TOOL_PARTS_H
#define VAULT_TOOL_PARTS_H

#include "lib/i18n.h"
#include "lib/json.h"
#include "vault/verify.h"

#define TOOL_PATH_MAX 4096
#define TOOL_ORIGIN_MAX 64
#define TOOL_OUT_MAX (64u << 20)

enum { TOOL_YES, TOOL_NO, TOOL_USAGE, TOOL_FAILURE };

struct tool {
	const char *args[3];
	size_t n_args;
	const char *data_dir;                            /* as given */
	char dir[TOOL_PATH_MAX];                         /* the vault folder */
	const char *vkey, *entry, *from, *to, *reason, *known[VERIFY_KNOWN_MAX];
	const char *log, *limit, *since, *until;         /* log: name of one beside the own one */
	const char *source, *days;                       /* source: name that entries come under */
	const char *timestamp;                           /* file with an RFC 3161 reply */
	const char *policy_file;
	struct policy *policy;                           /* read from it, or NULL; its text stays as long as the program */
	size_t n_known;
	bool json, scan, finish, follow;
};

/* Says which word of the command line is wrong, before tool_usage: fmt has one %s. ERR_SYNTAX. */
int tool_wrong(const char *fmt, const char *word) __attribute__((format(printf, 1, 0)));
int tool_usage(void);
int tool_fail(const struct err *e);                  /* says why; NO when something is not proven, else FAILURE */
int tool_print(struct buf *b);                       /* to stdout; releases b */
int tool_number(const char *z, uint64_t *ret) MUST_USE;
/* Appends the bytes of a key argument: the key itself or what the file of that name holds. */
int tool_key(const char *arg, struct buf *out, struct err *e) MUST_USE;

/* The checkpoint to prove the first `end` entries by: with a policy the cosigned one, when it meets the policy (else ERR_DENIED); without one
 * the cosigned one too where it reaches, for it says more. Else ret and head stay. */
int tool_note(struct tool *t, struct tlog *s, const struct note_key *key, uint64_t end, struct str *ret, struct checkpoint *head,
              struct err *e) MUST_USE;
/* Reads the policy of the arguments, when there is one. */
int tool_policy_read(struct tool *t, struct err *e) MUST_USE;

int tool_verify(struct tool *t);
int tool_prove(struct tool *t);
int tool_consistency(struct tool *t);
int tool_check_proof(struct tool *t);
int tool_show(struct tool *t);
int tool_new_origin(struct tool *t);
int tool_search(struct tool *t);
int tool_ingest(struct tool *t);
int tool_bundle(struct tool *t);
int tool_rotate(struct tool *t);
int tool_policy(struct tool *t);
int tool_prune(struct tool *t);
int tool_hold(struct tool *t);
int tool_release(struct tool *t);
int tool_redact(struct tool *t);
int tool_reindex(struct tool *t);

/* One log of the folder. */
typedef int tool_log_fn(void *arg, const char *name, const char *path, struct err *e);
/* Calls fn for each log that was asked for; names and paths live in the arena. */
int tool_each_log(const struct tool *t, struct arena *a, tool_log_fn *fn, void *arg, struct err *e) MUST_USE;
struct search_ask;
/* tool_follow.c: what comes from now on (or from --since), oldest first, until it is ended or nobody reads. */
int tool_follow(struct tool *t, const struct search_ask *ask);

/* --- tool_alone.c: a log written to without the running vault */
struct vault;
struct logkey;
struct alone {
	struct vault *vault;
	struct logkey *key;
	int locks[2];                                    /* a data folder's: it may not start meanwhile */
};
/* Takes the lock of who runs; a file that is not there locks nothing. ERR_BUSY. */
int alone_lock(int *ret, const char *dir, const char *name, struct err *e) MUST_USE;
/* Opens, or makes, the log of the arguments and its key; what is there is released by alone_close also after an error. */
int alone_open(struct alone *a, struct tool *t, struct err *e) MUST_USE;
/* Commits, signs, publishes. */
int alone_commit(struct alone *a, struct err *e) MUST_USE;
void alone_close(struct alone *a);
/* A new name for a log. */
void tool_origin(char out[TOOL_ORIGIN_MAX]);
/* One entry as a line of text or a JSON object. */
void tool_entry_text(struct buf *out, uint64_t index, struct str bytes);
void tool_entry_json(struct jw *j, uint64_t index, struct str bytes);
/* The same, saying which log it is of. */
void tool_entry_json_of(struct jw *j, const char *log, uint64_t index, struct str bytes);

#endif
