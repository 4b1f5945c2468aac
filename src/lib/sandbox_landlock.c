/* Landlock: which files, by path. Rights are named here as far as ABI 7 so that the build does not depend on the age of
 * the kernel headers; which of them are asked for depends on the kernel that runs. */
#include "lib/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ull << 13)
#endif
#define FS_TRUNCATE (1ull << 14)                     /* ABI 3 */
#define FS_IOCTL_DEV (1ull << 15)                    /* ABI 5 */
#define NET_BIND_CONNECT 3ull                        /* ABI 4: TCP */
#define SCOPE_UNIX_SIGNAL 3ull                       /* ABI 6: abstract sockets, signals out of the domain */
#define ABI_FLOOR 2                                  /* Debian 12; the least SEKISHO_LANDLOCK_ABI_MAX can ask for */

struct ruleset {
	uint64_t fs, net, scoped;
};

#define FS_1 ((1ull << 13) - 1)                      /* all of ABI 1 */
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
               LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)

static int abi_now(void)
{
	int64_t cap;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const char *z = getenv("SEKISHO_LANDLOCK_ABI_MAX");
	if (z && str_int(str_from(z), ABI_FLOOR, 99, &cap) == 0 && cap < abi)
		abi = (long)cap;
	return abi < 0 ? 0 : (int)abi;
}

static int failed(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "sandbox: landlock: %s: %s", what, strerror(errno));
}

static int allow(int rules, const struct sandbox_dir *d, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr a = {
		.allowed_access = (READ | (d->write ? WRITE : 0)) & handled,
		.parent_fd = open(d->path, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	if (a.parent_fd < 0)
		return failed(e, d->path);
	long r = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
	close(a.parent_fd);
	return r == 0 ? 0 : failed(e, d->path);
}

int sandbox_landlock(const struct sandbox_dir *dirs, size_t n, int *ret_abi, struct err *e)
{
	int abi = abi_now(), r = 0;
	*ret_abi = abi;
	if (abi == 0)
		return 0;
	struct ruleset a = {.fs = FS_1};
	a.fs |= (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
	a.net = abi >= 4 ? NET_BIND_CONNECT : 0;
	a.scoped = abi >= 6 ? SCOPE_UNIX_SIGNAL : 0;
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &a, size, 0);
	if (rules < 0)
		return failed(e, "create_ruleset");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = allow(rules, &dirs[i], a.fs, e);
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		r = failed(e, "restrict_self");
	close(rules);
	return r;
}
