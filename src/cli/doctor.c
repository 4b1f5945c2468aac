/* sekisho doctor: what an operator should know about this installation, each point with a grade and what to do. Looks
 * from outside first, so that a folder that does not start is judged as well. */
#include "cli/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *const grade_ids[] = {"ok", "warn", "bad"};
static const char *const grade_words[] = {N_("ok"), N_("warn"), N_("bad")};

void doctor_point(struct doctor *d, enum grade g, const char *id, const char *todo, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	d->count[g]++;
	if (!d->as_json) {
		printf("%-6s %s\n", _(grade_words[g]), text);
		if (todo)
			printf("       → %s\n", _(todo));
		return;
	}
	jw_object(&d->json);
	jw_kz(&d->json, "id", id);
	jw_kz(&d->json, "grade", grade_ids[g]);
	jw_kz(&d->json, "text", text);
	jw_kz(&d->json, "do", todo ? _(todo) : NULL);
	jw_end_object(&d->json);
}

/* A folder that lost a part of itself is judged; one that has none of them is somewhere else. */
static bool no_data_folder(const char *dir)
{
	static const char *const parts[] = {"sekisho.conf", "office", "vault", "keys"};
	char path[4200];
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, parts[i]);
		if (access(path, F_OK) == 0 || errno == EACCES)
			return false;
	}
	return true;
}

int command_doctor(const struct command *c, const struct place *p, int n, char **args)
{
	struct doctor d = {.place = p};
	struct buf out;
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--json") == 0)
			d.as_json = true;
		else if (args[i][0] != '-' && !d.dir)
			d.dir = args[i];
		else
			return command_usage(c);
	}
	if (!d.dir)
		return command_usage(c);
	if (no_data_folder(d.dir)) {
		struct err e = {0};
		err_set(&e, ERR_NOTFOUND, _("%s is no data folder; make one with sekisho init"), d.dir);
		return command_fail(&e);
	}
	buf_init(&out, 1u << 20);
	jw_init(&d.json, &out, true);
	jw_object(&d.json);
	jw_key(&d.json, "points");
	jw_array(&d.json);
	doctor_machine(&d);
	doctor_house(&d);
	const char *grade = d.count[GRADE_BAD] ? "C" : d.count[GRADE_WARN] ? "B" : "A";
	jw_end_array(&d.json);
	jw_kz(&d.json, "grade", grade);
	jw_end_object(&d.json);
	if (d.as_json)
		printf("%s\n", buf_z(&out));
	else
		printf("%s: %s\n", _("Grade"), grade);
	buf_release(&out);
	return d.count[GRADE_BAD] ? EXIT_NO : 0;
}
