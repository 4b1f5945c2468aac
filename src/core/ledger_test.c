#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/ledger.h"
#include "lib/buf.h"
#include "lib/i18n.h"

/* A definition that loads; each case below spoils one place of it. */
static const char GOOD[] =
    "ledger: things\n"                                                                                      /*  1 */
    "label: {ja: 物品台帳, en: Things}\n"
    "record: {ja: 物品, en: Thing}\n"
    "purpose: {ja: 物品を管理する。, en: Keeps things.}\n"
    "number: \"物-{fy}-{seq:03}\"\n"
    "title: \"{subject}\"\n"
    "clauses: [iz.1]\n"
    "controls: [thing.kept, thing.safe]\n"
    "reads:\n"
    "  thing.kept: [subject, parts.weight, steps.approve, duties.look, \"@vault what it saw\"]\n"          /* 10 */
    "see: [own, section, {roles: [chief]}]\n"
    "existence: open\n"
    "write: [sec-manager]\n"
    "review: {every: 1y, by: chief}\n"
    "retain: 5y\n"
    "fields:\n"
    "  - {head: main, label: {ja: 主, en: Main}, edit: [keeper]}\n"
    "  - {name: subject, type: text, max: 80, required: true, label: {ja: 件名, en: Subject}}\n"
    "  - {name: section, type: section, label: {ja: 課, en: Section}}\n"
    "  - {name: kind, type: choice, default: big, label: {ja: 区分, en: Kind}, of: [{code: big, ja: 大, en: Big}, {code: small, ja: 小, en: Small}]}\n"
    "  - {name: keeper, type: person, label: {ja: 保管者, en: Keeper}, placeholder: 1001}\n"              /* 21 */
    "  - {name: until, type: date, max: fiscal-year-end+1y, label: {ja: 期限, en: Until}}\n"
    "  - {name: parent, type: ref, to: things, where: \"kind = 'big'\", label: {ja: 親, en: Parent}}\n"
    "  - {name: tags, type: text, many: true, label: {ja: 札, en: Tags}}\n"
    "  - {name: parts, type: table, label: {ja: 部品, en: Parts}, columns: [{name: weight, type: integer, min: 1, label: {ja: 重さ, en: Weight}}]}\n"
    "  - {name: list, type: checklist, items: [{code: a, ja: 甲, en: A}], label: {ja: 点検, en: List}}\n"
    "  - {name: heavy, type: bool, computed: \"highest(parts, 'weight') > 10\", label: {ja: 重い, en: Heavy}}\n"
    "states:\n"
    "  draft: {label: {ja: 作成中, en: Draft}, start: true, edit: [applicant]}\n"
    "  approved: {label: {ja: 許可, en: Approved}, live: true}\n"                                        /* 30 */
    "  closed: {label: {ja: 終了, en: Closed}, end: true}\n"
    "actions:\n"
    "  - {name: approve, from: draft, to: approved, by: [chief], not: [applicant, keeper], seal: [kind], when: \"kind = 'big' and answered(list)\"}\n"
    "  - {name: close, from: [draft, approved], to: closed, by: [keeper], needs: [note, until]}\n"
    "duties:\n"
    "  - {name: look, by: keeper, every: 6mo, while: approved, label: {ja: 確認, en: Look}}\n"
    "rules:\n"
    "  - {that: \"until >= created_on\", say: {ja: 期限は登録日以後, en: Not in the past}}\n"
    "form: {title: {ja: 物品票, en: Thing}, style: a4-portrait}\n";

static const struct {
	const char *from, *to;                           /* the first occurrence is replaced */
	const char *expect;
} BAD[] = {
	{ "edit: [keeper]}\n", "edit: [keeper], stage: aprove}\n", "things.yaml:18:5: subject: stage 'aprove' is no action" },
	{ "max: 80, required", "max: 80, stage: sign, required", "things.yaml:18:5: subject: stage 'sign' is no action" },
	{ "min: 1, label: {ja: 重さ", "min: 1, stage: close, label: {ja: 重さ", "things.yaml:25:115: a column has the stage of its table" },
	{ "retain: 5y\n", "retain: 5y\nretian: 6y\n", "things.yaml:16:1: ledger: unknown key 'retian', did you mean 'retain'?" },
	{ "retain: 5y\n", "", "things.yaml:1:1: ledger: 'retain' is missing" },
	{ "retain: 5y", "retain: long", "things.yaml:15:9: retain: 'long' is no number of years" },
	{ "existence: open", "existence: hidden", "things.yaml:12:12: existence: open or restricted" },
	{ "see: [own,", "see: [mine,", "things.yaml:11:7: see: own, section, dept, all or {roles: [...]}" },
	{ "write: [sec-manager]", "write: [boss]", "things.yaml:13:9: 'boss' is no role, word or field of a person or post" },
	{ "edit: [keeper]", "edit: [subject]", "things.yaml:17:51: 'subject' is no role, word or field of a person or post" },
	{ "type: text", "type: txt", "things.yaml:18:27: unknown type 'txt', did you mean 'text'?" },
	{ "name: subject", "name: Subject", "things.yaml:18:12: 'Subject' is no name: lower case letters, digits and _" },
	{ "required: true", "required: yes", "things.yaml:18:52: true or false is expected here" },
	{ "{name: until", "{name: kind", "things.yaml:22:5: field 'kind' is given twice" },
	{ "{name: until", "{name: version", "things.yaml:22:5: version: every ledger has a column of this name" },
	{ "{name: section, type: section", "{name: section, type: text", "things.yaml:19:5: section: this field is of type section" },
	{ "code: small", "code: big", "things.yaml:20:107: code 'big' is given twice" },
	{ "default: big", "default: huge", "things.yaml:20:5: kind: default 'huge' is not among the codes" },
	{ "{name: until, type: date, max: fiscal-year-end+1y", "{name: until, type: date, max: some-day",
	  "things.yaml:22:5: until: max: 'some-day' is no number, date rule or expression" },
	{ "type: ref, to: things,", "type: ref,", "things.yaml:23:38: 'where' limits what a ref may name" },
	{ "to: things", "to: nothings", "things.yaml:23:5: parent: no ledger 'nothings'" },
	{ "where: \"kind = 'big'\"", "where: \"kind = 'tall'\"", "things.yaml:23:50: kind has no 'tall'" },
	{ "columns: [{name: weight,", "columns: [{name: pos,", "things.yaml:25:70: pos: every table has a column of this name" },
	{ "type: table,", "type: text,", "things.yaml:25:5: parts: 'columns' belong to a table or a checklist" },
	{ "items: [{code: a, ja: 甲, en: A}], ", "", "things.yaml:26:5: list: a checklist has 'items' or 'items-from'" },
	{ "highest(parts, 'weight')", "highest(parts, 'length')", "things.yaml:27:41: highest: no 'length' in 'parts'" },
	{ "> 10", "> (SELECT 10)", "things.yaml:27:41: no column 'SELECT'" },
	{ "start: true, ", "", "things.yaml:29:3: no start state" },
	{ "  closed: {", "  gone: {label: {ja: 去, en: Gone}, end: true}\n  closed: {", "things.yaml:31:3: state gone is never reached" },
	{ "by: [chief], not", "not", "things.yaml:33:5: action approve: exactly one of by, two-of and auto" },
	{ "not: [applicant, keeper]", "not: [chief]", "things.yaml:33:5: action approve: 'not' names persons of the record, not 'chief'" },
	{ "by: [chief], not: [applicant, keeper]", "by: [applicant]", "things.yaml:33:5: action approve: the applicant approves" },
	{ "from: draft, to: approved", "from: drafted, to: approved", "things.yaml:33:5: action approve: no state 'drafted'" },
	{ "seal: [kind]", "seal: [mane]", "things.yaml:33:5: action approve: seals 'mane', which is no field or head" },
	{ "seal: [kind]", "seal: [main]", "things.yaml:33:5: action approve: its seal covers until, which 'close' fills in later" },
	{ "seal: [kind]", "seal: true", "things.yaml:33:5: action approve: its seal covers until, which 'close' fills in later" },
	{ "answered(list)", "answered(tags)", "things.yaml:33:107: answered works on a checklist" },
	{ "answered(list)", "load_extension('x')", "things.yaml:33:107: no function 'load_extension'" },
	{ "answered(list)", "subjekt = 'x'", "things.yaml:33:107: no column 'subjekt', did you mean 'subject'?" },
	{ "answered(list)", "until > 3; drop", "things.yaml:33:107: no expression: kind = 'big' and until > 3; drop" },
	{ "needs: [note, until]", "needs: [note, end]", "things.yaml:34:5: action close: needs 'end', which is no field" },
	{ "every: 6mo", "every: often", "things.yaml:36:5: duty look: 'often' is no duration, [parameter] or duration field" },
	{ "every: 6mo, ", "", "things.yaml:36:5: duty look: exactly one of every, within and due" },
	{ "while: approved", "while: asleep", "things.yaml:36:5: duty look: no state 'asleep'" },
	{ "until >= created_on", "until >= ", "things.yaml:38:12: near \")\": syntax error: until >= " },
	{ "en: Not in the past", "de: Nein", "things.yaml:38:55: label: unknown key 'de'" },
	{ "steps.approve", "steps.refuse", "things.yaml:10:3: reads thing.kept: no 'steps.refuse'" },
	{ "  thing.kept: [", "  thing.lost: [", "things.yaml:10:3: reads: 'thing.lost' is not among the controls" },
	{ "title: \"{subject}\"", "title: \"{topic}\"", "things.yaml:6:8: title: no field 'topic'" },
	{ "type: person, ", "type: person, help: 保つ人, ", "things.yaml:21:40: label: a map is expected here" },
	{ "type: person, ", "type: person, help: {ja: 保つ人}, ", "things.yaml:21:40: label: 'en' is missing" },
	{ "placeholder: 1001", "placeholder: 総務課の人",
	  "things.yaml:21:77: placeholder: words are given in both languages, {ja: …, en: …}" },
	{ "ledger: things\n", "ledger: things\nledger: things\n", NULL },
	{ "ledger: things\n", "ledger: stuff\n", "things.yaml:1:1: the file of ledger 'stuff' is called stuff.yaml" },
};

struct folder {
	char path[64], file[96];
};

static void write_definition(struct folder *f, const char *text, size_t n)
{
	FILE *out = fopen(f->file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
}

static void folder_make(struct folder *f)
{
	snprintf(f->path, sizeof f->path, "/tmp/ledger_test.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	snprintf(f->file, sizeof f->file, "%s/things.yaml", f->path);
}

static void folder_remove(struct folder *f)
{
	unlink(f->file);
	rmdir(f->path);
}

static void test_good(void **state)
{
	struct folder dir;
	struct ledgers *all = NULL;
	struct err e = { 0 };
	char text[600];
	const struct ledger *l;

	folder_make(&dir);
	write_definition(&dir, GOOD, sizeof GOOD - 1);
	if (ledgers_load(dir.path, NULL, &all, &e))
		fail_msg("%s", err_format(&e, text, sizeof text));
	l = ledgers_get(all, STR("things"));
	assert_non_null(l);
	assert_int_equal(l->n_fields, 10);
	assert_int_equal(l->n_heads, 1);
	assert_ptr_equal(ledger_field(l, STR("tags"))->head, &l->heads[0]);
	assert_int_equal(l->see, SEE_OWN | SEE_SECTION);
	assert_int_equal(l->see_roles.n, 1);
	assert_int_equal(l->actions[0].not_.n, 2);
	assert_int_equal(l->actions[0].not_.v[0].kind, WHO_APPLICANT);
	assert_int_equal(l->actions[0].not_.v[1].kind, WHO_FIELD);
	assert_int_equal(l->actions[1].from.n, 2);
	assert_true(str_is(field_column(ledger_field(l, STR("parts")), STR("weight"))->min, "1"));
	assert_true(ledger_state(l, STR("closed"))->end);
	assert_false(ledger_state(l, STR("draft"))->end);
	assert_int_equal(strlen(l->sha256), 64);
	assert_null(ledgers_get(all, STR("thing")));
	i18n_set(LANG_EN);
	assert_true(str_is(label_text(&l->label), "Things"));
	assert_true(str_is(label_text(&ledger_field(l, STR("keeper"))->placeholder), "1001"));
	i18n_set(LANG_JA);
	assert_true(str_is(label_text(&l->label), "物品台帳"));
	ledgers_free(all);
	folder_remove(&dir);
}

static void test_bad(void **state)
{
	struct folder dir;
	int wrong = 0;

	folder_make(&dir);
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		const char *at = strstr(GOOD, BAD[i].from);
		struct ledgers *all = NULL;
		struct err e = { 0 };
		struct buf text;
		char got[600];

		assert_non_null(at);
		buf_init(&text, 1 << 20);
		buf_put(&text, GOOD, (size_t)(at - GOOD));
		buf_puts(&text, BAD[i].to);
		buf_puts(&text, at + strlen(BAD[i].from));
		write_definition(&dir, text.p, text.n);
		buf_release(&text);
		if (!ledgers_load(dir.path, NULL, &all, &e)) {
			print_error("accepted: %s -> %s\n", BAD[i].from, BAD[i].to);
			ledgers_free(all);
			wrong++;
			continue;
		}
		err_format(&e, got, sizeof got);
		if (BAD[i].expect && strcmp(got, BAD[i].expect)) {
			print_error("%s -> %s\n  said:     %s\n  expected: %s\n", BAD[i].from, BAD[i].to, got, BAD[i].expect);
			wrong++;
		}
	}
	folder_remove(&dir);
	assert_int_equal(wrong, 0);
}

static void test_override_replaces(void **state)
{
	struct folder dir, own;
	struct ledgers *all = NULL;
	struct err e = { 0 };
	struct buf text;
	const char *at = strstr(GOOD, "en: Things");

	folder_make(&dir);
	folder_make(&own);
	write_definition(&dir, GOOD, sizeof GOOD - 1);
	buf_init(&text, 1 << 20);
	buf_put(&text, GOOD, (size_t)(at - GOOD));
	buf_puts(&text, "en: Our things");
	buf_puts(&text, at + strlen("en: Things"));
	write_definition(&own, text.p, text.n);
	buf_release(&text);
	assert_int_equal(ledgers_load(dir.path, own.path, &all, &e), 0);
	assert_int_equal(all->n, 1);
	assert_true(str_is(all->v[0]->label.en, "Our things"));
	ledgers_free(all);
	folder_remove(&dir);
	folder_remove(&own);
}

static void test_all_ours_load(void **state)
{
	struct ledgers *all = NULL;
	struct err e = { 0 };
	char text[600];

	if (ledgers_load("ledgers", NULL, &all, &e))
		fail_msg("%s", err_format(&e, text, sizeof text));
	assert_int_equal(all->n, 48);
	ledgers_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_override_replaces),
		cmocka_unit_test(test_all_ours_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
