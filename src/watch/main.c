/* Watched folders (`watch = PATH` in sekisho.conf, docs/gate.md): what other systems put into PATH/in goes through the gate like
 * everything else, over the API of transfers. Knows no format and no rule; sees these folders and its pair with the office, nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <jansson.h>

#include "core/child.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "watch/hand.h"

#define TURN_MS 2000
#define TRIES_MAX 5                                      /* refusals that may pass: then it is put aside */
#define CONF_MAX (64u * 1024)

static struct child child;
static struct folder folders[FOLDERS_MAX];
static size_t n_folders;
static int notify = -1;

static void later(struct item *it, int64_t seconds)
{
	it->next = clock_mono() + seconds * SECOND_US;
}

static void end(struct folder *f, struct item *it, bool passed, struct str report)
{
	struct err e = {0};
	char name[NAME_MAX_HERE + 1];
	int64_t id = it->id;
	snprintf(name, sizeof name, "%s", it->name);
	if (folder_end(f, it, passed, report, &e) < 0) {
		log_warn("watch.file", "folder=%s text=\"%s\"", f->path, e.text);
		later(it, 60);
	} else {
		log_info(passed ? "watch.done" : "watch.held", "folder=%s transfer=%lld", f->path, (long long)id);
	}
}

/* --- one file --------------------------------------------------------------------------------------------------------- */

static int64_t id_of(struct str body)
{
	json_error_t je;
	json_t *o = json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &je), *ids = json_object_get(o, "ids");
	int64_t id = json_array_size(ids) == 1 ? json_integer_value(json_array_get(ids, 0)) : 0;
	json_decref(o);
	return id;
}

static void give(struct folder *f, struct item *it, int office)
{
	struct reply r;
	int64_t size;
	int fd = folder_file(f, it, &size);
	if (fd < 0) {                                    /* taken away again, or another one by now */
		*it = f->items[--f->n];
		return;
	}
	int k = hand_over(office, f, it, fd, size, &r);
	close(fd);
	if (k < 0) {
		later(it, 5);
		if (k == ERR_CLOSED || k == ERR_PROTO)
			child_drop(&child, "office.writer", k == ERR_PROTO);
	} else if ((it->id = r.status < 300 ? id_of(r.body) : 0)) {
		later(it, 0);
	} else if (r.status >= 500 || r.status == 401 || r.status == 403) {         /* busy, or the token is no longer good: nothing is moved */
		log_warn("watch.refused", "folder=%s status=%u text=\"%.*s\"", f->path, r.status, (int)(r.body.n < 200 ? r.body.n : 200), r.body.p ? r.body.p : "");
		later(it, r.status < 500 ? 60 : 10);
	} else if (++it->tries >= TRIES_MAX || r.status == 413 || r.status == 422) {
		end(f, it, false, r.body);
	} else {
		later(it, 10);
	}
	reply_release(&r);
}

/* True: fetched and written. */
static bool fetch(struct folder *f, struct item *it, int office, struct str name, struct str report)
{
	struct reply r;
	struct err e = {0};
	int k = hand_ask(office, f, it->id, true, &r);
	if (k == 0 && (r.status != 200 || r.file < 0))
		k = err_set(&e, ERR_DENIED, "status %u", r.status);
	if (k == 0)
		k = folder_put_out(f, it, name, r.file, r.size, report, &e);
	if (k < 0)
		log_warn("watch.fetch", "folder=%s transfer=%lld text=\"%s\"", f->path, (long long)it->id, e.text);
	reply_release(&r);
	return k == 0;
}

static void look(struct folder *f, struct item *it, int office)
{
	struct reply r;
	json_error_t je;
	int k = hand_ask(office, f, it->id, false, &r);
	json_t *o = k == 0 && r.status == 200 ? json_loadb(r.body.p, r.body.n, JSON_REJECT_DUPLICATES, &je) : NULL;
	json_t *name = json_object_get(o, "out_name");
	const char *state = json_string_value(json_object_get(o, "state"));
	if (k == ERR_CLOSED || k == ERR_PROTO)
		child_drop(&child, "office.writer", k == ERR_PROTO);
	if (!state)
		later(it, 30);
	else if (strcmp(state, "received") == 0 || strcmp(state, "checking") == 0)
		later(it, 1);
	else if (strcmp(state, "waiting") == 0)          /* for somebody's permission */
		later(it, 30);
	else if (strcmp(state, "ready") != 0 && strcmp(state, "fetched") != 0)
		end(f, it, false, r.body);
	else if (!json_is_true(json_object_get(o, "for_me")))    /* somebody else fetches it */
		end(f, it, true, r.body);
	else if (fetch(f, it, office, json_is_string(name) ? str_n(json_string_value(name), json_string_length(name)) : STR(""), r.body))
		end(f, it, true, r.body);
	else
		later(it, 30);
	json_decref(o);
	reply_release(&r);
}

/* --- turns ------------------------------------------------------------------------------------------------------------- */

static void turn(void)
{
	for (size_t k = 0; k < n_folders; k++) {
		struct folder *f = &folders[k];
		folder_scan(f);
		for (size_t i = f->n; i-- > 0;) {        /* from the end: an item that ends gives its place to the last one */
			int office = child_peer_fd(&child, "office.writer");
			if (office < 0 || f->items[i].next > clock_mono())
				continue;
			if (f->items[i].id)
				look(f, &f->items[i], office);
			else
				give(f, &f->items[i], office);
		}
	}
}

static void on_time(void *arg)
{
	turn();
	loop_after(child.loop, TURN_MS, on_time, arg);
}

/* Closed after writing, or moved there: it is complete. */
static void on_notify(void *arg)
{
	_Alignas(struct inotify_event) char mem[8192];
	ssize_t n = read(notify, mem, sizeof mem);
	(void)arg;
	for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
		const struct inotify_event *v = (const void *)(mem + at);
		for (size_t i = 0; i < n_folders; i++)
			if (folders[i].watch == v->wd && v->len)
				folder_told(&folders[i], str_from(v->name));
		at += (ssize_t)(sizeof(*v) + v->len);
	}
	turn();
}

/* --- the start ---------------------------------------------------------------------------------------------------------- */

static void read_settings(void)
{
	char path[4200], one[300];
	struct buf b;
	struct err e = {0};
	buf_init(&b, CONF_MAX);
	snprintf(path, sizeof path, "%s/sekisho.conf", child.dir);
	if (file_read(path, CONF_MAX, &b, &e) < 0)
		log_fatal("watch.start", "text=\"%s\"", e.text);
	struct str rest = buf_view(&b);
	while (rest.n) {
		struct str value = str_cut(&rest, '\n'), key = str_trim(str_cut(&value, '='));
		if (!str_is(key, "watch") || !value.p)
			continue;
		snprintf(one, sizeof one, "%.*s", STR_ARG(str_trim(value)));
		if (n_folders == FOLDERS_MAX || folder_read(&folders[n_folders], one, &e) < 0)
			log_fatal("watch.start", "text=\"%s\"", n_folders == FOLDERS_MAX ? "more than 4 watched folders" : e.text);
		n_folders++;
	}
	buf_release(&b);
	notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (size_t i = 0; notify >= 0 && i < n_folders; i++) {
		snprintf(one, sizeof one, "%.250s/in", folders[i].path);
		folders[i].watch = inotify_add_watch(notify, one, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
	}
}

int main(int argc, char **argv)
{
	static const struct child_handlers on = {0};
	const char *dirs[FOLDERS_MAX];
	char seen[FOLDERS_MAX][256];
	struct err e = {0};
	child_init(&child, argc, argv);
	read_settings();
	for (size_t i = 0; i < n_folders; i++)
		dirs[i] = folders[i].path;
	if (sandbox_enter(&sandbox_watch, dirs, n_folders, seen, &e))
		log_fatal("watch.sandbox", "%s", e.text);
	for (size_t i = 0; i < n_folders; i++)
		if (folder_open(&folders[i], seen[i], &e) < 0)
			log_fatal("watch.start", "text=\"%s\"", e.text);
	if (notify >= 0)
		loop_add(child.loop, notify, on_notify, NULL);
	loop_after(child.loop, 0, on_time, NULL);
	child_ready(&child, NULL);
	return child_run(&child, &on, NULL);
}
