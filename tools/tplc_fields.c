/* {fields}: what a template takes, and the struct it becomes. */
#include "tplc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_c_word(const char *w)
{
	static const char *const reserved[] = {
		"auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
		"float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
		"sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "bool",
		"true", "false", "not", "and", "or", "in", "asm", "errno", "stdin", "stdout", "stderr", "unix", "linux",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strcmp(w, reserved[i]) == 0)
			return true;
	return false;
}

struct field *field_find(struct field *list, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

/* White space and "# …" remarks; the remark on the line of `last` becomes its note in the header. */
static void skip_remarks(struct tpl *t, struct field *last)
{
	for (;;) {
		bool same_line = true;

		while (t->p[t->at] && isspace((unsigned char)t->p[t->at])) {
			if (t->p[t->at] == '\n')
				same_line = false;
			t->at++;
		}
		if (t->p[t->at] != '#')
			return;
		size_t n = strcspn(t->p + t->at, "\n");
		if (last && same_line && !last->note[0])
			snprintf(last->note, sizeof(last->note), "%.*s", (int)(n - 1), t->p + t->at + 1);
		t->at += n;
	}
}

struct field *fields_parse(struct tpl *t, const char *until)
{
	struct field *head = NULL, **tail = &head, *last = NULL;
	char w[NAME_MAX_];

	for (;;) {
		skip_remarks(t, last);
		if (starts(t, until)) {
			t->at += strlen(until);
			return head;
		}
		size_t at = t->at;
		struct field *f = must(calloc(1, sizeof(*f)));
		size_t ty = 0;

		if (!word(t, w))
			fault(t, at, "a field type is expected here, or %s", until);
		while (ty < T_COUNT_ && strcmp(types[ty].word, w) != 0)
			ty++;
		if (ty == T_COUNT_)
			fault(t, at, "unknown field type \"%s\"", w);
		f->type = (enum type)ty;
		skip_ws(t);
		at = t->at;
		if (!word(t, f->name))
			fault(t, at, "a field name is expected here");
		if (is_c_word(f->name) || field_find(head, f->name))
			fault(t, at, "field name \"%s\" is %s", f->name, is_c_word(f->name) ? "a reserved word" : "used twice");
		*tail = last = f;
		tail = &f->next;
		if (f->type != T_LIST && f->type != T_TPL)
			continue;
		while (t->p[t->at] == ' ')
			t->at++;
		if (f->type == T_LIST && t->p[t->at] == '{' && !starts(t, "{end}")) {
			t->at++;
			f->sub = fields_parse(t, "}");
			if (!f->sub)
				fault(t, at, "list \"%s\" has no fields", f->name);
		} else if (word(t, w) && strcmp(w, "of") == 0) {
			skip_ws(t);
			if (!word(t, f->of))
				fault(t, t->at, "the name of a template is expected here");
		} else {
			fault(t, t->at, "\"%s %s\" needs %sof TEMPLATE", types[f->type].word, f->name,
			      f->type == T_LIST ? "{ fields } or " : "");
		}
	}
}

void fields_check(struct tpl *t, struct field *f)
{
	for (struct field *all = f; f; f = f->next) {
		if (strncmp(f->name, "n_", 2) == 0 && field_find(all, f->name + 2))
			fault(t, 0, "\"%s\" is made for the list \"%s\"; in the template it is {%s.count}", f->name, f->name + 2,
			      f->name + 2);
		if (f->of[0] && !tpl_find(f->of))
			fault(t, 0, "field \"%s\" is of template \"%s\", which does not exist", f->name, f->of);
		fields_check(t, f->sub);
	}
}

void fields_header(FILE *out, const char *prefix, struct field *f)
{
	char sub[EXPR_MAX];

	for (struct field *i = f; i; i = i->next) {
		if (!i->sub)
			continue;
		snprintf(sub, sizeof(sub), "%s_%s", prefix, i->name);
		fields_header(out, sub, i->sub);
	}
	fprintf(out, "struct %s {\n", prefix);
	for (; f; f = f->next) {
		if (f->type == T_LIST || f->type == T_TPL) {
			if (f->of[0])
				fprintf(out, "\tconst struct tpl_%s *%s;", f->of, f->name);
			else
				fprintf(out, "\tconst struct %s_%s *%s;", prefix, f->name, f->name);
			if (f->type == T_LIST)
				fprintf(out, "\n\tsize_t n_%s;", f->name);
		} else {
			fprintf(out, "\t%s %s;", types[f->type].c, f->name);
		}
		fprintf(out, f->note[0] ? " /*%s */\n" : "%s\n", f->note);
	}
	fprintf(out, "};\n");
}
