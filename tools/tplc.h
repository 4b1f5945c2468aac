/* The parts of the template compiler. tplc.c: files; tplc_fields.c: {fields} and its struct; tplc_code.c: holes and
 * directives, the C they become; tplc_html.c: where in the HTML they stand. */
#ifndef TOOLS_TPLC_H
#define TOOLS_TPLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define NAME_MAX_ 48
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz_0123456789"
#define EXPR_MAX 400
#define DEPTH_MAX 40
#define TEXT_MAX 4000

enum type { T_STR, T_TEXT, T_INT, T_NUM, T_BOOL, T_DATE, T_TIME, T_URL, T_LIST, T_TPL, T_COUNT_ };

struct type_word {
	const char *word, *c;                            /* in {fields}; in the struct, NULL: depends */
};
extern const struct type_word types[T_COUNT_];

struct field {
	char name[NAME_MAX_], of[NAME_MAX_];             /* of: template whose struct this is; "" for an own one */
	char note[200];
	enum type type;
	struct field *sub, *next;
};

struct tpl {
	const char *file;
	char name[NAME_MAX_];
	char *p;                                         /* NUL-terminated text */
	size_t n, at;
	struct field *fields;
};

enum where { W_TEXT, W_TAG, W_ATTR, W_RCDATA, W_RAW };

/* Where in the HTML we are. RCDATA: textarea, title (no tags inside); RAW: script, style (no holes either). */
struct place {
	enum where where;
	char tag[NAME_MAX_], attr[NAME_MAX_], quote;
	bool closing, pre;
	bool url, fixed, begun;                          /* url attribute; its scheme can no longer change; not empty */
};

struct var {                                         /* a loop variable */
	char name[NAME_MAX_];
	struct field *list;
	struct field *fields;
};

struct block {
	/* 'i' if, 'f' for, 'e' after else of a for, 'E' after else of an if */
	char kind;
	size_t at;
	struct place before, after;                      /* after: of the first branch */
	bool has_after;
	char count[EXPR_MAX];                            /* of a for */
};

struct gen {
	struct tpl *t;
	FILE *out;
	char lit[TEXT_MAX];
	size_t n_lit;
	struct place pl;
	struct block blocks[DEPTH_MAX];
	int depth, vars, serial;
	struct var var[DEPTH_MAX];
	char left;                                       /* what the output ends with: 'T' tag, 'C' directive, 'X' text */
};

/* tplc.c */
/* Prints FILE:LINE:COL and the text, ends the program. */
void fault(const struct tpl *t, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4), noreturn));
void *must(void *p);
struct tpl *tpl_find(const char *name);              /* NULL when there is none */
bool starts(const struct tpl *t, const char *what);
void skip_ws(struct tpl *t);
void skip_comment(struct tpl *t);
/* A word [a-z_][a-z0-9_]* into out; false when there is none. */
bool word(struct tpl *t, char out[NAME_MAX_]);

/* tplc_fields.c */
struct field *field_find(struct field *list, const char *name);
struct field *fields_parse(struct tpl *t, const char *until);
void fields_check(struct tpl *t, struct field *f);
void fields_header(FILE *out, const char *prefix, struct field *f);

/* tplc_code.c */
void flush(struct gen *g);
void lit(struct gen *g, char c);
void directive(struct gen *g);                       /* at "{" */

/* tplc_html.c */
void body(struct gen *g);

#endif
