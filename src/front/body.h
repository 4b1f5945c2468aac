/* A request's body while it comes in: forms become fields, uploads sealed memfds, JSON and others stay as they are. */
#ifndef FRONT_BODY_H
#define FRONT_BODY_H

#include "front/form.h"
#include "front/head.h"
#include "front/multipart.h"
#include "front/spool.h"
#include "lib/msg.h"

struct body_file {
	struct str field, name, type;                    /* in the arena */
	int64_t size;
	int fd;                                          /* -1 with a spool */
	struct spool *spool;
	char sha256[65];                                 /* of a spooled one, once it is whole */
};

struct body {
	struct head head;
	struct buf raw;                                  /* form and JSON bytes; of a multipart body the field in hand */
	struct arena *arena;
	struct multipart *multipart;
	struct field *fields;
	size_t n_fields, fields_cap;
	struct body_file files[FILES_MAX];
	size_t n_files;
	struct body_file *file;                          /* the part in hand, NULL for a field */
	int64_t received, counted;                       /* counted: its share of BODIES_ALL_MAX */
	struct spool_target *targets;                    /* FILES_MAX of them: this body's files go to the disk; else NULL */
	int status;                                      /* the first refusal; what follows is not kept */
};

/* 0 or the status to answer at once (400: no boundary). Release in every case. */
int body_begin(struct body *b, const struct head *h);
/* Files go there from now on; takes the descriptors over. Before the first byte. */
void body_spool(struct body *b, const struct spool_target targets[FILES_MAX]);
/* ERR_TOOBIG when the sender goes on too long after a refusal: end the connection. Otherwise 0, see b->status. */
int body_feed(struct body *b, struct str bytes) MUST_USE;
/* 0 or the status to answer. */
int body_end(struct body *b);
/* Puts what REQ holds from "b body kind" on. */
void body_put(const struct body *b, struct msg *m);
/* Frees the content once it is in a message; the share of BODIES_ALL_MAX stays until body_release. */
void body_drop(struct body *b);
void body_release(struct body *b);

#endif
