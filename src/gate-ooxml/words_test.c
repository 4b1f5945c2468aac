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

		if (kinds[i].path[0] && strcmp(kinds[i].name, "image") != 0 && strcmp(kinds[i].name, "vml") != 0)
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

/* What must never be in the grammar, whoever edits it. */
static void never(void **state)
{
	static const char *const names[] = {"oleObject", "oleObj", "OLEObject", "control", "altChunk", "subDoc",
	    "attachedTemplate", "mailMerge", "dataBinding", "externalReference", "videoFile", "audioFile", "cmd",
	                                    "entryMacro", "exitMacro", "saveThroughXslt", "docVars", "embedRegular",
	    "externalData", "href", "macroName", "onAction", "codeName", "vbProcedure_", "webPublishItem", "movie",
	    "object", "smartTag", "customXml",
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
		    cmocka_unit_test(tables), cmocka_unit_test(never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
