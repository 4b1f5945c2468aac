/* Inside the making of ledger tables (ledger_sql.c, ledger_view.c, ledger_trigger.c, ledger_migrate.c): a table as a
 * list of columns, so that it can be made and, after a change of the definition, made anew with its rows. */
#ifndef CORE_LEDGER_DDL_H
#define CORE_LEDGER_DDL_H

#include "core/ledger.h"
#include "lib/buf.h"

struct column {
	struct str name, was;                            /* was: former name, or STR_NONE */
	const char *type;                                /* INTEGER, REAL, TEXT */
	struct str tail;                                 /* constraints */
	bool kind;                                       /* the ledger a multi-target reference points into */
};
struct table_def {
	struct str name, was;
	const struct field *field;                       /* of a child table; NULL for the others */
	struct column *v;
	size_t n;
	const char *tail;                                /* table constraints and options after the columns */
};

#define DDL_MAX (8u << 20)                               /* SQL of one ledger */

/* The ledger's table, its child tables and its step table, in this order. NULL when memory is out. */
struct table_def *ledger_tables(struct arena *a, const struct ledger *l, const struct ledgers *all, size_t *ret_n);
/* CREATE TABLE under another name; extra: columns kept from before, or NULL. */
void table_def_sql(const struct table_def *t, struct str name, const struct column *extra, size_t n_extra,
                   struct buf *out);
/* One CREATE … per call, each ended by ";\n". */
void ledger_sql_indexes(const struct ledger *l, struct buf *out);
/* ERR_INVALID when computed fields lean on each other in a circle. */
int ledger_sql_view(const struct ledger *l, const struct ledgers *all, struct buf *out) MUST_USE;
void ledger_sql_triggers(const struct ledger *l, const struct ledgers *all, struct buf *out);

/* A reference with several targets, kept as id and kind. */
bool field_has_kind(const struct field *f);
/* A text in single quotes. */
void put_text(struct buf *out, struct str s);

#endif
