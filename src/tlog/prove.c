#include "tlog/tlog.h"

int tlog_prove(struct tlog *s, uint64_t index, uint64_t size, struct str note, struct buf *entry, struct buf *proof,
                struct err *e)
{
	struct tlog_proof p = {.index = index, .checkpoint = note};
	struct str bytes;
	int r;

	if (index >= size)
		return err_set(e, ERR_RANGE, "entry %llu is not in the signed log of %llu", (unsigned long long)index,
		               (unsigned long long)size);
	r = merkle_inclusion(tlog_node, s, index, size, p.hashes, &p.n);
	if (r)
		return err_set(e, r, "the hashes of the proof cannot be read");
	r = tlog_entry(s, index, &bytes, e);
	if (r)
		return r;
	if (entry_redacted(bytes))
		return err_set(e, ERR_NOTFOUND, "entry %llu was redacted: only its hash is left", (unsigned long long)index);
	buf_str(entry, bytes);
	if (bytes.n <= PROOF_EXTRA_MAX)
		p.extra = bytes;
	tlog_proof_put(proof, &p);
	return buf_err(entry) || buf_err(proof) ? err_set(e, ERR_NOMEM, "the proof is too long") : 0;
}
