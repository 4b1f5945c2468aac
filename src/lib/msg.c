/* Wire format of one SEQPACKET record, big endian: u16 type, u16 count of descriptors (high bit MSG_BY_FD: the payload
 * lies in one more descriptor, the last, a sealed memfd), payload. Nothing a peer sends may leak a descriptor, be read
 * beyond its end or change under our eyes: descriptors are owned from the moment the kernel hands them over, a memfd
 * must be sealed against writing and resizing. */
#include "lib/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"

#define HEAD 4
#define MSG_BY_FD 0x8000u
#define STR_NULL 0xffffffffu
#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

void msg_init(struct msg *m, uint16_t type)
{
	*m = (struct msg){.type = type};
	buf_init(&m->out, MSG_MAX);
	for (unsigned i = 0; i < MSG_FDS_MAX; i++)
		m->fds[i] = -1;
}

void msg_release(struct msg *m)
{
	if (m->mem && m->mapped)
		munmap(m->mem, m->mem_n);
	else
		free(m->mem);
	for (unsigned i = 0; i < m->n_fds; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	buf_release(&m->out);
	if (m->sealed)
		close(m->sealed - 1);
	*m = (struct msg){0};
}

void msg_put_u8(struct msg *m, uint8_t v)
{
	buf_u8(&m->out, v);
}

void msg_put_u32(struct msg *m, uint32_t v)
{
	buf_u32(&m->out, v);
}

void msg_put_i64(struct msg *m, int64_t v)
{
	buf_u64(&m->out, (uint64_t)v);
}

void msg_put_str(struct msg *m, struct str s)
{
	if (s.p && s.n > MSG_MAX) {
		m->out.failed = true;
		return;
	}
	buf_u32(&m->out, s.p ? (uint32_t)s.n : STR_NULL);
	if (s.p)
		buf_put(&m->out, s.p, s.n);
}

void msg_put_z(struct msg *m, const char *z)
{
	msg_put_str(m, str_from(z));
}

void msg_put_fd(struct msg *m, int fd)
{
	int copy = m->n_fds < MSG_FDS_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (copy < 0)
		m->out.failed = true;
	else
		m->fds[m->n_fds++] = copy;
}

int msg_u8(struct msg *m, uint8_t *ret)
{
	return cur_u8(&m->in, ret) == 0 ? 0 : ERR_PROTO;
}

int msg_u32(struct msg *m, uint32_t *ret)
{
	return cur_u32(&m->in, ret) == 0 ? 0 : ERR_PROTO;
}

int msg_i64(struct msg *m, int64_t *ret)
{
	uint64_t v;
	if (cur_u64(&m->in, &v) != 0)
		return ERR_PROTO;
	*ret = (int64_t)v;
	return 0;
}

int msg_str(struct msg *m, size_t max, struct str *ret)
{
	uint32_t n;
	const void *p;
	if (cur_u32(&m->in, &n) != 0)
		return ERR_PROTO;
	if (n == STR_NULL) {
		*ret = STR_NONE;
		return 0;
	}
	if (n > max || cur_bytes(&m->in, n, &p) != 0) {
		m->in.bad = true;
		return ERR_PROTO;
	}
	*ret = n ? str_n(p, n) : STR("");
	return 0;
}

int msg_fd(struct msg *m, int *ret)
{
	if (m->next_fd >= m->n_fds || m->fds[m->next_fd] < 0) {
		m->in.bad = true;
		return ERR_PROTO;
	}
	*ret = m->fds[m->next_fd];
	m->fds[m->next_fd++] = -1;
	return 0;
}

int msg_end(struct msg *m)
{
	return m->in.bad || cur_left(&m->in) != 0 || m->next_fd != m->n_fds ? ERR_PROTO : 0;
}

/* --- sending -------------------------------------------------------------------------------------------------- */

static int wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline < 0 ? -1 : (deadline - clock_mono() + 999) / 1000;
		if (deadline >= 0 && left < 0)
			left = 0;
		struct pollfd p = {.fd = fd, .events = events};
		int r = poll(&p, 1, (int)left);
		if (r > 0)
			return 0;
		if (r == 0)
			return ERR_BUSY;
		if (errno != EINTR)
			return ERR_SYS;
	}
}

static int send_record(int fd, struct msghdr *h)
{
	for (;;) {
		if (sendmsg(fd, h, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
			return ERR_CLOSED;
		if (errno == EMSGSIZE)
			return ERR_TOOBIG;
		if (errno != EAGAIN || wait_for(fd, POLLOUT, -1) != 0)
			return ERR_SYS;
	}
}

int msg_seal(struct msg *m)
{
	if (m->out.failed)
		return ERR_TOOBIG;
	if (m->out.n <= MSG_INLINE || m->sealed)
		return 0;
	m->sealed = memfd_sealed("sekisho-msg", m->out.p, m->out.n) + 1;
	return m->sealed ? 0 : ERR_SYS;
}

int msg_send(int fd, struct msg *m)
{
	if (m->out.failed)
		return ERR_TOOBIG;
	bool by_fd = m->sealed || m->out.n > MSG_INLINE;
	int fds[MSG_FDS_MAX + 1] = {0};
	memcpy(fds, m->fds, sizeof m->fds);
	unsigned n = m->n_fds;
	if (by_fd) {
		fds[n] = m->sealed ? m->sealed - 1 : memfd_sealed("sekisho-msg", m->out.p, m->out.n);
		if (fds[n] < 0)
			return ERR_SYS;
		n++;
	}
	unsigned count = m->n_fds | (by_fd ? MSG_BY_FD : 0);
	unsigned char head[HEAD] = {(unsigned char)(m->type >> 8), (unsigned char)m->type, (unsigned char)(count >> 8),
	                            (unsigned char)count};
	struct iovec iov[2] = {{head, HEAD}, {m->out.p, by_fd ? 0 : m->out.n}};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {0};
	struct msghdr h = {.msg_iov = iov, .msg_iovlen = by_fd || m->out.n == 0 ? 1 : 2};
	if (n > 0) {
		h.msg_control = control;
		h.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	int r = send_record(fd, &h);
	if (by_fd && !m->sealed)
		close(fds[n - 1]);
	return r;
}

/* --- receiving ------------------------------------------------------------------------------------------------ */

/* Maps the payload of a large message, which then owns the descriptor. The size is judged before it is mapped, the seals before it is read. */
static int map_payload(struct msg *m, int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > MSG_MAX)
		return ERR_PROTO;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return ERR_SYS;
	m->mem = p;
	m->mem_n = (size_t)st.st_size;
	m->mapped = true;
	m->sealed = fd + 1;
	return 0;
}

static void own_payload(struct msg *m, const void *p, size_t n)
{
	if (n) {
		m->mem = xmalloc(n);
		memcpy(m->mem, p, n);
		m->mem_n = n;
	}
}

void msg_put_message(struct msg *m, const struct msg *received)
{
	msg_put_u32(m, received->type);
	msg_put_u8(m, received->sealed != 0);
	if (received->sealed)
		msg_put_fd(m, received->sealed - 1);
	else
		msg_put_str(m, str_n(received->mem ? received->mem : "", received->mem_n));
}

int msg_message(struct msg *m, struct msg *ret)
{
	uint32_t type;
	uint8_t by_fd;
	struct str bytes;
	int fd = -1, r = 0;
	if (msg_u32(m, &type) || type > UINT16_MAX || msg_u8(m, &by_fd) || by_fd > 1 ||
	    (by_fd ? msg_fd(m, &fd) : msg_str(m, MSG_INLINE, &bytes)))
		return ERR_PROTO;
	msg_init(ret, (uint16_t)type);
	if (by_fd)
		r = map_payload(ret, fd);
	else
		own_payload(ret, bytes.p, bytes.n);
	if (r != 0 && by_fd)
		close(fd);
	if (r != 0)
		msg_release(ret);
	else
		ret->in = cur_init(ret->mem ? ret->mem : "", ret->mem_n);
	return r;
}

int msg_parse(struct msg *m, const void *p, size_t n, const int *fds, unsigned n_fds)
{
	struct cur c = cur_init(p, n);
	uint16_t type = 0, count = 0;
	const void *rest = NULL;
	bool bad = cur_u16(&c, &type) != 0 || cur_u16(&c, &count) != 0;
	bool by_fd = count & MSG_BY_FD;
	unsigned want = count & ~MSG_BY_FD;
	msg_init(m, type);
	if (bad || want > MSG_FDS_MAX || want + by_fd != n_fds || (by_fd && cur_left(&c) != 0)) {
		for (unsigned i = 0; i < n_fds; i++)
			close(fds[i]);
		return ERR_PROTO;
	}
	if (want > 0)
		memcpy(m->fds, fds, want * sizeof *fds);
	m->n_fds = want;
	int r = 0;
	size_t left = cur_left(&c);
	if (by_fd) {
		r = map_payload(m, fds[want]);
		if (r != 0)
			close(fds[want]);
	} else if (left > 0 && cur_bytes(&c, left, &rest) == 0) {
		own_payload(m, rest, left);
	}
	if (r != 0) {
		msg_release(m);
		return r;
	}
	m->in = cur_init(m->mem ? m->mem : "", m->mem_n);
	return 0;
}

/* Takes every descriptor out of the control data, whatever else is wrong with the message. */
static unsigned take_fds(struct msghdr *h, int *fds, unsigned max)
{
	unsigned n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t k = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < k; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (n < max)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

static int receive(int fd, int flags, struct msg *m)
{
	static _Thread_local unsigned char bytes[HEAD + MSG_INLINE];
	int fds[MSG_FDS_MAX + 1] = {0};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fds)];
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	ssize_t n;
	do
		n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? ERR_BUSY : errno == ECONNRESET ? ERR_CLOSED : ERR_SYS;
	unsigned n_fds = take_fds(&h, fds, MSG_FDS_MAX + 1);
	if (n > 0 && !(h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return msg_parse(m, bytes, (size_t)n, fds, n_fds);
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	return n == 0 ? ERR_CLOSED : ERR_PROTO;
}

int msg_recv(int fd, struct msg *m)
{
	return receive(fd, 0, m);
}

int msg_recv_now(int fd, struct msg *m)
{
	return receive(fd, MSG_DONTWAIT, m);
}

int msg_call(int fd, struct msg *m, int timeout_ms, struct msg *ret)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_mono() + timeout_ms * 1000LL;
	int r = msg_send(fd, m);
	if (r == 0)
		r = wait_for(fd, POLLIN, deadline);
	return r == 0 ? msg_recv(fd, ret) : r;
}

int msg_pair(int ret[2])
{
	int fd[2], size = 4 * MSG_INLINE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		return ERR_SYS;
	for (int i = 0; i < 2; i++) {
		(void)setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		(void)setsockopt(fd[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	ret[0] = fd[0];
	ret[1] = fd[1];
	return 0;
}
