#include "gate/gate.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/msg.h"

#define RESULT_ARENA_MAX (16u << 20)
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

static int digest(int fd, uint64_t size, char out[SHA256_HEX], struct err *e)
{
	void *p;

	if (!size) {
		sha256_hex("", 0, out);
		return 0;
	}
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "mmap");
	sha256_hex(p, (size_t)size, out);
	munmap(p, (size_t)size);
	return 0;
}

static int sniff(struct gate *g, const struct worker_job *in, struct result *r, struct err *e)
{
	struct worker_job job = *in;
	struct str type, code;
	struct msg m;
	int ret;

	job.step = "sniff";
	job.program = "gate-sniff";
	job.format = "any";
	ret = worker_talk(g, &job, r, &m, e);
	if (ret || !m.type)
		return ret;
	if (m.type != GATE_TYPE || msg_str(&m, GATE_CODE_MAX, &type) || msg_str(&m, GATE_CODE_MAX, &code) || msg_end(&m)) {
		result_stop(r, GATE_BLOCKED, "WORKER-DIED", STR_NONE);
	} else {
		r->type = arena_str(r->arena, type);
		if (code.n)
			result_stop(r, GATE_BLOCKED, arena_z(r->arena, code), STR_NONE);
	}
	msg_release(&m);
	return 0;
}

/* The verifier alone opens the way: *ret becomes true by its word only. */
static int verified(struct gate *g, const struct worker_job *in, int fd, uint64_t size, struct result *r, bool *ret,
                    struct err *e)
{
	struct worker_job job = *in;
	struct str rule;
	struct msg m;
	uint8_t yes = 0;
	int64_t at;
	int got;

	*ret = false;
	job.step = "verify";
	job.program = "gate-verify";
	job.format = arena_z(r->arena, r->language);
	job.content = fd;
	job.size = size;
	got = worker_talk(g, &job, r, &m, e);
	if (got || !m.type)
		return got;
	if (m.type != GATE_VERDICT || msg_u8(&m, &yes) || msg_str(&m, 64, &rule) || msg_i64(&m, &at) || msg_end(&m)) {
		result_stop(r, GATE_BLOCKED, "WORKER-DIED", STR_NONE);
	} else if (yes != 1) {
		r->rule = arena_str(r->arena, rule);
		r->rule_at = at;
		result_stop(r, GATE_HELD, "VERIFY-REFUSED", rule);
	} else {
		*ret = true;
	}
	msg_release(&m);
	return 0;
}

/* What the rebuilder said last; the candidate's descriptor, or -1 with the result stopped. */
static int candidate(struct msg *m, struct result *r)
{
	struct str a, b;
	uint32_t n;
	int fd = -1;

	if (m->type == GATE_FAIL && !msg_u32(m, &n) && !msg_str(m, GATE_CODE_MAX, &a) && !msg_str(m, 2 * GATE_PATH_MAX, &b) &&
	    !msg_end(m)) {
		result_stop(r, n == GATE_BLOCKED ? GATE_BLOCKED : GATE_HELD, arena_z(r->arena, a), b);
		return -1;
	}
	if (m->type == GATE_DONE && !msg_str(m, GATE_CODE_MAX, &a) && !msg_str(m, 4, &b) && !msg_u32(m, &n) && !msg_fd(m, &fd) &&
	    !msg_end(m) && (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS) {
		r->language = arena_str(r->arena, a);
		r->grade = arena_str(r->arena, b);
		r->units = n;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	result_stop(r, GATE_BLOCKED, "WORKER-DIED", STR_NONE);
	return -1;
}

static int rebuild(struct gate *g, const struct worker_job *in, const struct route *rt, struct result *r, struct err *e)
{
	struct worker_job job = *in;
	struct msg m;
	struct stat st;
	bool yes;
	int fd, ret;

	job.step = "rebuild";
	job.program = arena_z(r->arena, rt->worker);
	job.format = arena_z(r->arena, rt->format);
	ret = worker_talk(g, &job, r, &m, e);
	if (ret || !m.type)
		return ret;
	fd = candidate(&m, r);
	msg_release(&m);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || (uint64_t)st.st_size > GATE_OUTPUT_MAX) {
		result_stop(r, GATE_HELD, "LIMIT-OUTPUT", STR_NONE);
		close(fd);
		return 0;
	}
	ret = verified(g, in, fd, (uint64_t)st.st_size, r, &yes, e);
	if (!ret && yes && scan_file(g, fd, 1, r)) {
		ret = digest(fd, (uint64_t)st.st_size, r->out_sha256, e);
		if (!ret) {
			r->outcome = GATE_DELIVERED;
			r->out_fd = fd;
			r->out_size = (uint64_t)st.st_size;
			return 0;
		}
	}
	close(fd);
	return ret;
}

static bool begin(struct gate *g, const char *name, int fd, unsigned depth, struct result *r, struct err *e)
{
	const char *fault = name_fault(str_from(name));
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		result_stop(r, GATE_HELD, "TYPE-UNKNOWN", STR_NONE);
		return false;
	}
	r->size = (uint64_t)st.st_size;
	if (r->size > g->input_max)
		result_stop(r, GATE_HELD, "LIMIT-INPUT", STR_NONE);
	else if (depth > GATE_DEPTH_MAX)
		result_stop(r, GATE_BLOCKED, "LIMIT-DEPTH", STR_NONE);
	else if (fault)
		result_stop(r, GATE_BLOCKED, fault, STR_NONE);
	else if (!r->size)
		result_stop(r, GATE_HELD, "EMPTY", STR_NONE);
	else
		return !digest(fd, r->size, r->sha256, e);
	return false;
}

int gate_clean(struct gate *g, const char *name, int fd, unsigned depth, struct result *r, struct err *e)
{
	struct worker_job job = {.name = name, .policy = g->policy, .content = fd, .depth = depth};
	const struct route *rt;
	int ret;

	if (!depth)
		g->inside = 0;
	*r = (struct result){.out_fd = -1, .outcome = GATE_HELD};
	r->arena = arena_new(RESULT_ARENA_MAX);
	r->code = STR("PARSE");                          /* until something better is known: never delivered by default */
	r->name = arena_str(r->arena, str_from(name));
	r->ext = name_ext(r->arena, r->name);
	r->type = STR("");
	if (!begin(g, name, fd, depth, r, e))
		return 0;
	job.size = r->size;
	ret = sniff(g, &job, r, e);
	if (ret || !r->type.n || r->outcome == GATE_BLOCKED || !scan_file(g, fd, 0, r))
		return ret;
	rt = route_find(g->routes, r->ext);
	if (!rt)
		result_stop(r, GATE_HELD, "TYPE-UNKNOWN", STR_NONE);
	else if (!route_takes(rt, r->type))
		result_stop(r, GATE_BLOCKED, arena_z(r->arena, rt->otherwise), STR_NONE);
	else if (str_is(rt->worker, "-"))
		result_stop(r, GATE_HELD, arena_z(r->arena, rt->otherwise), STR_NONE);
	else
		ret = rebuild(g, &job, rt, r, e);
	return ret;
}
