/* Who is who: rules, the narrowest net, names that nobody may take, limits, and tables that are wrong as a whole. */
#include "collect/source.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)

static struct in6_addr address(const char *z)
{
	struct in6_addr a;
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(514)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
	uint16_t port;
	if (inet_pton(AF_INET, z, &a4.sin_addr) == 1) {
		assert_true(address_of(&a4, &a, &port));
		assert_int_equal(port, 514);
	} else {
		assert_int_equal(inet_pton(AF_INET6, z, &a6.sin6_addr), 1);
		assert_true(address_of(&a6, &a, NULL));
	}
	return a;
}

static const char *name(struct sources *s, const char *z)
{
	struct in6_addr a = address(z);
	return source_of_address(s, &a)->name;
}

static const char table[] = "# nets\n"
                            "address\t10.0.0.0/8\toffice-net\tstandard\t0\n"
                            "address\t10.1.2.0/23\tservers\tlong-term\t0\n"
                            "address\t10.1.2.7\tmail\t\t\n"
                            "address\t2001:db8::/32\tv6\tstandard\t100\n"
                            "certificate\tMail.Example.lg.jp\tmail\tstandard\t0\n"
                            "token\tabcd\tproxy\tstandard\n";

static void the_narrowest_net_wins(void **state)
{
	struct sources *s = sources_new();
	struct err e;
	static const char *const cases[][2] = {
		{"10.9.9.9", "office-net"}, {"10.1.3.255", "servers"}, {"10.1.4.0", "office-net"}, {"10.1.2.7", "mail"}, {"11.0.0.1", "11.0.0.1"},
		{"2001:db8::1", "v6"}, {"2001:db9::1", "2001:db9::1"}, {"::ffff:10.1.2.7", "mail"},
	};
	assert_string_equal(name(s, "10.1.2.7"), "10.1.2.7");
	assert_int_equal(sources_load(s, STR(table), false, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(name(s, cases[i][0]), cases[i][1]);
	struct in6_addr a = address("10.1.3.1");
	assert_string_equal(source_of_address(s, &a)->log, "long-term");
	assert_true(source_of_address(s, &a)->known);
	assert_true(source_has_address(s, &a));
	a = address("11.0.0.1");
	assert_false(source_has_address(s, &a));
	assert_string_equal(source_of(s, SOURCE_CERTIFICATE, STR("mail.example.LG.JP"))->name, "mail");
	assert_string_equal(source_of(s, SOURCE_CERTIFICATE, STR("vault"))->name, "tls:vault");
	assert_string_equal(source_of(s, SOURCE_FILE, STR("/var/log/\nx"))->name, "file:/var/log/?x");
	assert_null(source_known(s, SOURCE_TOKEN, STR("ab")));
	assert_string_equal(source_known(s, SOURCE_TOKEN, STR("abcd"))->name, "proxy");
	sources_free(s);
}

static void a_wrong_table_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"address\t10.0.0.0/33\tx\tstandard\t0\n", "address\t10.0.0\tx\tstandard\t0\n", "address\t::/129\tx\t\t\n", "planet\tx\ty\t\t\n",
		"address\t10.0.0.1\toffice\tstandard\t0\n", "address\t10.0.0.1\tvault\tstandard\t0\n", "address\t10.0.0.1\t\tstandard\t0\n",
		"address\t10.0.0.1\tx\tstandard\t-1\n", "address\t10.0.0.1\tx\tstandard\t1x\n", "address\t10.0.0.1\tx\ta-name-of-more-than-thirty-two-letters\t0\n",
		"token\t\tx\tstandard\t0\n", "address\t10.0.0.1\tx\001y\t\t\n",
	};
	struct sources *s = sources_new();
	struct err e;
	assert_int_equal(sources_load(s, STR(table), false, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf b;
		buf_init(&b, 4096);
		buf_printf(&b, "# first line\n%s", wrong[i]);
		assert_int_equal(sources_load(s, buf_view(&b), false, &e), ERR_SYNTAX);
		assert_int_equal(e.line, 2);
		assert_string_equal(name(s, "10.1.2.7"), "mail");
		buf_release(&b);
	}
	assert_int_equal(sources_load(s, STR("address\t10.0.0.1\toffice\t\t\naddress\t10.0.0.2\tb\t\t\n"), true, &e), 0);
	assert_int_equal(e.line, 1);
	assert_string_equal(name(s, "10.0.0.1"), "10.0.0.1");
	assert_string_equal(name(s, "10.0.0.2"), "b");
	sources_free(s);
}

static void counts_outlive_a_new_table(void **state)
{
	struct sources *s = sources_new();
	struct err e;
	struct in6_addr a = address("10.1.2.7");
	assert_int_equal(sources_load(s, STR(table), false, &e), 0);
	struct source *mail = source_of_address(s, &a);
	mail->entries = 7;
	assert_int_equal(sources_load(s, STR("address\t10.1.2.7\tmail\tyears-10\t5\n"), false, &e), 0);
	assert_ptr_equal(source_of_address(s, &a), mail);
	assert_int_equal(mail->entries, 7);
	assert_int_equal(mail->rate, 5);
	assert_string_equal(mail->log, "years-10");
	assert_int_equal(sources_load(s, STR(""), false, &e), 0);
	assert_string_equal(mail->log, "standard");
	assert_false(mail->known);
	sources_free(s);
}

/* Somebody who makes up addresses gets no more memory than this. */
static void too_many_are_counted_together(void **state)
{
	struct sources *s = sources_new();
	struct in6_addr a = address("10.0.0.0");
	struct source *last = NULL;
	for (unsigned i = 0; i <= SOURCES_MAX; i++) {
		memcpy(&a.s6_addr[12], &i, sizeof i);
		last = source_of_address(s, &a);
		last->entries++;
	}
	assert_string_equal(last->name, "others");
	sources_free(s);
}

static void a_rate_holds(void **state)
{
	struct source s = {.rate = 100};
	int64_t now = 1790000000 * SECOND, passed = 0;
	assert_int_equal(source_pass(&s, 1000, now), 200);   /* two seconds' worth at once */
	assert_int_equal(source_pass(&s, 1, now), 0);
	assert_int_equal(source_pass(&s, 1, now + SECOND / 50), 1);
	for (int i = 1; i <= 1000; i++)
		passed += (int64_t)source_pass(&s, 10, now + SECOND / 50 + i * SECOND / 100);
	assert_in_range(passed, 995, 1005);
	s.rate = 0;
	assert_int_equal(source_pass(&s, 5, now), 5);
	s = (struct source){.rate = 1};
	assert_int_equal(source_pass(&s, 5, now), 2);
	assert_int_equal(source_pass(&s, 5, now - 3600 * SECOND), 2); /* a clock put back locks nobody out */
	s = (struct source){.rate = 10};
	assert_false(source_owe(&s, 20, now));
	assert_true(source_owe(&s, 15, now));                /* read already: 1.5 s to wait */
	assert_int_equal(source_pass(&s, 1, now + SECOND), 0);
	assert_int_equal(source_pass(&s, 1, now + SECOND + 7 * SECOND / 10), 1);
	assert_true(source_owe(&s, 100000, now + 2 * SECOND)); /* never more than SOURCE_DEBT_S */
	for (int i = 0; i < SOURCE_DEBT_S; i++)
		assert_int_equal(source_pass(&s, 1, now + (3 + i) * SECOND), 0);
	assert_int_equal(source_pass(&s, 1, now + (4 + SOURCE_DEBT_S) * SECOND), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_narrowest_net_wins), cmocka_unit_test(a_wrong_table_changes_nothing),
		cmocka_unit_test(counts_outlive_a_new_table), cmocka_unit_test(too_many_are_counted_together),
		cmocka_unit_test(a_rate_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
