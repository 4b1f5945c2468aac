/* CP932 (text.h). The descriptors stay open for the life of the process: a locked-in one cannot load the tables. A descriptor holds where
 * its output goes, and threads of a search share it: one conversion at a time. */
#include "lib/text.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <string.h>

#define GETA "\x81\xac"                              /* 〓 in CP932 */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static iconv_t from_cp932 = (iconv_t)-1, to_cp932 = (iconv_t)-1;

int text_open(void)
{
	if (from_cp932 == (iconv_t)-1)
		from_cp932 = iconv_open("UTF-8", "CP932");
	if (to_cp932 == (iconv_t)-1)
		to_cp932 = iconv_open("CP932", "UTF-8");
	return from_cp932 == (iconv_t)-1 || to_cp932 == (iconv_t)-1 ? ERR_SYS : 0;
}

/* Converts what it can of *in into out; 0 at its end, else iconv's errno (EILSEQ, EINVAL) with *in at the fault. */
static int convert(iconv_t cd, struct str *in, struct buf *out)
{
	char chunk[4096];
	while (in->n) {
		char *from = (char *)in->p, *to = chunk;
		size_t left = in->n, room = sizeof chunk;
		size_t r = iconv(cd, &from, &left, &to, &room);
		int why = r == (size_t)-1 ? errno : 0;
		buf_put(out, chunk, sizeof chunk - room);
		*in = str_n(from, left);
		if (out->failed)
			return ENOMEM;
		if (why && why != E2BIG)
			return why;
	}
	return 0;
}

int cp932_to_utf8(struct str in, struct buf *out)
{
	if (text_open())
		return ERR_SYS;
	if (in.n && memchr(in.p, 0, in.n))
		return ERR_SYNTAX;
	pthread_mutex_lock(&lock);
	iconv(from_cp932, NULL, NULL, NULL, NULL);
	int why = convert(from_cp932, &in, out);
	pthread_mutex_unlock(&lock);
	if (why == ENOMEM)
		return ERR_NOMEM;
	return why ? ERR_SYNTAX : 0;
}

int utf8_to_cp932(struct str in, struct buf *out, size_t *ret_lost)
{
	size_t lost = 0;
	int why;
	if (text_open())
		return ERR_SYS;
	pthread_mutex_lock(&lock);
	iconv(to_cp932, NULL, NULL, NULL, NULL);
	while ((why = convert(to_cp932, &in, out)) != 0 && why != ENOMEM) {
		uint32_t c;
		size_t n = utf8_next(in, &c);
		buf_puts(out, GETA);
		in = str_slice(in, n ? n : 1, in.n);
		lost++;
	}
	pthread_mutex_unlock(&lock);
	*ret_lost = lost;
	return why ? ERR_NOMEM : buf_err(out);
}
