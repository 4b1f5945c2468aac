/* vault: the append-only log and its proofs.
 *   vault --init DIR [--origin NAME]   makes an empty log in DIR/vault, unless there is one
 *   vault --tool COMMAND …             what `sekisho vault …` runs: audit and proofs, without the running vault
 *   vault --fd 3 …                     serves (started by supervise); as role "audit": reads all of it now and then (audit.h) */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "lib/arena.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/text.h"
#include "vault/audit.h"
#include "vault/serve.h"
#include "vault/tool.h"

#define HEARTBEAT_S 900                              /* SEKISHO_VAULT_HEARTBEAT: seconds */

static int64_t heartbeat_ms(void)
{
	const char *z = getenv("SEKISHO_VAULT_HEARTBEAT");
	int64_t s;

	return (z && !str_int(str_from(z), 1, 86400, &s) ? s : HEARTBEAT_S) * 1000;
}

/* Those who search and judge read the folder by its group; older data folders are closed to it. */
static void let_group_read(const char *path)
{
	static const char *const below[] = {"", "/seg", "/idx", "/logs"};

	for (size_t i = 0; i < ARRAY_LEN(below); i++) {
		char name[600];
		int fd;

		snprintf(name, sizeof name, "%s%s", path, below[i]);
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		if (fchmod(fd, 0750))
			log_warn("vault.start", "text=\"%s stays closed to its group\"", below[i]);
		close(fd);
	}
}

static void serve(int argc, char **argv)
{
	struct serve s = {0};
	struct child c;
	struct err e = {0};
	char own[512], seen[1][256];
	const char *dirs[] = {own};
	uint8_t warm[MERKLE_LEN];

	child_init(&c, argc, argv);
	/* what libraries open or load at first use is loaded before the door closes */
	merkle_empty(warm);
	json_object_seed(0);
	if (text_open() != 0)
		log_fatal("vault.start", "text=\"the tables of characters are missing (package libc-bin)\"");
	if (sodium_init() < 0)
		log_fatal("vault.start", "text=\"libsodium does not start\"");
	s.child = &c;
	s.heartbeat_ms = heartbeat_ms();
	snprintf(own, sizeof own, "%s/vault", c.dir);
	if (sandbox_enter(&sandbox_vault, dirs, 1, seen, &e) != 0)
		log_fatal("vault.sandbox", "text=\"%s\"", e.text);
	snprintf(s.path, sizeof s.path, "%s", seen[0]);
	let_group_read(s.path);
	serve_start(&s);
	child_ready(&c, NULL);
	exit(child_run(&c, &serve_handlers, &s));
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "--init") == 0)
		return tool_init(argc - 2, argv + 2);
	if (argc >= 2 && strcmp(argv[1], "--tool") == 0)
		return tool_main(argc - 2, argv + 2);
	if (argc >= 4 && strcmp(argv[3], AUDIT_ROLE) == 0)
		audit_main(argc, argv);
	serve(argc, argv);
	return 0;
}
