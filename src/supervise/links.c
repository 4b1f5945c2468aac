#include "supervise/links.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/control.h"
#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/log.h"

#define LINKS_MAX 16

struct printing {
	const char *url;
	struct str label;
};

static void on_out(void *arg, int to, struct str bytes)
{
	struct printing *p = arg;
	bytes = str_trim(bytes);
	if (to == 1)
		printf("  %.*s  %s%.*s\n", STR_ARG(p->label), p->url, STR_ARG(bytes));
	else
		fprintf(stderr, "%.*s\n", STR_ARG(bytes));
	fflush(stdout);
}

/* In a child of its own: the calls wait for the office, and the supervisor must not. */
static void __attribute__((noreturn)) ask(const int *fds, size_t n_fds, struct str lines, const char *url)
{
	char base[256], number[64];
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(base, sizeof base, "%s", url);
	size_t n = strlen(base);
	if (n && base[n - 1] == '/')                     /* the office answers with a path */
		base[n - 1] = 0;
	for (size_t i = 0; lines.n && i < n_fds; i++) {
		struct str rest = str_cut(&lines, '\n'), id = str_cut(&rest, '\t'), ja = str_cut(&rest, '\t');
		struct printing p = {base, i18n_lang() == LANG_JA ? ja : rest};
		snprintf(number, sizeof number, "%.*s", STR_ARG(id));
		struct control_call c = {.lang = i18n_lang(), .args = {"link", "--person", number}, .n_args = 3};
		int code = 3;
		if (control_run(fds[i], &c, on_out, &p, &code) != 0)
			break;
	}
	_exit(0);
}

void links_print(struct super *s, const char *url)
{
	char path[4096];
	struct buf b;
	struct err e;
	int ours[LINKS_MAX] = {0};
	size_t n = 0;
	snprintf(path, sizeof path, "%s/sample/links.tsv", s->share);
	buf_init(&b, 4096);
	if (file_read(path, 4096, &b, &e) != 0) {
		buf_release(&b);
		return;
	}
	for (size_t i = 0; i < b.n && n < LINKS_MAX; i++)
		if (b.p[i] == '\n') {
			int p[2];
			if (msg_pair(p) != 0)
				break;
			super_control(s, p[1], geteuid());
			ours[n++] = p[0];
		}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		ask(ours, n, buf_view(&b), url);
	if (pid < 0)
		log_warn("supervise.links", "text=\"%s\"", strerror(errno));
	for (size_t i = 0; i < n; i++)
		close(ours[i]);
	buf_release(&b);
}
