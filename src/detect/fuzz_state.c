/* The parts of detect/state: any bytes are taken or refused; what was taken can be written again. */
#include <string.h>

#include "detect/alerts.h"
#include "detect/join.h"
#include "detect/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char text[] =
    "title: a\nid: a\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: s\n---\n"
    "title: c\nid: c\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 3}}\n";

static void no_judge(void *arg, const struct message *m, const uint64_t *index, size_t n)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct rules rs;
	struct joins *j = joins_new(no_judge, NULL);
	struct correlator *c;
	struct sources_seen seen;
	struct alerts a;
	struct cur in;
	struct buf b;

	if (!rs.n) {
		rules_init(&rs, NULL, NULL);
		rules_load_text(&rs, "t", str_from(text));
		rules_finish(&rs);
	}
	c = correlator_new(&rs, 100, 1 << 20);
	sources_seen_init(&seen);
	alerts_init(&a, &rs);
	buf_init(&b, 16u << 20);
	in = cur_init(data + (n > 0), n - (n > 0));
	if (n && data[0] >= 192)
		(void)!joins_load(j, &in);
	else if (n && data[0] % 3 == 0)
		(void)!correlator_load(c, &in);
	else if (n && data[0] % 3 == 1)
		(void)!alerts_load(&a, &in);
	else
		(void)!sources_seen_load(&seen, &in);
	correlator_save(c, &b);
	alerts_save(&a, &b);
	sources_seen_save(&seen, &b);
	joins_save(j, &b);
	if (buf_err(&b))
		__builtin_trap();
	buf_release(&b);
	alerts_release(&a);
	sources_seen_release(&seen);
	correlator_free(c);
	joins_free(j);
	return 0;
}
