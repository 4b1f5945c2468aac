#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gate-ooxml/filter.h"
#include "gate-ooxml/kinds.h"

static void formulas(void **state)
{
	static const struct { const char *f, *code; } t[] = {
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

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *code = NULL;
		bool ok = formula_ok(str_from(t[i].f), &code);

		if (ok != !t[i].code || (!ok && strcmp(code, t[i].code) != 0))
			fail_msg("%s: %d %s", t[i].f, ok, code);
	}
}

static void fields(void **state)
{
	static const struct { const char *f, *code; } t[] = {
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

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *code = NULL;
		bool ok = field_ok(str_from(t[i].f), true, &code);

		if (ok != !t[i].code || (!ok && strcmp(code, t[i].code) != 0))
			fail_msg("%s: %d %s", t[i].f, ok, code);
	}
	const char *code;
	assert_false(field_ok(STR("HYPERLINK \"https://a.jp\""), false, &code));
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
		if (!link_ok(str_from(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (link_ok(str_from(bad[i])))
			fail_msg("%s", bad[i]);
}

/* Every kind with a path has its root in the grammar; every name in "from" is a kind or a format. */
static void tables(void **state)
{
	for (unsigned i = 0; i < n_kinds; i++) {
		struct str rest = str_from(kinds[i].from);

		if (kinds[i].path[0] && strcmp(kinds[i].name, "image") != 0 && strcmp(kinds[i].name, "vml") != 0 &&
		    strcmp(kinds[i].name, "embedded") != 0)
			assert_non_null(ox_root_find(kinds[i].name));
		while (rest.n) {
			struct str one = str_cut(&rest, ' ');
			char name[64];

			one = str_slice(one, str_starts(one, "+"), one.n);
			memcpy(name, one.p, one.n);
			name[one.n] = 0;
			if (!kind_named(name) && strcmp(name, "docx") != 0 && strcmp(name, "xlsx") != 0 &&
			    strcmp(name, "pptx") != 0)
				fail_msg("%s: %s", kinds[i].name, name);
		}
	}
}

/* Values by class: what is in the left list is of the class, what is in the right one not. */
static void values(void **state)
{
	static const struct { unsigned kind; const char *good[8], *bad[10]; } t[] = {
		{ox_DATE, {"2020-01-02", "2020-01-02T03:04:05", "2020-01-02T03:04:05.6Z", "2020-01-02T03:04:05+09:00"},
		    {"", "now", "2020-1-2", "2020-01-02T", "2020-01-02T03:04", "2020-01-02T03:04:05.", "2020-01-02T03:04:05+9",
		    "2020-01-02 03:04:05", "2020-01-02T03:04:05Zx"}},
		{ox_GUID, {"{10596784-F094-4B17-8B83-AE23BC19E6E8}", "10596784-f094-4b17-8b83-ae23bc19e6e8"},
		    {"", "{}", "{10596784-F094-4B17-8B83-AE23BC19E6E8", "{10596784-F094-4B17-8B83-AE23BC19E6EG}",
		    "10596784F0944B178B83AE23BC19E6E8", "{10596784-F094-4B17-8B83-AE23BC19E6E8}x"}},
		{ox_BASE64, {"", "AAAA", "AAA=", "AA==", "a+/9"}, {"A", "AAA", "A===", "AA=A", "AAAA\n", "A AA"}},
		{ox_CSS, {"", "position:absolute;margin-left:1pt", "m0,0l1,1xe", "#4f81bd [3204]", "Description 1"},
		    {"url(x)", "URL(#x)", "behavior:x", "http://x", "@import x", "JavaScript:x", "expression(1)", "a\\b", "a|b"}},
		{ox_LABEL, {"", "ＭＳ 明朝", "見出し 1", "DOMAIN\\user"}, {"a\tb", "a\nb", "\x01"}},
		{ox_TOKEN, {"", "#ppt_x+(1/2)", "M 0 0 L 0.25 0 E", "SHA-512", "urn:microsoft.com/office/x"},
		    {"http://x", "a\\b", "a|b", "\"", "a\nb", "ａ", "`"}},
		{ox_LANG, {"", "ja-JP", "x-none", "0411"}, {"ja JP", "/", "日本"}},
		{ox_PLACE, {"", "Sheet1!A1:B2", "_Toc1", "表!A1", "A:C", "'S 1'!A1"},
		    {"http://x", "file:///x", "file:x", "Javascript:x", "\\\\h\\x", "a\nb", "mailto:x"}},
		{ox_CELLS, {"", "A1", "$A$1:B2 C3:D4", "A:A"}, {"S!A1", "[1]S!A1", "A1|B1", "A1%", "'x'"}},
		{ox_LIST, {"", "1:3", "all 0 1"}, {"$A", "a/b", "a|b"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		unsigned c = 0;

		while (ox_classes[c].kind != t[i].kind)
			c++;
		for (size_t k = 0; k < ARRAY_LEN(t[i].good) && t[i].good[k]; k++)
			if (!ox_value_ok(c, str_from(t[i].good[k])))
				fail_msg("%u refuses %s", t[i].kind, t[i].good[k]);
		for (size_t k = 0; k < ARRAY_LEN(t[i].bad) && t[i].bad[k]; k++)
			if (ox_value_ok(c, str_from(t[i].bad[k])))
				fail_msg("%u takes %s", t[i].kind, t[i].bad[k]);
	}
}

/* What must never be in the grammar, whoever edits it. */
static void never(void **state)
{
	static const char *const names[] = {"oleObject", "control", "altChunk", "subDoc",
	    "attachedTemplate", "mailMerge", "dataBinding", "externalReference", "videoFile", "audioFile", "cmd",
	                                    "entryMacro", "exitMacro", "saveThroughXslt", "docVars", "embedRegular",
	    "href", "macroName", "onAction", "codeName", "vbProcedure_", "webPublishItem", "movie",
	    "smartTag", "customXml",
	                                    "legacyDrawing_", "oleObjects", "controls", "AlternateContent"};

	for (unsigned ns = 0; ns < ox_n_ns; ns++)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (ox_name_find(ns, str_from(names[i])))
				fail_msg("%s:%s", ox_ns[ns].prefix, names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formulas), cmocka_unit_test(fields), cmocka_unit_test(links),
		    cmocka_unit_test(tables), cmocka_unit_test(never), cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
