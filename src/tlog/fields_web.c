/* Access logs in the combined form (nginx, Apache; a host before it or behind it), their error logs, Squid's own form. Names are W3C's
 * as Sigma uses them. Sigma's rules write cs-uri-query for what stands in the request line, with and without the path: it
 * stands here twice, as the whole target and as what follows the question mark. */
#include "tlog/fields_parts.h"

#include <string.h>

/* "GET /a?b HTTP/1.1" */
struct request {
	struct str method, target, version;
};

static struct request request_of(struct str line)
{
	struct request r = {0};
	const char *last = line.n ? memrchr(line.p, ' ', line.n) : NULL;

	r.method = token(&line, ' ');
	if (line.p && last && last >= line.p && str_starts(str_slice(line, (size_t)(last - line.p) + 1, line.n), "HTTP/")) {
		r.version = str_slice(line, (size_t)(last - line.p) + 1, line.n);
		line.n = (size_t)(last - line.p);
	}
	r.target = line;
	return r;
}

static void target_fields(struct fields *f, struct str target)
{
	struct str rest = target, stem = token(&rest, '?'), host = STR_NONE, path = stem;
	const char *p = stem.n ? memmem(stem.p, stem.n, "://", 3) : NULL, *dot;

	fields_addz(f, "c-uri", target);
	fields_addz(f, "cs-uri", target);
	fields_addz(f, "cs-uri-query", target);
	if (rest.p) {
		fields_addz(f, "cs-uri-query", rest);
		fields_addz(f, "c-uri-query", rest);
	}
	if (p) {
		path = str_slice(stem, (size_t)(p - stem.p) + 3, stem.n);
		host = path;
		for (size_t i = 0; i < path.n; i++)
			if (path.p[i] == '/') {
				host.n = i;
				break;
			}
		path = str_slice(path, host.n, path.n);
		if (memchr(host.p, ':', host.n) && host.p[0] != '[')
			host = token(&host, ':');
		fields_addz(f, "cs-host", host);
	}
	fields_addz(f, "cs-uri-stem", path);
	p = path.n ? memrchr(path.p, '/', path.n) : NULL;
	dot = path.n ? memrchr(path.p, '.', path.n) : NULL;
	if (dot && (!p || dot > p))
		fields_addz(f, "c-uri-extension", str_slice(path, (size_t)(dot - path.p) + 1, path.n));
}

static struct str undash(struct str s)
{
	return str_is(s, "-") ? STR_NONE : s;
}

/* Up to the next quote that no backslash stands before; both are eaten. */
static bool quoted(struct str *s, struct str *ret)
{
	size_t i = 1;

	if (s->n < 2 || s->p[0] != '"')
		return false;
	while (i < s->n && s->p[i] != '"')
		i += s->p[i] == '\\' ? 2 : 1;
	if (i >= s->n)
		return false;
	*ret = str_slice(*s, 1, i - 1);
	*s = str_slice(*s, i + 1, s->n);
	if (s->n && s->p[0] == ' ')
		*s = str_slice(*s, 1, s->n);
	return true;
}

/* What stands in quotes: a proxy is asked for whole addresses, or to connect. */
static bool proxied(struct str line)
{
	const char *at = line.n ? memchr(line.p, ' ', line.n) : NULL;
	struct str target = at ? str_slice(line, (size_t)(at - line.p) + 1, line.n) : STR_NONE;

	return str_starts(line, "CONNECT ") || str_starts(target, "http://") || str_starts(target, "https://");
}

bool fields_combined(struct fields *f, struct str s, bool only_look)
{
	const char *open = s.n ? memchr(s.p, '[', s.n < 300 ? s.n : 300) : NULL;
	struct str head = str_slice(s, 0, open ? (size_t)(open - s.p) : 0), word[4], line, status, bytes, ref, agent, time, host = STR_NONE;
	struct request rq;
	size_t n = 0;

	if (!open)
		return false;
	head = str_trim(head);
	while (head.p && n < 4)
		word[n++] = token(&head, ' ');
	if (head.p || n < 3)
		return false;
	s = str_slice(s, (size_t)(open - s.p) + 1, s.n);
	time = token(&s, ']');
	if (time.n < 20 || time.n > 30 || s.n < 2 || s.p[0] != ' ')
		return false;
	s = str_slice(s, 1, s.n);
	if (!quoted(&s, &line))
		return false;
	status = token(&s, ' ');
	if (status.n != 3 || !all_digits(status))
		return false;
	if (only_look) {
		f->form = proxied(line) ? FORM_PROXY : FORM_WEB;
		return true;
	}
	bytes = token(&s, ' ');
	if (n == 4)
		host = token(&word[0], ':');
	rq = request_of(line);
	fields_addz(f, "c-ip", word[n - 3]);
	fields_addz(f, "src_ip", word[n - 3]);
	fields_addz(f, "cs-username", undash(word[n - 1]));
	fields_addz(f, "date-time", time);
	fields_addz(f, "cs-method", rq.method);
	if (rq.target.p)
		target_fields(f, rq.target);
	fields_addz(f, "cs-version", rq.version);
	fields_addz(f, "sc-status", status);
	fields_addz(f, "sc-bytes", undash(bytes));
	fields_addz(f, "cs-host", host);
	if (quoted(&s, &ref)) {
		fields_addz(f, "cs-referer", undash(ref));
		fields_addz(f, "cs-referrer", undash(ref));
		if (quoted(&s, &agent)) {
			fields_addz(f, "c-useragent", undash(agent));
			fields_addz(f, "cs-user-agent", undash(agent));
		}
	}
	return true;
}

/* 1066036250.603 310 192.168.0.68 TCP_MISS/200 1234 GET http://host/path user HIER_DIRECT/1.2.3.4 text/html */
bool fields_squid(struct fields *f, struct str s, bool only_look)
{
	struct str word[10], time, code, peer;
	size_t n = 0;

	s = str_trim(s);
	while (s.p && n < 10) {
		word[n] = token(&s, ' ');
		if (word[n].n)
			n++;
	}
	if (n < 9)
		return false;
	time = word[0];
	if (time.n < 5 || !all_digits(token(&time, '.')) || !all_digits(word[1]) || !all_digits(word[4]))
		return false;
	code = word[3];
	if (!str_starts(code, "TCP_") && !str_starts(code, "UDP_") && !str_starts(code, "NONE") && !str_starts(code, "TAG_"))
		return false;
	token(&code, '/');
	if (!all_digits(code))
		return false;
	if (only_look)
		return true;
	fields_addz(f, "date-time", word[0]);
	fields_addz(f, "duration", word[1]);
	fields_addz(f, "c-ip", word[2]);
	fields_addz(f, "src_ip", word[2]);
	fields_addz(f, "s-action", token(&word[3], '/'));
	fields_addz(f, "sc-status", code);
	fields_addz(f, "sc-bytes", word[4]);
	fields_addz(f, "cs-method", word[5]);
	target_fields(f, word[6]);
	if (!fields_have(f, "cs-host").p) { /* CONNECT host:port */
		struct str host = word[6];
		fields_addz(f, "cs-host", token(&host, ':'));
	}
	fields_addz(f, "cs-username", undash(word[7]));
	peer = word[8];
	token(&peer, '/');
	fields_addz(f, "dst_ip", undash(peer));
	if (n == 10)
		fields_addz(f, "sc-content-type", undash(word[9]));
	return true;
}

/* Apache: [time] [module:level] [pid 1] [client 1.2.3.4:5] text; the old form has [time] [level] [client 1.2.3.4] text */
void fields_web_error(struct fields *f, struct str s)
{
	for (int i = 0; s.n && s.p[0] == '[' && i < 6; i++) {
		struct str part = str_slice(s, 1, s.n), rest = part, name;

		part = token(&rest, ']');
		if (!rest.p)
			break;
		s = str_trim(rest);
		name = part;
		if (i == 0) {
			fields_addz(f, "date-time", part);
		} else if (str_starts(part, "client ")) {
			part = str_slice(part, 7, part.n);
			if (part.n && memchr(part.p, '.', part.n))
				part = token(&part, ':');
			fields_addz(f, "c-ip", part);
			fields_addz(f, "src_ip", part);
		} else if (str_starts(part, "pid ")) {
			fields_addz(f, "pid", str_slice(part, 4, part.n));
		} else {
			token(&name, ':');
			fields_addz(f, "level", name.p ? name : part);
		}
	}
	fields_addz(f, "text", s);
}
