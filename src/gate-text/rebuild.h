/* Text and CSV, written anew character by character in the encoding they came in (UTF-16 becomes UTF-8). What cannot be read
 * strictly as one encoding is held. Languages: text, csv (docs/formats/gate-text.md). */
#ifndef GATE_TEXT_REBUILD_H
#define GATE_TEXT_REBUILD_H

#include "rebuild/worker.h"

#define TEXT_LINE_MAX (1u << 20)                     /* bytes of a line */

int text_rebuild(struct job *j) MUST_USE;

#endif
