/* detect/state: "sdt2", then logs, alerts, sources, correlations, records that wait, and the SHA-256 of all before it. */
#include "detect/serve.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"

#define MARK 0x73647432u
#define MARK_1 0x73647431u                          /* without records that wait */

int serve_save(struct serve *s, struct err *e)
{
	uint8_t hash[SHA256_LEN];
	int64_t begun = clock_mono();
	struct buf b;
	int dir, r;

	buf_init(&b, SERVE_STATE_MAX);
	buf_u32(&b, MARK);
	buf_u64(&b, (uint64_t)s->newest);
	buf_u32(&b, (uint32_t)s->n_logs);
	for (size_t i = 0; i < s->n_logs; i++) {
		buf_put(&b, s->logs[i].name, SERVE_LOG_NAME);
		buf_u64(&b, s->logs[i].next);
	}
	alerts_save(&s->alerts, &b);
	sources_seen_save(&s->sources, &b);
	correlator_save(s->correlator, &b);
	joins_save(s->joins, &b);
	sha256(b.p, b.n, hash);
	buf_put(&b, hash, sizeof hash);
	dir = open(s->own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "the state is too long") : dir < 0 ? err_sys(e, "%s", s->own) : 0;
	if (!r)
		r = file_write_atomic_at(dir, "state", b.p, b.n, 0600, e);
	if (dir >= 0)
		close(dir);
	buf_release(&b);
	if (!r)
		s->dirty = s->answered = false;
	s->saved_at = clock_mono();
	s->save_took = s->saved_at - begun;
	return r;
}

static int parse(struct serve *s, struct str all)
{
	struct cur in = cur_init(all.p, all.n);
	uint32_t mark, n;
	uint64_t newest;

	if (cur_u32(&in, &mark) || (mark != MARK && mark != MARK_1) || cur_u64(&in, &newest) || cur_u32(&in, &n) || n > SERVE_LOGS_MAX)
		return ERR_CORRUPT;
	s->newest = (int64_t)newest;
	for (s->n_logs = 0; s->n_logs < n; s->n_logs++) {
		struct serve_log *l = &s->logs[s->n_logs];
		const void *name;

		if (cur_bytes(&in, SERVE_LOG_NAME, &name) || cur_u64(&in, &l->next))
			return ERR_CORRUPT;
		memcpy(l->name, name, SERVE_LOG_NAME);
		l->name[SERVE_LOG_NAME - 1] = 0;
	}
	if (alerts_load(&s->alerts, &in) || sources_seen_load(&s->sources, &in) || correlator_load(s->correlator, &in) ||
	    (mark == MARK && joins_load(s->joins, &in)) || cur_left(&in))
		return ERR_CORRUPT;
	return 0;
}

int serve_load(struct serve *s, struct err *e)
{
	uint8_t hash[SHA256_LEN] = {0};
	char path[320];
	struct buf b;
	int r;

	buf_init(&b, SERVE_STATE_MAX);
	snprintf(path, sizeof path, "%s/state", s->own);
	r = file_read(path, SERVE_STATE_MAX, &b, e);
	if (!r && b.n > SHA256_LEN)
		sha256(b.p, b.n - SHA256_LEN, hash);
	if (!r && (b.n <= SHA256_LEN || memcmp(hash, b.p + b.n - SHA256_LEN, SHA256_LEN) != 0 ||
	           parse(s, str_n(b.p, b.n - SHA256_LEN))))
		r = err_set(e, ERR_CORRUPT, "the state is damaged");
	buf_release(&b);
	return r;
}
