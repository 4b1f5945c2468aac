#include "collect/relp.h"

#include <string.h>

struct head {
	uint64_t txnr, length;
	struct str command;
	size_t size;                                     /* bytes up to the data */
};

uint32_t relp_after(uint32_t txnr)
{
	return txnr >= RELP_TXNR_MAX ? 1 : txnr + 1;
}

/* Digits up to nine; 0 more bytes are needed, -1 wrong, else how many. */
static int number(const char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	int i = 0;
	for (; (size_t)i < n && i < 10 && p[i] >= '0' && p[i] <= '9'; i++)
		v = 10 * v + (uint64_t)(p[i] - '0');
	if ((size_t)i == n)
		return i < 10 ? 0 : -1;
	*ret = v;
	return i == 0 || i == 10 ? -1 : i;
}

/* Same result for the letters of a command. */
static int word(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && i <= RELP_COMMAND_MAX && ((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z')))
		i++;
	if (i == n)
		return i <= RELP_COMMAND_MAX ? 0 : -1;
	return i == 0 || i > RELP_COMMAND_MAX ? -1 : (int)i;
}

static int head(const char *p, size_t n, struct head *h)
{
	int a = number(p, n, &h->txnr);
	if (a <= 0)
		return a;
	if (p[a] != ' ')
		return -1;
	int b = word(p + a + 1, n - (size_t)a - 1);
	if (b <= 0)
		return b;
	h->command = str_n(p + a + 1, (size_t)b);
	size_t at = (size_t)a + 1 + (size_t)b;
	if (p[at] != ' ')
		return -1;
	int c = number(p + at + 1, n - at - 1, &h->length);
	if (c <= 0)
		return c;
	at += 1 + (size_t)c;
	if (h->length > 0 && p[at] != ' ')
		return -1;
	h->size = at + (p[at] == ' ');
	return 1;
}

/* The data of a message, in pieces when it is longer than an entry; the last one only when the line end behind it is there. */
static enum relp_what data(struct relp *r, const char *p, size_t n, size_t *pos, struct relp_event *ret)
{
	size_t have = n - *pos;
	bool last = r->left <= ENTRY_RAW_MAX;
	size_t k = last ? (size_t)r->left : ENTRY_RAW_MAX;
	if (have < k + last)
		return RELP_NEED;
	if (last && p[*pos + k] != '\n')
		return RELP_BAD;
	*ret = (struct relp_event){.piece = {str_n(p + *pos, k), (uint16_t)((r->inside ? ENTRY_CONTINUED : 0) | (last ? 0 : ENTRY_MORE))},
	                           .done = last, .txnr = r->txnr};
	*pos += k + last;
	r->left -= k;
	r->inside = r->in_data = !last;
	return RELP_PIECE;
}

static enum relp_what other(struct relp *r, const struct head *h, const char *p, size_t n, size_t *pos, struct relp_event *ret)
{
	bool open = str_is(h->command, "open"), close = str_is(h->command, "close");
	if (h->length > RELP_OTHER_MAX || (!open && !close) || open == r->opened)
		return RELP_BAD;
	if (n - *pos < h->size + h->length + 1)
		return RELP_NEED;
	const char *d = p + *pos + h->size;
	if (d[h->length] != '\n')
		return RELP_BAD;
	*pos += h->size + h->length + 1;
	r->txnr = (uint32_t)h->txnr;
	r->opened = open;
	*ret = (struct relp_event){.txnr = r->txnr, .data = str_n(d, h->length)};
	return open ? RELP_OPEN : RELP_CLOSE;
}

enum relp_what relp_next(struct relp *r, const char *p, size_t n, size_t *pos, struct relp_event *ret)
{
	struct head h;
	if (r->in_data)
		return data(r, p, n, pos, ret);
	int got = head(p + *pos, n - *pos, &h);
	if (got <= 0)
		return got == 0 ? RELP_NEED : RELP_BAD;
	if (h.txnr == 0 || (r->txnr && h.txnr != relp_after(r->txnr)))
		return RELP_BAD;
	if (!str_is(h.command, "syslog"))
		return other(r, &h, p, n, pos, ret);
	if (!r->opened)
		return RELP_BAD;
	uint32_t before = r->txnr;
	size_t start = *pos;
	r->txnr = (uint32_t)h.txnr;
	r->left = h.length;
	*pos += h.size;
	enum relp_what w = data(r, p, n, pos, ret);
	if (w == RELP_NEED) {                            /* seen again from its head */
		*pos = start;
		r->txnr = before;
	}
	return w;
}

void relp_put_open(struct buf *out, uint32_t txnr)
{
	static const char offers[] = "200 OK\nrelp_version=0\nrelp_software=sekisho\ncommands=syslog";
	buf_printf(out, "%u rsp %zu %s\n", txnr, sizeof offers - 1, offers);
}

/* "TXNR rsp 6 200 OK" a message: written by hand, for there are as many of them as messages. */
void relp_put_ok(struct buf *out, uint32_t first, uint32_t count)
{
	static const char tail[] = " rsp 6 200 OK\n";
	for (uint32_t k = 0, v = first; k < count; k++, v = relp_after(v)) {
		char z[12 + sizeof tail];
		char *end = z + 12, *p = end;
		uint32_t d = v;
		do
			*--p = (char)('0' + d % 10);
		while ((d /= 10) != 0);
		memcpy(end, tail, sizeof tail - 1);
		buf_put(out, p, (size_t)(end - p) + sizeof tail - 1);
	}
}

void relp_put_close(struct buf *out, uint32_t txnr)
{
	buf_printf(out, "%u rsp 0\n0 serverclose 0\n", txnr);
}
