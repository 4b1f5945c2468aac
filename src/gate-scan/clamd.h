/* clamd's words, as few as can be: what it is, and what it says of one descriptor. Nothing else is ever sent, so whoever asks
 * gate-scan to ask clamd can neither stop it, nor have it read its database again, nor have it look at a path. */
#ifndef GATE_SCAN_CLAMD_H
#define GATE_SCAN_CLAMD_H

#include <stdbool.h>

#include "lib/str.h"

#define CLAMD_SESSION_FD 4                           /* connections, made by whoever started us; each is used for one purpose */
#define CLAMD_STREAM_FD 5
#define CLAMD_ANSWER_MAX 1024

/* zIDSESSION and zVERSION on sock: what it answers ("ClamAV 1.4.6/27461/Fri Nov 20 09:00:00 2026"); false when nothing whole. */
bool clamd_version(int sock, char out[CLAMD_ANSWER_MAX]);
/* In the session that clamd_version began: zFILDES with the descriptor. What it says of it ("OK", "NAME FOUND", "… ERROR"). */
bool clamd_descriptor(int sock, int fd, char out[CLAMD_ANSWER_MAX]);
/* zINSTREAM on a fresh connection: the bytes themselves, for a clamd that may not take descriptors (AppArmor). */
bool clamd_stream(int sock, int fd, char out[CLAMD_ANSWER_MAX]);
/* What stands behind number and name of an answer ("2: fd[9]: OK" → "OK", "stream: OK" → "OK"); "" when it has another form. */
struct str clamd_verdict(struct str answer);

#endif
