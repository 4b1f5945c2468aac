/* Syslog as a town's machines write it, RFC 3164 lines for the benches: sshd, nginx, kernel, postfix, sudo, cron, with addresses,
 * ports and numbers at random, so that it packs worse than real logs do.
 *
 *   gen_syslog LINES [SEED]    to stdout; the same seed gives the same bytes on every machine
 *
 * Mean line 155 bytes, `zstd -1` makes it 5.2 times smaller (bench/vault.sh checks both: with other lines the bars do not compare). */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

static uint64_t state;

/* xorshift64*, Vigna 2016 */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 32) % below;
}

static const char *const hosts[] = {"web01", "web02", "mail01", "gw-lgwan", "file01", "db01", "dns01", "proxy01", "bastion", "app03"};
static const char *const users[] = {"root", "admin", "sato", "suzuki", "takahashi", "tanaka", "ito", "watanabe", "backup", "deploy", "oracle", "test"};
static const char *const paths[] = {"/", "/index.html", "/kurashi/gomi.html", "/api/v1/items", "/login", "/shinsei/form", "/css/site.css",
                                    "/images/logo.png", "/bousai/map", "/search"};
static const char *const agents[] = {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
                                     "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Mozilla/5.0 (compatible; bingbot/2.0)"};

#define PICK(list) (list)[draw(ARRAY_LEN(list))]

struct line {
	char p[512];
	int n;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	l->n += vsnprintf(l->p + l->n, sizeof l->p - (size_t)l->n, fmt, ap);
	va_end(ap);
}

static void address(struct line *l)
{
	put(l, "%u.%u.%u.%u", draw(223) + 1, draw(256), draw(256), draw(254) + 1);
}

static void sshd(struct line *l)
{
	static const char *const how[] = {"Failed password for", "Failed password for invalid user", "Accepted password for", "Accepted publickey for"};

	put(l, "sshd[%u]: %s %s from ", draw(60000) + 400, PICK(how), PICK(users));
	address(l);
	put(l, " port %u ssh2", draw(64511) + 1024);
}

static void nginx(struct line *l)
{
	static const unsigned codes[] = {200, 200, 200, 304, 301, 404, 403, 500};

	put(l, "nginx: ");
	address(l);
	put(l, " - - \"%s %s?id=%u HTTP/1.1\" %u %u \"-\" \"%s\"", draw(5) ? "GET" : "POST", PICK(paths), draw(1000000), PICK(codes), draw(90000),
	    PICK(agents));
}

static void kernel(struct line *l)
{
	put(l, "kernel: [%u.%06u] nft drop: IN=eth%u OUT= MAC=52:54:00:%02x:%02x:%02x SRC=", draw(9000000), draw(1000000), draw(4), draw(256), draw(256),
	    draw(256));
	address(l);
	put(l, " DST=10.%u.%u.%u LEN=%u TTL=%u PROTO=%s SPT=%u DPT=%u", draw(64), draw(256), draw(256), draw(1460) + 40, draw(200) + 30,
	    draw(4) ? "TCP" : "UDP", draw(64511) + 1024, draw(10000));
}

static void postfix(struct line *l)
{
	static const char *const domains[] = {"city.mihon.lg.jp", "example.jp", "mail.example.com", "pref.example.lg.jp"};

	put(l, "postfix/smtp[%u]: %08X%02X: to=<%s%u@%s>, relay=mx%u.%s[", draw(60000) + 400, draw(UINT32_MAX), draw(256), PICK(users), draw(1000),
	    PICK(domains), draw(3), PICK(domains));
	address(l);
	put(l, "]:25, delay=%u.%02u, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %08X)", draw(20), draw(100), draw(UINT32_MAX));
}

static void sudo(struct line *l)
{
	static const char *const what[] = {"/usr/bin/systemctl restart nginx", "/usr/bin/less /var/log/auth.log", "/usr/sbin/nft list ruleset",
	                                   "/usr/bin/apt-get upgrade"};

	put(l, "sudo: pam_unix(sudo:session): session opened for user root by %s ; TTY=pts/%u ; PWD=/home/%s ; USER=root ; COMMAND=%s", PICK(users), draw(20), PICK(users), PICK(what));
}

static void cron(struct line *l)
{
	unsigned job = draw(40);

	put(l, "CRON[%u]: (%s) CMD (test -x /usr/local/bin/job-%u && /usr/local/bin/job-%u --batch %u >/dev/null 2>&1)", draw(60000) + 400, PICK(users), job, job, draw(1000));
}

static void make(struct line *l, uint64_t i)
{
	/* of 16 lines; priority = facility x 8 + severity as these programs use them */
	static const struct {
		unsigned priority;
		void (*put)(struct line *);
	} kinds[] = {{38, sshd},   {38, sshd},    {38, sshd},    {38, sshd}, {190, nginx}, {190, nginx}, {190, nginx}, {190, nginx},
	             {190, nginx}, {190, nginx}, {4, kernel},   {4, kernel}, {22, postfix}, {85, sudo},   {85, sudo},   {78, cron}};
	unsigned kind = draw(ARRAY_LEN(kinds)), s = (unsigned)(i / 300 % 2592000); /* 300 lines a second, a month long */

	l->n = 0;
	put(l, "<%u>Nov %2u %02u:%02u:%02u %s ", kinds[kind].priority, s / 86400 + 1, s / 3600 % 24, s / 60 % 60, s % 60, PICK(hosts));
	kinds[kind].put(l);
	put(l, "\n");
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 0, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	static char out[1 << 20];
	struct line l;

	if (!n) {
		fprintf(stderr, "usage: gen_syslog LINES [SEED]\n");
		return 2;
	}
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	setvbuf(stdout, out, _IOFBF, sizeof out);
	for (uint64_t i = 0; i < n; i++) {
		make(&l, i);
		if (fwrite(l.p, 1, (size_t)l.n, stdout) != (size_t)l.n)
			return 1;
	}
	return fflush(stdout) ? 1 : 0;
}
