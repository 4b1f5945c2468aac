/* The gate's words between its programs: the broker (src/gate) and the locked-in workers it starts, one process per
 * document and step. A worker has one descriptor, 3: its SEQPACKET pair with the broker. What a worker says is hostile:
 * it can be wrong, and only the verifier's word lets anything out. docs/gate.md. Payloads as in core/proto.h. */
#ifndef CORE_GATE_H
#define CORE_GATE_H

#include <stdint.h>

#define GATE_FD 3

enum {
	GATE_READY = 600,    /* worker -> broker, once locked in: s posture (sandbox_posture) */
	/* broker -> any worker: s format, s file name, s policy (lines key=value), f content (sealed) */
	GATE_JOB,
	/* rebuilder -> broker: any number of */
	/* s path inside the document, s code (gate/codes.tsv), u enum gate_action, i count, i bytes, s sample */
	GATE_PART,
	GATE_SUB,            /* s path, s file name, f content (sealed): a document inside; answered by GATE_SUB_DONE */
	GATE_PROGRESS,       /* u done, u of */
	GATE_TEXT,           /* s what a reader can read there (UTF-8), where the policy asks with text=yes: looked through for personal data,
	                      * never delivered */
	/* …then one of */
	/* s language, s grade ("" where there is one only), u pages, sheets or slides, f candidate (sealed) */
	GATE_DONE,
	GATE_FAIL,           /* u enum gate_outcome (held or blocked), s code, s path */
	GATE_SUB_DONE,       /* broker -> rebuilder: u enum gate_outcome, s language, f content (only when delivered) */
	/* sniffer -> broker, in answer to GATE_JOB */
	GATE_TYPE,           /* s type, s code ("" or why this never passes) */
	/* verifier -> broker, in answer to GATE_JOB (format: the language) */
	GATE_VERDICT,        /* b accepted, s rule broken, i offset */
	/* scanner -> broker, in answer to GATE_JOB (format: "scan", or "version" for the first alone) */
	GATE_SCANNED,        /* s clamd's version ("" it does not answer), s what it says of the content ("" nothing) */
};

enum gate_outcome { GATE_DELIVERED, GATE_HELD, GATE_BLOCKED };
enum gate_action { GATE_REMOVED, GATE_REBUILT, GATE_CONVERTED, GATE_KEPT, GATE_ACTIONS };

#define GATE_DEPTH_MAX 4                             /* documents inside documents */
#define GATE_PARTS_MAX 4096                          /* lines of one report; more are counted only */
#define GATE_SUBS_MAX 2000                           /* documents inside one, at all depths together */
#define GATE_INPUT_MAX (1ull << 30)
#define GATE_OUTPUT_MAX (1ull << 30)
#define GATE_PATH_MAX 240                            /* bytes of a path, longer ones are cut */
#define GATE_SAMPLE_MAX 120
#define GATE_CODE_MAX 32
#define GATE_TEXT_MAX (4u << 20)                     /* bytes of one GATE_TEXT */
#define GATE_TEXTS_MAX (64u << 20)                   /* of all of a document, with those inside */
#define GATE_POLICY_MAX 4096
#define GATE_PASSWORD_MAX 128

#endif
