/* detect: rules over the logs.
 *   detect --tool COMMAND …            what `sekisho rules …` runs
 *   detect --fd 3 …                    serves (started by supervise)
 * Rules: those shipped (share/rules) and the city's own (DIR/rules), which are all on unless the office turns one off. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/serve.h"
#include "detect/tool.h"
#include "lib/date.h"
#include "lib/log.h"
#include "lib/sandbox.h"

static void on_fault(void *arg, const struct err *e)
{
	char text[600];

	log_error("detect.rule", "text=\"%s\"", err_format(e, text, sizeof text));
}

static void load_rules(struct serve *s)
{
	char path[600];
	struct err e = {0};
	size_t shipped;

	rules_init(&s->rules, on_fault, NULL);
	snprintf(path, sizeof path, "%s/rules", s->child->share);
	rules_load(&s->rules, path);
	shipped = s->rules.n;
	snprintf(path, sizeof path, "%s/rules", s->child->dir);
	if (!access(path, F_OK))
		rules_load(&s->rules, path);
	for (size_t i = shipped; i < s->rules.n; i++)
		s->rules.list[i]->by_default = true;
	rules_finish(&s->rules);
	s->faults = s->rules.faults;
	if (engine_new(&s->rules, NULL, &s->engine, &e))
		log_fatal("detect.rules", "text=\"%s\"", e.text);
}

static void serve(int argc, char **argv)
{
	static struct serve s;
	static struct child c;
	struct err e = {0};
	char own[512], vault[520], seen[2][256];
	const char *dirs[] = {own, vault};

	child_init(&c, argc, argv);
	s.child = &c;
	if (date_zone_open(NULL))
		log_warn("detect.zone", "text=\"the time zone is not there: UTC+9\"");
	load_rules(&s);
	snprintf(own, sizeof own, "%s/detect", c.dir);
	snprintf(vault, sizeof vault, "ro:%s/vault", c.dir);
	if (mkdir(own, 0700) && errno != EEXIST)
		log_fatal("detect.start", "text=\"%s: %s\"", own, strerror(errno));
	if (sandbox_enter(&sandbox_detect, dirs, 2, seen, &e) != 0)
		log_fatal("detect.sandbox", "text=\"%s\"", e.text);
	snprintf(s.own, sizeof s.own, "%s", seen[0]);
	snprintf(s.vault, sizeof s.vault, "%s", seen[1]);
	serve_start(&s);
	child_ready(&c, NULL);
	exit(child_run(&c, &serve_handlers, &s));
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--tool") == 0)
		return tool_main(argc - 2, argv + 2);
	serve(argc, argv);
	return 0;
}
