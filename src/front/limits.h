/* Every size, count and time that somebody outside can use up in front, by name. Docs and tests refer to these. */
#ifndef FRONT_LIMITS_H
#define FRONT_LIMITS_H

#define CONNECTIONS_MAX 2000u           /* open at once, in all */
#define CONNECTIONS_PER_IP 256u         /* open at once from one address (an office may sit behind one proxy) */
#define CONNECTION_MEMORY (32u * 1024)  /* of the HTTP library per connection: bounds line and headers together */

#define TARGET_MAX 4096u                /* path and query as sent */
#define HEADERS_MAX 64u                 /* header lines */
#define HEADER_VALUE_MAX 8192u
#define HEADER_NAME_MAX 64u

#define BODY_FORM_MAX (2u << 20)        /* application/x-www-form-urlencoded */
#define BODY_JSON_MAX (8u << 20)
#define BODY_OTHER_MAX (16u << 20)      /* text/csv and octets, for imports over the API */
#define BODY_MULTIPART_MAX (64u << 20)
#define FILE_MAX (30u << 20)            /* one uploaded file: it must fit into a message when it is read again */
#define FILES_MAX 16u
#define SPOOL_FROM (8 << 20)            /* a hand-over of files longer than this goes to spools of the office, not to memory */
#define SPOOL_PIECE (64u << 10)
#define SPOOL_SYNC (8 << 20)            /* so much is written before the disk is asked to begin */
#define SPOOL_ROOM (1 << 20)            /* of a hand-over beside its files: heads of parts, fields */
#define BODIES_ALL_MAX (256ll << 20)    /* bytes of all bodies in hand; beyond it large ones get 503 */
#define BODY_SMALL (64 << 10)           /* so much of a body does not count there: forms always get through */
#define FIELDS_MAX 2000u
#define FIELD_NAME_MAX 200u
#define FIELD_VALUE_MAX (1u << 20)
#define FILE_NAME_MAX 255u
#define MEDIA_TYPE_MAX 127u
#define PART_HEAD_MAX 2048u             /* header lines of one part */
#define BOUNDARY_MAX 70u                /* RFC 2046 5.1.1 */
#define DRAIN_MAX (1u << 20)            /* read on after a refusal, so that the answer can be given */

#define LINGER_MAX 64u                  /* refused connections that are kept until their answer was read */
#define LINGER_SECONDS 5
#define HEAD_SECONDS 10                 /* from accept, or from the request line, to the end of the header */
#define IDLE_SECONDS 60                 /* a kept connection until the next header is complete */
#define BODY_GRACE_SECONDS 10
#define BODY_RATE_MIN 4096              /* bytes per second, after the grace */
#define SEND_GRACE_SECONDS 30
#define ANSWER_SECONDS 90               /* what the office may take */
#define STOP_MS 1200                    /* for requests in hand when everything is to stop */

#define PEER_WINDOW_READER 8u           /* requests handed to one reader at once; the others wait in front */
#define PEER_WINDOW_WRITER 64u          /* more: sign-ins and sealed decisions are parked there */
#define READERS_MAX 32u

#define STATIC_MAX (1 << 20)            /* of a static file, for the time it may take */
#define RESPONSE_HEADERS_MAX 24u
#define RESPONSE_HEADER_MAX 4096u

#endif
