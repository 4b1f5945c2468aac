/* A manual page that is made from a table of the program: a test says whether docs/man still is what the table says;
 * the test program called with --write writes it. Run from the root folder. */
#ifndef TEST_MAN_H
#define TEST_MAN_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
/* cmocka wants the headers above first */
#include <cmocka.h>

#include "lib/file.h"

#define MAN_MAX (1u << 20)

/* In roff a backslash, a minus that may be typed, and a point at a line's begin must be written otherwise. */
static inline void man_text(struct buf *b, const char *z)
{
	for (const char *p = z; *p; p++) {
		if (*p == '\\')
			buf_puts(b, "\\e");
		else if (*p == '-')
			buf_puts(b, "\\-");
		else if ((*p == '.' || *p == '\'') && (p == z || p[-1] == '\n'))
			buf_printf(b, "\\&%c", *p);
		else
			buf_putc(b, *p);
	}
}

static inline void man_check(const char *page, const struct buf *want)
{
	struct buf have;
	struct err e = {0};
	char path[200];
	snprintf(path, sizeof path, "docs/man/%s", page);
	buf_init(&have, MAN_MAX);
	assert_int_equal(buf_err(want), 0);
	assert_int_equal(file_read(path, MAN_MAX, &have, &e), 0);
	if (!str_eq(buf_view(want), buf_view(&have)))
		fail_msg("%s is not current: make man", path);
	buf_release(&have);
}

/* What main returns. */
static inline int man_write(const char *page, const struct buf *b)
{
	struct err e = {0};
	int dir = open("docs/man", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? ERR_SYS : file_write_atomic_at(dir, page, b->p, b->n, 0644, &e);
	if (r < 0)
		fprintf(stderr, "docs/man/%s: %s\n", page, e.text);
	return r < 0;
}

#endif
