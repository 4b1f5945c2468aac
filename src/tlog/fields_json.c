/* One JSON object, flattened: names of nested objects are joined by dots, a list gives its name several times. Shapes of Windows
 * events are brought to the names of the event itself. Lenient where nothing depends on it: what is cut off still gives fields. */
#include "tlog/fields_parts.h"

#include <string.h>

#include "lib/buf.h"

struct reader {
	struct fields *f;
	const char *p, *end;
	char name[FIELDS_NAME_MAX];
	size_t name_n;
	struct str key;                                  /* the name where it stands, on the first level */
	bool bad;
};

static void blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool eat(struct reader *r, char c)
{
	blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static uint32_t four_hex(const char *p, const char *end)
{
	uint32_t v = 0;

	if (end - p < 4)
		return 0xfffd;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return 0xfffd;
		v = v << 4 | (uint32_t)d;
	}
	return v;
}

static size_t utf8_at(char *o, uint32_t c)
{
	if (c < 0x80) {
		o[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		o[0] = (char)(0xc0 | c >> 6);
		o[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		o[0] = (char)(0xe0 | c >> 12);
		o[1] = (char)(0x80 | (c >> 6 & 63));
		o[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	o[0] = (char)(0xf0 | c >> 18);
	o[1] = (char)(0x80 | (c >> 12 & 63));
	o[2] = (char)(0x80 | (c >> 6 & 63));
	o[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* Unescaped never grows: \uXXXX (6 bytes) gives at most 3, a pair (12) gives 4. */
static struct str unescape(struct reader *r, struct str s)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	char *o = fields_room(r->f, s.n);
	const char *p = s.p, *end = s.p + s.n, *at;
	size_t n = 0;

	if (!o)
		return STR_NONE;
	while (p < end) {
		if (*p != '\\' || p + 1 == end) {
			o[n++] = *p++;
			continue;
		}
		p += 2;
		if (p[-1] == 'u') {
			uint32_t c = four_hex(p, end);

			p += end - p < 4 ? end - p : 4;
			if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
				uint32_t low = four_hex(p + 2, end);

				c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
				p += 6;
			}
			n += utf8_at(o + n, c);
			continue;
		}
		at = p[-1] ? strchr(from, p[-1]) : NULL;
		o[n++] = at ? to[at - from] : p[-1];
	}
	r->f->decoded = true;
	return fields_keep(r->f, n);
}

static struct str string(struct reader *r)
{
	const char *from = r->p;
	bool escaped = false;

	while (r->p < r->end && *r->p != '"') {
		if (*r->p == '\\') {
			escaped = true;
			if (++r->p == r->end)
				break;
		}
		r->p++;
	}
	struct str s = {from, (size_t)(r->p - from)};
	if (r->p < r->end)
		r->p++;
	else
		r->bad = true;
	return escaped ? unescape(r, s) : s;
}

/* What collectors of Windows events put around the event's own names. */
static const struct {
	const char *prefix, *name;                       /* name NULL: what follows the prefix */
} shapes[] = {
    {"winlog.event_data.", NULL}, {"winlog.user_data.", NULL}, {"Event.EventData.", NULL}, {"EventData.", NULL},
    {"winlog.event_id", "EventID"}, {"winlog.channel", "Channel"}, {"winlog.provider_name", "Provider_Name"},
    {"winlog.computer_name", "Computer"}, {"Event.System.EventID", "EventID"}, {"Event.System.Channel", "Channel"},
    {"Event.System.Computer", "Computer"}, {"System.EventID", "EventID"}, {"event.code", "EventID"},
    {"SourceName", "Provider_Name"}, {"Hostname", "Computer"},
};

static void put(struct reader *r, struct str value)
{
	struct str name = {r->name, r->name_n};

	if (r->key.p && r->key.n == name.n)
		name = r->key;
	else
		name = fields_copy(r->f, name);
	if (!name.p || r->f->n == FIELDS_MAX) {
		r->f->cut = true;
		return;
	}
	fields_add(r->f, name, value);
	for (size_t i = 0; r->f->form == FORM_WINDOWS && i < ARRAY_LEN(shapes); i++) {
		if (!str_starts(name, shapes[i].prefix))
			continue;
		if (!shapes[i].name)
			fields_add(r->f, str_slice(name, strlen(shapes[i].prefix), name.n), value);
		else if (name.n == strlen(shapes[i].prefix))
			fields_addz(r->f, shapes[i].name, value);
	}
}

static void scalar(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && !strchr(",]} \t\r\n", *r->p))
		r->p++;
	struct str s = {from, (size_t)(r->p - from)};
	if (!s.n)
		r->bad = true;
	else
		put(r, str_is(s, "null") ? STR_NONE : s);
}

static void value(struct reader *r, int depth);

static void object(struct reader *r, int depth)
{
	size_t before = r->name_n;

	if (eat(r, '}'))
		return;
	do {
		struct str key;
		size_t dot = before ? 1 : 0;

		if (!eat(r, '"')) {
			r->bad = true;
			return;
		}
		key = string(r);
		if (!eat(r, ':') || before + dot + key.n > FIELDS_NAME_MAX) {
			r->bad = true;
			return;
		}
		if (dot)
			r->name[before] = '.';
		if (key.n)
			memcpy(r->name + before + dot, key.p, key.n);
		r->name_n = before + dot + key.n;
		if (!before)
			r->key = key;
		value(r, depth + 1);
		r->name_n = before;
	} while (!r->bad && eat(r, ','));
	if (!r->bad && !eat(r, '}'))
		r->bad = true;
}

static void value(struct reader *r, int depth)
{
	if (depth > (int)FIELDS_DEPTH || r->f->cut) {
		r->f->cut = r->bad = true;
		return;
	}
	if (eat(r, '"')) {
		struct str s = string(r);

		put(r, s.p ? s : STR(""));
	} else if (eat(r, '{')) {
		object(r, depth);
	} else if (eat(r, '[')) {
		if (eat(r, ']'))
			return;
		do
			value(r, depth + 1);
		while (!r->bad && eat(r, ','));
		if (!r->bad && !eat(r, ']'))
			r->bad = true;
	} else {
		scalar(r);
	}
}

bool fields_json(struct fields *f, struct str s)
{
	struct reader r = {.f = f, .p = s.p, .end = s.p + s.n};

	if (str_starts(s, "@cee:"))
		r.p += 5;
	if (!eat(&r, '{'))
		return false;
	object(&r, 0);
	if (f->form == FORM_WINDOWS) {
		fields_addz(f, "src_ip", fields_have(f, "IpAddress"));
		fields_addz(f, "user", fields_have(f, "TargetUserName"));
	}
	return f->n > 0;
}
