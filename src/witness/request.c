#include "witness/request.h"

int request_size(struct str s, uint64_t *ret)
{
	int64_t v;

	if (!s.n || (s.n > 1 && s.p[0] == '0') || s.p[0] < '0' || s.p[0] > '9' || str_int(s, 0, INT64_MAX, &v))
		return ERR_SYNTAX;
	*ret = (uint64_t)v;
	return 0;
}

int request_parse(struct str body, struct request *ret)
{
	struct str rest = body, line = str_cut(&rest, '\n');

	ret->n = 0;
	if (body.n > REQUEST_MAX)
		return ERR_TOOBIG;
	if (!str_starts(line, "old ") || request_size(str_slice(line, 4, line.n), &ret->old))
		return ERR_SYNTAX;
	for (;;) {
		if (!rest.n)
			return ERR_SYNTAX;
		line = str_cut(&rest, '\n');
		if (!line.n)
			break;
		if (ret->n == REQUEST_HASHES_MAX)
			return ERR_TOOBIG;
		if (line.n != 44 || base64_decode(line, ret->proof[ret->n++], MERKLE_LEN) != MERKLE_LEN)
			return ERR_SYNTAX;
	}
	ret->whole = rest;
	return note_parse(rest, &ret->note) || checkpoint_parse(ret->note.text, &ret->checkpoint) ? ERR_SYNTAX : 0;
}

void request_put(struct buf *b, uint64_t old, uint8_t proof[][MERKLE_LEN], size_t n, struct str checkpoint)
{
	buf_printf(b, "old %llu\n", (unsigned long long)old);
	for (size_t i = 0; i < n; i++) {
		buf_base64(b, proof[i], MERKLE_LEN);
		buf_putc(b, '\n');
	}
	buf_putc(b, '\n');
	buf_str(b, checkpoint);
}
