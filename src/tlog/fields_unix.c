/* auditd, sudo, the packet filter's lines of the kernel, Postfix. */
#include "tlog/fields_parts.h"

#include <string.h>

#include "lib/buf.h"

/* auditd writes text that holds blanks, quotes or bytes beyond ASCII as bare hex. */
static bool is_text(struct str name)
{
	static const char *const names[] = {"proctitle", "name", "exe", "comm", "cwd", "cmd", "data", "acct", "key", "path",
	                                    "vm", "unit", "dir", "file", "new-level", "old-level"};

	if (name.n >= 2 && name.p[0] == 'a' && name.p[1] >= '0' && name.p[1] <= '9') {
		struct str digits = str_slice(name, 1, name.n);
		return all_digits(str_cut(&digits, '['));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

/* The bytes a bare hex value stands for; v itself when it is none. Shells' argument lists have NUL between: a blank here. */
static struct str unhex(struct fields *f, struct str v)
{
	char *o;

	if (v.n < 2 || v.n % 2)
		return v;
	for (size_t i = 0; i < v.n; i++)
		if (hex_digit(v.p[i]) < 0 || (v.p[i] >= 'a' && v.p[i] <= 'f'))
			return v;
	o = fields_room(f, v.n / 2);
	if (!o)
		return v;
	for (size_t i = 0; i < v.n / 2; i++) {
		o[i] = (char)(hex_digit(v.p[2 * i]) << 4 | hex_digit(v.p[2 * i + 1]));
		if (!o[i])
			o[i] = ' ';
	}
	f->decoded = true;
	return fields_keep(f, v.n / 2);
}

/* In EXECVE and PROCTITLE numbers stand in quotes, so a bare one is hex; in SYSCALL a0 … a3 are registers. A message may hold several
 * records (detect/join.h): each `type` begins one. */
static void decode(struct fields *f, size_t from)
{
	bool registers = false;

	for (size_t i = from; i < f->n; i++) {
		struct field *x = &f->list[i];

		if (str_is(x->name, "type"))
			registers = str_is(x->value, "SYSCALL");
		bool quoted = x->value.n && (x->value.p > f->raw.p && x->value.p[-1] == '"');

		if (!quoted && is_text(x->name) && !(registers && x->name.p[0] == 'a' && x->name.n == 2))
			x->value = unhex(f, x->value);
	}
}

/* a0 "curl", a1 "-s" → CommandLine "curl -s". */
static void command_line(struct fields *f)
{
	size_t n = 0, from = f->n;
	char *o = fields_room(f, 0);
	bool registers = false;

	for (size_t i = 0; i < from; i++) {
		struct str name = f->list[i].name, v = f->list[i].value;

		if (str_is(name, "type"))
			registers = str_is(v, "SYSCALL");
		if (registers || name.n < 2 || name.p[0] != 'a' || !all_digits(str_slice(name, 1, name.n)))
			continue;
		if (!fields_room(f, n + v.n + 1))
			break;
		if (n)
			o[n++] = ' ';
		memcpy(o + n, v.p, v.n);
		n += v.n;
	}
	f->decoded |= n > 0;
	if (n)
		fields_addz(f, "CommandLine", fields_keep(f, n));
}

/* Rules ask for the end of a path: a name found along PATH gets the slash that stood before it. */
static void image(struct fields *f, struct str name)
{
	char *o = name.n && !memchr(name.p, '/', name.n) ? fields_room(f, name.n + 1) : NULL;

	if (o) {
		o[0] = '/';
		memcpy(o + 1, name.p, name.n);
		name = fields_keep(f, name.n + 1);
		f->decoded = true;
	}
	fields_addz(f, "Image", name);
}

static bool has_record(const struct fields *f, const char *type)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_is(f->list[i].name, "type") && str_is(f->list[i].value, type))
			return true;
	return false;
}

/* The first argument behind `type=EXECVE`. */
static struct str first_argument(const struct fields *f)
{
	bool execve = false;

	for (size_t i = 0; i < f->n; i++) {
		if (str_is(f->list[i].name, "type"))
			execve = str_is(f->list[i].value, "EXECVE");
		if (execve && str_is(f->list[i].name, "a0"))
			return f->list[i].value;
	}
	return STR_NONE;
}

/* What the record is about, by Sigma's names; of several (detect/join.h) what each adds. */
static void records(struct fields *f)
{
	bool call = has_record(f, "SYSCALL"), command = has_record(f, "EXECVE");
	size_t n = f->n;

	if (call)
		fields_addz(f, "Image", fields_have(f, "exe"));
	if (command) {
		fields_addz(f, "event", STR("command"));
		if (!call)
			image(f, first_argument(f));
		command_line(f);
	} else if (has_record(f, "PROCTITLE")) {
		fields_addz(f, "CommandLine", fields_have(f, "proctitle"));
	}
	if (has_record(f, "CWD"))
		fields_addz(f, "CurrentDirectory", fields_have(f, "cwd"));
	for (size_t i = 0; has_record(f, "PATH") && i < n; i++)
		if (str_is(f->list[i].name, "name"))
			fields_addz(f, "TargetFilename", f->list[i].value);
}

void fields_audit(struct fields *f, struct str s)
{
	struct str type, inner;
	size_t from;

	fields_pairs(f, s, "");
	decode(f, 0);
	type = fields_have(f, "type");
	inner = STR_NONE;
	for (size_t i = 0; i < f->n; i++)
		if (str_is(f->list[i].name, "msg") && !str_starts(f->list[i].value, "audit("))
			inner = f->list[i].value;
	from = f->n;
	if (inner.n) {
		fields_pairs(f, inner, "");
		decode(f, from);
	}
	records(f);
	if (fields_have(f, "acct").n)
		fields_addz(f, "user", fields_have(f, "acct"));
	if (fields_have(f, "addr").n && !str_is(fields_have(f, "addr"), "?"))
		fields_addz(f, "src_ip", fields_have(f, "addr"));
	if (str_starts(type, "USER_") && fields_have(f, "res").n)
		fields_addz(f, "outcome", str_is(fields_have(f, "res"), "success") ? STR("success") : STR("failure"));
}

void fields_sudo(struct fields *f, struct str s)
{
	struct str at, user, command;

	if (str_starts(s, "pam_") && fields_sentence(f, s))
		return;
	user = str_trim(token(&s, ':'));
	if (!s.p || !user.n)
		return;
	fields_addz(f, "user", user);
	fields_addz(f, "event", STR("command"));
	s = str_trim(s);
	for (bool failed = false; s.p;) {
		const char *end = s.n > 2 && !str_starts(s, "COMMAND=") ? memmem(s.p, s.n, " ; ", 3) : NULL;

		at = end ? str_slice(s, 0, (size_t)(end - s.p)) : s;
		s = end ? str_slice(s, at.n + 3, s.n) : STR_NONE;
		if (memchr(at.p, '=', at.n)) {
			struct str name = token(&at, '=');

			fields_add(f, name, at);
		} else if (!failed) {
			fields_addz(f, "reason", at);
			fields_addz(f, "outcome", STR("failure"));
			failed = true;
		}
	}
	if (!fields_have(f, "outcome").p)
		fields_addz(f, "outcome", STR("success"));
	fields_addz(f, "User", fields_have(f, "USER"));
	fields_addz(f, "CurrentDirectory", fields_have(f, "PWD"));
	command = fields_have(f, "COMMAND");
	fields_addz(f, "CommandLine", command);
	if (command.n)
		fields_addz(f, "Image", token(&command, ' '));
}

void fields_firewall(struct fields *f, struct str s)
{
	static const struct {
		const char *from, *to;
	} names[] = {{"SRC", "src_ip"}, {"DST", "dst_ip"}, {"SPT", "src_port"}, {"DPT", "dst_port"}, {"PROTO", "protocol"}};
	static const struct {
		const char *word, *action;
	} words[] = {{"DROP", "drop"}, {"REJECT", "reject"}, {"DENY", "drop"}, {"BLOCK", "drop"}, {"drop", "drop"},
	             {"reject", "reject"}, {"deny", "drop"}, {"block", "drop"}, {"ACCEPT", "accept"}, {"accept", "accept"}};
	struct str prefix = s;
	const char *in = memmem(s.p, s.n, "IN=", 3);

	if (in)
		prefix.n = (size_t)(in - s.p);
	if (prefix.n && prefix.p[0] == '[' && memchr(prefix.p, ']', prefix.n))
		token(&prefix, ']'); /* seconds since the start */
	prefix = str_trim(prefix);
	fields_addz(f, "event", STR("connection"));
	fields_addz(f, "log_prefix", prefix);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_has(prefix, words[i].word)) {
			fields_addz(f, "fw_action", str_from(words[i].action));
			break;
		}
	fields_pairs(f, in ? str_slice(s, (size_t)(in - s.p), s.n) : s, "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		fields_addz(f, names[i].to, fields_have(f, names[i].from));
}

static struct str unangle(struct str v)
{
	return v.n >= 2 && v.p[0] == '<' && v.p[v.n - 1] == '>' ? str_slice(v, 1, v.n - 2) : v;
}

/* "name[1.2.3.4]" or "name[1.2.3.4]:25" */
static void client(struct fields *f, struct str v)
{
	const char *open = v.n ? memchr(v.p, '[', v.n) : NULL;
	struct str ip;

	if (!open)
		return;
	fields_addz(f, "client_name", str_slice(v, 0, (size_t)(open - v.p)));
	ip = str_slice(v, (size_t)(open - v.p) + 1, v.n);
	fields_addz(f, "src_ip", token(&ip, ']'));
}

void fields_mail(struct fields *f, struct str s)
{
	struct str rest = s, id = token(&rest, ':');
	bool queue = id.n >= 6 && id.n <= 20 && rest.p && !str_is(id, "warning") && !str_is(id, "statistics") && !str_is(id, "NOQUEUE");

	for (size_t i = 0; i < id.n && queue; i++)
		queue = (id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] >= 'A' && id.p[i] <= 'Z') || (id.p[i] >= 'a' && id.p[i] <= 'z');
	fields_addz(f, "event", STR("mail"));
	if (queue) {
		fields_addz(f, "queue_id", id);
		s = str_trim(rest);
	}
	if (str_starts(s, "reject: ") && queue)
		fields_addz(f, "action", STR("reject"));
	fields_sentence(f, s);
	while (s.p && !f->cut) {
		const char *end = memmem(s.p, s.n, ", ", 2);
		struct str at = end ? str_slice(s, 0, (size_t)(end - s.p)) : s, name;

		s = end ? str_slice(s, at.n + 2, s.n) : STR_NONE;
		name = token(&at, '=');
		if (!at.p || memchr(name.p, ' ', name.n))
			continue;
		if (!str_is(name, "status") && memchr(at.p, ' ', at.n))
			at = token(&at, ' ');
		if (str_is(name, "status"))
			at = token(&at, ' ');
		fields_add(f, name, unangle(at));
		if (str_is(name, "client"))
			client(f, at);
	}
	fields_addz(f, "user", fields_have(f, "sasl_username"));
}
