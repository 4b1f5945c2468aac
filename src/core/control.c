#include "core/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/msg.h"

void control_address(int run_fd, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/control.sock", run_fd);
}

int control_connect(const char *dir)
{
	char path[4096];
	struct sockaddr_un a;
	snprintf(path, sizeof path, "%s/run", dir);
	int run = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	control_address(run, &a);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r = ERR_SYS;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		r = fd;
	else if (fd >= 0 && (errno == ENOENT || errno == ECONNREFUSED))
		r = ERR_NOTFOUND;
	int saved = errno;
	if (r < 0 && fd >= 0)
		close(fd);
	close(run);
	errno = saved;
	return r;
}

static int send_call(int fd, const struct control_call *c)
{
	struct msg m;
	msg_init(&m, CLI_CALL);
	msg_put_u32(&m, c->lang == LANG_EN);
	msg_put_u32(&m, (uint32_t)c->n_args);
	for (size_t i = 0; i < c->n_args; i++)
		msg_put_z(&m, c->args[i]);
	msg_put_u32(&m, (uint32_t)c->n_files);
	for (size_t i = 0; i < c->n_files; i++) {
		msg_put_z(&m, c->files[i].name);
		msg_put_fd(&m, c->files[i].fd);
	}
	int r = msg_send(fd, &m);
	msg_release(&m);
	return r;
}

/* One answer: 1 when it was the last. */
static int take(struct msg *m, control_out *out, void *arg, int *ret_code)
{
	struct str bytes;
	uint32_t code;
	switch (m->type) {
	case CLI_OUT:
	case CLI_ERR:
		if (msg_str(m, MSG_MAX, &bytes) != 0 || msg_end(m) != 0)
			return ERR_PROTO;
		out(arg, m->type == CLI_OUT ? 1 : 2, bytes);
		return 0;
	case CLI_EXIT:
		if (msg_u32(m, &code) != 0 || msg_end(m) != 0 || code > 255)
			return ERR_PROTO;
		*ret_code = (int)code;
		return 1;
	}
	return ERR_PROTO;
}

int control_run(int fd, const struct control_call *c, control_out *out, void *arg, int *ret_code)
{
	int r = send_call(fd, c);
	while (r == 0) {
		struct msg m;
		r = msg_recv(fd, &m);
		if (r != 0)
			break;
		r = take(&m, out, arg, ret_code);
		msg_release(&m);
	}
	return r > 0 ? 0 : r;
}
