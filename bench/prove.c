/* What a proof costs the running vault: the folder is opened once, then 1,000 entries far from each other are proven, each from a block
 * that must be unpacked first. Processor time.
 *
 *   prove FOLDER */
#include <stdio.h>
#include <time.h>

#include "tlog/tlog.h"

#define PROOFS 1000u

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double begin = seconds(), sum = 0, most = 0, opened;
	size_t bytes = 0;
	struct tlog *s;
	struct err e = {0};

	if (argc != 2 || tlog_open(argv[1], &s, &e) || tlog_tiles(s, &e)) {
		fprintf(stderr, "prove FOLDER: %s\n", e.text);
		return 1;
	}
	opened = seconds() - begin;
	for (uint64_t i = 0, size = tlog_size(s); i < PROOFS; i++) {
		struct buf entry, proof;
		double took;

		buf_init(&entry, ENTRY_MAX);
		buf_init(&proof, NOTE_MAX);
		begin = seconds();
		if (tlog_prove(s, i * 2654435761u % size, size, buf_view(&s->last_signed), &entry, &proof, &e)) {
			fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		took = seconds() - begin;
		sum += took;
		most = took > most ? took : most;
		bytes = proof.n > bytes ? proof.n : bytes;
		buf_release(&entry);
		buf_release(&proof);
	}
	printf("proof: mean %.2f ms, longest %.2f ms, at most %zu bytes with the entry; opening %.2f ms\n", sum / PROOFS * 1e3, most * 1e3, bytes,
	       opened * 1e3);
	tlog_free(s);
	return 0;
}
