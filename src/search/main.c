/* search: started by supervise (serve.h). */
#include <stdlib.h>
#include <unistd.h>

#include "embed.h"
#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/text.h"
#include "search/serve.h"

static void open_outside(struct serve *s)
{
	const struct embed_file *mo = embed_files;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (text_open() || date_zone_open(NULL))
		log_fatal("search.start", "text=\"the time zone or character tables are missing (packages tzdata, libc-bin)\"");
	while (mo->name && strcmp(mo->name, "ja.mo") != 0)
		mo++;
	if (!mo->name || i18n_open(mo->bytes, mo->size))
		log_fatal("search.start", "text=\"no Japanese catalogue\"");
	s->threads = n > 0 ? (unsigned)n : 1;
}

int main(int argc, char **argv)
{
	static const struct child_handlers on = {.message = serve_message};
	char own[600], seen[1][256];
	const char *dirs[] = {own};
	struct serve s = {0};
	struct err e = {0};
	struct child c;

	child_init(&c, argc, argv);
	open_outside(&s);
	snprintf(own, sizeof own, "ro:%s/vault", c.dir);
	if (sandbox_enter(&sandbox_search, dirs, 1, seen, &e))
		log_fatal("search.sandbox", "text=\"%s\"", e.text);
	snprintf(s.path, sizeof s.path, "%s", seen[0]);
	child_ready(&c, NULL);
	return child_run(&c, &on, &s);
}
