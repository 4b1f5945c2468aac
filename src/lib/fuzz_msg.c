/* Message decoding: the first byte says how many of the next bytes are reading instructions, the rest is the wire. */
#include "lib/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t ops = n ? p[0] % 32 : 0;
	struct msg m;
	if (n < 1 + ops || msg_parse(&m, p + 1 + ops, n - 1 - ops, NULL, 0) != 0)
		return 0;
	volatile unsigned sum = 0;                       /* every byte given out is read */
	for (size_t i = 1; i <= ops; i++) {
		uint8_t a;
		uint32_t b;
		int64_t c;
		struct str s;
		int fd, r = 0;
		switch (p[i] % 5) {
		case 0: r = msg_u8(&m, &a); break;
		case 1: r = msg_u32(&m, &b); break;
		case 2: r = msg_i64(&m, &c); break;
		case 3: r = msg_fd(&m, &fd); break;
		case 4: r = msg_str(&m, p[i], &s);
			for (size_t k = 0; r == 0 && k < s.n; k++)
				sum += (unsigned char)s.p[k];
			break;
		}
		if (r != 0 && msg_end(&m) == 0)
			abort();                                 /* a failed read must fail the message */
	}
	(void)sum;
	msg_release(&m);
	return 0;
}
