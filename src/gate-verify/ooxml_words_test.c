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

/* Values by class: what is in the left list is of the class, what is in the right one not. */
static void values(void **state)
{
	static const struct { unsigned kind; const char *good[8], *bad[10]; } t[] = {
		{ov_DATE, {"2020-01-02", "2020-01-02T03:04:05", "2020-01-02T03:04:05.6Z", "2020-01-02T03:04:05+09:00"},
		    {"", "now", "2020-1-2", "2020-01-02T", "2020-01-02T03:04", "2020-01-02T03:04:05.", "2020-01-02T03:04:05+9",
		    "2020-01-02 03:04:05", "2020-01-02T03:04:05Zx"}},
		{ov_GUID, {"{10596784-F094-4B17-8B83-AE23BC19E6E8}", "10596784-f094-4b17-8b83-ae23bc19e6e8"},
		    {"", "{}", "{10596784-F094-4B17-8B83-AE23BC19E6E8", "{10596784-F094-4B17-8B83-AE23BC19E6EG}",
		    "10596784F0944B178B83AE23BC19E6E8", "{10596784-F094-4B17-8B83-AE23BC19E6E8}x"}},
		{ov_BASE64, {"", "AAAA", "AAA=", "AA==", "a+/9"}, {"A", "AAA", "A===", "AA=A", "AAAA\n", "A AA"}},
		{ov_CSS, {"", "position:absolute;margin-left:1pt", "m0,0l1,1xe", "#4f81bd [3204]", "Description 1"},
		    {"url(x)", "URL(#x)", "behavior:x", "http://x", "@import x", "JavaScript:x", "expression(1)", "a\\b", "a|b"}},
		{ov_LABEL, {"", "ＭＳ 明朝", "見出し 1", "DOMAIN\\user"}, {"a\tb", "a\nb", "\x01"}},
		{ov_TOKEN, {"", "#ppt_x+(1/2)", "M 0 0 L 0.25 0 E", "SHA-512", "urn:microsoft.com/office/x"},
		    {"http://x", "a\\b", "a|b", "\"", "a\nb", "ａ", "`"}},
		{ov_LANG, {"", "ja-JP", "x-none", "0411"}, {"ja JP", "/", "日本"}},
		{ov_PLACE, {"", "Sheet1!A1:B2", "_Toc1", "表!A1", "A:C", "'S 1'!A1"},
		    {"http://x", "file:///x", "file:x", "Javascript:x", "\\\\h\\x", "a\nb", "mailto:x"}},
		{ov_CELLS, {"", "A1", "$A$1:B2 C3:D4", "A:A"}, {"S!A1", "[1]S!A1", "A1|B1", "A1%", "'x'"}},
		{ov_LIST, {"", "1:3", "all 0 1"}, {"$A", "a/b", "a|b"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ov_class c = {.kind = (uint8_t)t[i].kind};

		for (size_t k = 0; k < ARRAY_LEN(t[i].good) && t[i].good[k]; k++)
			if (!ov_value(&c, str_from(t[i].good[k])))
				fail_msg("%u refuses %s", t[i].kind, t[i].good[k]);
		for (size_t k = 0; k < ARRAY_LEN(t[i].bad) && t[i].bad[k]; k++)
			if (ov_value(&c, str_from(t[i].bad[k])))
				fail_msg("%u takes %s", t[i].kind, t[i].bad[k]);
	}
}

/* What must never be in the verifier's list, whoever edits it. */
static void never(void **state)
{
	static const char *const names[] = {"oleObject", "control", "altChunk", "subDoc",
	    "attachedTemplate", "mailMerge", "dataBinding", "externalReference", "videoFile",
	                                    "audioFile", "cmd", "entryMacro", "exitMacro", "saveThroughXslt",
	    "docVars", "embedRegular", "href", "codeName", "movie", "smartTag", "customXml",
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
		cmocka_unit_test(formulas), cmocka_unit_test(fields), cmocka_unit_test(links), cmocka_unit_test(never), cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
