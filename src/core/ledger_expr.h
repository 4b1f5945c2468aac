/* Expressions of definitions: SQL on one row, of a small grammar that is checked word by word before SQLite sees it. */
#ifndef CORE_LEDGER_EXPR_H
#define CORE_LEDGER_EXPR_H

#include "core/ledger.h"
#include "lib/buf.h"

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SIGN };
struct token {
	enum token_kind kind;
	struct str text;                                 /* of a string: without its quotes, '' not undone */
};
/* The next token; ERR_SYNTAX for a byte that has no place in an expression. */
int expr_token(struct str *rest, struct token *ret) MUST_USE;

/* Names, functions, codes and states used exist for this ledger (and the columns of `row`). The text of *e says what
 * not. */
int expr_names_check(const struct ledgers *all, const struct ledger *l, const struct field *row, struct str expr,
                     struct err *e) MUST_USE;
/* The expression as SQL on the columns of the ledger's view: highest(x, 'y') becomes the view's column highest__x__y.
 * With `timeless`, today and now become functions (views and triggers have no parameters). */
void expr_sql(struct str expr, bool timeless, struct buf *out);
/* Does it use only plain stored columns of the row itself (no child tables, computed or hidden columns)? */
bool expr_is_plain(const struct ledger *l, struct str expr);
/* Calls f for every highest(x, 'y') of the ledger's expressions, each pair once. */
void expr_each_highest(const struct ledger *l, void (*f)(void *arg, struct str x, struct str y), void *arg);
/* Does the expression name this column? */
bool expr_mentions(struct str expr, struct str name);

/* Functions of the language: name and number of arguments. */
struct expr_function {
	const char *name;
	int n_args;                                      /* -1 any */
};
extern const struct expr_function expr_functions[];  /* ends with a NULL name */

#endif
