/* Sends a file of lines as fast as the other side takes them.
 *
 *   send_syslog tcp ADDR:PORT FILE [CONNECTIONS]    whole file over each connection's share of it
 *   send_syslog burst ADDR:PORT FILE [PER_SECOND]   the same over one, without waiting until the other side has taken all, and holding
 *                                                   back little itself (a small send buffer)
 *   send_syslog udp ADDR:PORT FILE [PER_SECOND]     one datagram a line, without its end; 0: as fast as it goes */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define AT_ONCE 64
#define WRITE_MAX (256u * 1024)

static const char *file;
static size_t size;

static int die(const char *what)
{
	perror(what);
	exit(1);
}

static int reach(const char *where, int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	char host[64];
	const char *colon = strrchr(where, ':');
	snprintf(host, sizeof host, "%.*s", colon ? (int)(colon - where) : 0, where);
	a.sin_port = htons((uint16_t)strtol(colon ? colon + 1 : "0", NULL, 10));
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die(where);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		die(where);
	return fd;
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void keep_pace(int64_t from, int64_t sent, long per_second)
{
	int64_t ahead = per_second ? sent * 1000000000LL / per_second - (now_ns() - from) : 0;
	if (ahead > 1000000)
		nanosleep(&(struct timespec){.tv_sec = ahead / 1000000000LL, .tv_nsec = ahead % 1000000000LL}, NULL);
}

/* Whole lines at once, so that the pace is one of lines. */
static int by_burst(const char *where, long per_second)
{
	int fd = reach(where, SOCK_STREAM), small = 64 * 1024;
	const char *p = file;
	int64_t from = now_ns(), sent = 0;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) != 0)
		die("SO_SNDBUF");
	while (p < file + size) {
		const char *end = p;
		for (int k = 0; k < AT_ONCE && end < file + size; k++, sent++)
			end = (const char *)memchr(end, '\n', (size_t)(file + size - end)) + 1;
		while (p < end) {
			ssize_t w = write(fd, p, (size_t)(end - p));
			if (w < 0)
				die("write");
			p += w;
		}
		keep_pace(from, sent, per_second);
	}
	return 0;
}

static int by_tcp(const char *where, int n)
{
	struct pollfd fds[CONNECTIONS_MAX];
	const char *at[CONNECTIONS_MAX + 1], *to[CONNECTIONS_MAX];
	int left = n;
	for (int i = 0; i < n; i++) {                    /* shares end at a line's end */
		const char *p = file + size / (size_t)n * (size_t)i;
		at[i] = i == 0 ? file : (const char *)memchr(p, '\n', (size_t)(file + size - p)) + 1;
		fds[i] = (struct pollfd){.fd = reach(where, SOCK_STREAM), .events = POLLOUT};
		if (n > 1 && fcntl(fds[i].fd, F_SETFL, O_NONBLOCK) != 0)
			die("fcntl");
	}
	for (int i = 0; i < n; i++)
		to[i] = i + 1 < n ? at[i + 1] : file + size;
	while (left) {
		if (n > 1 && poll(fds, (nfds_t)n, -1) < 0)
			die("poll");
		for (int i = 0; i < n; i++) {
			if (fds[i].fd < 0 || (n > 1 && !(fds[i].revents & (POLLOUT | POLLERR | POLLHUP))))
				continue;
			size_t k = (size_t)(to[i] - at[i]);
			ssize_t w = write(fds[i].fd, at[i], k < WRITE_MAX ? k : WRITE_MAX);
			if (w < 0)
				die("write");
			at[i] += w;
			if (at[i] == to[i]) {
				shutdown(fds[i].fd, SHUT_WR);
				char end;
				if (n == 1 && read(fds[i].fd, &end, 1) < 0)
					die("read");
				close(fds[i].fd);
				fds[i].fd = -1;
				left--;
			}
		}
	}
	return 0;
}

static int by_udp(const char *where, long per_second)
{
	int fd = reach(where, SOCK_DGRAM);
	struct mmsghdr heads[AT_ONCE];
	struct iovec vecs[AT_ONCE];
	const char *p = file;
	int64_t from = now_ns(), sent = 0;
	while (p < file + size) {
		int k = 0;
		for (; k < AT_ONCE && p < file + size; k++) {
			const char *lf = memchr(p, '\n', (size_t)(file + size - p));
			size_t n = (size_t)((lf ? lf : file + size) - p);
			vecs[k] = (struct iovec){(void *)(uintptr_t)p, n};
			heads[k] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vecs[k], .msg_iovlen = 1}};
			p += n + 1;
		}
		for (int done = 0; done < k;) {
			int r = sendmmsg(fd, heads + done, (unsigned)(k - done), 0);
			if (r < 0)
				die("sendmmsg");
			done += r;
		}
		sent += k;
		keep_pace(from, sent, per_second);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct stat st;
	long n = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
	int fd = argc > 3 ? open(argv[3], O_RDONLY | O_CLOEXEC) : -1;
	bool tcp = argc > 1 && strcmp(argv[1], "tcp") == 0, burst = argc > 1 && strcmp(argv[1], "burst") == 0;
	if (argc < 4 || (!tcp && !burst && strcmp(argv[1], "udp") != 0) || n < 0 || (tcp && n > CONNECTIONS_MAX)) {
		fprintf(stderr, "usage: send_syslog tcp|burst|udp ADDR:PORT FILE [CONNECTIONS|PER_SECOND]\n");
		return 2;
	}
	if (fd < 0 || fstat(fd, &st) != 0)
		die(argv[3]);
	size = (size_t)st.st_size;
	file = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (file == MAP_FAILED)
		die("mmap");
	if (burst)
		return by_burst(argv[2], n);
	return tcp ? by_tcp(argv[2], n ? (int)n : 1) : by_udp(argv[2], n);
}
