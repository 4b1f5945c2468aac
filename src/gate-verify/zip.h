/* The one form of archive the gate writes, for every language that is an archive: docs/formats/gate-zip.md. */
#ifndef GATE_VERIFY_ZIP_H
#define GATE_VERIFY_ZIP_H

#include "gate-verify/verify.h"

#define ZIP_PARTS_MAX 10000u

struct zip_part {
	struct str name, packed;
	uint64_t size;
	uint32_t crc;
	bool deflated;
	size_t at;                                       /* of the local header, for refuse() */
};

/* All parts, in order; false when refused. */
bool zip_parts(struct check *c, struct zip_part **ret, size_t *ret_n);
/* The content, CRC checked, in memory of the caller's: free() it. NULL when refused. */
uint8_t *zip_content(struct check *c, const struct zip_part *p);

#endif
