/* What a PDF can do beside being shown, found by its names: in the file as it lies, in names written with #xx, and in object
 * streams. For the report alone: nothing of it can pass, whether found or not. */
#ifndef GATE_PDF_SCAN_H
#define GATE_PDF_SCAN_H

#include "rebuild/worker.h"

void pdf_scan(struct job *j);

#endif
