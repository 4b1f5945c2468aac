#include "detect/logsource.h"

#include <string.h>

#define F(form) (1u << FORM_##form)
#define UNIX (F(TEXT) | F(SSHD) | F(SUDO) | F(LOGIN) | F(AUDIT) | F(MAIL) | F(DNS) | F(FIREWALL))
#define OTHER (F(TEXT) | F(JSON) | F(PAIRS))

/* A message of one of these forms — and, where given, of one of these programs (their start; "" is a message that names none), of this
 * Windows channel, or of this source — is a log of that product, service and category. "*": of any. */
static const struct {
	const char *product, *service, *category;
	uint32_t forms;
	const char *programs, *channel, *source;
} rows[] = {
    {"linux", NULL, NULL, UNIX},
    {"linux", "syslog", NULL, UNIX},
    {"linux", "auth", NULL, F(SSHD) | F(SUDO) | F(LOGIN)},
    {"linux", "sshd", NULL, F(SSHD)},
    {"linux", "sudo", NULL, F(SUDO)},
    {"linux", "auditd", NULL, F(AUDIT)},
    {"linux", "cron", NULL, F(LOGIN) | F(TEXT), "CRON,cron,crond,"},
    {"linux", "vsftpd", NULL, F(LOGIN) | F(TEXT), "vsftpd,"},
    {"linux", "clamav", NULL, F(TEXT), "clam,freshclam,"},
    {"linux", "guacamole", NULL, F(TEXT), "guac,"},
    {"linux", NULL, "process_creation", F(AUDIT) | F(SUDO) | F(JSON)},
    {"linux", NULL, "file_event", F(AUDIT) | F(JSON)},
    {"linux", NULL, "network_connection", F(AUDIT) | F(JSON)},
    {"windows", NULL, NULL, F(WINDOWS)},
    {"windows", "security", NULL, F(WINDOWS), NULL, "Security"},
    {"windows", "system", NULL, F(WINDOWS), NULL, "System"},
    {"windows", "application", NULL, F(WINDOWS), NULL, "Application"},
    {"windows", "sysmon", NULL, F(WINDOWS), NULL, "Microsoft-Windows-Sysmon/Operational"},
    {"windows", "powershell", NULL, F(WINDOWS), NULL, "Microsoft-Windows-PowerShell/Operational"},
    {"windows", "powershell-classic", NULL, F(WINDOWS), NULL, "Windows PowerShell"},
    {"windows", "windefend", NULL, F(WINDOWS), NULL, "Microsoft-Windows-Windows Defender/Operational"},
    {"windows", "taskscheduler", NULL, F(WINDOWS), NULL, "Microsoft-Windows-TaskScheduler/Operational"},
    {"windows", NULL, "*", F(WINDOWS)},
    {"apache", "*", NULL, F(WEB) | F(WEB_ERROR)},
    {"nginx", "*", NULL, F(WEB) | F(WEB_ERROR)},
    {NULL, "apache", NULL, F(WEB) | F(WEB_ERROR) | F(TEXT), "apache,httpd,"},
    {NULL, "nginx", NULL, F(WEB) | F(WEB_ERROR) | F(TEXT), "nginx,"},
    {"*", NULL, "webserver", F(WEB) | F(WEB_ERROR)},
    {NULL, NULL, "proxy", F(PROXY) | F(JSON)},
    {NULL, NULL, "dns", F(DNS) | F(JSON)},
    {NULL, NULL, "firewall", F(FIREWALL) | F(PAIRS) | F(JSON)},
    {NULL, NULL, "mail", F(MAIL)},
    {"postfix", "*", NULL, F(MAIL)},
    {"fortigate", "*", NULL, F(PAIRS)},
    {"cisco", "*", NULL, F(TEXT) | F(PAIRS)},
    {"huawei", "*", NULL, F(TEXT) | F(PAIRS)},
    {"juniper", "*", NULL, F(TEXT) | F(PAIRS)},
    {"zeek", "*", NULL, F(JSON)},
    {"opencanary", "*", "application", F(JSON)},
    {"rpc_firewall", "*", "application", F(JSON) | F(WINDOWS)},
    {"kubernetes", "*", "application", F(JSON)},
    {"github", "*", NULL, F(JSON)},
    {"bitbucket", "*", NULL, F(JSON)},
    {"*", NULL, "application", OTHER},
    {NULL, NULL, "antivirus", OTHER | F(WINDOWS)},
    {"vpn", NULL, NULL, OTHER | F(LOGIN)},
    {"sekisho", NULL, NULL, F(JSON), NULL, NULL, "*"},
    {"sekisho", "office", NULL, F(JSON), NULL, NULL, "office"},
    {"sekisho", "vault", NULL, F(JSON), NULL, NULL, "vault"},
    {"sekisho", "detect", NULL, F(JSON), NULL, NULL, "detect"},
};
_Static_assert(ARRAY_LEN(rows) <= 64, "a row is a bit");
_Static_assert(FORMS <= 32, "a form is a bit");

static bool gives(const char *given, struct str want)
{
	return !want.n || (given && (!strcmp(given, "*") || str_ieq(want, str_from(given))));
}

void logsource_of(const struct rule *r, struct logsource *ret)
{
	*ret = (struct logsource){0};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* a row of a product is not for rules that leave the product open, and so on: they have rows of their own */
		if (!gives(rows[i].product, r->product) || !gives(rows[i].service, r->service) ||
		    !gives(rows[i].category, r->category))
			continue;
		if (!r->product.n && rows[i].product && strcmp(rows[i].product, "*") != 0 && !r->service.n)
			continue;
		ret->known = true;
		if (rows[i].programs || rows[i].channel || rows[i].source)
			ret->rows |= 1ull << i;
		else
			ret->forms |= rows[i].forms;
	}
	if (!ret->known)
		ret->forms = UINT32_MAX;
	ret->possible = ret->forms;
	for (uint64_t left = ret->rows; left; left &= left - 1)
		ret->possible |= rows[__builtin_ctzll(left)].forms;
}

/* list: starts of names, each ended by a comma; a comma at the very end also allows no name. */
static bool program_in(const char *list, struct str program)
{
	struct str rest = str_from(list);

	while (rest.n) {
		struct str one = str_cut(&rest, ',');

		if (one.n && program.n >= one.n && !memcmp(program.p, one.p, one.n))
			return true;
	}
	return !program.n;
}

bool logsource_fits(const struct logsource *l, const struct fields *f, struct str source)
{
	uint32_t form = 1u << f->form;

	if (l->forms & form)
		return true;
	for (uint64_t left = l->rows; left; left &= left - 1) {
		int i = __builtin_ctzll(left);
		struct str channel;

		if (!(rows[i].forms & form))
			continue;
		if (rows[i].programs && !program_in(rows[i].programs, f->program))
			continue;
		if (rows[i].channel) {
			if (!f->n) /* only the head was read: later */
				return true;
			if (!fields_get(f, "Channel", &channel) || !str_ieq(channel, str_from(rows[i].channel)))
				continue;
		}
		if (rows[i].source && strcmp(rows[i].source, "*") != 0 && !str_is(source, rows[i].source))
			continue;
		if (rows[i].source && !str_is(source, "office") && !str_is(source, "vault") && !str_is(source, "detect"))
			continue;
		return true;
	}
	return false;
}

static const char *const others[][FIELD_NAMES] = {
    {"CommandLine", "ProcessCommandLine", "proctitle"},
    {"Image", "exe", "NewProcessName"},
    {"ParentImage", "ParentProcessName"},
    {"TargetFilename", "ObjectName"},
    {"SourceIp", "src_ip", "id.orig_h", "IpAddress"},
    {"SourcePort", "src_port", "id.orig_p", "IpPort"},
    {"DestinationIp", "dst_ip", "id.resp_h"},
    {"DestinationPort", "dst_port", "id.resp_p"},
    {"src_ip", "srcip", "id.orig_h", "c-ip"},
    {"dst_ip", "dstip", "id.resp_h"},
    {"src_port", "srcport", "id.orig_p"},
    {"dst_port", "dstport", "id.resp_p"},
    {"c-useragent", "user_agent", "cs-user-agent"},
    {"cs-user-agent", "c-useragent", "user_agent"},
    {"c-uri", "uri", "cs-uri"},
    {"cs-method", "method"},
    {"cs-referer", "referrer", "referer"},
    {"cs-host", "Host"},
    {"sc-status", "status_code"},
    {"query", "QueryName"},
    {"answer", "answers", "QueryResults"},
    {"record_type", "qtype_name", "QueryType"},
    {"user", "TargetUserName", "username", "srcuser"},
};

size_t logsource_names(struct arena *a, struct str name, struct str out[FIELD_NAMES])
{
	size_t n = 0;

	out[n] = arena_str(a, name);
	if (!out[n++].p)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_is(name, others[i][0]))
			for (size_t k = 1; k < FIELD_NAMES && others[i][k]; k++)
				out[n++] = str_from(others[i][k]);
	return n;
}

bool logsource_made_up(struct str name)
{
	static const char *const names[] = {"event", "outcome", "form", "severity", "facility", "fw_action"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return true;
	return str_starts(name, "sekisho.");
}
