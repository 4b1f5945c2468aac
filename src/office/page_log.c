/* One entry of a log: its bytes, its neighbours as far as this person may read them, and its proof, checked before it is called
 * proven. */
#include "office/pages.h"

#include "core/note.h"
#include "office/log_text.h"
#include "office/query.h"

#define AROUND 10
#define STEP 200                                     /* at most so many are looked at for the neighbours */

static int find(struct ctx *c, struct logs_rights *may, int64_t *ret_index, struct err *e)
{
	int r = logs_rights(c, req_param(c, "order"), may, e);

	if (r)
		return r;
	return str_int(c->args[1], 0, INT64_MAX - STEP, ret_index) ? err_set(e, ERR_NOTFOUND, "%s", _("The log holds no such entry.")) : 0;
}

/* Who may not read it does not learn that it is there. */
static int read_one(struct ctx *c, const struct logs_rights *may, int64_t index, struct str *ret, struct entry *en, struct err *e)
{
	struct str *list;
	int64_t size;
	size_t n;
	int r = logs_read(c, c->args[0], index, index, &list, &n, &size, e);

	if (r)
		return r;
	if (n != 1 || !list[0].p || entry_parse(list[0], en))
		return err_set(e, ERR_CORRUPT, "%s", _("This entry of the log cannot be read."));
	if (!logs_may_see(c, may, c->args[0], en))
		return err_set(e, ERR_NOTFOUND, "%s", _("The log holds no such entry."));
	*ret = list[0];
	return 0;
}

static int prove(struct ctx *c, int64_t index, struct str bytes, struct str *ret_proof, struct err *e)
{
	struct str entry, proof, vkey;
	uint8_t leaf[MERKLE_LEN];
	struct tlog_proof p;
	struct note_key key;
	struct checkpoint cp;
	int r = logs_prove(c, c->args[0], index, &entry, &proof, &vkey, e);

	if (r)
		return r;
	*ret_proof = proof;
	if (!str_eq(entry, bytes))
		return err_set(e, ERR_CORRUPT, "%s", _("The log holds another text at this place."));
	merkle_leaf(bytes.p, bytes.n, leaf);
	if ((r = note_key_parse(vkey, &key, e)))
		return r;
	if (tlog_proof_parse(proof, &p) || p.index != (uint64_t)index)
		return err_set(e, ERR_CORRUPT, "%s", _("The proof cannot be read."));
	return tlog_proof_check(&p, leaf, &key, &cp, e);
}

static struct str entry_link(struct ctx *c, int64_t index)
{
	struct link k;

	link_init(&k, arena_strf(c->arena, "/logs/%.*s/%lld", STR_ARG(c->args[0]), (long long)index));
	link_put(&k, "order", req_param(c, "order"));
	link_put(&k, "q", req_param(c, "q"));
	return link_done(&k, c->arena);
}

/* Of the same source, as far as they stand close by. */
static int fill_around(struct ctx *c, const struct logs_rights *may, int64_t index, const struct entry *here, struct tpl_log_entry *d,
                       struct err *e)
{
	int64_t from = index > STEP / 2 ? index - STEP / 2 : 0, size, before = 0, after = 0;
	struct tpl_log_entry_rows *rows = arena_array(c->arena, 2 * AROUND + 1, sizeof *rows);
	struct str *list;
	size_t n, mid;
	int r = logs_read(c, c->args[0], from, from + STEP, &list, &n, &size, e);

	if (r)
		return r;
	mid = (size_t)(index - from);
	for (size_t k = 0; k < n; k++) {
		size_t i = n - 1 - k;                        /* newest first */
		struct entry en;
		struct skim head;

		if (!list[i].p || entry_parse(list[i], &en) || !str_eq(en.source, here->source) || !logs_may_see(c, may, c->args[0], &en))
			continue;
		after += i > mid;
		before += i < mid;
		if (before > AROUND || d->n_rows == 2 * AROUND + 1)
			break;
		if (i > mid && after > AROUND) { /* only the nearest of them */
			memmove(rows, rows + 1, (AROUND - 1) * sizeof *rows);
			d->n_rows = AROUND - 1;
		}
		skim(en.raw, &head);
		rows[d->n_rows++] = (struct tpl_log_entry_rows){
			.href = entry_link(c, from + (int64_t)i), .at = log_time(c->arena, en.time_ns), .host = log_message(c->arena, head.host, 200),
			.raw = log_message(c->arena, en.raw, LOG_TEXT_SHOWN), .here = i == mid};
	}
	d->rows = rows;
	if (d->n_rows) {
		d->newer = rows[0].here ? STR("") : rows[0].href;
		d->older = rows[d->n_rows - 1].here ? STR("") : rows[d->n_rows - 1].href;
	}
	return 0;
}

int page_log_entry(struct ctx *c, struct err *e)
{
	struct logs_rights may;
	struct str bytes, proof = STR("");
	struct tpl_log_entry d = {0};
	struct err why = {0};
	struct entry en;
	struct skim head;
	struct link back;
	int64_t index;
	int r = find(c, &may, &index, e);

	if (r || (r = read_one(c, &may, index, &bytes, &en, e)))
		return r;
	skim(en.raw, &head);
	link_init(&back, STR("/logs"));
	link_put(&back, "q", req_param(c, "q"));
	link_put(&back, "order", req_param(c, "order"));
	if (str_is(c->args[0], LOGS_OWN))
		link_put(&back, "log", c->args[0]);
	d = (struct tpl_log_entry){
		.log = log_label(c->arena, c->args[0]), .index = index, .received = log_time(c->arena, en.time_ns),
		.source = log_message(c->arena, en.source, 300), .peer = log_message(c->arena, en.peer, 300),
		.transport = str_from(query_transport(en.transport)), .host = log_message(c->arena, head.host, 300),
		.program = log_message(c->arena, head.program, 300), .severity = str_from(log_severity(head.severity)),
		.raw = log_message(c->arena, en.raw, ENTRY_MAX), .back = link_done(&back, c->arena),
		.download = arena_strf(c->arena, "/logs/%.*s/%lld/proof%s%.*s", STR_ARG(c->args[0]), (long long)index, may.order ? "?order=" : "",
		                       STR_ARG(may.order ? req_param(c, "order") : STR(""))),
	};
	d.proven = prove(c, index, bytes, &proof, &why) == 0;
	d.proof = proof;
	d.proof_error = arena_str(c->arena, str_from(why.text));
	if ((r = fill_around(c, &may, index, &en, &d, e)))
		return r;
	page_begin(c, _("Log entry"));
	tpl_log_entry(&c->page, &d);
	return page_end(c, 200);
}

int page_log_proof(struct ctx *c, struct err *e)
{
	struct str bytes, proof = STR("");
	struct logs_rights may;
	struct entry en;
	int64_t index;
	int r = find(c, &may, &index, e);

	if (r || (r = read_one(c, &may, index, &bytes, &en, e)) || (r = prove(c, index, bytes, &proof, e)))
		return r;
	return res_file(c, "text/plain; charset=utf-8",
	                arena_strf(c->arena, "%.*s-%lld.tlog-proof", STR_ARG(c->args[0]), (long long)index), proof);
}
