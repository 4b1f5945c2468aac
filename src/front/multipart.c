#include "front/multipart.h"

#include <string.h>

#include "front/form.h"
#include "front/head.h"

static bool boundary_ok(struct str b)
{
	if (b.n == 0 || b.n > BOUNDARY_MAX || b.p[b.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < b.n; i++) {
		char c = b.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr("'()+_,-./:=? ", c))))
			return false;
	}
	return true;
}

int multipart_init(struct multipart *m, struct str content_type, const struct multipart_sink *sink, void *arg)
{
	struct str b = head_param(content_type, "boundary");

	memset(m, 0, sizeof(*m));
	m->state = MP_FAILED;
	if (!b.p || !boundary_ok(b))
		return ERR_SYNTAX;
	memcpy(m->delim, "\r\n--", 4);
	memcpy(m->delim + 4, b.p, b.n);
	m->delim_n = b.n + 4;
	m->matched = 2;                                  /* the first delimiter stands without its CR LF */
	m->state = MP_START;
	m->sink = sink;
	m->arg = arg;
	return 0;
}

/* The value of one parameter of Content-Disposition: quoted, \" and \\ undone in place, %22 as browsers send it. */
static int disposition_param(char *line, size_t n, const char *name, struct str *ret)
{
	size_t name_n = strlen(name), i = 0, out = 0;

	*ret = STR_NONE;
	while (i < n && line[i] != ';')
		i++;
	while (i < n) {
		size_t key, key_n;
		bool hit;

		i++;                                     /* ; */
		while (i < n && line[i] == ' ')
			i++;
		key = i;
		while (i < n && line[i] != '=' && line[i] != ';')
			i++;
		key_n = i - key;
		if (i + 1 >= n || line[i] != '=' || line[i + 1] != '"')
			return ERR_SYNTAX;               /* every parameter is name="value"; filename* is not spoken here */
		hit = key_n == name_n && str_ieq(str_n(line + key, key_n), str_n(name, name_n));
		i += 2;
		out = i;
		key = i;
		while (i < n && line[i] != '"') {
			if (line[i] == '\\' && i + 1 < n && (line[i + 1] == '"' || line[i + 1] == '\\'))
				i++;
			if (hit)
				line[out++] = line[i];
			i++;
		}
		if (i >= n)
			return ERR_SYNTAX;
		if (hit && ret->p)
			return ERR_SYNTAX;
		if (hit)
			*ret = str_n(line + key, out - key);
		i++;                                     /* closing quote */
		while (i < n && line[i] == ' ')
			i++;
		if (i < n && line[i] != ';')
			return ERR_SYNTAX;
	}
	return 0;
}

/* A client may send a whole path: only its last part names the file. */
static struct str base_name(struct str s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\')
			return str_slice(s, i, s.n - i);
	return s;
}

static bool name_ok(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20)
			return false;
	return s.n <= max && field_text_ok(s);
}

static int disposition(struct multipart *m, struct str line, struct multipart_part *part)
{
	char copy[PART_HEAD_MAX];
	struct str kind = line, file;
	int r;

	if (part->name.p)
		return ERR_SYNTAX;
	kind = str_trim(str_cut(&kind, ';'));
	if (!str_ieq(kind, STR("form-data")))
		return ERR_SYNTAX;
	/* Undoing escapes changes the bytes, so the file name is read from a copy and the name from the original. */
	memcpy(copy, line.p, line.n);
	r = disposition_param(copy, line.n, "filename", &file);
	if (r)
		return r;
	if (file.p) {
		file = base_name(file);
		if (!name_ok(file, FILE_NAME_MAX))
			return ERR_SYNTAX;
		/* The copy ends with this call: keep the name at the end of the head, which nothing reads any more. */
		memmove(m->head + sizeof(m->head) - file.n, file.p, file.n);
		part->file_name = str_n(m->head + sizeof(m->head) - file.n, file.n);
	}
	r = disposition_param(m->head + (line.p - m->head), line.n, "name", &part->name);
	if (r)
		return r;
	return part->name.n > 0 && name_ok(part->name, FIELD_NAME_MAX) ? 0 : ERR_SYNTAX;
}

static int head_line(struct multipart *m, struct str line, struct multipart_part *part)
{
	struct str value = line, name = str_cut(&value, ':');

	if (!value.p || name.n == 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return ERR_SYNTAX;
	value = str_trim(value);
	if (str_ieq(name, STR("content-disposition")))
		return disposition(m, value, part);
	if (str_ieq(name, STR("content-type"))) {
		if (value.n > MEDIA_TYPE_MAX || str_starts(value, "multipart/") || !name_ok(value, MEDIA_TYPE_MAX))
			return ERR_SYNTAX;
		part->media_type = value;
	}
	return str_ieq(name, STR("content-transfer-encoding")) ? ERR_SYNTAX : 0;
}

/* m->head holds the lines, each with CR LF, without the empty one. */
static int part_begin(struct multipart *m)
{
	struct multipart_part part = {STR_NONE, STR_NONE, STR_NONE};
	size_t at = 0;

	if (++m->parts > FIELDS_MAX + FILES_MAX || m->head_n > sizeof(m->head) - FILE_NAME_MAX)
		return ERR_TOOBIG;
	while (at < m->head_n) {
		const char *nl = memchr(m->head + at, '\n', m->head_n - at);
		size_t n = (size_t)(nl - (m->head + at));
		int r;

		if (n == 0 || nl[-1] != '\r')
			return ERR_SYNTAX;
		r = head_line(m, str_n(m->head + at, n - 1), &part);
		if (r)
			return r;
		at += n + 1;
	}
	if (!part.name.p)
		return ERR_SYNTAX;
	m->head_n = 0;
	m->matched = 0;
	m->state = MP_DATA;
	return m->sink->begin(m->arg, &part);
}

static int head_byte(struct multipart *m, char c)
{
	if (m->head_n == sizeof(m->head))
		return ERR_TOOBIG;
	m->head[m->head_n++] = c;
	if (c != '\n')
		return 0;
	if (m->head_n < 2 || m->head[m->head_n - 2] != '\r')
		return ERR_SYNTAX;
	if (m->head_n == 2)
		return ERR_SYNTAX;                       /* a part without any header has no name */
	if (m->head_n >= 4 && memcmp(m->head + m->head_n - 4, "\r\n\r\n", 4) == 0) {
		m->head_n -= 2;
		return part_begin(m);
	}
	return 0;
}

/* Content up to the next delimiter. CR stands only at the delimiter's start, so a failed match falls back to nothing
 * but the byte that failed. Returns bytes used. */
static long data_bytes(struct multipart *m, struct str s)
{
	size_t i = 0;
	int r;

	while (i < s.n) {
		if (m->matched == 0) {
			const char *cr = memchr(s.p + i, '\r', s.n - i);
			size_t n = cr ? (size_t)(cr - (s.p + i)) : s.n - i;

			if (n > 0 && (r = m->sink->data(m->arg, str_n(s.p + i, n))) < 0)
				return r;
			i += n;
			if (cr) {
				m->matched = 1;
				i++;
			}
			continue;
		}
		if (s.p[i] == m->delim[m->matched]) {
			i++;
			if (++m->matched == m->delim_n) {
				m->state = MP_AFTER_DELIM;
				r = m->sink->end(m->arg);
				return r < 0 ? r : (long)i;
			}
			continue;
		}
		r = m->sink->data(m->arg, str_n(m->delim, m->matched));
		if (r < 0)
			return r;
		m->matched = 0;
	}
	return (long)i;
}

static int one_byte(struct multipart *m, char c)
{
	switch (m->state) {
	case MP_START:
		if (c != m->delim[m->matched])
			return ERR_SYNTAX;
		if (++m->matched == m->delim_n)
			m->state = MP_AFTER_DELIM;
		return 0;
	case MP_AFTER_DELIM:
		if (c != '\r' && c != '-')
			return ERR_SYNTAX;
		m->state = c == '\r' ? MP_LINE_END : MP_CLOSE;
		return 0;
	case MP_LINE_END:
		m->state = MP_HEAD;
		m->head_n = 0;
		return c == '\n' ? 0 : ERR_SYNTAX;
	case MP_HEAD:
		return head_byte(m, c);
	case MP_CLOSE:
		m->state = MP_CLOSE_CR;
		return c == '-' ? 0 : ERR_SYNTAX;
	case MP_CLOSE_CR:
		m->state = MP_CLOSE_LF;
		return c == '\r' ? 0 : ERR_SYNTAX;
	case MP_CLOSE_LF:
		m->state = MP_DONE;
		return c == '\n' ? 0 : ERR_SYNTAX;
	case MP_DATA:
	case MP_DONE:
	case MP_FAILED:
		break;
	}
	return ERR_SYNTAX;
}

int multipart_feed(struct multipart *m, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		long r;

		if (m->state == MP_DATA) {
			r = data_bytes(m, str_n(s.p + i, s.n - i));
			if (r > 0)
				i += (size_t)r;
		} else {
			r = one_byte(m, s.p[i++]);
		}
		if (r < 0) {
			m->state = MP_FAILED;
			return (int)r;
		}
	}
	return 0;
}

int multipart_finish(struct multipart *m)
{
	return m->state == MP_CLOSE_CR || m->state == MP_DONE ? 0 : ERR_SHORT;
}
