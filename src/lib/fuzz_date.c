/* Dates, instants and durations: what is read is valid, and written it reads the same. */
#include "lib/clock.h"
#include "lib/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_n(data, n);
	struct date d, back;
	struct duration by;
	int64_t us, again;
	char text[DATE_WAREKI];
	if (date_parse_loose(s, &d) == 0) {
		date_format(d, text);
		if (!date_valid(d) || date_parse(str_from(text), &back) || date_days(d) != date_days(back))
			__builtin_trap();
		date_wareki(d, text);
		if (d.year < 2118 && d.year > 1868 &&
		    (date_parse_loose(str_from(text), &back) || date_days(d) != date_days(back)))
			__builtin_trap();
	}
	if (date_parse(s, &d) == 0 && date_parse_loose(s, &back))
		__builtin_trap();
	if (duration_parse(s, &by) == 0 && (!date_valid(date_plus((struct date){ 2026, 4, 1 }, by, 1)) ||
	                                    !date_valid(date_plus((struct date){ 2026, 4, 1 }, by, -1))))
		__builtin_trap();
	if (instant_parse(s, &us) == 0) {
		instant_format(us, text, sizeof text);
		if (instant_parse(str_from(text), &again) || us - again < 0 || us - again >= 60 * SECOND_US)
			__builtin_trap();
	}
	return 0;
}
