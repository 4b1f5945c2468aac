/* search: answers questions about the logs for the office (proto.h SEARCH_…). Sees vault/ read only and owns nothing. Each question is
 * answered whole before the next is read; its deadline keeps that short. What is asked for was judged by the office: which logs and
 * which sources somebody may read stands in the question. */
#ifndef SEARCH_SERVE_H
#define SEARCH_SERVE_H

#include "core/child.h"
#include "lib/arena.h"

#define SEARCH_LOGS_MAX 256u
#define SEARCH_OWN "office"                          /* the log of the folder itself */
#define SEARCH_SOURCES_MAX 65536u
#define SEARCH_READ_MAX 401u                         /* entries of one SEARCH_READ */
#define SEARCH_ANSWER_BYTES (8u << 20)               /* of entries in one answer */
#define SEARCH_MS_MAX 20000

struct serve {
	char path[512];                                  /* the vault's folder, as seen inside */
	unsigned threads;
};

/* A message of an office process; answers it. ERR_PROTO for what makes no sense. */
int serve_message(void *serve, const char *peer, int fd, struct msg *m);
/* The folder of a log; false for what is no name of one. */
bool serve_folder(const struct serve *s, struct str log, char *out, size_t size);
int serve_ask(struct serve *s, int fd, struct msg *m);

#endif
