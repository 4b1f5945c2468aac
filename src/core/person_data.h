/* Looks through text that is to leave for what names persons: 個人番号 (12 digits with its check digit), 住民票コード (11 digits),
 * lines with a telephone number or an address of mail (a list of persons, when there are many). Digits may be full width. It counts;
 * it keeps nothing. */
#ifndef CORE_PERSON_DATA_H
#define CORE_PERSON_DATA_H

#include <stdbool.h>

#include "lib/str.h"

struct person_data {
	int64_t my_numbers, resident_codes, contacts;
};

/* Adds what is in a text (UTF-8, CP932 or EUC-JP: only digits, signs and line ends matter); tags: what stands between < and > is
 * no text, and an end of a paragraph or row ends the line. */
void person_data_scan(struct str text, bool tags, struct person_data *ret);
/* Looks into a file that the gate has verified, by its language; into archives and what they hold too. text: what the gate's workers read
 * in it where the bytes are drawings (PDF, also inside an archive); "" nothing. Pictures cannot be looked into. */
enum person_seen { PERSON_UNSEEN, PERSON_PARTLY, PERSON_SEEN };
enum person_seen person_data_file(struct str language, struct str bytes, struct str text, struct person_data *ret);
bool my_number_valid(const char digits[12]);

#endif
