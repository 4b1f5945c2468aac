#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gate-verify/ooxml.h"

static void formulas(void **state)
{
	static const struct { const char *f; const char *code; } t[] = {
		{"", NULL}, {"1+2", NULL}, {"SUM(A1:B2)", NULL}, {"sum( A1 )", NULL}, {"'S 1'!A1&\"x|y[z]\"", NULL},
		    {"Table1[[#This Row],[a]]*2", NULL}, {"_xlfn.XLOOKUP(1,A:A,B:B)", NULL},
		{"_xlfn._xlws.FILTER(A1,1)", NULL}, {"IF(A1=\"\"\"\",1,2)", NULL}, {"'It''s'!A1", NULL}, {"表1[金額]",
		    NULL}, {"3 (2)", NULL}, {"#REF!", NULL}, {"{1,2;3,4}", NULL}, {"A1:INDEX(A:A,3)", NULL},
		{"[1]S!A1", "XL-EXTERNAL"}, {"'[1]S'!A1", "XL-EXTERNAL"}, {"cmd|'/c x'!A0", "XL-EXTERNAL"},
		    {"'a|b'!c", "XL-EXTERNAL"}, {"\"open", "XL-EXTERNAL"}, {"'open", "XL-EXTERNAL"}, {"\\x",
		    "XL-EXTERNAL"},
		{"A1+[2]B!C3", "XL-EXTERNAL"}, {"EXEC(1)", "XL-FUNCTION"}, {"exec (1)", "XL-FUNCTION"},
		    {"SUM(CALL(1))", "XL-FUNCTION"}, {"CALL\n(1)", "XL-FUNCTION"}, {"CALL \t(1)", "XL-FUNCTION"}, {"_xlfn.IMAGE(1)", "XL-FUNCTION"}, {"HYPERLINK(1)",
		    "XL-FUNCTION"}, {"my.name(1)", "XL-FUNCTION"},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (ov_formula(str_from(t[i].f)) != !t[i].code)
			fail_msg("%s", t[i].f);

}

static void fields(void **state)
{
	static const struct { const char *f; const char *code; } t[] = {
		{"", NULL}, {" PAGE ", NULL}, {"page\\* MERGEFORMAT", NULL}, {" TOC \\o \"1-3\" \\h ", NULL},
		    {" = 1 + 2 ", NULL}, {" HYPERLINK \"https://a.jp/x\" ", NULL}, {" HYPERLINK \\l \"_Toc1\" ", NULL},
		{" HYPERLINK \"https://a.jp/x\" \\o \"see https://a.jp\" ", NULL}, {" IF 1 = 1 \"a\" \"b\" ", NULL},
		    {"DDE a b", "FLD-DDE"}, {" dDeAuTo x", "FLD-DDE"}, {"INCLUDEPICTURE x", "FLD-LINK"}, {"IMPORT x",
		    "FLD-LINK"},
		{"LINK x", "FLD-LINK"}, {"MACROBUTTON x", "FLD-OTHER"}, {"PAGE1", "FLD-OTHER"}, {"\"DDE\"",
		    "FLD-OTHER"}, {"HYPERLINK \"file:///x\"", "OOXML-LINK"}, {"HYPERLINK \\l \"\\\\\\\\h\\\\x\"",
		    "OOXML-LINK"},
		{"HYPERLINK \\x y", "OOXML-LINK"}, {"HYPERLINK \"http://a/ b\"", "OOXML-LINK"},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (ov_field(str_from(t[i].f)) != !t[i].code)
			fail_msg("%s", t[i].f);

}

static void links(void **state)
{
	static const char *const good[] = {"http://a", "HTTPS://a.jp/?q=1&r=2#x", "mailto:a@b.jp",
	    "https://例え.jp/日本"};
	static const char *const bad[] = {"", "http://", "http:/a", "mailto:", "file:///x", "javascript:x",
	    "\\\\h\\x", "http://a b", "http://a\"b", "http://a<b", "http://a\nb", "http://a\xe2\x80\xaez",
	    "http://a\xff",
	                                  "http://a\xe3\x80\x80z", " http://a", "vbscript:x", "ms-msdt:x",
	    "http://a\\b"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!ov_url(str_from(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (ov_url(str_from(bad[i])))
			fail_msg("%s", bad[i]);
}

/* What must never be in the verifier's list, whoever edits it. */
static void never(void **state)
{
	static const char *const names[] = {"oleObject", "oleObj", "OLEObject", "control", "altChunk", "subDoc",
	    "attachedTemplate", "mailMerge", "dataBinding", "externalReference", "videoFile",
	                                    "audioFile", "cmd", "entryMacro", "exitMacro", "saveThroughXslt",
	    "docVars", "embedRegular", "externalData", "href", "codeName", "movie", "object", "smartTag", "customXml",
	                                    "oleObjects", "controls", "AlternateContent", "src", "webPublishItem"};

	for (unsigned t = 0; t < ov_n_types; t++)
		for (unsigned k = 0; k < (unsigned)ov_types[t].n_attrs + ov_types[t].n_kids; k++) {
			unsigned at = k < ov_types[t].n_attrs ? ov_types[t].attr + k
			    : ov_types[t].kid + k - ov_types[t].n_attrs;

			for (size_t i = 0; i < ARRAY_LEN(names); i++)
				if (!strcmp(ov_names[ov_pairs[at].name].local, names[i]))
					fail_msg("%s", names[i]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formulas), cmocka_unit_test(fields), cmocka_unit_test(links), cmocka_unit_test(never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
