/* detect: rules over the logs.
 *   detect --tool COMMAND …            what `sekisho rules …` runs */
#include <string.h>

#include "detect/tool.h"

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--tool") == 0)
		return tool_main(argc - 2, argv + 2);
	return 2;
}
