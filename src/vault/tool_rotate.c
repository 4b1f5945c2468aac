/* rotate-key: a new key for the logs of a folder. Both sign until `rotate-key --finish`: so everybody who trusts the older one finds
 * the newer one in what the older one signed. The logs take note of it when they are opened next. */
#include "vault/tool_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/logkey.h"
#include "lib/arena.h"
#include "lib/file.h"

/* The key folder, and whose logs it signs. */
static int find_keys(struct tool *t, char keys[TOOL_PATH_MAX + 32], int *ret, struct err *e)
{
	snprintf(keys, TOOL_PATH_MAX + 32, "%s/key", t->dir);
	if (access(keys, F_OK))
		snprintf(keys, TOOL_PATH_MAX + 32, "%s/keys", t->data_dir);
	*ret = open(keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? err_sys(e, "%s", keys) : 0;
}

/* True when the log in the folder goes under the newest key, or was never signed. */
static int took_note(const char *dir, const struct logkey *k, struct err *e)
{
	struct note_key now, newest;
	struct buf line;
	struct tlog *s;
	struct str rest;
	int r = tlog_open(dir, &s, e);

	if (r)
		return r;
	buf_init(&line, 2 * NOTE_VKEY_MAX);
	r = logkey_vkey(k, str_from(s->origin), &line);
	rest = buf_view(&line);
	if (!r)
		r = note_key_parse(str_cut(&rest, '\n'), &newest, e);
	if (!r && s->vkey.n && (note_key_parse(buf_view(&s->vkey), &now, e) || memcmp(now.public_key, newest.public_key, NOTE_PUBLIC_LEN) != 0))
		r = err_set(e, ERR_WRONG_STATE, _("%s does not know the new key yet: run Sekisho once before this."), s->origin);
	buf_release(&line);
	tlog_free(s);
	return r;
}

static int all_took_note(struct tool *t, const char *keys, struct err *e)
{
	struct arena *a = arena_new(1u << 20);
	char path[TOOL_PATH_MAX + 300], **names;
	struct logkey *k;
	size_t n = 0;
	int r = logkey_open(keys, &k, e);

	if (!r) {
		r = took_note(t->dir, k, e);
		snprintf(path, sizeof path, "%s/logs", t->dir);
		if (dir_list(a, path, "", &names, &n, NULL))
			n = 0;
		for (size_t i = 0; !r && i < n; i++) {
			snprintf(path, sizeof path, "%s/logs/%.255s", t->dir, names[i]);
			r = took_note(path, k, e);
		}
		logkey_free(k);
	}
	arena_free(a);
	return r;
}

int tool_rotate(struct tool *t)
{
	char keys[TOOL_PATH_MAX + 32];
	struct err e = {0};
	int locks[2] = {-1, -1}, fd = -1;
	int r = find_keys(t, keys, &fd, &e);

	if (!r)
		r = alone_lock(&locks[0], t->data_dir, "run/lock", &e);
	if (!r)
		r = alone_lock(&locks[1], t->dir, "lock", &e);
	if (!r && t->finish)
		r = all_took_note(t, keys, &e);
	if (!r)
		r = t->finish ? logkey_finish(fd, &e) : logkey_rotate(fd, &e);
	for (size_t i = 0; i < ARRAY_LEN(locks); i++)
		if (locks[i] >= 0)
			close(locks[i]);
	if (fd >= 0)
		close(fd);
	if (r)
		return tool_fail(&e);
	if (t->finish)
		printf("%s", _("Only the new key signs from now on. Who checks from outside needs its verifier key (vault/vkey).\n"));
	else
		printf("%s", _("A new key was made. Both keys sign from the next start until rotate-key --finish.\n"));
	return TOOL_YES;
}
