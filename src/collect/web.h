/* Logs over HTTP: POST /ingest/v1 with one JSON text a line (any text a line, in truth: it is kept as it comes), and POST /upload with
 * journals in the export format, as systemd-journal-upload sends them. 200 and 202 mean that all of it is in the log and signed.
 * Who may send: a token that a source has (Authorization: Bearer …), a client certificate (https), for /upload also an address
 * that a source has. The library does HTTP, on our loop; nothing is kept of a request but its unfinished line. */
#ifndef COLLECT_WEB_H
#define COLLECT_WEB_H

#include "collect/collect.h"

#define WEB_CONNECTIONS_MAX 512u
#define WEB_PER_ADDRESS_MAX 128u
#define WEB_MEMORY (32u * 1024)                      /* per connection, for its head and what is read at once */
#define WEB_IDLE_SECONDS 60u

struct webs;

struct webs *webs_new(struct collect *c);
void webs_free(struct webs *w);
/* For https the files of secure_open were read; clients_pem as there. */
int webs_listen(struct webs *w, size_t door, int fd, struct str clients_pem, struct err *e) MUST_USE;
void webs_full(struct webs *w, bool full);
void webs_acked(struct webs *w);
void webs_tick(struct webs *w);

#endif
