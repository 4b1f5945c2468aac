/* Archives: every member takes the whole way through the gate by itself; what comes back clean is put into a new archive, what does
 * not is replaced by a note that says why. */
#include <stdio.h>
#include <string.h>

#include <uninorm.h>

#include "core/gate_name.h"
#include "gate-zip/crypt.h"
#include "lib/text.h"
#include "rebuild/member_name.h"
#include "rebuild/worker.h"
#include "rebuild/zip.h"

#define NOTE_SUFFIX "_遮断.txt"

struct archive {
	struct job *j;
	struct zip in;
	struct zip_writer out;
	struct member_names *names;
	int64_t passed, stopped, renamed;
	struct str first;                                /* of those renamed */
};

/* The name as UTF-8 in NFC; what is not marked as UTF-8 is CP932. */
static int decode_name(struct job *j, const struct zip_entry *en, struct str *ret)
{
	struct buf b;
	uint8_t *nfc;
	size_t n;
	int r;

	buf_init(&b, 4 * ZIP_NAME_MAX);
	if (en->utf8 || utf8_valid(en->name)) {
		r = utf8_valid(en->name) ? 0 : ERR_SYNTAX;
		buf_str(&b, en->name);
	} else {
		r = cp932_to_utf8(en->name, &b);
	}
	nfc = r ? NULL : u8_normalize(UNINORM_NFC, (const uint8_t *)b.p, b.n, NULL, &n);
	if (nfc)
		*ret = arena_str(j->arena, str_n(nfc, n));
	free(nfc);
	buf_release(&b);
	return nfc ? 0 : job_fail(j, GATE_BLOCKED, "ZIP-NAME", NULL);
}

static struct str base(struct str path)
{
	for (size_t i = path.n; i-- > 0;)
		if (path.p[i] == '/')
			return str_slice(path, i + 1, path.n);
	return path;
}

/* The path in the new archive, and told when it is another. */
static struct str place(struct archive *ar, struct str was, struct str want)
{
	struct str is = member_unique(ar->names, want);

	if (!str_eq(is, was) && !ar->renamed++)
		ar->first = arena_str(ar->j->arena, was);
	return is;
}

/* In place of what did not pass. Its reasons are in the report; here stands enough for who opens the archive. */
static void put_note(struct archive *ar, struct str name)
{
	struct buf b, path;

	buf_init(&b, 4096);
	buf_init(&path, 4096);
	buf_printf(&path, "%.*s" NOTE_SUFFIX, STR_ARG(name));
	struct str at = member_unique(ar->names, buf_view(&path));

	buf_printf(&b, "「%.*s」は受け渡しできませんでした。理由は受け渡しの記録を見てください。\n"
	               "\"%.*s\" did not pass. The record of the transfer says why.\n", STR_ARG(base(name)), STR_ARG(base(name)));
	zip_add(&ar->out, at, buf_view(&b));
	buf_release(&path);
	buf_release(&b);
}

static int append(void *arg, const void *p, size_t n)
{
	buf_put(arg, p, n);
	return buf_err(arg);
}

/* With the password the user typed; as CP932 too, for that is how older programs here took it. */
static int read_locked(struct job *j, const struct zip_entry *en, struct buf *out)
{
	struct str password = job_policy(j, "password");
	uint16_t method;
	struct buf open, sjis;
	bool crc_counts;
	size_t lost;
	int r = ERR_DENIED;

	if (!password.p)
		return ERR_DENIED;
	buf_init(&open, ZIP_TOTAL_MAX);
	buf_init(&sjis, 4 * GATE_PASSWORD_MAX);
	r = crypt_open(en, password, &open, &method, &crc_counts);
	if (r == ERR_DENIED && !utf8_to_cp932(password, &sjis, &lost) && !lost && !str_eq(buf_view(&sjis), password)) {
		buf_clear(&open);
		r = crypt_open(en, buf_view(&sjis), &open, &method, &crc_counts);
	}
	if (!r && crc_counts)
		r = zip_unpack(buf_view(&open), method, en->size, en->crc, append, out);
	else if (!r)
		r = zip_unpack_unchecked(buf_view(&open), method, en->size, append, out);
	/* One wrong password in 256 passes the cipher's own check: then the data says it. */
	if (r == ERR_CORRUPT && en->method != ZIP_AES)
		r = ERR_DENIED;
	buf_release(&open);
	buf_release(&sjis);
	return r;
}

/* Marks of direction: in a name they can only want to deceive. */
static bool turns(struct str name)
{
	uint32_t c;

	for (size_t i = 0, n; i < name.n && (n = utf8_next(str_slice(name, i, name.n), &c)) != 0; i += n)
		if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c)
			return true;
	return false;
}

static int one(struct archive *ar, const struct zip_entry *en)
{
	enum gate_outcome outcome = GATE_HELD;
	struct str name = STR_NONE, fit, clean, language;
	struct buf content, path, want;
	int r = decode_name(ar->j, en, &name);

	if (r || en->folder)
		return r;
	buf_init(&content, ZIP_TOTAL_MAX);
	r = en->encrypted ? read_locked(ar->j, en, &content) : zip_read(en, &content);
	if (r) {
		buf_release(&content);
		return job_fail(ar->j, r == ERR_DENIED ? GATE_HELD : GATE_BLOCKED, r != ERR_DENIED ? "ZIP-DATA" :
		                job_policy(ar->j, "password").n ? "ENC-WRONG" : "ENC-PASSWORD",
		                arena_z(ar->j->arena, name));
	}
	/* What only does not fit is made fit; a name that turns what people read is stopped for it. */
	fit = member_name(ar->j->arena, name);
	if (turns(name))
		job_part(ar->j, fit, "NAME-RLO", GATE_REMOVED, 1, (int64_t)content.n, STR_NONE);
	else
		r = job_sub(ar->j, arena_z(ar->j->arena, name), base(fit), buf_view(&content), &outcome, &clean, &language);
	buf_release(&content);
	if (r)
		return r;
	if (outcome != GATE_DELIVERED) {
		ar->stopped++;
		put_note(ar, fit);
		return 0;
	}
	ar->passed++;
	buf_init(&path, 4096);
	buf_init(&want, 4096);
	gate_out_name(&path, fit, language);
	gate_out_name(&want, name, language);
	zip_add(&ar->out, place(ar, buf_view(&want), buf_view(&path)), clean);
	buf_release(&want);
	buf_release(&path);
	return 0;
}

static int rebuild(struct job *j)
{
	struct archive ar = {.j = j};
	const char *code;
	struct str where;
	int r = zip_open(j->arena, j->in, &ar.in, &code, &where);

	if (r)
		return job_fail(j, strcmp(code, "PARSE") != 0 ? GATE_BLOCKED : GATE_HELD, code, where.p ? arena_z(j->arena, where) : NULL);
	ar.names = member_names_new(j->arena);
	if (!ar.names)
		return ERR_NOMEM;
	zip_begin(&ar.out, &j->out);
	for (size_t i = 0; !r && i < ar.in.n; i++) {
		r = one(&ar, &ar.in.list[i]);
		job_progress(j, (uint32_t)i + 1, (uint32_t)ar.in.n);
	}
	if (r)
		return r;
	if (!ar.passed)
		return job_fail(j, GATE_BLOCKED, "ZIP-NOTHING", NULL);
	if (ar.stopped)
		job_removed(j, "", "ZIP-MEMBER", ar.stopped);
	if (ar.renamed)
		job_part(j, STR_NONE, "ZIP-RENAMED", GATE_CONVERTED, ar.renamed, 0, ar.first);
	j->units = (uint32_t)ar.passed;
	j->language = "zip";
	return zip_end(&ar.out);
}

int main(int argc, char **argv)
{
	return worker_run(argc, argv, &(struct worker){.open = text_open, .rebuild = rebuild});
}
