#include "collect/journal.h"

#include <string.h>

void journal_init(struct journal *j)
{
	*j = (struct journal){.state = JOURNAL_NAME};
	buf_init(&j->entry, ENTRY_RAW_MAX);
}

void journal_release(struct journal *j)
{
	buf_release(&j->entry);
}

static bool give(struct journal *j, uint16_t flags, struct piece *ret)
{
	ret->raw = buf_view(&j->entry);
	ret->flags = (uint16_t)(flags | (j->inside ? ENTRY_CONTINUED : 0));
	j->inside = flags & ENTRY_MORE;
	j->entry.n = 0;                                  /* its bytes stay where they are until the next call */
	return true;
}

/* How many of the next n bytes belong to what is being read; *ret_end: with the last of them it ends. */
static size_t span(const struct journal *j, const char *p, size_t n, bool *ret_end)
{
	const char *stop = NULL;
	*ret_end = false;
	switch (j->state) {
	case JOURNAL_NAME:
	case JOURNAL_VALUE:
		stop = memchr(p, '\n', n);
		if (j->state == JOURNAL_NAME) {              /* whichever is first */
			const char *is = memchr(p, '=', stop ? (size_t)(stop - p) : n);
			stop = is ? is : stop;
		}
		*ret_end = stop;
		return stop ? (size_t)(stop - p) + 1 : n;
	case JOURNAL_LENGTH:
	case JOURNAL_DATA_END:
		return 1;
	case JOURNAL_DATA:
		*ret_end = n >= j->length;
		return *ret_end ? (size_t)j->length : n;
	}
	return n;
}

static void next_state(struct journal *j, char last)
{
	switch (j->state) {
	case JOURNAL_NAME:
		j->state = last == '=' ? JOURNAL_VALUE : JOURNAL_LENGTH;
		j->length = j->length_n = 0;
		break;
	case JOURNAL_LENGTH:
		j->length |= (uint64_t)(unsigned char)last << 8 * j->length_n;
		if (++j->length_n == 8)
			j->state = j->length ? JOURNAL_DATA : JOURNAL_DATA_END;
		return;
	case JOURNAL_DATA:
		j->state = JOURNAL_DATA_END;
		break;
	case JOURNAL_VALUE:
	case JOURNAL_DATA_END:
		j->state = JOURNAL_NAME;
		break;
	}
	j->name_n = 0;
}

bool journal_next(struct journal *j, const char *p, size_t n, size_t *pos, struct piece *ret)
{
	while (*pos < n) {
		bool end, empty = j->state == JOURNAL_NAME && j->name_n == 0 && p[*pos] == '\n';
		if (empty) {
			++*pos;
			if (j->entry.n || j->inside)
				return give(j, 0, ret);
			continue;                                /* between entries, one or two of them */
		}
		if (j->entry.n == ENTRY_RAW_MAX)
			return give(j, ENTRY_MORE, ret);
		size_t room = ENTRY_RAW_MAX - j->entry.n, k = span(j, p + *pos, n - *pos < room ? n - *pos : room, &end);
		buf_put(&j->entry, p + *pos, k);
		*pos += k;
		if (j->state == JOURNAL_NAME)
			j->name_n += k;
		if (j->state == JOURNAL_DATA)
			j->length -= k;
		if (end || j->state == JOURNAL_LENGTH || j->state == JOURNAL_DATA_END)
			next_state(j, p[*pos - 1]);
	}
	return false;
}

bool journal_end(struct journal *j, struct piece *ret)
{
	return (j->entry.n || j->inside) && give(j, ENTRY_TORN, ret);
}
