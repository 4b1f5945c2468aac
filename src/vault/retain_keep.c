/* Checkpoints that stay provable: kept as they were signed, and, before entries go, the hashes that only those could give. */
#include "vault/retain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

static int keep_nodes(struct vault *v, uint64_t size, struct err *e)
{
	struct kept_node nodes[KEPT_NODES_MAX];
	size_t n = kept_nodes_of(size, nodes);
	char name[40];
	int r = 0;

	kept_name(size, true, name);
	if (!faccessat(v->log->dir, name, F_OK, 0))
		return 0;
	for (size_t i = 0; !r && i < n; i++)
		r = tlog_node(v->log, nodes[i].level, nodes[i].index, nodes[i].hash);
	return r ? err_set(e, r, "the hashes of %s cannot be kept", name) : kept_nodes_write(v->log->dir, size, nodes, n, e);
}

int retain_keep_below(struct vault *v, uint64_t minimum, struct err *e)
{
	uint64_t *sizes;
	size_t n;
	int r = kept_sizes(v->log->dir, &sizes, &n, e);

	for (size_t i = 0; !r && i < n; i++)
		if (sizes[i] < minimum)
			r = keep_nodes(v, sizes[i], e);
	free(sizes);
	return r;
}

int retain_keep(struct vault *v, struct err *e)
{
	int dir = v->log->dir, kept, r;
	struct str note = buf_view(&v->log->last_signed);
	char name[40];

	if (!v->signed_size || !note.n)
		return 0;
	if (mkdirat(dir, "kept", 0750) && errno != EEXIST)
		return err_sys(e, "kept");
	kept = openat(dir, "kept", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kept < 0)
		return err_sys(e, "kept");
	kept_name(v->signed_size, false, name);
	r = file_write_atomic_at(kept, strchr(name, '/') + 1, note.p, note.n, 0644, e);
	close(kept);
	return r;
}
