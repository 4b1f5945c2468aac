/* A condition over the fields of one message. */
#include "detect/engine.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"

static struct str made(struct event *ev, int64_t v)
{
	snprintf(ev->made, sizeof ev->made, "%lld", (long long)v);
	return str_from(ev->made);
}

static bool off_hours(int64_t us)
{
	struct date d = date_of_instant(us);
	int64_t minute = (us - date_to_instant(d, 0, 0)) / (60 * SECOND_US);
	int day = date_weekday(d);

	return day == 0 || day == 6 || minute < 7 * 60 || minute >= 20 * 60;
}

static bool made_up(struct event *ev, struct str name, struct str *ret)
{
	int64_t us = ev->in->time_ns / 1000, t;
	struct date d;

	name = str_slice(name, 8, name.n);
	if (str_is(name, "source"))
		*ret = ev->in->source;
	else if (str_is(name, "log"))
		*ret = ev->in->log;
	else if (str_is(name, "index"))
		*ret = made(ev, (int64_t)ev->in->index);
	else if (str_is(name, "off_hours"))
		*ret = off_hours(us) ? STR("true") : STR("false");
	else if (str_is(name, "weekday"))
		*ret = made(ev, date_weekday(date_of_instant(us)));
	else if (str_is(name, "hour")) {
		d = date_of_instant(us);
		*ret = made(ev, (us - date_to_instant(d, 0, 0)) / (3600 * SECOND_US));
	} else if (str_is(name, "clock_offset") && !fields_time(ev->f, us, &t))
		*ret = made(ev, (t - us) / SECOND_US);
	else
		return false;
	return ret->p != NULL;
}

bool event_field(struct event *ev, struct str name, size_t *at, struct str *ret)
{
	if (str_starts(name, "sekisho."))
		return !*at && (*at = 1, made_up(ev, name, ret));
	if (!ev->parsed) {
		fields_rest(ev->f);
		ev->parsed = true;
	}
	return fields_next(ev->f, name, at, ret);
}

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
	*(bool *)arg = true;
	return 1;
}

static bool regex_holds(const struct value *v, struct str text, hs_scratch_t *scratch)
{
	bool yes = false;

	hs_scan(v->re, text.p ? text.p : "", (unsigned)text.n, 0, scratch, found, &yes);
	return yes;
}

/* IPv4 as ::ffff:a.b.c.d */
static bool address(struct str text, uint8_t out[16])
{
	char z[64];

	if (text.n >= sizeof z || !text.n)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	memset(out, 0, 16);
	if (inet_pton(AF_INET, z, out + 12) == 1) {
		out[10] = out[11] = 0xff;
		return true;
	}
	return inet_pton(AF_INET6, z, out) == 1;
}

static bool in_network(const struct value *v, struct str text)
{
	uint8_t ip[16];
	unsigned whole = v->bits / 8, rest = v->bits % 8;

	if (!address(text, ip) || memcmp(ip, v->net, whole) != 0)
		return false;
	return !rest || ((ip[whole] ^ v->net[whole]) >> (8 - rest)) == 0;
}

static bool number_holds(const struct test *t, const struct value *v, struct str text)
{
	char z[64], *end;
	double x;

	if (!text.n || text.n >= sizeof z)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	x = strtod(z, &end);
	if (*end)
		return false;
	switch (t->compare) {
	case CMP_LT:
		return x < v->number;
	case CMP_LTE:
		return x <= v->number;
	case CMP_GT:
		return x > v->number;
	case CMP_GTE:
		return x >= v->number;
	}
	return false;
}

static bool other_holds(struct event *ev, const struct test *t, const struct value *v, struct str text)
{
	struct str other;
	size_t at = 0;

	while (event_field(ev, v->other, &at, &other))
		if (other.p && text_place(text, other, t->place, t->cased))
			return true;
	return false;
}

static bool text_holds(struct event *ev, const struct test *t, const struct value *v, struct str text, hs_scratch_t *scratch)
{
	switch (t->kind) {
	case TEST_TEXT:
		for (size_t i = 0; i < v->n_alt; i++)
			if (pattern_match(&v->alt[i], text))
				return true;
		return false;
	case TEST_REGEX:
		return regex_holds(v, text, scratch);
	case TEST_CIDR:
		return in_network(v, text);
	case TEST_NUMBER:
		return number_holds(t, v, text);
	case TEST_FIELD:
		return other_holds(ev, t, v, text);
	case TEST_EXISTS:
		break;
	}
	return false;
}

/* One of values[0, n) by any value of the field, under the first of its names that is there. */
static bool field_holds(struct event *ev, const struct test *t, const struct value *values, size_t n, hs_scratch_t *scratch)
{
	bool there = false;

	for (size_t i = 0; i < t->n_names && !there; i++) {
		struct str text;
		size_t at = 0;

		while (event_field(ev, t->names[i], &at, &text)) {
			there = true;
			for (size_t k = 0; k < n; k++) {
				const struct value *v = &values[k];

				if (t->kind == TEST_EXISTS ? v->yes : v->is_null ? !text.p : text.p && text_holds(ev, t, v, text, scratch))
					return true;
			}
		}
	}
	for (size_t k = 0; k < n && !there; k++)
		if (t->kind == TEST_EXISTS ? !values[k].yes : values[k].is_null)
			return true;
	return false;
}

/* A keyword: anywhere in the message as it came, or in what had to be decoded. */
static bool keyword_holds(struct event *ev, const struct test *t, const struct value *v, hs_scratch_t *scratch)
{
	if (text_holds(ev, t, v, ev->in->raw, scratch))
		return true;
	if (!ev->parsed) {
		fields_rest(ev->f);
		ev->parsed = true;
	}
	for (size_t i = 0; ev->f->decoded && i < ev->f->n; i++)
		if (ev->f->list[i].value.p && text_holds(ev, t, v, ev->f->list[i].value, scratch))
			return true;
	return false;
}

static bool test_holds(struct event *ev, const struct test *t, hs_scratch_t *scratch)
{
	bool holds = t->all;

	if (t->n_names && !t->all)
		return field_holds(ev, t, t->values, t->n, scratch) != t->negate;
	for (size_t i = 0; i < t->n && holds == t->all; i++)
		holds = t->n_names ? field_holds(ev, t, &t->values[i], 1, scratch) : keyword_holds(ev, t, &t->values[i], scratch);
	return holds != t->negate;
}

bool event_holds(struct event *ev, const struct node *n, hs_scratch_t *scratch)
{
	unsigned count = 0;

	switch (n->op) {
	case NODE_TEST:
		return test_holds(ev, n->test, scratch);
	case NODE_NOT:
		return !event_holds(ev, n->kids[0], scratch);
	case NODE_AND:
		for (size_t i = 0; i < n->n; i++)
			if (!event_holds(ev, n->kids[i], scratch))
				return false;
		return true;
	case NODE_OR:
		for (size_t i = 0; i < n->n; i++)
			if (event_holds(ev, n->kids[i], scratch))
				return true;
		return false;
	case NODE_COUNT:
		for (size_t i = 0; i < n->n && count < n->least; i++)
			count += event_holds(ev, n->kids[i], scratch);
		return count >= n->least;
	}
	return false;
}
