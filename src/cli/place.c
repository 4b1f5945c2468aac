#include "cli/place.h"

#include <errno.h>
#include <unistd.h>

#include "lib/i18n.h"

int place_find(struct place *p, struct err *e)
{
	char self[3900];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;
	if (n <= 0)
		return err_set(e, ERR_SYS, "/proc/self/exe: %s", strerror(errno));
	self[n] = 0;
	if (!(slash = strrchr(self, '/')))
		return err_set(e, ERR_SYS, "/proc/self/exe: %s", self);
	*slash = 0;
	static const char *const up[] = {"", "/.."};
	for (size_t i = 0; i < ARRAY_LEN(up); i++) {
		snprintf(p->libexec, sizeof p->libexec, "%s%s/libexec/sekisho", self, up[i]);
		snprintf(p->share, sizeof p->share, "%s%s/share/sekisho", self, up[i]);
		if (access(p->libexec, X_OK) == 0 && access(p->share, R_OK) == 0)
			return 0;
	}
	return err_set(e, ERR_NOTFOUND, _("libexec/sekisho and share/sekisho are not beside %s"), self);
}

int place_program(const struct place *p, const char *name, char *ret, size_t n, struct err *e)
{
	int len = snprintf(ret, n, "%s/%s", p->libexec, name);
	if (len < 0 || (size_t)len >= n || access(ret, X_OK) != 0)
		return err_set(e, ERR_NOTFOUND, _("this installation has no program \"%s\""), name);
	return 0;
}
