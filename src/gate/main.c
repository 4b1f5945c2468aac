/* gate: the broker of the gate (docs/gate.md).
 *   gate --tool clean|verify|explain …   what `sekisho gate …` runs: one file at a time, without any data folder
 *   gate --fd 3 …                        serves (started by supervise) */
#include <string.h>

#include "gate/serve.h"
#include "gate/tool.h"

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "--fd"))
		return gate_serve(argc, argv);
	return argc >= 2 && !strcmp(argv[1], "--tool") ? tool_main(argc - 2, argv + 2) : tool_main(0, NULL);
}
