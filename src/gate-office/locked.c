#include "gate-office/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/file.h"
#include "rebuild/cfb.h"
#include "rebuild/zip.h"

#define STREAM_MAX (256u << 20)
#define RECORDS_MAX 64                               /* of a workbook, before which it would have said so */
#define MANIFEST_MAX (4u << 20)

static unsigned u16(struct str s, size_t at)
{
	return at + 2 <= s.n ? (unsigned char)s.p[at] | (unsigned)(unsigned char)s.p[at + 1] << 8 : 0;
}

/* FilePass ([MS-XLS] 2.4.117) among the first records. */
static bool file_pass(struct str s)
{
	size_t at = 0;

	for (int i = 0; i < RECORDS_MAX && at + 4 <= s.n; i++) {
		if (u16(s, at) == 0x2f)
			return true;
		at += 4 + u16(s, at + 2);
	}
	return false;
}

/* fEncrypted of the FIB ([MS-DOC] 2.5.2); the token of the current user ([MS-PPT] 2.3.2). */
static bool says_so(const char *format, struct str s)
{
	if (!strcmp(format, "doc"))
		return (u16(s, 10) & 0x0100) != 0;
	if (!strcmp(format, "ppt"))
		return u16(s, 12) == 0xc4df && u16(s, 14) == 0xf3d1;
	return file_pass(s);
}

static bool compound(struct arena *a, const char *format, struct str in)
{
	static const struct { const char *format, *stream; } where[] = {
		{"doc", "WordDocument"}, {"xls", "Workbook"}, {"xls", "Book"}, {"ppt", "Current User"}};
	struct cfb c;
	bool yes = false;

	if (cfb_open(&c, a, in))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(where) && !yes; i++) {
		struct buf b;

		if (strcmp(where[i].format, format) != 0)
			continue;
		buf_init(&b, STREAM_MAX);
		yes = !cfb_read(&c, where[i].stream, &b) && says_so(format, buf_view(&b));
		buf_release(&b);
	}
	return yes;
}

/* OpenDocument says it in its list of parts (part 2, 3.4). */
static bool open_document(struct arena *a, struct str in)
{
	const struct zip_entry *en;
	const char *code;
	struct str where;
	struct zip z;
	struct buf b;
	bool yes;

	if (zip_open(a, in, &z, &code, &where) || !(en = zip_find(&z, "META-INF/manifest.xml")))
		return false;
	buf_init(&b, MANIFEST_MAX);
	yes = !zip_read(en, &b) && memmem(b.p, b.n, "encryption-data", 15);
	buf_release(&b);
	return yes;
}

bool locked(struct arena *a, const char *format, struct str in)
{
	return str_starts(in, "PK") ? open_document(a, in) : compound(a, format, in);
}

/* Text of a Basic string inside XML. */
static void put_string(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '"': buf_puts(b, "&quot;&quot;"); break;
		case '&': buf_puts(b, "&amp;"); break;
		case '<': buf_puts(b, "&lt;"); break;
		case '>': buf_puts(b, "&gt;"); break;
		default: buf_putc(b, s.p[i]);
		}
}

static int put_file(const char *folder, const char *name, struct str text)
{
	char path[256];
	int fd, r;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR_SYS;
	r = fd_write_all(fd, text.p, text.n);
	close(fd);
	return r;
}

static int folder(const char *profile, const char *below)
{
	char path[256];

	snprintf(path, sizeof path, "%s%s", profile, below);
	return mkdir(path, 0700) && errno != EEXIST ? ERR_SYS : 0;
}

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

int locked_profile(const char *profile, struct str password, const char *in, const char *infilter, const char *out,
                   const char *outfilter)
{
	static const char *const below[] = {"", "/user", "/user/basic", "/user/basic/Standard"};
	struct buf b;
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_LEN(below); i++)
		r = folder(profile, below[i]);
	buf_init(&b, 65536);
	buf_puts(&b, XML "<script:module xmlns:script=\"http://openoffice.org/2000/script\" script:name=\"Module1\" "
	             "script:language=\"StarBasic\">Sub Main\nOn Error GoTo done\n"
	             "Dim a(2) As New com.sun.star.beans.PropertyValue\nDim b(0) As New com.sun.star.beans.PropertyValue\n"
	             "Dim d As Object\na(0).Name = \"Hidden\"\na(0).Value = True\na(1).Name = \"Password\"\na(1).Value = \"");
	put_string(&b, password);
	buf_printf(&b, "\"\na(2).Name = \"FilterName\"\na(2).Value = \"%s\"\nb(0).Name = \"FilterName\"\nb(0).Value = \"%s\"\n"
	           "d = StarDesktop.loadComponentFromURL(\"file://%s\", \"_blank\", 0, a())\nd.storeToURL(\"file://%s\", b())\n"
	           "d.close(True)\ndone:\nStarDesktop.terminate()\nEnd Sub\n</script:module>\n", infilter, outfilter, in, out);
	r = r ? r : buf_err(&b);
	char dir[256];

	snprintf(dir, sizeof dir, "%s/user/basic", profile);
	r = r ? r : put_file(dir, "Standard/Module1.xba", buf_view(&b));
	r = r ? r : put_file(dir, "Standard/script.xlb", STR(XML "<library:library xmlns:library=\"http://openoffice.org/2000/library\" "
	        "library:name=\"Standard\" library:readonly=\"false\" library:passwordprotected=\"false\">"
	        "<library:element library:name=\"Module1\"/></library:library>\n"));
	r = r ? r : put_file(dir, "script.xlc", STR(XML "<library:libraries xmlns:library=\"http://openoffice.org/2000/library\">"
	        "<library:library library:name=\"Standard\" library:link=\"false\"/></library:libraries>\n"));
	buf_release(&b);
	return r;
}
