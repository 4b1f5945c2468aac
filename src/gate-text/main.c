/* Rebuilds plain text and CSV in the encoding they came in: docs/formats/gate-text.md. */
#include "gate-text/html.h"
#include "gate-text/rebuild.h"
#include "lib/text.h"

static int rebuild(struct job *j)
{
	return str_is(j->format, "html") ? html_rebuild(j) : text_rebuild(j);
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.open = text_open, .rebuild = rebuild});
}
