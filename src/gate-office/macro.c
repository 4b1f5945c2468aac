#include "gate-office/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/file.h"

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define BODY_MAX 65536u

/* Text of a Basic string. */
static void put_string(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		buf_putc(b, s.p[i]);
		if (s.p[i] == '"')
			buf_putc(b, '"');
	}
}

static void put_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
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

/* The library Standard with one module, whose Main this is. */
static int put_profile(const char *profile, struct buf *body)
{
	static const char *const below[] = {"", "/user", "/user/basic", "/user/basic/Standard"};
	char dir[256];
	struct buf b;
	int r = buf_err(body);

	for (size_t i = 0; !r && i < ARRAY_LEN(below); i++)
		r = folder(profile, below[i]);
	buf_init(&b, 4 * BODY_MAX);
	buf_puts(&b, XML "<script:module xmlns:script=\"http://openoffice.org/2000/script\" script:name=\"Module1\" "
	             "script:language=\"StarBasic\">Sub Main\nOn Error GoTo done\n");
	put_escaped(&b, buf_view(body));
	buf_puts(&b, "done:\nStarDesktop.terminate()\nEnd Sub\n</script:module>\n");
	snprintf(dir, sizeof dir, "%s/user/basic", profile);
	r = r ? r : buf_err(&b);
	r = r ? r : put_file(dir, "Standard/Module1.xba", buf_view(&b));
	r = r ? r : put_file(dir, "Standard/script.xlb", STR(XML "<library:library xmlns:library=\"http://openoffice.org/2000/library\" "
	        "library:name=\"Standard\" library:readonly=\"false\" library:passwordprotected=\"false\">"
	        "<library:element library:name=\"Module1\"/></library:library>\n"));
	r = r ? r : put_file(dir, "script.xlc", STR(XML "<library:libraries xmlns:library=\"http://openoffice.org/2000/library\">"
	        "<library:library library:name=\"Standard\" library:link=\"false\"/></library:libraries>\n"));
	buf_release(&b);
	return r;
}

/* d is the document then. */
static void put_load(struct buf *b, const struct macro *m)
{
	buf_printf(b, "Dim a(2) As New com.sun.star.beans.PropertyValue\nDim b(2) As New com.sun.star.beans.PropertyValue\nDim d As Object\n"
	           "a(0).Name = \"Hidden\"\na(0).Value = True\na(1).Name = \"FilterName\"\na(1).Value = \"%s\"\n", m->infilter);
	if (m->password.n) {
		buf_puts(b, "a(2).Name = \"Password\"\na(2).Value = \"");
		put_string(b, m->password);
		buf_puts(b, "\"\n");
	}
	buf_printf(b, "d = StarDesktop.loadComponentFromURL(\"file://%s\", \"_blank\", 0, a())\n", m->in);
}

int macro_document(const char *profile, const struct macro *m)
{
	struct buf b;
	int r;

	buf_init(&b, BODY_MAX);
	put_load(&b, m);
	buf_printf(&b, "b(0).Name = \"FilterName\"\nb(0).Value = \"%s\"\nd.storeToURL(\"file://%s\", b())\nd.close(True)\n",
	           m->outfilter, m->out);
	r = put_profile(profile, &b);
	buf_release(&b);
	return r;
}

int macro_picture(const char *profile, const struct macro *m)
{
	struct buf b;
	int r;

	buf_init(&b, BODY_MAX);
	put_load(&b, m);
	buf_printf(&b, "Dim c(1) As New com.sun.star.beans.PropertyValue\nDim f As Object, s As Object, k As Double\n"
	           "s = d.DrawPages(0).getByIndex(0)\nk = s.Size.Width\nIf s.Size.Height > k Then k = s.Size.Height\nk = %d / k\n"
	           "c(0).Name = \"PixelWidth\"\nc(0).Value = CLng(s.Size.Width * k)\n"
	           "c(1).Name = \"PixelHeight\"\nc(1).Value = CLng(s.Size.Height * k)\n"
	           "b(0).Name = \"URL\"\nb(0).Value = \"file://%s\"\nb(1).Name = \"MediaType\"\nb(1).Value = \"image/png\"\n"
	           "b(2).Name = \"FilterData\"\nb(2).Value = c()\n"
	           "f = CreateUnoService(\"com.sun.star.drawing.GraphicExportFilter\")\nf.setSourceDocument(s)\nf.filter(b())\n",
	           MACRO_SIDE, m->out);
	r = put_profile(profile, &b);
	buf_release(&b);
	return r;
}
