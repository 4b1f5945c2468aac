/* mkcity: writes the script of the sample city 見本市 (src/core/sample.h says what its lines mean) to standard output.
 *
 * A fixed seed: the same city every time. Days are counted from the day of loading ("$-30"), so that what is overdue, near or
 * planned stays so. All people, firms and events are invented: names are put together from lists. Most of the city is in
 * order; the failures at the end of main() are deliberate, some of each status. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define SECTIONS 30
#define PEOPLE 300
#define SYSTEMS 45
#define ASSETS 600

static uint64_t seed = 0x73656b6973686full;

static uint32_t draw(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

/* Lines are kept and written in order of time. */
struct entry {
	int day, minute, n;
	char *text;
};
static struct entry *entries;
static int n_entries;

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : x->minute != y->minute ? x->minute - y->minute : x->n - y->n;
}

/* One line: "at" ("$-30T09:15"), "by", "do" and the rest as given (already JSON, its quotes written as '). */
static void line(const char *at, const char *by, const char *what, const char *fmt, ...)
{
	char rest[8192], *text;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	for (char *p = rest; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (asprintf(&text, "{\"at\":\"%s\",\"by\":\"%s\",\"do\":\"%s\"%s%s}\n", at, by, what, *rest ? "," : "", rest) < 0)
		exit(1);
	char *end;
	int day = (int)strtol(at + 1, &end, 10), hour = (int)strtol(end + 1, &end, 10), minute = (int)strtol(end + 1, NULL, 10);
	if (n_entries % 1024 == 0) {
		struct entry *more = realloc(entries, sizeof(*entries) * (size_t)(n_entries + 1024));
		if (!more)
			exit(1);
		entries = more;
	}
	entries[n_entries] = (struct entry){day, hour * 60 + minute, n_entries, text};
	n_entries++;
}

static void write_all(void)
{
	qsort(entries, (size_t)n_entries, sizeof(*entries), by_time);
	for (int i = 0; i < n_entries; i++) {
		fputs(entries[i].text, stdout);
		free(entries[i].text);
	}
	free(entries);
}

static const char *day(char *out, int days)
{
	snprintf(out, 16, "$%d", days);
	return out;
}

/* --- units ------------------------------------------------------------------------------------------------------------------ */

struct unit {
	const char *code, *name, *kind, *body, *parent;
};
static const struct unit bodies[] = {
	{"B1", "市長部局", "body", "mayor", NULL}, {"B2", "教育委員会", "body", "commission", NULL}, {"B3", "市議会", "body", "assembly", NULL},
	{"B4", "選挙管理委員会", "body", "commission", NULL}, {"B5", "監査委員", "body", "audit", NULL}, {"B6", "水道企業", "body", "enterprise", NULL},
	{"D1", "総務部", "bureau", "mayor", "B1"}, {"D2", "市民部", "bureau", "mayor", "B1"}, {"D3", "福祉部", "bureau", "mayor", "B1"},
	{"D4", "建設部", "bureau", "mayor", "B1"}, {"D5", "教育部", "bureau", "commission", "B2"},
};
static const struct unit sections[SECTIONS] = {
	{"S01", "情報政策課", "section", "mayor", "D1"}, {"S02", "総務課", "section", "mayor", "D1"}, {"S03", "人事課", "section", "mayor", "D1"},
	{"S04", "財政課", "section", "mayor", "D1"}, {"S05", "契約検査課", "section", "mayor", "D1"}, {"S06", "企画課", "section", "mayor", "D1"},
	{"S07", "広報課", "section", "mayor", "D1"}, {"S08", "市民課", "section", "mayor", "D2"}, {"S09", "税務課", "section", "mayor", "D2"},
	{"S10", "収納課", "section", "mayor", "D2"}, {"S11", "保険年金課", "section", "mayor", "D2"}, {"S12", "環境課", "section", "mayor", "D2"},
	{"S13", "北支所", "branch", "mayor", "D2"}, {"S14", "南支所", "branch", "mayor", "D2"}, {"S15", "福祉課", "section", "mayor", "D3"},
	{"S16", "高齢介護課", "section", "mayor", "D3"}, {"S17", "こども課", "section", "mayor", "D3"}, {"S18", "健康づくり課", "section", "mayor", "D3"},
	{"S19", "生活支援課", "section", "mayor", "D3"}, {"S20", "土木課", "section", "mayor", "D4"}, {"S21", "都市計画課", "section", "mayor", "D4"},
	{"S22", "建築住宅課", "section", "mayor", "D4"}, {"S23", "農林課", "section", "mayor", "D4"}, {"S24", "学校教育課", "section", "commission", "D5"},
	{"S25", "生涯学習課", "section", "commission", "D5"}, {"S26", "図書館", "branch", "commission", "D5"}, {"S27", "議会事務局", "section", "assembly", "B3"},
	{"S28", "選挙管理委員会事務局", "section", "commission", "B4"}, {"S29", "監査事務局", "section", "audit", "B5"}, {"S30", "上下水道課", "section", "enterprise", "B6"},
};

static void unit(const struct unit *u, const char *roles, const char *functions)
{
	char parent[40] = "", posts[600] = "";
	if (u->parent)
		snprintf(parent, sizeof(parent), "'parent':'@%s',", u->parent);
	if (u->kind[0] == 's' || strcmp(u->kind, "branch") == 0)
		snprintf(posts, sizeof(posts), ",'posts':[{'code':'%s-H','title':'課長','head':true,'roles':['sec-manager'],'superior_role':'dept-head','headcount':1},"
		         "{'code':'%s-S','title':'職員','head':false,'headcount':12}]", u->code, u->code);
	else if (strcmp(u->kind, "bureau") == 0)
		snprintf(posts, sizeof(posts), ",'posts':[{'code':'%s-H','title':'部長','head':true,'roles':['dept-head'],'superior_role':'ciso','headcount':1}]", u->code);
	else if (strcmp(u->code, "B1") == 0)
		snprintf(posts, sizeof(posts), ",'posts':[{'code':'B1-V','title':'副市長','head':false,'roles':['ciso'],'headcount':1}]");
	line("$-900T08:30", "", "create", "'ledger':'org-units','key':'%s','state':'active','fields':{'code':'%s','name':'%s','kind':'%s','body_type':'%s','in_scope':true,%s"
	     "'starts_on':'2015-04-01','place':'本庁舎','roles_required':[%s],'functions':[%s]%s}", u->code, u->code, u->name, u->kind, u->body, parent, roles, functions, posts);
}

static void units(void)
{
	for (size_t i = 0; i < LEN(bodies); i++)
		unit(&bodies[i], strcmp(bodies[i].kind, "bureau") == 0 ? "'dept-head'" : "", "");
	for (size_t i = 0; i < SECTIONS; i++)
		unit(&sections[i], "'sec-manager'", strcmp(sections[i].code, "S01") == 0 ? "'info-section'" : strcmp(sections[i].code, "S03") == 0 ? "'hr'" :
		     strcmp(sections[i].code, "S02") == 0 ? "'facilities'" : strcmp(sections[i].code, "S07") == 0 ? "'public-information'" : "");
}

/* --- people ------------------------------------------------------------------------------------------------------------------- */

static const char *const family[][2] = {
	{"青井", "あおい"}, {"赤坂", "あかさか"}, {"磯部", "いそべ"}, {"上原", "うえはら"}, {"江口", "えぐち"}, {"小川", "おがわ"}, {"片岡", "かたおか"}, {"北野", "きたの"},
	{"窪田", "くぼた"}, {"小松", "こまつ"}, {"坂井", "さかい"}, {"島村", "しまむら"}, {"杉本", "すぎもと"}, {"関根", "せきね"}, {"園田", "そのだ"}, {"高木", "たかぎ"},
	{"千葉", "ちば"}, {"土屋", "つちや"}, {"寺田", "てらだ"}, {"冨永", "とみなが"}, {"中原", "なかはら"}, {"西川", "にしかわ"}, {"野口", "のぐち"}, {"橋爪", "はしづめ"},
	{"平田", "ひらた"}, {"福島", "ふくしま"}, {"細川", "ほそかわ"}, {"松尾", "まつお"}, {"水谷", "みずたに"}, {"村瀬", "むらせ"}, {"森下", "もりした"}, {"山岸", "やまぎし"},
};
static const char *const given[][2] = {
	{"葵", "あおい"}, {"一馬", "かずま"}, {"恵子", "けいこ"}, {"健", "けん"}, {"沙織", "さおり"}, {"翔太", "しょうた"}, {"誠", "まこと"}, {"大輔", "だいすけ"},
	{"千尋", "ちひろ"}, {"哲也", "てつや"}, {"直美", "なおみ"}, {"春香", "はるか"}, {"陽介", "ようすけ"}, {"真由", "まゆ"}, {"光", "ひかる"}, {"由紀", "ゆき"},
};

static int section_of[PEOPLE + 1];                       /* index of the section; -1 the mayor's body */

/* Person n has staff number 1000+n. 1..11 are special, then one head per section, the rest staff. */
static const char *staff_no(int n, char *out)
{
	snprintf(out, 8, "%u", (1000u + (unsigned)n) % 10000);
	return out;
}

#define CISO 1
#define CHIEF 2
#define HEAD_D1 3                                        /* ..7: heads of D1..D5 */
#define FIRST_HEAD 8                                     /* ..37: heads of S01..S30 */
#define OFFICE_A 38
#define OFFICE_B 39
#define SYS_A 40                                         /* ..45: system managers */
#define OPERATOR 46                                      /* ..48 */
#define AUDIT_CHIEF 49
#define AUDITOR 50
#define CSIRT_A 51                                       /* ..53 */
#define FIRST_STAFF 54
#define LAST_CONTRACTOR PEOPLE                           /* the last 12 are contractor workers */

static void person(int n)
{
	char no[8], post[80] = "", extra[400] = "", start[16];
	const char *unit_code;
	const char *const *f = family[draw(LEN(family))], *const *g = given[draw(LEN(given))];
	int s = section_of[n];
	int new_hire = n >= 280 && n <= 284;
	unit_code = n == CISO ? "B1" : n >= HEAD_D1 && n < FIRST_HEAD ? bodies[6 + n - HEAD_D1].code : sections[s].code;
	if (n == CISO)
		snprintf(post, sizeof(post), ",'post':'B1-V','post_since':'$-800'");
	else if ((n >= HEAD_D1 && n < FIRST_HEAD) || (n >= FIRST_HEAD && n < OFFICE_A))
		snprintf(post, sizeof(post), ",'post':'%s-H','post_since':'$-600'", unit_code);
	else if (n < PEOPLE - 11)
		snprintf(post, sizeof(post), ",'post':'%s-S'", unit_code);
	day(start, new_hire ? -40 - n % 5 : -1000 - (int)draw(4000));
	int outside = n > PEOPLE - 12;
	if (outside)
		snprintf(extra, sizeof(extra), ",'employer':'@P%d','valid_until':'$%d','contract':'@K%d','contract_part':'worker','work':'保守作業','work_place':'サーバ室','expertise':'運用経験5年',"
		         "'educated_on':'$-300'", 1 + n % 4, n == PEOPLE ? -20 : 200, 1 + n % 4);
	const char *type = outside ? "contractor" : n == CISO ? "special" : n % 9 == 0 && n >= FIRST_STAFF ? "fiscal-year" : "regular";
	int pledge = !(n >= 60 && n <= 62) && !new_hire;
	line(new_hire ? "$-40T08:40" : "$-890T09:00", "", "create",
	     "'ledger':'persons','key':'p%d','state':'active','fields':{'staff_no':'%s','name':'%s %s','kana':'%s %s','person_type':'%s','in_scope':true,'section':'@%s'%s,"
	     "'email':'p%s@mihon.example','source':'%s','feed_seen_on':'$-1','started_on':'%s'%s,'executive':%s,'pledge':'%s'%s,'internet_entitled':true,'mail_entitled':true%s}",
	     n, staff_no(n, no), f[0], g[0], f[1], g[1], type, unit_code, post, no, outside ? "roster" : "hr-feed", start,
	     new_hire ? ",'movements':[{'kind':'hire','moved_on':'$-40'}]" : "", n <= 7 ? "true" : "false", pledge ? "signed" : "pending",
	     pledge ? ",'pledge_version':'@doc-pledge','pledge_on':'$-700','duties_document':'@doc-conduct','duties_given_on':'$-700'" : "", extra);
}

static void people(void)
{
	for (int n = 1; n <= PEOPLE; n++) {
		section_of[n] = n >= FIRST_HEAD && n < OFFICE_A ? n - FIRST_HEAD : n == AUDIT_CHIEF || n == AUDITOR ? 28 : n >= CHIEF && n < FIRST_STAFF ? 0 : (n * 7) % SECTIONS;
		if (n > PEOPLE - 12)
			section_of[n] = 0;
	}
	for (int n = 1; n <= PEOPLE; n++)
		person(n);
}

/* --- roles ----------------------------------------------------------------------------------------------------------------------- */

static int roles_made;

static void role(const char *code, int holder, const char *post, const char *superior, const char *scope)
{
	char basis[80];
	int n = ++roles_made;
	if (post)
		snprintf(basis, sizeof(basis), "'basis':'post','post':'%s'", post);
	else
		snprintf(basis, sizeof(basis), "'basis':'nomination'");
	line("$-590T10:00", "", "create", "'ledger':'role-assignments','key':'r%d','state':'active','fields':{'kind':'appointment','role':'%s','holder':'@p%d',%s,%s%s%s%s,"
	     "'starts_on':'$-590','decided_by':'ciso','decided_on':'$-592','decision_no':'総情第%d号'%s}", n, code, holder, basis,
	     superior ? "'superior_role':'" : "", superior ? superior : "", superior ? "'," : "", scope, 100 + n,
	     strncmp(code, "audit", 5) == 0 ? ",'qualification':'システム監査技術者、実務5年'" : "");
}

static void roles(void)
{
	char post[16], scope[64];
	role("ciso", CISO, "B1-V", NULL, "'scope':'whole'");
	role("chief", CHIEF, NULL, "ciso", "'scope':'whole'");
	for (int i = 0; i < 5; i++) {
		snprintf(post, sizeof(post), "%s-H", bodies[6 + i].code);
		snprintf(scope, sizeof(scope), "'scope':'unit','unit':'@%s'", bodies[6 + i].code);
		role("dept-head", HEAD_D1 + i, post, "ciso", scope);
	}
	for (int i = 0; i < SECTIONS; i++) {
		if (i == 25) /* the library's head left: nobody holds the role */
			continue;
		snprintf(post, sizeof(post), "%s-H", sections[i].code);
		snprintf(scope, sizeof(scope), "'scope':'unit','unit':'@%s'", sections[i].code);
		role("sec-manager", FIRST_HEAD + i, post, "dept-head", scope);
	}
	role("secretariat", OFFICE_A, NULL, "chief", "'scope':'whole'");
	role("secretariat", OFFICE_B, NULL, "chief", "'scope':'whole'");
	for (int i = 0; i < 3; i++)
		role("sys-operator", OPERATOR + i, NULL, "sys-manager", "'scope':'whole'");
	role("audit-chief", AUDIT_CHIEF, NULL, "ciso", "'scope':'whole'");
	role("auditor", AUDITOR, NULL, "audit-chief", "'scope':'whole'");
	for (int i = 0; i < 3; i++)
		role("csirt", CSIRT_A + i, NULL, "chief", "'scope':'whole'");
	role("data-manager", FIRST_HEAD + 7, NULL, "chief", "'scope':'whole'");
	role("facility-manager", FIRST_HEAD + 1, NULL, "chief", "'scope':'whole'");
	role("document-manager", FIRST_HEAD + 1, NULL, "chief", "'scope':'whole'");
	role("cloud-manager", SYS_A + 1, NULL, "chief", "'scope':'whole'");
	line("$-300T10:00", "1002", "create", "'ledger':'role-assignments','key':'rn','fields':{'kind':'not-needed','function':'adviser','scope':'whole','starts_on':'$-300','decided_by':'ciso',"
	     "'decided_on':'$-300','reason':'県の共同支援で代える'}");
	line("$-299T10:00", "1001", "act", "'key':'rn','action':'decline','fields':{'reason':'県の共同支援で代える'}");
}

/* --- documents, parties, contracts: what the others refer to ----------------------------------------------------------------------- */

static void document(const char *key, const char *kind, const char *name, const char *parent, int from, const char *more)
{
	char up[60] = "";
	if (parent)
		snprintf(up, sizeof(up), "'parent':'@%s',", parent);
	line("$-895T10:00", "", "create", "'ledger':'documents','key':'%s','state':'in-force','fields':{'kind':'%s','name':'%s','edition':'第2版','section':'@S01','owner_post':'S01-H','purpose':'%sを定める',"
	     "%s'sections':[{'code':'general','heading':'総則','body':'本文は別紙による'}],'approver':'ciso','decided_on':'$%d','effective_from':'$%d','review_on':'$%d'%s}",
	     key, kind, name, name, up, from - 5, from, from + 1090, more);
}

static void documents(void)
{
	document("doc-policy", "basic-policy", "見本市情報セキュリティ基本方針", NULL, -800, "");
	document("doc-standard", "standard", "見本市情報セキュリティ対策基準", "doc-policy", -790, "");
	document("doc-scale", "scale", "情報資産分類基準", "doc-standard", -780, "");
	document("doc-carry", "procedure", "情報資産の持出・運搬手順", "doc-standard", -780, "");
	document("doc-conduct", "procedure", "職員等の遵守事項", "doc-standard", -780, "");
	document("doc-pledge", "pledge-form", "情報セキュリティ誓約書", "doc-standard", -780, "");
	document("doc-charter-c", "charter", "情報セキュリティ委員会設置要綱", "doc-standard", -780, "");
	document("doc-charter-s", "charter", "CSIRT設置要綱", "doc-standard", -780, "");
	document("doc-incident", "procedure", "インシデント対応手順", "doc-standard", -780,
	         ",'incident_types':['malware','leak','loss','missent','card-lost','outage','other'],'steps':[{'code':'isolate','text':'端末を網から切り離す','role':'sec-manager'},"
	         "{'code':'report','text':'CSIRTへ連絡する','role':'sec-manager'},{'code':'evidence','text':'証拠を保全する','role':'csirt'}]");
}

static void parties(void)
{
	static const char *const names[] = {"見本情報システム株式会社", "北港データサービス株式会社", "株式会社見本運送", "南川ネットワーク株式会社"};
	for (int i = 1; i <= 4; i++)
		line("$-894T10:00", "", "create", "'ledger':'parties','key':'P%d','state':'active','fields':{'name':'%s','corporate_no':'%013d','kinds':['contractor','%s'],'country':'日本'}", i, names[i - 1],
		     100000000 + i, i == 3 ? "courier" : "vendor");
	static const char *const works[] = {"住民情報システム運用保守", "庁内ネットワーク保守", "文書配送業務", "公開ウェブサーバ運用"};
	static const char *const terms[] = {"observe", "technical", "organisation", "identify", "sla", "access", "mail-use", "education", "purpose", "secrecy", "nda", "subcontract", "flow-down", "return",
		"reporting", "check-method", "audit", "quality-audit", "incident", "publication", "remedy", "damages", "no-change", "change-report", "requirements", "security-test", "functions"};
	char agreed[4000] = "";
	for (size_t k = 0; k < LEN(terms); k++)
		snprintf(agreed + strlen(agreed), sizeof(agreed) - strlen(agreed), "%s{'item':'%s','answer':'yes','clause_no':'第%zu条'}", k ? "," : "", terms[k], k + 3);
	for (int i = 1; i <= 4; i++)
		line("$-893T10:00", "", "create", "'ledger':'contracts','key':'K%d','state':'active','fields':{'kind':'contract','subject':'%s','section':'@S01','party':'@P%d','work_scope':'%s一式','starts_on':'$-500',"
		     "'ends_on':'$%d','type':'operation','class_c':'2','important':true,'personal_data':'%s','subcontracting':false,'contractor_lead':'運用主任','work_places':[{'place':'本庁舎','country':'日本','remote':false}]%s%s%s}", i, works[i - 1], i, works[i - 1], i == 4 ? 25 : 230, i == 1 ? "specific" : "none",
		     i == 4 ? "" : ",'terms':[", i == 4 ? "" : agreed, i == 4 ? "" : "]"); /* the fourth was signed without terms */
}

static void committees(void)
{
	line("$-580T10:00", "", "create", "'ledger':'org-units','key':'C1','state':'active','fields':{'code':'C1','name':'情報セキュリティ委員会','kind':'committee','body_type':'mayor','in_scope':true,'parent':'@B1',"
	     "'starts_on':'$-580','functions':['security-committee'],'leader':'@p1','members':[{'person':'@p1','part':'委員長','origin':'post','starts_on':'$-580'},{'person':'@p2','part':'副委員長','origin':'post','starts_on':'$-580'},"
	     "{'person':'@p3','part':'総務','origin':'post','starts_on':'$-580'},{'person':'@p4','part':'市民','origin':'post','starts_on':'$-580'}],'members_checked_on':'$-200','secretariat_unit':'@S01','decided_by':'ciso',"
	     "'decided_on':'$-582','decision_no':'総情第1号','charter':'@doc-charter-c'}");
	line("$-580T10:05", "", "create", "'ledger':'org-units','key':'C2','state':'active','fields':{'code':'C2','name':'見本市CSIRT','kind':'csirt','body_type':'mayor','in_scope':true,'parent':'@B1','starts_on':'$-580',"
	     "'functions':['csirt'],'leader':'@p2','members':[{'person':'@p51','part':'連絡窓口','origin':'section','starts_on':'$-580'},{'person':'@p52','part':'技術対応','origin':'section','starts_on':'$-580'},"
	     "{'person':'@p53','part':'広報','origin':'nominated','nominated_on':'$-585','starts_on':'$-580'}],'members_checked_on':'$-200','secretariat_unit':'@S01','decided_by':'ciso','decided_on':'$-582','charter':'@doc-charter-s',"
	     "'email':'csirt@mihon.example'}");
}

/* --- information assets and systems -------------------------------------------------------------------------------------------------- */

static const char *const subjects[][2] = { /* name, confidentiality */
	{"住民異動届", "3B"}, {"課税台帳", "3B"}, {"収納記録", "3B"}, {"起案文書綴り", "2"}, {"予算要求資料", "2"}, {"会議録", "1"}, {"広報原稿", "1"}, {"契約書綴り", "2"}, {"相談記録", "3B"},
	{"介護認定資料", "3B"}, {"図面データ", "2"}, {"現場写真", "1"}, {"児童名簿", "3B"}, {"人事記録", "3C"}, {"入札参加資格", "2"}, {"窓口受付簿", "3C"}, {"通知文ひな形", "1"}, {"統計資料", "1"},
	{"研修記録", "2"}, {"備品台帳", "1"},
};

static void asset(int n)
{
	char at[24], key[8], by[8];
	int s = n % SECTIONS, t = (n / SECTIONS) % (int)LEN(subjects);
	const char *c = subjects[t][1];
	int personal = c[0] == '3', old = n % 97 == 0, none = n % 151 == 5;
	snprintf(key, sizeof(key), "a%d", n);
	staff_no(FIRST_HEAD + s, by);
	snprintf(at, sizeof(at), "$-%dT%02u:%02u", 860 - n / 4, 9 + draw(8), draw(60));
	line(at, "", "create", "'ledger':'information-assets','key':'%s','state':'%s','applicant':'%s','fields':{'name':'%s %s','section':'@%s','responsible_role':'sec-manager','kind':'information','sub_type':'%s','medium_form':'%s',"
	     "'in_scope':true,'origin':'created','personal':%s%s,'secret_grade':'none',%s'place_kind':'%s','path':'/%s/%d','stocktake_on':'$%d','stocktake_result':'match','no_system_reason':'原本'}",
	     key, none ? "unclassified" : "classified", by, sections[s].name, subjects[t][0], sections[s].code, n % 3 ? "data" : "printed", n % 3 ? "electronic" : "paper", personal ? "true" : "false",
	     personal ? c[1] == 'B' ? ",'personal_items':['name','address']" : ",'personal_items':['name']" : "",
	     none ? "" : c[0] == '3' ? (c[1] == 'B' ? "'class_c':'3B','class_i':'2','class_a':'2','rto':'1d','basis':'住民の個人情報','restrictions':['limited-place','locked','no-needless-copy'],'scale':'@doc-scale','classified_by':'@p8','classified_on':'$-500','sign_kind':'hash-monitor',"
	                                           : "'class_c':'3C','class_i':'2','class_a':'1','basis':'職員の個人情報','restrictions':['limited-place','locked'],'scale':'@doc-scale','classified_by':'@p8','classified_on':'$-500','sign_kind':'hash-monitor',")
	            : c[0] == '2' ? "'class_c':'2','class_i':'1','class_a':'1','basis':'公表前の内部資料','restrictions':['limited-place'],'scale':'@doc-scale','classified_by':'@p8','classified_on':'$-500',"
	                          : "'class_c':'1','class_i':'1','class_a':'1','basis':'公表できる資料','scale':'@doc-scale','classified_by':'@p8','classified_on':'$-500',",
	     n % 3 ? "share" : n == 12 || (personal && n % 67 == 3) ? "unlocked" : "locked", sections[s].code, n, old ? -480 : -100 - (int)draw(150));
}

static const struct {
	const char *name, *business, *zone;
} system_kinds[] = {
	{"住民記録", "family-register", "mynumber"}, {"税総合", "social-security-tax", "mynumber"}, {"国民健康保険", "social-security-tax", "mynumber"}, {"介護保険", "social-security-tax", "mynumber"},
	{"児童福祉", "social-security-tax", "mynumber"}, {"文書管理", "administration", "lgwan"}, {"財務会計", "administration", "lgwan"}, {"人事給与", "administration", "lgwan"},
	{"庶務事務", "administration", "lgwan"}, {"契約管理", "administration", "lgwan"}, {"施設予約", "internet", "internet"}, {"公開ウェブ", "internet", "internet"}, {"図書館", "internet", "internet"},
	{"例規集", "internet", "internet"}, {"資産管理", "management", "lgwan"},
};

static void systems(void)
{
	for (int n = 0; n < SYSTEMS; n++) {
		int k = n % (int)LEN(system_kinds), s = (n * 5) % SECTIONS, manager = SYS_A + n % 6, mynumber = strcmp(system_kinds[k].zone, "mynumber") == 0, open = strcmp(system_kinds[k].zone, "internet") == 0;
		char at[24], by[8], suffix[16] = "";
		if (n >= (int)LEN(system_kinds))
			snprintf(suffix, sizeof(suffix), "(%s)", n / (int)LEN(system_kinds) == 1 ? "支所系" : "統計系");
		snprintf(at, sizeof(at), "$-595T10:%02d", n);
		staff_no(manager, by);
		line(at, "", "create", "'ledger':'information-systems','key':'y%d','state':'draft','applicant':'%s','fields':{'name':'%sシステム%s','section':'@%s','purpose':'%sの事務を処理する','business':'%s','zone':'%s','importance':'%s',"
		     "'users':'%sの職員','assets':['@a%d'],'class_c':'3A','class_i':'2','class_a':'2','rto':'%s','redundant':%s,'hours':[{'day_kind':'weekday','start_time':'08:00','stop_time':'20:00','valid_from':'$-380'}],"
		     "'no_hosts_reason':'共同利用の基盤上','public_facing':%s,'always_connected':%s%s,'requirements':[{'topic':'authentication','requirement':'利用者を個人ごとに認証する','measure':'個人IDと二要素'},"
		     "{'topic':'logging','requirement':'操作の記録を残す','measure':'操作ログを保管庫へ送る'},{'topic':'backup','requirement':'毎日の控え','measure':'夜間に別媒体へ'}],'account_source':'庁内ディレクトリ',"
		     "'auth_factors':[%s],'log_types':['login','access','privileged'],'required_functions':['antimalware','logging'],'change_kind':'build','changed_on':'$-%d','started_on':'$-%d'}",
		     n, by, system_kinds[k].name, suffix, sections[s].code, system_kinds[k].name, system_kinds[k].business, system_kinds[k].zone, mynumber ? "core" : n % 3 ? "normal" : "important", sections[s].name,
		     (s == 0 ? 30 : s) + 60, mynumber ? "4h" : "1d", mynumber ? "true" : "false", open ? "true" : "false", open ? "true" : "false",
		     open ? ",'separation':['dmz'],'public_ports':[443],'dos_protection':['provider'],'web_urls':['https://www.mihon.example/']" : "", mynumber ? "'knowledge','possession'" : "'knowledge'", 303 - 3 * n, 298 - 3 * n);
	}
}

/* Each system has one manager; together they answer for all. */
static void system_managers(void)
{
	for (int m = 0; m < 6; m++) {
		char scope[900] = "'scope':'system','systems':[";
		for (int n = m; n < SYSTEMS; n += 6)
			snprintf(scope + strlen(scope), sizeof(scope) - strlen(scope), "%s'@y%d'", n == m ? "" : ",", n);
		snprintf(scope + strlen(scope), sizeof(scope) - strlen(scope), "]");
		role("sys-manager", SYS_A + m, NULL, "chief", scope);
	}
}

static void systems_reported(void)
{
	for (int n = 0; n < SYSTEMS; n++) {
		char at[24], by[8];
		staff_no(SYS_A + n % 6, by);
		if (n == 44) /* never reported to the chief */
			continue;
		snprintf(at, sizeof(at), "$-%dT11:%02d", 300 - 3 * n, n % 60);
		line(at, by, "act", "'key':'y%d','action':'report','fields':{'change_kind':'build','changed_on':'$-%d'}", n, 303 - 3 * n);
		if (n == 43) /* reported, the chief has not received it */
			continue;
		snprintf(at, sizeof(at), "$-%dT13:%02d", 299 - 3 * n, n % 60);
		line(at, "1002", "act", "'key':'y%d','action':'receive'", n);
	}
}

/* What every system has beside itself: a procedure, a backup plan, its log sources. The last one lacks them. */
static void around_systems(void)
{
	static const char *const logs[] = {"start-stop", "error", "login", "access", "privileged"};
	for (int n = 0; n < SYSTEMS - 1; n++) {
		int m = SYS_A + n % 6;
		line("$-590T12:00", "", "create", "'ledger':'documents','key':'d%d','state':'in-force','fields':{'kind':'procedure','name':'情報システム実施手順 第%d号','edition':'第1版','section':'@S01','owner_post':'S01-H','purpose':'運用の手順を定める',"
		     "'parent':'@doc-standard','topics':['system'],'systems':['@y%d'],'sections':[{'code':'implementation','heading':'実施','body':'別紙'},{'code':'data-handling','heading':'データ','body':'別紙'},{'code':'upkeep','heading':'水準','body':'別紙'},"
		     "{'code':'incident','heading':'事案','body':'別紙'},{'code':'recovery','heading':'復旧','body':'別紙'},{'code':'task-split','heading':'分担','body':'別紙'}],'approver':'manager','decided_on':'$-592','effective_from':'$-590','review_on':'$%d'}",
		     n, n + 1, n, n % 15 == 3 ? -10 : 300);
		line("$-589T12:00", "", "create", "'ledger':'backup-plans','key':'b%d','state':'active','fields':{'kind':'plan','subject':'バックアップ計画 第%d号','section':'@S01','systems':['@y%d'],'content_kinds':['data','config'],'content':'全データと設定',"
		     "'method':'incremental','cycle':'1d','generations':14,'retention':'90d','storage':['disk','remote'],'storage_place':'データセンター','protection':'offline','encryption':'AES-256','loss_limit':'1d','recovery_procedure':'@d%d','owner':'@p%d'}",
		     n, n + 1, n, n, m);
		for (size_t k = 0; k < LEN(logs); k++)
			line("$-588T12:00", "", "create", "'ledger':'log-sources','state':'active','fields':{'subject':'ログ %d-%zu','systems':['@y%d'],'log_type':'%s','items':['日時','利用者','操作'],'method':'syslog-tls','source_key':'y%d-%zu',"
			     "'heartbeat':'24h','time_source':'庁内NTP','class_c':'2','retention':'3y','handling':'保管庫で保管し、閲覧は指名された者に限る','readers':['@p%d'],'failure_action':'運用担当へ連絡し、記録する','owner':'@p%d','started_on':'$-588'}",
			     n + 1, k + 1, n, logs[k], n, k, m, m);
	}
}

/* One course a year, held in summer; a few missed it. */
static void training(void)
{
	document("doc-training", "training-plan", "情報セキュリティ研修計画", "doc-standard", -230, ",'fiscal_year':'$fy','organisers':['@S01']");
	line("$-220T09:00", "", "create", "'ledger':'training','key':'course','state':'in-plan','fields':{'kind':'course','subject':'情報セキュリティ基礎','fiscal_year':'$fy','section':'@S01','plan':'@doc-training','topic':'general','audience':['all'],"
	     "'level':'basic','cycle':'1y'}");
	line("$-110T09:00", "", "create", "'ledger':'training','key':'session','state':'held','fields':{'kind':'session','subject':'基礎研修(夏)','fiscal_year':'$fy','section':'@S01','plan':'@doc-training','course':'@course','policy_version':'@doc-policy',"
	     "'held_on':'$-110'}");
	for (int n = 1; n <= PEOPLE; n++) {
		int missed = n % 43 == 0;
		if (n >= 280 && n <= 284)
			continue;
		line("$-100T09:00", "", "create", "'ledger':'training','state':'%s','fields':{'kind':'attendance','subject':'基礎研修(夏)','fiscal_year':'$fy','section':'@%s','session':'@session','person':'@p%d',%s}", missed ? "missed" : "completed",
		     n == CISO ? "D1" : n >= HEAD_D1 && n < FIRST_HEAD ? bodies[6 + n - HEAD_D1].code : sections[section_of[n]].code, n,
		     missed ? n % 2 ? "'attendance':'absent','makeup_due':'$20'" : "'attendance':'absent','makeup_due':'$-12'" : "'attendance':'attended','attended_on':'$-110','passed':true,'passed_on':'$-110'");
	}
}

/* One threat, one risk per section over what it holds; two sections are late. */
static void risks(void)
{
	line("$-400T09:00", "", "create", "'ledger':'risks','key':'threat','state':'accepted','fields':{'kind':'threat','name':'内部からの漏えい','section':'@S01','content':'持ち出しや誤送付による漏えい','fiscal_year':'$fy','threat_group':'accidental',"
	     "'controls':['workflow.carry-out'],'incident_types':['leak'],'reviewed_on':'$-60'}");
	for (int i = 0; i < SECTIONS; i++) {
		char list[1400] = "";
		for (int n = i ? i : SECTIONS; n <= ASSETS; n += SECTIONS)
			snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s'@a%d'", *list ? "," : "", n);
		line("$-390T09:00", "", "create", "'ledger':'risks','state':'assessed','fields':{'kind':'risk','name':'%sの情報資産','section':'@%s','content':'日常業務での取扱い','fiscal_year':'$fy','assets':[%s],'threat':'@threat','weakness':'手順の不徹底',"
		     "'threat_score':2,'weakness_score':%d,'assessor':'@p%d','assessed_on':'$%d'}", sections[i].name, sections[i].code, list, i == 16 ? 3 : 1, FIRST_HEAD + i, i == 21 ? -385 : -90 - i);
	}
}

/* --- accounts ------------------------------------------------------------------------------------------------------------------------- */

/* Applied for by the head, approved by the system manager, enrolled by the operator; one was put in by nobody's leave. */
static void account(int n)
{
	char head[8], no[8];
	int unasked = n == 77;
	staff_no(FIRST_HEAD + section_of[n] == n || section_of[n] == 25 ? OFFICE_A : FIRST_HEAD + section_of[n], head);
	staff_no(n, no);
	line("$-370T09:00", "", "create", "'ledger':'accounts','key':'id%d','state':'%s','applicant':'%s','fields':{'kind':'personal','section':'@%s','login':'u%s','directory':'mihon-ad','systems':['@y5'],'person':'@p%d',"
	     "'requested_change':'create','need':'日常業務','starts_on':'$-370','template':'一般職員','rights':[{'target':'共有フォルダー','level':'write'}],'factors':['knowledge'],'activated_on':'$-369','issued_at':'$-369T09:00',"
	     "'must_change':true%s}", n, unasked ? "active" : "submitted", head, sections[section_of[n]].code, no, n, n % 53 == 0 ? "" : ",'first_changed_at':'$-369T10:00'");
	if (unasked)
		return;
	line("$-369T08:00", n == SYS_A ? "1041" : "1040", "act", "'key':'id%d','action':'approve'", n);
	line("$-369T09:00", n == OPERATOR ? "1047" : "1046", "act", "'key':'id%d','action':'enrol','fields':{'activated_on':'$-369','issued_at':'$-369T09:00'}", n);
}

static void accounts(void)
{
	for (int n = 2; n <= PEOPLE - 12; n++)
		if ((n < HEAD_D1 || n >= FIRST_HEAD) && !(n >= 280 && n <= 284)) /* the newly hired have none yet */
			account(n);
}

/* --- exceptions, carry-outs, incidents: through all their states ---------------------------------------------------------------------------- */

static void exception(int n, int head, const char *subject, const char *control, const char *clause, const char *target, int from, int until, int decided)
{
	char at[24], by[8];
	staff_no(head, by);
	snprintf(at, sizeof(at), "$%dT10:00", from);
	line(at, by, "create", "'ledger':'exceptions','key':'x%d','fields':{'subject':'%s','section':'@%s','route':'ordinary','clauses':['%s'],'controls_waived':['%s'],'all_subjects':false,'subjects':['%s'],'reason':'更新の予算が来年度になるため',"
	     "'work_need':'窓口の業務を止められない','alternative':'網から切り離し、使う職員を限る','residual_risk':'情報の持ち出し','way_back':'来年度に更新する','valid_from':'$%d','until':'$%d'}",
	     n, subject, sections[head - FIRST_HEAD].code, clause, control, target, from, until);
	if (decided == 0)
		return;
	snprintf(at, sizeof(at), "$%dT11:00", from);
	line(at, by, "act", "'key':'x%d','action':'submit'", n);
	if (decided == 1)
		return;
	snprintf(at, sizeof(at), "$%dT15:00", from + 1);
	if (decided == 3)
		line(at, "1001", "act", "'key':'x%d','action':'refuse','note':'代わりの措置が足りない。作業場所を示すこと。'", n);
	else
		line(at, "1001", "act", "'key':'x%d','action':'approve'", n);
}

static void exceptions(void)
{
	exception(1, FIRST_HEAD + 8, "税務課の旧端末の継続利用", "org.roles-filled", "iz.2.4.1", "@S26", -120, 60, 2);
	exception(2, FIRST_HEAD + 12, "北支所の施錠できない書庫", "class.storage-place", "iz.3.2.6.c", "@a12", -60, 10, 2);
	exception(3, FIRST_HEAD + 19, "土木課の共用ID", "account.shared-use", "iz.6.4.2.2", "@id67", -20, 100, 1);
	exception(4, FIRST_HEAD + 15, "高齢介護課の持ち出し手続の簡略化", "workflow.carry-out", "iz.6.1.1.3.b", "@S16", -30, 80, 3);
	exception(5, FIRST_HEAD + 23, "学校教育課の端末の研修免除", "training.attended", "iz.6.2.1", "@S24", -3, 90, 0);
	exception(6, FIRST_HEAD + 4, "契約検査課の旧様式の利用", "org.post-bound", "iz.2.4.1", "@S05", -200, -5, 2);
}

static void carry_out(int n, int who, int head, const char *item, int from, int due, int stage)
{
	char at[24], by[8], boss[8];
	staff_no(who, by);
	staff_no(head, boss);
	snprintf(at, sizeof(at), "$%dT09:00", from - 1);
	line(at, by, "create", "'ledger':'carry-outs','key':'c%d','fields':{'kind':'carry-out','subject':'%s','section':'@%s','carrier':'@p%d','purpose':'現地での説明','destination':'市民会館','items':[{'kind':'%s','description':'%s','quantity':1}],"
	     "'class_c':'2','rule':'@doc-carry','depart_at':'$%dT13:00','due_at':'$%dT17:00','way':'hand','container':'locked-case','container_no':'K-%d'}",
	     n, item, sections[head - FIRST_HEAD].code, who, strstr(item, "パソコン") ? "device" : "paper", item, from, due, n);
	if (stage < 1)
		return;
	line(at, by, "act", "'key':'c%d','action':'submit'", n);
	if (stage < 2)
		return;
	snprintf(at, sizeof(at), "$%dT16:00", from - 1);
	line(at, boss, "act", "'key':'c%d','action':'approve'", n);
	if (stage < 3)
		return;
	snprintf(at, sizeof(at), "$%dT13:05", from);
	line(at, by, "act", "'key':'c%d','action':'depart','fields':{'out_at':'$%dT13:05'}", n, from);
	if (stage < 4)
		return;
	snprintf(at, sizeof(at), "$%dT16:30", due);
	line(at, by, "act", "'key':'c%d','action':'return','fields':{'returned_at':'$%dT16:30'}", n, due);
	if (stage < 5)
		return;
	snprintf(at, sizeof(at), "$%dT17:00", due);
	line(at, boss, "act", "'key':'c%d','action':'check-return','fields':{'checked_by':'@p%d','complete':true,'erased':true}", n, head);
}

static void carry_outs(void)
{
	static const char *const items[] = {"説明会の資料", "訪問調査票", "業務用パソコン", "図面の写し"};
	int n = 0;
	for (int i = 0; i < 26; i++) {
		int head = FIRST_HEAD + (i * 3) % 25, who = FIRST_STAFF;
		while (section_of[who] != head - FIRST_HEAD)
			who++;
		carry_out(++n, who, head, items[i % 4], -340 + i * 12, -340 + i * 12 + 1, 5);
	}
	carry_out(++n, FIRST_STAFF + 2, FIRST_HEAD + section_of[FIRST_STAFF + 2], "相談記録の写し", -4, -2, 3); /* overdue */
	carry_out(++n, FIRST_STAFF + 5, FIRST_HEAD + section_of[FIRST_STAFF + 5], "業務用パソコン", -1, 2, 3);
	carry_out(++n, FIRST_STAFF + 6, FIRST_HEAD + section_of[FIRST_STAFF + 6], "説明会の資料", 2, 3, 1);
	carry_out(++n, FIRST_STAFF + 8, FIRST_HEAD + section_of[FIRST_STAFF + 8], "訪問調査票", 1, 1, 1);
}

static void incident(int n, const char *type, const char *subject, int from, int late_minutes, int stage)
{
	char at[24], by[8], head[8];
	int who = FIRST_STAFF + n * 4;
	staff_no(who, by);
	staff_no(FIRST_HEAD + section_of[who], head);
	snprintf(at, sizeof(at), "$%dT10:%02d", from, 5);
	line(at, by, "create", "'ledger':'incidents','key':'i%d','fields':{'kind':'incident','subject':'%s','section':'@%s','noticed_at':'$%dT10:00','type':'%s','source':'staff','situation':'%s。気付いてすぐ所属長へ伝えた。','presumed_cause':'確認中',"
	     "'damage':'確認中','log_note':'端末の操作ログを取得済み'}", n, subject, sections[section_of[who]].code, from, type, subject);
	if (stage < 1)
		return;
	snprintf(at, sizeof(at), "$%dT%02d:%02d", from, 10 + (10 + late_minutes) / 60, (10 + late_minutes) % 60);
	line(at, head, "act", "'key':'i%d','action':'receive','fields':{'received_at':'%s'}", n, at);
	if (stage < 2)
		return;
	snprintf(at, sizeof(at), "$%dT%02d:%02d", from, 11 + (10 + late_minutes) / 60, (10 + late_minutes) % 60);
	line(at, "1051", "act", "'key':'i%d','action':'take-up','fields':{'severity':'serious','procedure':'@doc-incident'}", n);
}

static void incidents(void)
{
	incident(1, "missent", "研修案内の宛先誤り", -150, 0, 2);
	incident(2, "malware", "端末の不審な動作", -70, 90, 2);
	incident(3, "loss", "書類入れの置き忘れ", -30, 5, 2);
	incident(4, "missent", "添付ファイルの取り違え", -6, 10, 1);
	incident(5, "other", "見覚えのない着信メール", -1, 0, 0);
}

int main(void)
{
	units();
	documents();
	parties();
	people();
	roles();
	committees();
	for (int n = 1; n <= ASSETS; n++)
		asset(n);
	systems();
	system_managers();
	systems_reported();
	around_systems();
	training();
	risks();
	accounts();
	exceptions();
	carry_outs();
	incidents();
	for (int days = 180; days > 0; days -= 15) { /* so that the board has a past */
		char at[24];
		snprintf(at, sizeof(at), "$-%dT23:00", days);
		line(at, "", "assess", "%s", "");
	}
	write_all();
	return 0;
}
