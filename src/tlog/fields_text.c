/* Sentences of programs that write for people, as a table: what stands between braces becomes a field of that name, the rest must stand
 * there as it is. The first that fits counts, so the longer ones come first. */
#include "tlog/fields_parts.h"

#include <pthread.h>
#include <string.h>

static const struct {
	const char *text;
	const char *event, *outcome;
} sentences[] = {
    {"Failed {auth_method} for invalid user {user} from {src_ip} port {src_port} {protocol}", "login", "failure"},
    {"Failed {auth_method} for {user} from {src_ip} port {src_port} {protocol}", "login", "failure"},
    {"Accepted {auth_method} for {user} from {src_ip} port {src_port} {protocol}", "login", "success"},
    {"Invalid user {user} from {src_ip} port {src_port}", "unknown-user", NULL},
    {"Invalid user {user} from {src_ip}", "unknown-user", NULL},
    {"Connection closed by authenticating user {user} {src_ip} port {src_port}", "disconnect", NULL},
    {"Disconnected from authenticating user {user} {src_ip} port {src_port}", "disconnect", NULL},
    {"Disconnected from user {user} {src_ip} port {src_port}", "disconnect", NULL},
    {"Connection closed by invalid user {user} {src_ip} port {src_port}", "disconnect", NULL},
    {"Connection closed by {src_ip} port {src_port}", "disconnect", NULL},
    {"Connection closed by {src_ip} [{reason}]", "disconnect", NULL},
    {"Received disconnect from {src_ip} port {src_port}:{reason}", "disconnect", NULL},
    {"Received disconnect from {src_ip}: {reason}", "disconnect", NULL},
    {"Did not receive identification string from {src_ip}", "probe", NULL},
    {"maximum authentication attempts exceeded for invalid user {user} from {src_ip} port {src_port}", "too-many", "failure"},
    {"maximum authentication attempts exceeded for {user} from {src_ip} port {src_port}", "too-many", "failure"},
    {"error: maximum authentication attempts exceeded for {user} from {src_ip} port {src_port}", "too-many", "failure"},
    {"message repeated {count} times: [ Failed {auth_method} for invalid user {user} from {src_ip} port {src_port} {protocol}]",
     "login", "failure"},
    {"message repeated {count} times: [ Failed {auth_method} for {user} from {src_ip} port {src_port} {protocol}]", "login", "failure"},
    {"reverse mapping checking getaddrinfo for {name} [{src_ip}] failed", "name-mismatch", NULL},
    {"pam_unix({service}:auth): authentication failure; {pairs}", "login-pam", "failure"},
    {"pam_unix({service}:session): session opened for user {user}(uid={uid}) by", "session", "success"},
    {"pam_unix({service}:session): session opened for user {user} by", "session", "success"},
    {"pam_unix({service}:session): session closed for user {user}", "session-end", NULL},
    {"session opened for user {user} by", "session", "success"},
    {"session closed for user {user}", "session-end", NULL},
    {"authentication failure; {pairs}", "login-pam", "failure"},
    {"check pass; user unknown", "unknown-user", NULL},
    {"({user}) CMD ({CommandLine})", "command", NULL},
    {"FAILED SU (to {target}) {user} on {tty}", "su", "failure"},
    {"(to {target}) {user} on {tty}", "su", "success"},
    {"New session {session} of user {user}.", "session", "success"},
    {"[pid {pid}] [{user}] FAIL LOGIN: Client \"{src_ip}\"", "login", "failure"},
    {"[pid {pid}] [{user}] OK LOGIN: Client \"{src_ip}\"", "login", "success"},
    {"{peer} TLS Auth Error: Auth Username/Password verification failed for peer", "login", "failure"},
    {"client @{object} {src_ip}#{src_port} ({query}): query: {name} IN {record_type} ", "query", NULL},
    {"client {src_ip}#{src_port} ({query}): query: {name} IN {record_type} ", "query", NULL},
    {"client @{object} {src_ip}#{src_port} ({query}): zone transfer '{zone}/{record_type}/IN' denied", "transfer", "failure"},
    {"NOQUEUE: reject: {stage} from {client_name}[{src_ip}]: {reply} ", "reject", "failure"},
    {"warning: {client_name}[{src_ip}]: SASL {auth_method} authentication failed", "login", "failure"},
    {"connect from {client_name}[{src_ip}]", "connect", NULL},
};

#define CAPTURES 8

/* A sentence taken apart: a text that must stand there, then a field up to the next text. name.p NULL: the end. */
struct step {
	struct str text, name, stop;
};

static struct step steps[ARRAY_LEN(sentences)][CAPTURES + 1];

static void take_apart(void)
{
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		const char *text = sentences[i].text;

		for (size_t k = 0; k <= CAPTURES; k++) {
			const char *brace = strchr(text, '{');
			size_t n;

			steps[i][k].text = str_n(text, brace ? (size_t)(brace - text) : strlen(text));
			if (!brace)
				break;
			n = strcspn(brace + 1, "}");
			steps[i][k].name = str_n(brace + 1, n);
			text = brace + n + 2;
			steps[i][k].stop = str_n(text, strcspn(text, "{"));
		}
	}
}

void fields_sentences_open(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, take_apart);
}

/* Captures by going from one text to the next; a field must not be empty but the last one, which takes what is left. */
static size_t match(const struct step *st, struct str s, struct field *out)
{
	size_t n = 0;

	for (;; st++) {
		const char *at;

		if (s.n < st->text.n || memcmp(s.p, st->text.p, st->text.n) != 0)
			return 0;
		s = (struct str){s.p + st->text.n, s.n - st->text.n};
		if (!st->name.p)
			break;
		at = st->stop.n ? memmem(s.p, s.n, st->stop.p, st->stop.n) : s.p + s.n;
		if (!at || at == s.p || n == CAPTURES)
			return 0;
		out[n++] = (struct field){st->name, {s.p, (size_t)(at - s.p)}};
		s = (struct str){at, s.n - (size_t)(at - s.p)};
	}
	return n ? n : 1;
}

bool fields_sentence(struct fields *f, struct str s)
{
	struct field got[CAPTURES];

	if (!s.n)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		size_t n;

		if (sentences[i].text[0] != '{' && sentences[i].text[0] != s.p[0])
			continue;
		got[0].name.p = NULL;
		n = match(steps[i], s, got);
		if (!n)
			continue;
		fields_addz(f, "event", sentences[i].event ? str_from(sentences[i].event) : STR_NONE);
		fields_addz(f, "outcome", sentences[i].outcome ? str_from(sentences[i].outcome) : STR_NONE);
		for (size_t k = 0; k < n && got[k].name.p; k++) {
			if (!str_is(got[k].name, "pairs")) {
				fields_add(f, got[k].name, got[k].value);
				continue;
			}
			fields_pairs(f, got[k].value, "");
			if (fields_have(f, "rhost").n)
				fields_addz(f, "src_ip", fields_have(f, "rhost"));
		}
		return true;
	}
	return false;
}
