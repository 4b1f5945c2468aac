#define GATE_VERIFY_REFUSE
#include "gate-verify/verify.h"

const struct language languages[] = {
	{"text", verify_text},
	{"csv", verify_csv},
	{"zip", verify_zip},
	{"png", verify_png},
	{"jpeg", verify_jpeg},
	{"mail", verify_mail},
	{"docx", verify_docx},
	{"xlsx", verify_xlsx},
	{"pptx", verify_pptx},
	{"pdf", verify_pdf},
};
const size_t n_languages = ARRAY_LEN(languages);

bool refuse(struct check *c, const char *rule, size_t at)
{
	if (!c->rule) {
		c->rule = rule;
		c->at = at;
	}
	return false;
}
