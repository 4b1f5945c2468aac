/* The vault: the append-only log and its proofs. */
#include <string.h>

#include "lib/log.h"
#include "vault/tool.h"

int main(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[1], "--init"))
		return tool_init(argc - 2, argv + 2);
	if (argc >= 2 && !strcmp(argv[1], "--tool"))
		return tool_main(argc - 2, argv + 2);
	return 2;
}
