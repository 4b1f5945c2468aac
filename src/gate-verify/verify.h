/* The gate's last word: does a candidate belong to its output language? Each language is a grammar in docs/formats/gate-*.md
 * that somebody else could write a verifier for from the text alone. Nothing of the rebuilders and no foreign parser is
 * linked here: a mistake would have to be made twice, by other code, to let something through. Deny by default. */
#ifndef GATE_VERIFY_VERIFY_H
#define GATE_VERIFY_VERIFY_H

#include "lib/arena.h"
#include "lib/buf.h"

#define VERIFY_ARENA_MAX (160u << 20)

/* What is being looked at. */
struct check {
	struct str in;
	struct arena *arena;
	const char *rule;                                /* the rule that was broken: a name of the grammar */
	size_t at;                                       /* where, bytes */
};

/* true: in the language. */
typedef bool verify_fn(struct check *c);

struct language {
	const char *name;
	verify_fn *verify;
};
extern const struct language languages[];
extern const size_t n_languages;

/* For the verifiers: notes the first rule broken, false always. */
bool refuse(struct check *c, const char *rule, size_t at);
/* The analyzer cannot look into it: tell it what always comes back. */
#if defined(__clang_analyzer__) && !defined(GATE_VERIFY_REFUSE)
#define refuse(...) (refuse(__VA_ARGS__), false)
#endif

verify_fn verify_text, verify_csv, verify_zip, verify_png, verify_jpeg, verify_pdf, verify_mail, verify_docx, verify_xlsx,
          verify_pptx;

/* Whether it can be read as UTF-8 and is harmless so: for what is marked as UTF-8 where it stands. */
bool verify_utf8(const struct check *c);

/* Content that has a name: the name must be one a file may have, the content in the language of its extension. */
bool verify_named(struct check *c, struct str name, struct str content);

#endif
