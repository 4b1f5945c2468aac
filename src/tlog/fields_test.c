#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "tlog/fields.h"

/* name=value|name=value … ; name= alone: the field must be absent */
static const struct {
	const char *raw, *form, *want;
} table[] = {
    {"<34>1 2026-11-20T10:00:00.003Z host.example su 12 ID47 [a@1 k=\"v w\" q=\"\\\"]\"][b x=\"1\"] BOMless text", "login",
     "host=host.example|program=su|pid=12|msgid=ID47|severity=2|facility=4|k=v w|x=1|message=BOMless text"},
    {"<34>1 - - - - - -", "text", "host=|program=|message=|severity=2"},
    {"<13>Feb  5 17:32:18 10.0.0.99 myprog[7]: hello a=1, b=\"two words\"", "text",
     "host=10.0.0.99|program=myprog|pid=7|message=hello a=1, b=\"two words\"|a=1|b=two words"},
    {"<13>2026-11-20T10:00:00.5+09:00 h prog: x", "text", "host=h|program=prog|message=x"},
    {"Nov 20 10:00:00 2026 h prog: x", "text", "host=h|program=prog|message=x"},
    {"<189>Nov 20 2026 10:00:00 fw1 : %ASA-6-302013: Built inbound", "text",
     "host=fw1|program=%ASA-6-302013|message=Built inbound"},
    {"<189>*Nov 20 10:00:00.123: %SYS-5-CONFIG_I: Configured", "text", "host=|program=%SYS-5-CONFIG_I|message=Configured"},
    {"<13>prog: no time", "text", "program=prog|message=no time"},
    {"just words: and more", "text", "program=|message=just words: and more"},
    {"<999>x", "text", "severity=|message=<999>x"},
    {"Dec 10 06:55:46 LabSZ sshd[24200]: Failed password for invalid user webmaster from 173.234.31.186 port 38926 ssh2", "sshd",
     "user=webmaster|src_ip=173.234.31.186|src_port=38926|event=login|outcome=failure|auth_method=password"},
    {"Dec 10 06:55:46 LabSZ sshd[24200]: Accepted publickey for root from 10.0.0.1 port 2 ssh2: RSA SHA256:abc", "sshd",
     "user=root|src_ip=10.0.0.1|outcome=success"},
    {"Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= "
     "rhost=218.188.2.4 user=root", "sshd", "src_ip=218.188.2.4|user=root|outcome=failure|event=login-pam"},
    {"Nov 20 10:00:00 h sudo:   taro : TTY=pts/0 ; PWD=/home/taro ; USER=root ; COMMAND=/bin/cat /etc/shadow ; id", "sudo",
     "user=taro|CommandLine=/bin/cat /etc/shadow ; id|Image=/bin/cat|CurrentDirectory=/home/taro|User=root|outcome=success"},
    {"Nov 20 10:00:00 h sudo: taro : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh", "sudo",
     "outcome=failure|reason=user NOT in sudoers|Image=/bin/sh"},
    {"type=EXECVE msg=audit(1364481363.243:24287): argc=3 a0=\"curl\" a1=\"-s\" a2=687474703A2F2F612E62", "audit",
     "type=EXECVE|a0=curl|a2=http://a.b|CommandLine=curl -s http://a.b|Image=/curl|event=command"},
    {"type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=59 a0=55 a1=7ffc12 comm=\"cat\" exe=\"/bin/cat\" key=\"k\"\x1d"
     "SYSCALL=execve UID=\"root\"", "audit", "SYSCALL=execve|a0=55|exe=/bin/cat|Image=/bin/cat|UID=root"},
    {"node=x type=USER_LOGIN msg=audit(1.2:3): pid=1 msg='op=login acct=\"taro\" exe=\"/usr/sbin/sshd\" addr=10.1.1.1 res=failed'",
     "text", ""},
    {"type=USER_LOGIN msg=audit(1.2:3): pid=1 msg='op=login acct=\"taro\" exe=\"/usr/sbin/sshd\" addr=10.1.1.1 res=failed'",
     "audit", "user=taro|src_ip=10.1.1.1|outcome=failure"},
    {"type=PATH msg=audit(1.2:3): item=0 name=2F6574632F706173737764 nametype=NORMAL", "audit",
     "name=/etc/passwd|TargetFilename=/etc/passwd"},
    {"type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=59 a0=55AA a1=7ffc comm=\"sh\" exe=\"/usr/bin/dash\" uid=0 type=EXECVE argc=2 a0=\"sh\" "
     "a1=2D63206964 type=CWD cwd=\"/root\" type=PATH item=0 name=\"/bin/sh\" type=PATH item=1 name=2F746D702F7A7A", "audit",
     "Image=/usr/bin/dash|CommandLine=sh -c id|CurrentDirectory=/root|TargetFilename=/bin/sh|uid=0|a0=55AA|event=command"},
    {"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a.php?x=\\\"1 HTTP/1.0\" 404 2326 \"http://r/\" \"Mozilla/4 \\\"q\\\"\"",
     "web", "c-ip=127.0.0.1|cs-username=frank|cs-method=GET|cs-uri-stem=/a.php|c-uri-query=x=\\\"1|sc-status=404|sc-bytes=2326|"
     "cs-referer=http://r/|c-useragent=Mozilla/4 \\\"q\\\"|c-uri-extension=php"},
    {"<190>Nov 20 10:00:00 web nginx: 10.0.0.1 - - [20/Nov/2026:10:00:00 +0900] \"-\" 400 0 \"-\" \"-\"", "web",
     "c-ip=10.0.0.1|sc-status=400|c-useragent="},
    {"www.example.jp:443 10.0.0.1 - - [20/Nov/2026:10:00:00 +0900] \"GET / HTTP/1.1\" 200 5", "web",
     "cs-host=www.example.jp|c-ip=10.0.0.1|cs-uri-stem=/"},
    {"[Sun Dec 04 04:47:44 2005] [error] [client 222.166.160.184] Directory index forbidden", "web-error",
     "level=error|src_ip=222.166.160.184|text=Directory index forbidden"},
    {"1066036250.603    310 192.168.0.68 TCP_MISS/200 1234 GET http://a.example:80/b.exe?c user HIER_DIRECT/1.2.3.4 text/html",
     "proxy", "c-ip=192.168.0.68|cs-host=a.example|c-uri-extension=exe|c-uri-query=c|dst_ip=1.2.3.4|sc-status=200"},
    {"Nov 20 10:00:00 mx postfix/smtpd[1]: 4F1B21C0A: client=a.example[192.0.2.1], sasl_method=PLAIN, sasl_username=taro", "mail",
     "queue_id=4F1B21C0A|src_ip=192.0.2.1|sasl_username=taro|user=taro"},
    {"Nov 20 10:00:00 mx postfix/qmgr[1]: 4F1B21C0A: from=<a@b>, size=123, nrcpt=50 (queue active)", "mail",
     "from=a@b|size=123|nrcpt=50"},
    {"Nov 20 10:00:00 mx postfix/smtpd[1]: warning: unknown[192.0.2.9]: SASL LOGIN authentication failed: UGFz", "mail",
     "src_ip=192.0.2.9|auth_method=LOGIN|outcome=failure|queue_id="},
    {"Nov 20 10:00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from a.example[192.0.2.9]: 554 5.7.1 x; from=<a@b> to=<c@d>", "mail",
     "src_ip=192.0.2.9|client_name=a.example"},
    {"Nov 20 10:00:00 ns named[1]: client @0x7f 192.0.2.1#5353 (a.example): query: a.example IN TXT + (10.0.0.1)", "dns",
     "src_ip=192.0.2.1|query=a.example|record_type=TXT"},
    {"Nov 20 10:00:00 fw kernel: [12.3] lgwan-drop: IN=eth0 OUT= MAC= SRC=10.0.0.1 DST=10.9.0.1 LEN=60 PROTO=TCP SPT=1 DPT=445",
     "firewall", "src_ip=10.0.0.1|dst_ip=10.9.0.1|dst_port=445|fw_action=drop|protocol=TCP"},
    {"{\"a\":{\"b\":[1,\"x\\u0041\\n\",null]},\"c\":true,\"d\":{}}", "json", "a.b=1|c=true"},
    {"{\"EventID\":4625,\"Channel\":\"Security\",\"TargetUserName\":\"taro\",\"IpAddress\":\"10.0.0.1\"}", "windows",
     "EventID=4625|src_ip=10.0.0.1|user=taro"},
    {"{\"winlog\":{\"event_id\":4625,\"channel\":\"Security\",\"event_data\":{\"TargetUserName\":\"taro\"}}}", "windows",
     "EventID=4625|Channel=Security|TargetUserName=taro|winlog.event_data.TargetUserName=taro"},
    {"date=2026-11-20 time=10:00:00 devname=\"fg\" type=\"event\" cfgpath=\"firewall.policy\" action=\"Add\"", "pairs",
     "devname=fg|cfgpath=firewall.policy|action=Add"},
    {"{\"a\":", "json", "a="},
    {"", "text", "message=|host="},
};

static void test_table(void **state)
{
	struct fields *f = fields_new();

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct str want = str_from(table[i].want);

		fields_parse(f, str_from(table[i].raw));
		if (*table[i].want && strcmp(form_name(f->form), table[i].form) != 0 && strcmp(table[i].raw, "{\"a\":") != 0)
			fail_msg("%s: form %s", table[i].raw, form_name(f->form));
		while (want.n) {
			struct str one = str_cut(&want, '|'), name = str_cut(&one, '='), got = STR_NONE;
			char z[80];
			bool found;

			snprintf(z, sizeof z, "%.*s", STR_ARG(name));
			found = fields_get(f, z, &got);
			if (one.n ? !found || !str_eq(got, one) : got.n > 0)
				fail_msg("%s: %s is '%.*s'", table[i].raw, z, STR_ARG(got));
		}
	}
	fields_free(f);
}

static void test_lists(void **state)
{
	struct fields *f = fields_new();
	struct str v;
	size_t at = 0;

	fields_parse(f, STR("{\"a\":{\"b\":[1,\"x\\u0041\\ud83d\\ude00\\n\",null]}}"));
	assert_true(f->decoded);
	assert_true(fields_next(f, STR("a.b"), &at, &v) && str_is(v, "1"));
	assert_true(fields_next(f, STR("a.b"), &at, &v) && str_is(v, "xA\xf0\x9f\x98\x80\n"));
	assert_true(fields_next(f, STR("a.b"), &at, &v) && !v.p);
	assert_false(fields_next(f, STR("a.b"), &at, &v));
	fields_free(f);
}

static void test_bounds(void **state)
{
	static char many[40000];
	struct fields *f = fields_new();
	size_t n = 0;

	many[n++] = '{';
	for (int i = 0; i < 300; i++)
		n += (size_t)snprintf(many + n, sizeof many - n, "%s\"k%d\":{\"x\":\"\\n%d\"}", i ? "," : "", i, i);
	many[n++] = '}';
	fields_parse(f, str_n(many, n));
	assert_true(f->cut);
	assert_int_equal(f->n, FIELDS_MAX);
	for (n = 0; n < 100; n++)
		memcpy(many + 5 * n, "{\"a\":", 5);
	fields_parse(f, str_n(many, 500));
	assert_true(f->cut);
	for (n = 0; n < sizeof many; n++)
		many[n] = n % 2 ? '=' : 'a';
	fields_parse(f, str_n(many, sizeof many));
	fields_free(f);
}

static void test_time(void **state)
{
	static const struct {
		const char *raw, *want;
	} times[] = {
	    {"<13>1 2026-11-20T10:00:00Z h p - - - x", "2026-11-20T19:00:00+09:00"},
	    {"2026-11-20T10:00:00.25+09:00 h p: x", "2026-11-20T10:00:00+09:00"},
	    {"Nov 20 10:00:00 h p: x", "2026-11-20T10:00:00+09:00"},
	    {"Dec 31 23:59:59 h p: x", "2025-12-31T23:59:59+09:00"}, /* nearer to a reception in January */
	    {"Nov 20 10:00:00 2020 h p: x", "2020-11-20T10:00:00+09:00"},
	    {"Nov 20 2020 10:00:00 h p: x", "2020-11-20T10:00:00+09:00"},
	    {"Feb 30 10:00:00 h p: x", NULL},
	    {"Nov 20 25:00:00 h p: x", NULL},
	    {"no time", NULL},
	};
	struct fields *f = fields_new();

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct date d = {2026, 11, 20};
		int64_t received, got;
		char text[64];
		int r;

		if (strstr(times[i].raw, "Dec"))
			d = (struct date){2026, 1, 2};
		received = date_to_instant(d, 12, 0);
		fields_head(f, str_from(times[i].raw));
		r = fields_time(f, received, &got);
		assert_int_equal(r != 0, times[i].want == NULL);
		if (r)
			continue;
		instant_rfc3339(got, text, sizeof text);
		assert_string_equal(text, times[i].want);
	}
	fields_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table), cmocka_unit_test(test_lists), cmocka_unit_test(test_bounds), cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
