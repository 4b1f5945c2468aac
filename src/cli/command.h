/* The commands of `sekisho`: what each is called, where its data folder stands, what it needs; and their help. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "cli/place.h"
#include "lib/str.h"

#define EXIT_NO 1
#define EXIT_USAGE 2
#define EXIT_FAILED 3

struct command;
/* args: what follows the command's words. Returns the exit code. */
typedef int command_run(const struct command *c, const struct place *p, int n, char **args);

enum command_file { FILE_NONE, FILE_READ };

struct command {
	const char *name;                                /* one or two words */
	const char *usage, *help;
	command_run *run;
	enum command_file file;                          /* the last argument is a file handed over as a descriptor */
};
extern const struct command commands[];
extern const size_t n_commands;

/* The command these arguments begin with (two words before one), NULL when there is none. *ret_words: how many they
 * were. */
const struct command *command_find(int n, char **args, int *ret_words);
/* help.c, to standard output; the last: the commands of two words that begin with this one, false when there is
 * none. */
void command_help_all(void);
void command_help(const struct command *c);
bool command_help_group(const char *word, FILE *to);
int command_usage(const struct command *c);          /* to stderr; EXIT_USAGE */
int command_fail(const struct err *e);               /* "sekisho: …" to stderr; EXIT_FAILED */

/* run.c, init.c, data.c, doctor.c, tool.c */
int command_run_house(const struct command *c, const struct place *p, int n, char **args);
int command_init(const struct command *c, const struct place *p, int n, char **args);
int command_data(const struct command *c, const struct place *p, int n, char **args);
int command_backup(const struct command *c, const struct place *p, int n, char **args);
int command_restore(const struct command *c, const struct place *p, int n, char **args);
int command_new_origin(const struct command *c, const struct place *p, int n, char **args);
int command_doctor(const struct command *c, const struct place *p, int n, char **args);
int command_tool(const struct command *c, const struct place *p, int n, char **args);
int command_retain(const struct command *c, const struct place *p, int n, char **args);
int command_signatures(const struct command *c, const struct place *p, int n, char **args);
int command_outside(const struct command *c, const struct place *p, int n, char **args);

#endif
