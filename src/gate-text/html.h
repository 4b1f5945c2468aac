/* Format html: becomes language text, UTF-8 (rebuild/html.h). */
#ifndef GATE_TEXT_HTML_H
#define GATE_TEXT_HTML_H

#include "rebuild/worker.h"

int html_rebuild(struct job *j) MUST_USE;

#endif
