/* Rebuilds plain text and CSV in the encoding they came in: docs/formats/gate-text.md. */
#include "gate-text/rebuild.h"

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.rebuild = text_rebuild});
}
