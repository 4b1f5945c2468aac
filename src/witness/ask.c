#include "witness/ask.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/hash.h"
#include "tlog/tlog.h"
#include "witness/client.h"
#include "witness/request.h"

#define ROUNDS 3                                     /* questions to one witness: its size may change meanwhile */

struct asking {
	const char *dir;
	const struct policy *policy;
	struct ask_report *report;
	struct tlog *log;
	struct note_key key;
	struct checkpoint head;
	struct buf note, raw;                            /* the checkpoint with what was gathered; the last answer */
};

static int open_log(struct asking *a, struct err *e)
{
	int r = tlog_open(a->dir, &a->log, e);

	if (!r)
		r = note_key_parse(buf_view(&a->log->vkey), &a->key, e);
	if (!r)
		r = checkpoint_check(buf_view(&a->log->last_signed), &a->key, &a->head, e);
	return r ? r : tlog_tiles(a->log, e);
}

/* Like the folder's own files: who runs this may be root. */
static int keep(struct asking *a, const char *name, struct str text, struct err *e)
{
	struct stat st;
	int r = file_write_atomic_at(a->log->dir, name, text.p, text.n, 0640, e);

	if (!r && !geteuid() && (fstat(a->log->dir, &st) || fchownat(a->log->dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW)))
		r = err_sys(e, "%s", name);
	return r;
}

/* The log's own line, by the key of now or one before. */
static bool ours(struct asking *a, struct str note, struct checkpoint *ret)
{
	struct str rest = buf_view(&a->log->older);
	struct note_key k;

	if (!checkpoint_check(note, &a->key, ret, NULL))
		return true;
	while (rest.n)
		if (!note_key_parse(str_cut(&rest, '\n'), &k, NULL) && !checkpoint_check(note, &k, ret, NULL))
			return true;
	return false;
}

/* True when the log, as it is now, does not continue the checkpoint. */
static bool contradicts(struct asking *a, const struct checkpoint *seen)
{
	uint8_t root[MERKLE_LEN];
	struct checkpoint now = a->head;
	struct tlog *again = NULL;
	bool bad = false;

	/* it may have grown, and been cosigned by somebody else's question, since we opened it */
	if (seen->size > now.size && !tlog_open(a->dir, &again, NULL) && checkpoint_check(buf_view(&again->last_signed), &a->key, &now, NULL))
		now = a->head;
	if (seen->size > now.size)
		bad = true;
	else if (seen->size <= a->head.size)
		bad = !merkle_root_at(tlog_node, a->log, seen->size, root) && memcmp(root, seen->root, MERKLE_LEN) != 0;
	tlog_free(again);
	return bad;
}

/* What the witness shows to monitors: a checkpoint our own key signed needs nobody's word. */
static void look_closer(struct asking *a, const struct policy_node *w, struct ask_witness *ret)
{
	char path[SHA256_HEX + 16], hex[SHA256_HEX];
	struct client_answer answer;
	struct checkpoint seen;
	struct err e = {0};

	sha256_hex(a->head.origin.p, a->head.origin.n, hex);
	snprintf(path, sizeof path, "/%s/checkpoint", hex);
	if (client_ask(w->url, path, STR_NONE, &a->raw, &answer, &e) || answer.status != 200 || !ours(a, answer.body, &seen))
		return;
	if (!contradicts(a, &seen))
		return;
	ret->state = ASK_CONFLICT;
	a->report->conflict = true;
	snprintf(ret->text, sizeof ret->text,
	         seen.size > a->head.size ? "it holds a checkpoint of %llu entries signed by this log, which has %llu: the log was put back"
	                                  : "it holds another checkpoint of %llu entries signed by this log, which has %llu: two histories",
	         (unsigned long long)seen.size, (unsigned long long)a->head.size);
	if (keep(a, "seen-elsewhere", answer.body, &e)) {
		size_t n = strlen(ret->text);

		snprintf(ret->text + n, sizeof ret->text - n, " (could not be kept: %.100s)", e.text);
	}
}

/* Of the answer only lines of this witness that are right are taken. */
static int take(struct asking *a, const struct policy_node *w, struct str lines, uint64_t *ret_time)
{
	struct str rest = buf_view(&a->note), before = rest;
	struct note n;
	struct buf both;
	int r;

	buf_init(&both, NOTE_MAX);
	buf_str(&both, before);
	buf_str(&both, lines);
	r = buf_err(&both) || note_parse(buf_view(&both), &n) ? ERR_PROTO : cosign_check(&n, &w->key, ret_time);
	if (!r)
		for (size_t i = 0; i < n.n_sigs; i++)
			if (n.sigs[i].id == w->key.id && str_is(n.sigs[i].name, w->key.name)) {
				buf_printf(&a->note, "\xe2\x80\x94 %s %.*s\n", w->key.name, STR_ARG(n.sigs[i].base64));
				break;
			}
	buf_release(&both);
	return r ? r : buf_err(&a->note);
}

static int question(struct asking *a, uint64_t old, struct str note, struct buf *out)
{
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	size_t n = 0;
	int r = old && old < a->head.size ? merkle_consistency(tlog_node, a->log, old, a->head.size, proof, &n) : 0;

	if (r || n > REQUEST_HASHES_MAX)
		return ERR_CORRUPT;
	buf_clear(out);
	request_put(out, old, proof, n, note);
	return buf_err(out);
}

/* True when the question is to be asked again from *old. */
static bool one_round(struct asking *a, const struct policy_node *w, uint64_t *old, struct ask_witness *ret)
{
	struct client_answer answer;
	struct err e = {0};
	struct buf ask;
	uint64_t size;
	int r;

	buf_init(&ask, REQUEST_MAX);
	r = question(a, *old, buf_view(&a->log->last_signed), &ask);
	if (r)
		err_set(&e, r, "the proof from entry %llu on cannot be put together", (unsigned long long)*old);
	else
		r = client_ask(w->url, "/add-checkpoint", buf_view(&ask), &a->raw, &answer, &e);
	buf_release(&ask);
	snprintf(ret->text, sizeof ret->text, "%s", e.text);
	ret->state = r == ERR_CORRUPT ? ASK_REFUSED : ASK_UNREACHABLE;
	if (r)
		return false;
	ret->state = ASK_REFUSED;
	if (answer.status == 200) {
		if (take(a, w, answer.body, &ret->time))
			snprintf(ret->text, sizeof ret->text, "its answer holds no cosignature by its key");
		else
			ret->state = ASK_COSIGNED;
		return false;
	}
	snprintf(ret->text, sizeof ret->text, "it answers %u", answer.status);
	if (answer.status == 409 && !request_size(str_trim(answer.body), &size)) {
		if (size <= a->head.size && size != *old) {
			*old = size;
			return true;
		}
		snprintf(ret->text, sizeof ret->text, "it claims %llu entries and shows no proof; the log has %llu", (unsigned long long)size,
		         (unsigned long long)a->head.size);
	}
	if (answer.status == 409 || answer.status == 422)
		look_closer(a, w, ret);
	return false;
}

/* The size a witness is likely to know: that of the checkpoint it cosigned for us last. */
static uint64_t last_size(struct asking *a, const struct policy_node *w)
{
	struct str note = buf_view(&a->log->cosigned);
	struct checkpoint c;
	struct note n;
	uint64_t time;

	return note.n && !note_parse(note, &n) && !cosign_check(&n, &w->key, &time) && ours(a, note, &c) && c.size <= a->head.size ? c.size : 0;
}

/* The newer one, unless it would turn a proven checkpoint into one that is not. */
static int keep_cosigned(struct asking *a, struct err *e)
{
	struct checkpoint c;

	a->report->met = !policy_check(a->policy, buf_view(&a->note), &a->key, &c, NULL, NULL);
	if (!a->report->cosigned ||
	    (!a->report->met && a->log->cosigned.n && !policy_check(a->policy, buf_view(&a->log->cosigned), &a->key, &c, NULL, NULL)))
		return 0;
	return keep(a, "cosigned", buf_view(&a->note), e);
}

static int ask_all(struct asking *a, struct err *e)
{
	snprintf(a->report->origin, sizeof a->report->origin, "%s", a->log->origin);
	a->report->size = a->head.size;
	buf_str(&a->note, buf_view(&a->log->last_signed));
	for (size_t i = 0; i < a->policy->n_nodes; i++) {
		const struct policy_node *w = &a->policy->nodes[i];
		struct ask_witness *to = &a->report->witnesses[i];
		uint64_t old = last_size(a, w);

		if (w->n || !w->url.n)
			continue;
		for (int k = 0; k < ROUNDS && one_round(a, w, &old, to); k++)
			;
		a->report->cosigned += to->state == ASK_COSIGNED;
	}
	/* what contradicts the log is no reason to call it cosigned */
	return a->report->conflict ? 0 : keep_cosigned(a, e);
}

int ask_log(const char *dir, const struct policy *p, struct ask_report *ret, struct err *e)
{
	struct asking a = {.dir = dir, .policy = p, .report = ret};
	int r;

	*ret = (struct ask_report){0};
	buf_init(&a.note, NOTE_MAX);
	buf_init(&a.raw, CLIENT_ANSWER_MAX);
	r = open_log(&a, e);
	if (!r)
		r = ask_all(&a, e);
	tlog_free(a.log);
	buf_release(&a.note);
	buf_release(&a.raw);
	return r;
}

int ask_request(const char *dir, uint64_t old, struct buf *out, struct err *e)
{
	struct asking a = {.dir = dir};
	int r = open_log(&a, e);

	if (!r && old > a.head.size)
		r = err_set(e, ERR_RANGE, "the log has %llu entries", (unsigned long long)a.head.size);
	if (!r && (r = question(&a, old, buf_view(&a.log->last_signed), out)) != 0)
		err_set(e, r, "the proof from entry %llu on cannot be put together", (unsigned long long)old);
	tlog_free(a.log);
	return r;
}

/* The checkpoint that went out: ours, and the log of now continues it. */
static int carried(struct asking *a, struct str request, struct request *q, struct err *e)
{
	uint8_t root[MERKLE_LEN];
	struct checkpoint c;

	if (request_parse(request, q) || !ours(a, q->whole, &c))
		return err_set(e, ERR_DENIED, "not a request of this log");
	if (c.size > a->head.size || merkle_root_at(tlog_node, a->log, c.size, root) || memcmp(root, c.root, MERKLE_LEN) != 0)
		return err_set(e, ERR_CORRUPT, "the log does not continue the checkpoint of the request");
	a->report->size = c.size;
	return 0;
}

static int take_all(struct asking *a, struct str request, struct str lines, struct err *e)
{
	struct str have = buf_view(&a->log->cosigned);
	struct request q;
	struct note n;
	int r = carried(a, request, &q, e);

	if (r)
		return r;
	snprintf(a->report->origin, sizeof a->report->origin, "%s", a->log->origin);
	/* what others said of the same checkpoint stays */
	buf_str(&a->note, have.n && !note_parse(have, &n) && str_eq(n.text, q.note.text) ? have : q.whole);
	for (size_t i = 0; i < a->policy->n_nodes; i++) {
		struct ask_witness *w = &a->report->witnesses[i];

		if (a->policy->nodes[i].n)
			continue;
		if ((!note_parse(buf_view(&a->note), &n) && !cosign_check(&n, &a->policy->nodes[i].key, &w->time)) ||
		    !take(a, &a->policy->nodes[i], lines, &w->time)) {
			w->state = ASK_COSIGNED;
			a->report->cosigned++;
		}
	}
	return keep_cosigned(a, e);
}

int ask_take(const char *dir, const struct policy *p, struct str request, struct str lines, struct ask_report *ret, struct err *e)
{
	struct asking a = {.dir = dir, .policy = p, .report = ret};
	int r;

	*ret = (struct ask_report){0};
	buf_init(&a.note, NOTE_MAX);
	r = open_log(&a, e);
	if (!r)
		r = take_all(&a, request, lines, e);
	tlog_free(a.log);
	buf_release(&a.note);
	return r;
}
