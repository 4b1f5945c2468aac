/* `sekisho rules …`: rules without a house.
 *
 *   check PATH… [--json]                             loads; says file:line:column of each fault
 *   run PATH… [--default] [--source NAME] [--figures] < LINES
 *                                                    tries them (only those on by default) on lines, prints what holds as JSON lines
 *   list PATH… [--json]                              what there is: id, level, title
 *   test PATH…                                       tries each file's rules on the test log beside it (tool_test_logs.c)
 *
 * Exit codes: 0 yes, 1 a rule is faulty, 2 wrong use, 3 failure. */
#ifndef DETECT_TOOL_H
#define DETECT_TOOL_H

int tool_main(int argc, char **argv);

#endif
