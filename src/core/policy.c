#include "core/policy.h"

#include <string.h>

#include "lib/arena.h"

#define NOBODY POLICY_NODES_MAX

static struct str word(struct str *rest)
{
	size_t n = 0;
	struct str w;

	while (rest->n && (*rest->p == ' ' || *rest->p == '\t'))
		*rest = str_slice(*rest, 1, rest->n);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	w = str_slice(*rest, 0, n);
	*rest = str_slice(*rest, n, rest->n);
	return w;
}

static size_t find(const struct policy *p, struct str name)
{
	size_t i = 0;

	while (i < p->n_nodes && !str_eq(p->nodes[i].name, name))
		i++;
	return i < p->n_nodes ? i : NOBODY;
}

static int new_name(const struct policy *p, struct str name, struct err *e)
{
	if (!name.n || str_is(name, "none"))
		return err_set(e, ERR_SYNTAX, "a name is expected");
	if (find(p, name) != NOBODY)
		return err_set(e, ERR_SYNTAX, "%.*s is defined twice", STR_ARG(name));
	return p->n_nodes == POLICY_NODES_MAX ? err_set(e, ERR_TOOBIG, "more than %u witnesses and groups", POLICY_NODES_MAX) : 0;
}

static int line_log(struct policy *p, struct str rest, struct err *e)
{
	struct policy_log *l = &p->logs[p->n_logs];
	int r;

	if (p->n_logs == POLICY_LOGS_MAX)
		return err_set(e, ERR_TOOBIG, "more than %u logs", POLICY_LOGS_MAX);
	*l = (struct policy_log){0};
	r = note_key_parse_type(word(&rest), NOTE_ED25519, &l->key, e);
	if (r)
		return r;
	for (size_t i = 0; i < p->n_logs; i++)
		if (!memcmp(p->logs[i].key.public_key, l->key.public_key, NOTE_PUBLIC_LEN))
			return err_set(e, ERR_SYNTAX, "this log's key is there twice");
	l->url = word(&rest);
	p->n_logs++;
	return word(&rest).n ? err_set(e, ERR_SYNTAX, "log VKEY [URL] is expected") : 0;
}

static int line_witness(struct policy *p, struct str rest, struct err *e)
{
	struct policy_node *w = &p->nodes[p->n_nodes];
	struct str name = word(&rest);
	int r = new_name(p, name, e);

	if (r)
		return r;
	if (p->n_witnesses == POLICY_WITNESSES_MAX)
		return err_set(e, ERR_TOOBIG, "more than %u witnesses", POLICY_WITNESSES_MAX);
	*w = (struct policy_node){.name = name, .parent = NOBODY};
	r = note_key_parse_type(word(&rest), NOTE_COSIGNATURE, &w->key, e);
	if (r)
		return r;
	for (size_t i = 0; i < p->n_nodes; i++)
		if (!p->nodes[i].n && !memcmp(p->nodes[i].key.public_key, w->key.public_key, NOTE_PUBLIC_LEN))
			return err_set(e, ERR_SYNTAX, "this witness's key is there twice");
	w->url = word(&rest);
	p->n_nodes++;
	p->n_witnesses++;
	return word(&rest).n ? err_set(e, ERR_SYNTAX, "witness NAME VKEY [URL] is expected") : 0;
}

static int line_group(struct policy *p, struct str rest, struct err *e)
{
	struct str name = word(&rest), k = word(&rest), member;
	struct policy_node *g = &p->nodes[p->n_nodes];
	int64_t want = 0;
	int r = new_name(p, name, e);

	if (r)
		return r;
	*g = (struct policy_node){.name = name, .parent = NOBODY};
	for (member = word(&rest); member.n; member = word(&rest)) {
		size_t at = find(p, member);

		if (at == NOBODY)
			return err_set(e, ERR_SYNTAX, "%.*s is not defined before this line", STR_ARG(member));
		if (p->nodes[at].parent != NOBODY)
			return err_set(e, ERR_SYNTAX, "%.*s is a member already", STR_ARG(member));
		p->nodes[at].parent = p->n_nodes;
		g->n++;
	}
	if (str_is(k, "any"))
		want = 1;
	else if (str_is(k, "all"))
		want = (int64_t)g->n;
	else if (!k.n || k.p[0] < '1' || k.p[0] > '9' || str_int(k, 1, POLICY_NODES_MAX, &want))
		return err_set(e, ERR_SYNTAX, "group NAME all|any|K NAME... is expected");
	if (!g->n || want > (int64_t)g->n)
		return err_set(e, ERR_SYNTAX, "the group has %zu members", g->n);
	g->k = (size_t)want;
	p->n_nodes++;
	return 0;
}

static int line_quorum(struct policy *p, struct str rest, bool *there, struct err *e)
{
	struct str name = word(&rest);

	if (*there)
		return err_set(e, ERR_SYNTAX, "a second quorum");
	*there = true;
	p->quorum = str_is(name, "none") ? NOBODY : find(p, name);
	if (!str_is(name, "none") && p->quorum == NOBODY)
		return err_set(e, ERR_SYNTAX, "%.*s is not defined before this line", STR_ARG(name));
	return word(&rest).n ? err_set(e, ERR_SYNTAX, "quorum NAME is expected") : 0;
}

static int one_line(struct policy *p, struct str rest, bool *quorum, struct err *e)
{
	struct str what;

	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.p[i] < 0x20 ? rest.p[i] != '\t' : rest.p[i] == 0x7f)
			return err_set(e, ERR_SYNTAX, "a control character");
	what = word(&rest);
	if (!what.n || what.p[0] == '#')
		return 0;
	if (str_is(what, "log"))
		return line_log(p, rest, e);
	if (str_is(what, "witness"))
		return line_witness(p, rest, e);
	if (str_is(what, "group"))
		return line_group(p, rest, e);
	if (str_is(what, "quorum"))
		return line_quorum(p, rest, quorum, e);
	return err_set(e, ERR_SYNTAX, "log, witness, group or quorum is expected");
}

int policy_parse(struct str text, struct policy *ret, struct err *e)
{
	bool quorum = false;
	struct err why = {0};
	int line = 0, r = 0;

	if (text.n > POLICY_TEXT_MAX)
		return err_set(e, ERR_TOOBIG, "a policy has at most %u bytes", POLICY_TEXT_MAX);
	*ret = (struct policy){.quorum = NOBODY};
	while (!r && text.n) {
		line++;
		r = one_line(ret, str_cut(&text, '\n'), &quorum, &why);
	}
	if (r)
		return err_set(e, r, "policy, line %d: %.300s", line, why.text);
	return quorum ? 0 : err_set(e, ERR_SYNTAX, "policy: no quorum line");
}

static int signed_by(const struct policy *p, struct str note, const struct note_key *log, struct checkpoint *ret, struct err *e)
{
	int r = ERR_DENIED;

	if (log) {
		r = checkpoint_check(note, log, ret, e);
		if (r || !p->n_logs)
			return r;
		r = ERR_DENIED;
	}
	for (size_t i = 0; r == ERR_DENIED && i < p->n_logs; i++)
		r = checkpoint_check(note, &p->logs[i].key, ret, e);
	return r == ERR_DENIED ? err_set(e, r, "not signed by a log of the policy") : r;
}

int policy_check(const struct policy *p, struct str note, const struct note_key *log, struct checkpoint *ret, struct policy_seen *ret_seen,
                 struct err *e)
{
	size_t have[POLICY_NODES_MAX] = {0};
	struct policy_seen seen = {0};
	struct checkpoint c;
	struct note n;
	int r = signed_by(p, note, log, &c, e);

	if (r)
		return r;
	if (note_parse(note, &n))
		return err_set(e, ERR_CORRUPT, "not a signed checkpoint");
	for (size_t i = 0; i < p->n_nodes; i++) {        /* members stand before their group */
		const struct policy_node *w = &p->nodes[i];

		if (w->n) {
			seen.time[i] = have[i] >= w->k;
		} else {
			r = cosign_check(&n, &w->key, &seen.time[i]);
			if (r == ERR_CORRUPT)
				return err_set(e, r, "the cosignature by %s is wrong", w->key.name);
			seen.witnesses += !r;
		}
		if (seen.time[i] && w->parent != NOBODY)
			have[w->parent]++;
	}
	if (ret)
		*ret = c;
	if (ret_seen)
		*ret_seen = seen;
	if (p->quorum != NOBODY && !seen.time[p->quorum])
		return err_set(e, ERR_DENIED, "%zu of %zu witnesses cosigned: the policy wants more, or others", seen.witnesses, p->n_witnesses);
	return 0;
}
