/* The commands. Exit codes: 0 delivered (verified), 1 not, 2 usage, 3 failure: then nothing was said about the file. */
#ifndef GATE_TOOL_H
#define GATE_TOOL_H

enum { TOOL_YES, TOOL_NO, TOOL_USAGE, TOOL_FAILURE };

int tool_main(int argc, char **argv);

#endif
