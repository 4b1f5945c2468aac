/* gate --tool clean|verify|explain …: what `sekisho gate …` runs, one file at a time, without any data folder. */
#include <string.h>

#include "gate/tool.h"

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "--tool"))
		return tool_main(argc - 2, argv + 2);
	return tool_main(0, NULL);
}
