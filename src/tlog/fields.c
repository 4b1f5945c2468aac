#include "tlog/fields_parts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

static const char *const form_names[FORMS] = {
    [FORM_TEXT] = "text", [FORM_JSON] = "json", [FORM_PAIRS] = "pairs", [FORM_SSHD] = "sshd", [FORM_SUDO] = "sudo",
    [FORM_LOGIN] = "login", [FORM_AUDIT] = "audit", [FORM_WEB] = "web", [FORM_WEB_ERROR] = "web-error",
    [FORM_PROXY] = "proxy", [FORM_MAIL] = "mail", [FORM_DNS] = "dns", [FORM_FIREWALL] = "firewall",
    [FORM_WINDOWS] = "windows",
};

const char *form_name(enum form form)
{
	return form_names[form];
}

struct fields *fields_new(void)
{
	fields_sentences_open();
	return xcalloc(1, sizeof(struct fields));
}

void fields_free(struct fields *f)
{
	free(f);
}

void fields_add(struct fields *f, struct str name, struct str value)
{
	if (f->n == FIELDS_MAX)
		f->cut = true;
	else
		f->list[f->n++] = (struct field){name, value};
}

void fields_addz(struct fields *f, const char *name, struct str value)
{
	if (value.p)
		fields_add(f, str_from(name), value);
}

char *fields_room(struct fields *f, size_t n)
{
	if (n > FIELDS_SCRATCH - f->scratch_n) {
		f->cut = true;
		return NULL;
	}
	return f->scratch + f->scratch_n;
}

struct str fields_keep(struct fields *f, size_t n)
{
	struct str s = {f->scratch + f->scratch_n, n};

	f->scratch_n += n;
	/* values side by side must not look like one: what is searched for may not cross */
	if (f->scratch_n < FIELDS_SCRATCH)
		f->scratch[f->scratch_n++] = '\n';
	return s;
}

struct str fields_copy(struct fields *f, struct str s)
{
	char *p = fields_room(f, s.n);

	if (!p)
		return STR_NONE;
	memcpy(p, s.p, s.n);
	return fields_keep(f, s.n);
}

struct str fields_have(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_is(f->list[i].name, name))
			return f->list[i].value;
	return STR_NONE;
}

struct str token(struct str *rest, char stop)
{
	return str_cut(rest, stop);
}

bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool key_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       c == '.' || c == '[' || c == ']';
}

/* The value at s: in quotes, or up to a blank or a byte of between. Cuts it off s. */
static struct str pair_value(struct str *s, const char *between)
{
	struct str v;
	size_t i = 0;

	if (s->n && (s->p[0] == '"' || s->p[0] == '\'')) {
		char q = s->p[0];

		for (i = 1; i < s->n && s->p[i] != q; i++)
			if (s->p[i] == '\\' && q == '"' && i + 1 < s->n)
				i++;
		v = str_slice(*s, 1, i > 1 ? i - 1 : 0);
		*s = str_slice(*s, i + 1, s->n);
		return v;
	}
	while (i < s->n && s->p[i] != ' ' && s->p[i] != 0x1d && !(s->p[i] && strchr(between, s->p[i])))
		i++;
	v = str_slice(*s, 0, i);
	*s = str_slice(*s, i, s->n);
	return v;
}

void fields_pairs(struct fields *f, struct str s, const char *between)
{
	while (s.n && !f->cut) {
		size_t i = 0;
		struct str key;

		while (i < s.n && key_byte(s.p[i]))
			i++;
		if (!i || i == s.n || s.p[i] != '=') { /* a word, a sign: go on behind it */
			s = str_slice(s, i + 1, s.n);
			continue;
		}
		key = str_slice(s, 0, i);
		s = str_slice(s, i + 1, s.n);
		fields_add(f, key, pair_value(&s, between));
	}
}

/* The header's own names; every question for a field that is not there comes by here. */
static bool of_header(const struct fields *f, struct str name, struct str *ret)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009\00010\00011\00012\00013\00014\00015\00016\00017\00018\00019\00020\00021\00022\00023";
	unsigned v = f->pri < 0 ? 0 : (unsigned)f->pri;

	*ret = STR_NONE;
	if (name.n == 4 && !memcmp(name.p, "host", 4)) {
		*ret = f->host;
	} else if (name.n == 4 && !memcmp(name.p, "form", 4)) {
		*ret = str_from(form_names[f->form]);
	} else if (name.n == 3 && !memcmp(name.p, "pid", 3)) {
		*ret = f->pid;
	} else if (name.n == 5 && !memcmp(name.p, "msgid", 5)) {
		*ret = f->msgid;
	} else if (name.n == 7 && !memcmp(name.p, "program", 7)) {
		*ret = f->program;
	} else if (name.n == 7 && !memcmp(name.p, "message", 7)) {
		*ret = f->message;
	} else if (name.n == 8 && f->pri >= 0 && (!memcmp(name.p, "severity", 8) || !memcmp(name.p, "facility", 8))) {
		v = name.p[0] == 's' ? v % 8 : v / 8;
		*ret = str_from(digits + (v < 10 ? 2 * v : 20 + 3 * (v - 10)));
	}
	return ret->p != NULL;
}

bool fields_next(const struct fields *f, struct str name, size_t *at, struct str *ret)
{
	if (!name.n)
		return false;
	for (size_t i = *at; i < f->n; i++)
		if (f->list[i].name.n == name.n && f->list[i].name.p[0] == name.p[0] && !memcmp(f->list[i].name.p, name.p, name.n)) {
			*at = i + 1;
			*ret = f->list[i].value;
			return true;
		}
	if (*at > f->n)
		return false;
	*at = f->n + 1;
	return of_header(f, name, ret);
}

bool fields_get(const struct fields *f, const char *name, struct str *ret)
{
	struct str want = str_from(name);
	size_t at = 0;

	if (fields_next(f, want, &at, ret))
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (str_ieq(f->list[i].name, want)) {
			*ret = f->list[i].value;
			return true;
		}
	return false;
}

static void structured(struct fields *f)
{
	struct str s = f->structured;

	while (s.n && s.p[0] == '[') {
		size_t i = 1;
		bool quoted = false;

		for (; i < s.n && (quoted || s.p[i] != ']'); i++) {
			if (s.p[i] == '\\' && quoted)
				i++;
			else if (s.p[i] == '"')
				quoted = !quoted;
		}
		fields_pairs(f, str_slice(s, 1, i > 1 ? i - 1 : 0), "]");
		s = str_slice(s, i + 1, s.n);
	}
}

void fields_rest(struct fields *f)
{
	struct str s = f->message;

	if (f->structured.n)
		structured(f);
	switch (f->form) {
	case FORM_JSON:
	case FORM_WINDOWS:
		if (!fields_json(f, s))
			f->form = FORM_TEXT;
		return;
	case FORM_AUDIT:
		fields_audit(f, s);
		return;
	case FORM_SUDO:
		fields_sudo(f, s);
		return;
	case FORM_WEB:
		fields_combined(f, s, false);
		return;
	case FORM_WEB_ERROR:
		fields_web_error(f, s);
		return;
	case FORM_PROXY:
		if (!fields_squid(f, s, false))
			fields_combined(f, s, false);
		return;
	case FORM_MAIL:
		fields_mail(f, s);
		return;
	case FORM_FIREWALL:
		fields_firewall(f, s);
		return;
	case FORM_SSHD:
	case FORM_LOGIN:
	case FORM_DNS:
		if (!fields_sentence(f, s))
			fields_pairs(f, s, ";,");
		return;
	case FORM_PAIRS:
	case FORM_TEXT:
	case FORMS:
		fields_pairs(f, s, ";,");
		return;
	}
}

void fields_parse(struct fields *f, struct str raw)
{
	fields_head(f, raw);
	fields_rest(f);
}
