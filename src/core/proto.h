/* The messages between processes: one enum per pair, in the order they may be spoken. Payloads are listed beside each
 * type in the order of their puts (s = string, i = i64, u = u32, b = u8, f = descriptor). A message not listed for the
 * pair, or with other content, ends the peer. Every process has descriptor 3: its pair with the supervisor. */
#ifndef CORE_PROTO_H
#define CORE_PROTO_H

/* Started as  PROGRAM --fd 3 ROLE DATADIR SHAREDIR ; the supervisor then sends PEER for each pair, then GO. */
#define SUPERVISOR_FD 3

/* supervisor -> any */
enum {
	SUP_PEER = 1,    /* s name of the peer ("office.writer", "office.reader.0", "vault", …), u which pair, f socket; replaces an
	                  * older one */
	SUP_GO,          /* all peers of the first start are there */
	SUP_STOP,        /* finish what is in hand, exit 0 */
	SUP_CONTROL,     /* to office.writer only: f an accepted control connection, u uid of its other end */
	/* any -> supervisor */
	SUP_READY = 50,  /* s posture (sandbox_posture), s url (front; else NULL) */
	SUP_NOTE,        /* s line for the terminal (sign-in links …): office.writer only */
	SUP_LOST,        /* s peer, u which pair, b it broke the protocol: that pair is closed; who broke it is ended and started anew */
};

/* front -> office.writer, office.reader.N */
enum {
	REQ = 100,       /* i id, s method, s path (decoded, absolute), s query (raw), s peer address, b https,
	                  * u n headers {s lower-case name, s value}, b body kind (enum body_kind), s raw body,
	                  * u n fields {s name, s value}, u n files {s field, s file name, s media type, i size, s SHA-256 (hex) of what stands enciphered
	                  * in a spool of ours, else NULL, f content} */
	RESP,            /* office -> front: i id, u status, u n headers {s name, s value}, s body */
	REQ_RETRY,       /* reader -> front: i id: needs the writer, send it there */
	RESP_FILE,       /* office -> front: as RESP, instead of the body i size, f content: read as it is sent */
	RESP_SPOOL,      /* office.writer -> front: i id, s keys (32 bytes each), u n files {f}: the answer to a REQ with method SPOOL and no
	                  * body, asked before a large body is read: its files go there, enciphered with AES-256-CTR from zero */
	REQ_LIMIT,       /* office.writer -> front: i bytes that a hand-over may have in all */
};
enum body_kind { BODY_NONE, BODY_FORM, BODY_MULTIPART, BODY_JSON, BODY_OTHER };

/* office.reader.N, office.job -> office.writer (no answers) */
enum {
	NOTE_SESSION_SEEN = 150, /* s session token hash, i at, b its message was shown */
	NOTE_READ,       /* s actor person id, s ledger, i record, s what: personal data or an export was read: becomes an event */
	NOTE_OUTBOX,     /* the job process left rows in the outbox */
	NOTE_TOKEN_SEEN, /* i token id, i at */
	NOTE_SEARCH,     /* i actor person id, i work record that ordered it or 0, s what was asked (JSON, kept like a change), s logs and
	                  * hits (JSON for all): becomes an event */
	NOTE_JUDGE,      /* the job process changed so much that everything is to be judged */
	NOTE_JOB,        /* writer -> job: i job id: there is work */
};

/* office.writer -> auth: each carries i call id first, the answer repeats it */
enum {
	AUTH_VERIFY = 200,   /* i call, i person, s password -> AUTH_RESULT */
	AUTH_SET,            /* i call, i person, s password, b temporary, u n guesses {s text a person might use} */
	AUTH_STATE,          /* i call, i person */
	AUTH_TOTP_BEGIN,     /* i call, i person, s label: a new secret, not yet in force */
	AUTH_TOTP_CONFIRM,   /* i call, i person, s code: puts it in force */
	AUTH_SECOND,         /* i call, i person, s code: TOTP, recovery code or sheet code */
	AUTH_CODES,          /* i call, i person, s kind "recovery"|"sheet": makes new ones, old ones end */
	AUTH_FORGET,         /* i call, i person: removes factors (not the password) */
	AUTH_UNLOCK,         /* i call, i person */
	AUTH_RULES,          /* i call, i min length, i lock after, i lock minutes, i history */
	AUTH_BACKUP,         /* i call, b make: a copy of the store at auth/backup.db; 0 removes it */
	AUTH_RESULT = 250,   /* i call, u enum auth_result, s detail (JSON) */
};
enum auth_result {
	AUTH_OK,             /* VERIFY, SET, STATE, SECOND, TOTP_CONFIRM: {"totp":bool,"sheet":bool,"recovery_left":n,"temporary":bool};
	                      * TOTP_BEGIN: {"uri":"otpauth://…","secret":BASE32}; CODES: {"codes":["…"]} */
	AUTH_WRONG,          /* password or code wrong */
	AUTH_LOCKED,         /* detail {"until":µs} */
	AUTH_NONE,           /* no such person or no such factor */
	AUTH_WEAK,           /* detail {"why":"short"|"common"|"own-data"|"previous"} */
	AUTH_TEMPORARY,      /* right, but must be changed now */
	AUTH_REPLAYED,       /* the code was used already */
	AUTH_QUEUE_FULL,
	AUTH_FAILED,         /* the store failed; nothing was decided */
};

/* office.writer, office.reader.N, auth, … -> vault */
enum {
	VAULT_APPEND = 300,  /* s source, i sequence from 1, s SHA-256 of the source's previous entry (32 zero bytes first), s entry
	                      * -> VAULT_ACK after fdatasync and a signed checkpoint */
	VAULT_ACK,           /* i sequence, i index in the log */
	VAULT_REFUSE,        /* i sequence, u err code, s text: gap, fork, full */
	VAULT_PROVE,         /* i index -> VAULT_PROOF */
	VAULT_PROOF,         /* u err code, s entry, s tlog-proof text (C2SP) */
	VAULT_STATUS,        /* -> VAULT_STATE */
	VAULT_STATE,         /* s JSON: size, root, origin, signed at, last sequence per source, minimum, policy_days (0: none), used (bytes on the
	                      * disk), oldest_at (µs), the same of the other logs, disk_free, disk_total, alarms */
	VAULT_SOURCE,        /* s source -> VAULT_LAST */
	VAULT_LAST,          /* i last sequence (0 none), s SHA-256 of its entry, i its index */
	VAULT_RETAIN,        /* office.writer only: s log, s act (policy, prune, hold, release, redact), i days (policy), s id (hold,
	                      * release), i first and i last entry (hold; redact: the first), s by whom, s reason -> VAULT_RETAINED
	                      * when it stands in the signed log and is done */
	VAULT_RETAINED,      /* u err code, s text, i index of the entry about it; prune: i first entry left, i segments removed */
};

/* collect -> vault; vault -> detect. Logs: docs/vault.md. Entries stand side by side, each behind its 16-bit length (tlog/entry.h). */
enum {
	LOG_APPEND = 340,    /* i batch, s log, u entries, s entries -> LOG_ACK after fdatasync and a signed checkpoint */
	LOG_ACK,             /* i batch, u err code, i index of the first one */
	LOG_HURRY = 343,     /* collect -> vault: senders that wait for their acknowledgement hand over nothing more until then */
	LOG_FEED = 342,      /* vault -> detect: i index of the first one, the LOG_APPEND (msg_put_message): what a signed checkpoint covers */
};

/* office.writer, office.reader.N -> search. A log is named as in docs/vault.md, the office's own "office". Times in ns, no bound:
 * INT64_MIN, INT64_MAX. Each carries i call first, the answer repeats it. */
enum {
	SEARCH_ASK = 370,    /* i call, u language (0 ja, 1 en), s query, i from, i to, u hits wanted, u milliseconds at most, b count all that
	                      * match, b without the index, i first bar, i width of a bar, u n logs {s log, i only entries before this one,
	                      * -1: all}, b every source, u n {s source: if not every}, u n {s source never} */
	SEARCH_ANSWER,       /* i call, u err code, u sign of the query, s text, u n logs {u err code, i size, i next `before` (-1: all was
	                      * searched), i matched, b ended by the time, i blocks unreadable, u n hits {i index, s entry}}, then, code 0:
	                      * for source, host, program each u n {s value, i number}, i others; 9 × i severity ([8] none); u n bars {i} */
	SEARCH_READ,         /* i call, s log, i from, i to -> SEARCH_ENTRIES */
	SEARCH_ENTRIES,      /* i call, u err code, i size, u n {s entry, NULL: unreadable} */
	SEARCH_PROVE,        /* i call, s log, i index -> SEARCH_PROOF */
	SEARCH_PROOF,        /* i call, u err code, s entry, s tlog-proof, s verifier key */
	SEARCH_LOGS,         /* i call -> SEARCH_LOGS_ARE */
	SEARCH_LOGS_ARE,     /* i call, u n {s log, i size, i time of the first, i of the last entry} */
};

/* detect -> office.writer: alerts (detect/alerts.h), told again until DETECT_TAKEN, so the office ignores an id it has.
 * office.writer -> detect: what the office decided about rules. */
enum {
	DETECT_ALERT = 380,  /* s id (hex), i index of its entry in the log "office", s JSON as in the entry -> DETECT_TAKEN */
	DETECT_TAKEN,        /* s id: it is on the office's disk */
	DETECT_SUPPRESS,     /* u n {s rule id or "", s field or "", s value, i until µs}: replaces what was said before */
	DETECT_RULES,        /* u n {s rule id, b on}: the same */
	DETECT_STATUS,       /* -> DETECT_STATE */
	DETECT_STATE,        /* s JSON: rules, faults, where it stands in each log, figures */
};

/* office.writer -> audit and back (vault/audit.h) */
enum {
	AUDIT_RUN = 390,     /* u n {s log, s the signed checkpoint of the audit before}: read everything now -> AUDIT_DONE */
	AUDIT_DONE,          /* s JSON {"started_at" µs, "took_ms", "refused": it could not write, "logs": [{"log", "origin", "ok", "size",
	                      * "root" hex, "entries", "removed", "redacted", "n_problems", "problems": [{"where", "what"}],
	                      * "checkpoint": when ok}]} */
};

/* office.writer -> collect and back */
enum {
	COLLECT_SOURCES = 380, /* s the table of sources (collect/source.h), replacing the one before */
	COLLECT_STATE,       /* collect -> office.writer, every 10 s: s JSON {"started_at": µs, "lost": datagrams dropped, "unacked": bytes, "sources": [{"source", "log",
	                      * "known", "entries", "bytes", "long", "torn", "binary", "limited", "refused", "connections", "last_at" µs,
	                      * "offset_s" its clock minus ours, when known}]}: since collect was started */
};

/* vault -> keys, front and collect -> keys */
enum {
	KEYS_SIGN_LOG = 400, /* vault only: s origin, i size, s root[32], i from, s consistency proof from that size (hashes side by
	                      * side) -> KEYS_NOTE, ERR_CONFLICT when size shrinks, forks, or is not proven to continue what
	                      * was signed */
	KEYS_NOTE,           /* u err code, s signed note (C2SP signed-note, tlog-checkpoint), i size signed last for this origin */
	KEYS_SIGN_TLS,       /* front, collect: u digest bits (256, 384), s digest -> KEYS_SIG */
	KEYS_SIG,            /* u err code, s DER signature (ECDSA P-256) */
	KEYS_CERT,           /* front, collect -> KEYS_CERT_IS */
	KEYS_CERT_IS,        /* s PEM chain */
	KEYS_VKEY,           /* vault only: s origin -> KEYS_VKEY_IS s vkey line (C2SP); during a change of keys the older key's is a
	                      * second line, and both sign */
	KEYS_VKEY_IS,
};

/* office.writer -> gate.N: one file at a time (docs/gate.md). Outcomes: core/gate.h. */
enum {
	GATE_CLEAN = 450,    /* i id, s name, s policy (lines key=value over the house's), s password, f content (sealed) */
	GATE_STEP,           /* gate -> writer: i id, s step, u done, u of */
	GATE_RESULT,         /* gate -> writer: i id, u outcome, s report (JSON), s name to deliver it as, s language, f content (delivered
	                      * only, sealed), b there is text, f text (then; sealed: core/gate.h GATE_TEXT) */
	GATE_ASK,            /* -> GATE_HEALTH s JSON: scanner, its signatures' age in hours, posture of a worker, version of policy */
	GATE_HEALTH,
};

/* gate.N -> supervisor over the pair "workers": programs of the gate, one per document and step, started by who may. */
enum {
	WORKER_START = 480,  /* s program, u processor seconds -> WORKER_STARTED u err code, i worker, s "cgroup" or
	                      * "nocgroup" (whether limits by control group hold for it), f its pair. "gate-scan" is started
	                      * with connections to the clamd of sekisho.conf, which nobody else is given */
	WORKER_STARTED,
	WORKER_END,          /* i worker, b kill it -> WORKER_ENDED once it is gone: u exit code, u signal, i processor ms, i KiB
	                      * at most, b ended for want of memory */
	WORKER_ENDED,
};

/* The `sekisho` command -> office.writer over DIR/run/control.sock */
enum {
	CLI_CALL = 500,      /* u language (0 ja, 1 en), u n args {s} (without the data folder), u n files {s name, f} */
	CLI_OUT,             /* s bytes for stdout */
	CLI_ERR,             /* s bytes for stderr */
	CLI_EXIT,            /* u exit code: the last one */
};

#endif
