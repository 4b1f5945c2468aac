#include "tlog/pack.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

/* What a run of entries is like. */
enum {
	RUN_REDACTED = 1,                                /* only their leaf hashes are left */
	RUN_LENGTHS = 2,                                 /* a message holds a line feed: all their lengths follow */
	RUN_TIMES = 4,                                   /* each has its own time */
};
#define RUN_ALL 7u
#define ENTRY_VERSION 1u
#define NAMES_MAX (2u * BLOCK_ENTRIES)
#define HEAD 2u                                      /* an entry stands behind its length */
#define HEAD_TIME 4u                                 /* places in it: version, transport, flags, time, number */
#define HEAD_SEQ 12u
#define HEAD_END 20u
#define PLACES 256u
#define VARINT_MAX 10u

/* The part of an envelope that a run has in common, as it stands in an entry behind its length; and that length before it. */
struct head {
	uint8_t bytes[2 + HEAD_END + SHA256_LEN + 2 * (1 + ENTRY_NAME_MAX) + 4];
	size_t n;
};

struct pack {
	struct str name[NAMES_MAX];                      /* sources and peers, in the order in which they came */
	uint32_t n_names;
	uint64_t time, seq;                              /* of the entry before */
	/* taking apart */
	const struct block *b;
	uint16_t places[PLACES];
	struct buf *text, *heads;
	/* putting together */
	struct cur text_left, heads_left, times, chains, lengths;
	struct buf *out;
	struct head head;                                /* taking apart: only how long it is */
	bool chained, has_lengths;
};

struct pack *pack_new(void)
{
	return xcalloc(1, sizeof(struct pack));
}

void pack_free(struct pack *p)
{
	free(p);
}

/* --- numbers ------------------------------------------------------------------------------------------------------------- */

static void put_number(struct buf *b, uint64_t v)
{
	uint8_t *p = buf_room(b, VARINT_MAX);
	size_t n = 0;

	if (!p)
		return; /* the buffer says so in the end */
	for (; v > 127; v >>= 7)
		p[n++] = (uint8_t)(v | 128);
	p[n++] = (uint8_t)v;
	buf_grew(b, n);
}

static int get_number(struct cur *c, uint64_t *ret)
{
	uint64_t v = 0;
	uint8_t byte;

	for (unsigned at = 0; at < 64; at += 7) {
		if (cur_u8(c, &byte) || (at == 63 && byte > 1))
			return ERR_CORRUPT;
		v |= (uint64_t)(byte & 127) << at;
		if (byte < 128) {
			*ret = v;
			return 0;
		}
	}
	return ERR_CORRUPT;
}

/* Differences of either sign: small ones stay small. Unsigned, so that they go round. */
static uint64_t fold_sign(uint64_t d)
{
	return d << 1 ^ (0 - (d >> 63));
}

static uint64_t unfold_sign(uint64_t v)
{
	return v >> 1 ^ (0 - (v & 1));
}

/* --- taking apart -------------------------------------------------------------------------------------------------------- */

/* Where a name is looked for: two that meet there are named again by turns. */
static uint16_t *place(struct pack *p, struct str name)
{
	uint32_t h = (uint32_t)name.n;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (uint8_t)name.p[i]) * 0x01000193u;
	return &p->places[(h ^ h >> 16) % PLACES];
}

static void put_name(struct pack *p, struct str name)
{
	uint16_t *at = place(p, name);

	if (*at < p->n_names && str_eq(p->name[*at], name)) {
		put_number(p->heads, p->n_names - *at);
		return;
	}
	*at = (uint16_t)p->n_names;
	put_number(p->heads, 0);
	buf_u8(p->heads, (uint8_t)name.n);
	buf_str(p->heads, name);
	p->name[p->n_names++] = name;
}

static void put_message(struct pack *p, struct str raw)
{
	char *to = buf_room(p->text, raw.n + 1);

	if (!to)
		return;
	memcpy(to, raw.p, raw.n);
	to[raw.n] = '\n';
	buf_grew(p->text, raw.n + 1);
}

/* A field of an entry; that it is one was seen before. */
static uint64_t get_be64(struct str bytes, size_t at)
{
	uint64_t v;

	memcpy(&v, bytes.p + at, sizeof v);
	return be64toh(v);
}

/* Entries [from, from + n), whose envelopes differ in their times and numbers only; the first one is parsed. */
static void put_run(struct pack *p, uint32_t from, uint32_t n, unsigned form, const struct entry *first)
{
	put_number(p->heads, n);
	buf_u8(p->heads, (uint8_t)form);
	buf_u8(p->heads, first->transport);
	put_number(p->heads, first->flags);
	put_name(p, first->source);
	put_name(p, first->peer);
	for (uint32_t i = 0; i < (form & RUN_TIMES ? n : 1); i++) {
		uint64_t time = (uint64_t)entry_time(block_entry(p->b, from + i));

		put_number(p->heads, fold_sign(time - p->time));
		p->time = time;
	}
	for (uint32_t i = 0; first->flags & ENTRY_CHAINED && i < n; i++) {
		struct str bytes = block_entry(p->b, from + i);
		uint64_t seq = get_be64(bytes, HEAD_SEQ);

		put_number(p->heads, fold_sign(seq - p->seq));
		buf_put(p->heads, bytes.p + HEAD_END, SHA256_LEN);
		p->seq = seq;
	}
	for (uint32_t i = 0; form & RUN_LENGTHS && i < n; i++)
		put_number(p->heads, block_entry(p->b, from + i).n - p->head.n);
}

/* Takes the messages of the run that begins at entry `from` and says what it is like. */
static int take_run(struct pack *p, uint32_t from, uint32_t *ret_n)
{
	struct str first = block_entry(p->b, from), bytes = first;
	struct entry en;
	unsigned form = 0;
	uint32_t n = 0;

	if (entry_parse(first, &en))
		return ERR_CORRUPT;
	p->head.n = first.n - en.raw.n;
	do {
		struct str raw = str_n(bytes.p + p->head.n, bytes.n - p->head.n);

		form |= get_be64(bytes, HEAD_TIME) != get_be64(first, HEAD_TIME) ? RUN_TIMES : 0;
		form |= memchr(raw.p, '\n', raw.n) ? RUN_LENGTHS : 0;
		put_message(p, raw);
		if (++n == p->b->count - from)
			break;
		bytes = block_entry(p->b, from + n);
	} while (entry_alike(first, p->head.n, bytes));
	put_run(p, from, n, form, &en);
	*ret_n = n;
	return 0;
}

static uint32_t put_redacted(struct pack *p, uint32_t from)
{
	uint32_t n = 1;

	while (from + n < p->b->count && entry_redacted(block_entry(p->b, from + n)))
		n++;
	put_number(p->heads, n);
	buf_u8(p->heads, RUN_REDACTED);
	for (uint32_t i = 0; i < n; i++)
		buf_put(p->heads, block_entry(p->b, from + i).p + 1, MERKLE_LEN);
	return n;
}

int pack_split(struct pack *p, const struct block *b, struct buf *text, struct buf *heads)
{
	int r = 0;

	p->b = b;
	p->text = text;
	p->heads = heads;
	p->n_names = 0;
	p->time = p->seq = 0;
	for (uint32_t at = 0, n = 0; !r && at < b->count; at += n) {
		if (entry_redacted(block_entry(b, at)))
			n = put_redacted(p, at);
		else
			r = take_run(p, at, &n);
	}
	return r ? r : buf_err(text) || buf_err(heads) ? ERR_NOMEM : 0;
}

/* --- putting together ---------------------------------------------------------------------------------------------------- */

static int get_name(struct pack *p, struct str *ret)
{
	const void *text;
	uint64_t back;
	uint8_t n;

	if (get_number(&p->heads_left, &back) || back > p->n_names)
		return ERR_CORRUPT;
	if (!back) {
		if (p->n_names == NAMES_MAX || cur_u8(&p->heads_left, &n) || cur_bytes(&p->heads_left, n, &text))
			return ERR_CORRUPT;
		p->name[p->n_names++] = str_n(text, n);
		back = 1;
	}
	*ret = p->name[p->n_names - back];
	return 0;
}

static int get_message(struct pack *p, struct str *ret)
{
	size_t left = cur_left(&p->text_left);
	const void *raw, *lf;
	uint64_t n;

	if (p->has_lengths) {
		if (get_number(&p->lengths, &n))
			return ERR_CORRUPT;
	} else {
		lf = left ? memchr(p->text_left.p, '\n', left) : NULL;
		if (!lf)
			return ERR_CORRUPT;
		n = (size_t)((const unsigned char *)lf - p->text_left.p);
	}
	if (n > ENTRY_RAW_MAX || cur_bytes(&p->text_left, (size_t)n + 1, &raw) || ((const char *)raw)[n] != '\n')
		return ERR_CORRUPT;
	*ret = str_n(raw, (size_t)n);
	return 0;
}

static void put_be16(uint8_t *to, size_t v)
{
	uint16_t be = htobe16((uint16_t)v);

	memcpy(to, &be, sizeof be);
}

static void put_be64(uint8_t *to, uint64_t v)
{
	v = htobe64(v);
	memcpy(to, &v, sizeof v);
}

/* Transport, flags and names of a run. */
static int get_head(struct pack *p)
{
	struct head *h = &p->head;
	struct str names[2];
	uint8_t transport;
	uint64_t flags;

	if (cur_u8(&p->heads_left, &transport) || get_number(&p->heads_left, &flags) || flags > UINT16_MAX ||
	    get_name(p, &names[0]) || get_name(p, &names[1]))
		return ERR_CORRUPT;
	p->chained = flags & ENTRY_CHAINED;
	memset(h->bytes, 0, HEAD + HEAD_END);
	h->bytes[HEAD] = ENTRY_VERSION;
	h->bytes[HEAD + 1] = transport;
	put_be16(h->bytes + HEAD + 2, (size_t)flags);
	h->n = HEAD + HEAD_END + (p->chained ? SHA256_LEN : 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		h->bytes[h->n++] = (uint8_t)names[i].n;
		memcpy(h->bytes + h->n, names[i].p, names[i].n);
		h->n += names[i].n;
	}
	h->bytes[h->n] = h->bytes[h->n + 1] = 0;         /* of the message's length; it has two bytes more */
	h->n += 4;
	return 0;
}

static int put_entry(struct pack *p)
{
	const struct head *h = &p->head;
	const void *prev = NULL;
	struct str raw = STR_NONE;
	uint64_t seq = 0;
	uint8_t *to;

	if (get_message(p, &raw) || h->n - HEAD + raw.n > ENTRY_MAX ||
	    (p->chained && (get_number(&p->chains, &seq) || cur_bytes(&p->chains, SHA256_LEN, &prev))))
		return ERR_CORRUPT;
	to = buf_room(p->out, h->n + raw.n);
	if (!to)
		return ERR_CORRUPT;
	memcpy(to, h->bytes, h->n);
	put_be16(to, h->n - HEAD + raw.n);
	put_be64(to + HEAD + HEAD_TIME, p->time);
	if (prev) {
		p->seq += unfold_sign(seq);
		put_be64(to + HEAD + HEAD_SEQ, p->seq);
		memcpy(to + HEAD + HEAD_END, prev, SHA256_LEN);
	}
	put_be16(to + h->n - 2, raw.n);
	memcpy(to + h->n, raw.p, raw.n);
	buf_grew(p->out, h->n + raw.n);
	return 0;
}

static int skip_numbers(struct cur *c, uint64_t n)
{
	uint64_t v;

	for (; n; n--)
		if (get_number(c, &v))
			return ERR_CORRUPT;
	return 0;
}

static int skip_chains(struct cur *c, uint64_t n)
{
	const void *hash;

	for (; n; n--)
		if (skip_numbers(c, 1) || cur_bytes(c, SHA256_LEN, &hash))
			return ERR_CORRUPT;
	return 0;
}

static int join_run(struct pack *p, uint64_t n, unsigned form)
{
	uint64_t v;

	if (get_head(p))
		return ERR_CORRUPT;
	p->times = p->heads_left;
	if (skip_numbers(&p->heads_left, form & RUN_TIMES ? n : 1))
		return ERR_CORRUPT;
	p->chains = p->heads_left;
	if (p->chained && skip_chains(&p->heads_left, n))
		return ERR_CORRUPT;
	p->lengths = p->heads_left;
	p->has_lengths = form & RUN_LENGTHS;
	if (p->has_lengths && skip_numbers(&p->heads_left, n))
		return ERR_CORRUPT;
	for (uint64_t i = 0; i < n; i++) {
		if (!i || form & RUN_TIMES) {
			if (get_number(&p->times, &v))
				return ERR_CORRUPT;
			p->time += unfold_sign(v);
		}
		if (put_entry(p))
			return ERR_CORRUPT;
	}
	return 0;
}

static int join_redacted(struct pack *p, uint64_t n)
{
	const void *hash;

	for (; n; n--) {
		if (cur_bytes(&p->heads_left, MERKLE_LEN, &hash))
			return ERR_CORRUPT;
		buf_u16(p->out, REDACTED_LEN);
		buf_u8(p->out, 0);
		buf_put(p->out, hash, MERKLE_LEN);
	}
	return buf_err(p->out) ? ERR_CORRUPT : 0;
}

int pack_join(struct pack *p, struct str text, struct str heads, uint32_t count, struct buf *bundles)
{
	p->text_left = cur_init(text.p, text.n);
	p->heads_left = cur_init(heads.p, heads.n);
	p->out = bundles;
	p->n_names = 0;
	p->time = p->seq = 0;
	while (count) {
		uint64_t n;
		uint8_t form;

		if (get_number(&p->heads_left, &n) || !n || n > count || cur_u8(&p->heads_left, &form) || form & ~RUN_ALL ||
		    (form & RUN_REDACTED && form != RUN_REDACTED))
			return ERR_CORRUPT;
		if (form & RUN_REDACTED ? join_redacted(p, n) : join_run(p, n, form))
			return ERR_CORRUPT;
		count -= (uint32_t)n;
	}
	return cur_left(&p->text_left) || cur_left(&p->heads_left) ? ERR_CORRUPT : 0;
}
