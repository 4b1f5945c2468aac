#include "core/standard.h"

#include <sys/stat.h>

#include "lib/file.h"
#include "lib/hash.h"

#define DIGEST_BYTES_MAX (64u << 20)

/* Files of one folder into the text, each with its name; folders are entered once. */
static int add_folder(struct arena *a, const char *path, bool deeper, struct buf *out, struct err *e)
{
	char **names;
	size_t n = 0;
	int rc = dir_list(a, path, "", &names, &n, e);

	for (size_t i = 0; !rc && i < n; i++) {
		const char *p = arena_printf(a, "%s/%s", path, names[i]);
		struct stat st;

		if (stat(p, &st))
			return err_sys(e, "%s", p);
		buf_printf(out, "\n%s\n", names[i]);
		if (S_ISREG(st.st_mode))
			rc = file_read(p, DIGEST_BYTES_MAX, out, e);
		else if (S_ISDIR(st.st_mode) && deeper)
			rc = add_folder(a, p, false, out, e);
	}
	return rc;
}

int standards_digest(const char *share, char ret[SHA256_HEX], struct err *e)
{
	struct arena *a = arena_new(1u << 20);
	struct buf text;
	int rc;

	buf_init(&text, DIGEST_BYTES_MAX);
	rc = add_folder(a, arena_printf(a, "%s/standards", share), true, &text, e);
	if (!rc)
		rc = buf_err(&text);
	if (!rc)
		sha256_hex(text.p, text.n, ret);
	buf_release(&text);
	arena_free(a);
	return rc;
}
