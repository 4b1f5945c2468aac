/* A ZIP archive read in the one way that leaves no second reading (APPNOTE.TXT 6.3; what is refused: docs/gate.md). Entries lie one
 * after the other from byte 0, the central directory follows at once, the end record closes the file, and local and central
 * headers say the same. zip_open finds the first reason not to trust it; nothing is inflated before. */
#ifndef REBUILD_ZIP_H
#define REBUILD_ZIP_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/buf.h"

#define ZIP_ENTRIES_MAX 10000u
#define ZIP_NAME_MAX 1024u
#define ZIP_TOTAL_MAX (1ull << 30)                   /* bytes of all entries unpacked */
#define ZIP_RATIO_MAX 200u                           /* unpacked to packed, for what unpacks to more than ZIP_RATIO_FROM */
#define ZIP_RATIO_FROM (1u << 20)

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_AES = 99 };

struct zip_entry {
	struct str name;                                 /* as it stands there */
	struct str packed;
	uint64_t size;                                   /* unpacked, as said; zip_read holds it to that */
	uint32_t crc;
	uint16_t method, flags, time;
	struct str extra;                                /* of the central header */
	bool folder, encrypted, utf8;
};

struct zip {
	struct zip_entry *list;                          /* in the order of their bytes */
	size_t n;
};

/* 0, or ERR_SYNTAX with *ret_code one of gate/codes.tsv and *ret_where an entry's name or STR_NONE. */
int zip_open(struct arena *a, struct str bytes, struct zip *ret, const char **ret_code, struct str *ret_where) MUST_USE;
/* The entry of that name, or NULL. */
const struct zip_entry *zip_find(const struct zip *z, const char *name);

/* Unpacks; chunk is called in order with what comes. Size and CRC must be as said: ERR_CORRUPT. A chunk that returns not 0
 * ends it with that. Not for encrypted entries. */
typedef int zip_chunk(void *arg, const void *p, size_t n);
int zip_stream(const struct zip_entry *en, zip_chunk *chunk, void *arg) MUST_USE;
/* The whole of it, appended. */
int zip_read(const struct zip_entry *en, struct buf *out) MUST_USE;
/* The same for packed bytes at hand (decrypted elsewhere). */
int zip_unpack(struct str packed, uint16_t method, uint64_t size, uint32_t crc, zip_chunk *chunk, void *arg) MUST_USE;
/* Where another sum has vouched for the bytes (AE-2). */
int zip_unpack_unchecked(struct str packed, uint16_t method, uint64_t size, zip_chunk *chunk, void *arg) MUST_USE;

/* Writing, one form only (docs/formats/gate-zip.md): the caller gives the entries in the order they are to stand. Times are
 * 1980-01-01, names UTF-8, deflated unless that saves nothing or it is a picture or an archive. */
struct zip_writer {
	struct buf *out;
	struct buf central;
	uint32_t n;
	int failed;
};
void zip_begin(struct zip_writer *w, struct buf *out);
void zip_add(struct zip_writer *w, struct str name, struct str content);
/* The same in two steps, where the order is known only at the end. The bytes are malloc'ed; zip_add_packed frees them. */
struct zip_packed {
	char *p;
	size_t n, size;                                  /* packed, unpacked */
	uint32_t crc;
	bool deflated;
};
int zip_pack(struct str content, struct zip_packed *ret) MUST_USE;
void zip_add_packed(struct zip_writer *w, struct str name, struct zip_packed *p);
/* 0, or ERR_NOMEM, ERR_TOOBIG. */
int zip_end(struct zip_writer *w) MUST_USE;

#endif
