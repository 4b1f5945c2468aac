/* Who may call what. Calls whose arguments matter (fcntl, mmap, mprotect, clone, tgkill, prlimit64, prctl, ioctl,
 * openat) stand in sandbox.c; what is in no list kills the process. */
#include "lib/sandbox_profiles.h"

#include <seccomp.h>

#define C(name) SCMP_SYS(name)

/* Every process: use the descriptors it has, memory, time, signals to itself. */
const int sandbox_base_calls[] = {
	C(read), C(write), C(readv), C(writev), C(pread64), C(pwrite64), C(close), C(lseek), C(dup), C(dup2), C(dup3),
	C(fstat), C(newfstatat), C(statx), C(ftruncate), C(memfd_create),
	C(recvmsg), C(sendmsg), C(poll), C(ppoll), C(shutdown), C(getsockopt),
	C(munmap), C(mremap), C(brk), C(madvise), C(mlock), C(munlock), C(membarrier),
	C(futex), C(rseq), C(set_robust_list), C(sched_yield), C(sched_getaffinity), C(restart_syscall),
	C(rt_sigaction), C(rt_sigprocmask), C(rt_sigreturn), C(sigaltstack),
	C(getpid), C(gettid), C(getppid), C(getuid), C(geteuid), C(getgid), C(getegid), C(uname), C(sysinfo), C(getrusage),
	C(times), C(clock_gettime), C(clock_getres), C(clock_nanosleep), C(nanosleep), C(gettimeofday), C(time),
	C(getrandom), C(exit), C(exit_group),
#ifdef __SANITIZE_ADDRESS__
	C(readlink), C(readlinkat), C(mincore), C(getcwd), C(personality),
#endif
	-1};

/* Files below the folders Landlock leaves: SQLite (rollback and WAL), blobs, segments. */
#define FILES C(openat), C(open), C(unlink), C(unlinkat), C(rename), C(renameat), C(renameat2), C(mkdir), C(mkdirat), C(rmdir), \
	C(fsync), C(fdatasync), C(sync_file_range), C(fallocate), C(fadvise64), C(flock), C(getdents64), C(stat), C(lstat), \
	C(access), C(faccessat), C(faccessat2), C(readlink), C(readlinkat), C(getcwd), C(fchmod), C(fstatfs), C(linkat), \
	C(copy_file_range), C(utimensat), C(msync), C(umask)

/* TLS and HTTP on sockets it was given; two threads. */
static const int front_calls[] = {
	C(accept), C(accept4), C(recvfrom), C(sendto), C(setsockopt), C(getsockname), C(getpeername), C(sendfile),
	C(pipe2), C(eventfd2), C(timerfd_create), C(timerfd_settime), C(timerfd_gettime), C(select), C(pselect6),
	C(set_tid_address), C(sync_file_range), -1};
static const int files_calls[] = {FILES, -1};
/* Logs on sockets and files it was given; its own folder. */
static const int collect_calls[] = {
	FILES, C(accept), C(accept4), C(recvfrom), C(recvmmsg), C(sendto), C(setsockopt), C(getsockname), C(getpeername),
	C(epoll_create1), C(epoll_ctl), C(epoll_wait), C(epoll_pwait), C(eventfd2), C(pipe2), C(select), C(pselect6), -1};

/* Reads the logs, on several threads; writes nothing. */
static const int search_calls[] = {
	C(openat), C(open), C(getdents64), C(stat), C(lstat), C(access), C(faccessat), C(faccessat2), C(fadvise64), C(set_tid_address), -1};

/* Talks on one connection it was given. */
static const int ask_calls[] = {C(recvfrom), C(sendto), C(getsockname), C(getpeername), C(select), C(pselect6), -1};

#define KIB 1024ul
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

const struct sandbox_profile sandbox_front = {
	.name = "front", .uid_offset = 1, .syscalls = front_calls,
	.memory_max = 4 * GIB, .file_max = 2 * GIB + 64 * MIB, .files_max = 4096, .threads_max = 256}; /* the largest hand-over */
const struct sandbox_profile sandbox_office = {
	.name = "office", .uid_offset = 2, .writes_files = true, .syscalls = files_calls,
	.memory_max = 16 * GIB, .file_max = 256 * GIB, .files_max = 1024, .threads_max = 64};
const struct sandbox_profile sandbox_auth = {
	.name = "auth", .uid_offset = 3, .writes_files = true, .syscalls = files_calls,
	.memory_max = 2 * GIB, .file_max = 4 * GIB, .files_max = 128};
const struct sandbox_profile sandbox_vault = {
	.name = "vault", .uid_offset = 4, .writes_files = true, .syscalls = files_calls,
	.memory_max = 64 * GIB, .file_max = 64 * GIB, .files_max = 1024};
const struct sandbox_profile sandbox_keys = {
	.name = "keys", .uid_offset = 5, .writes_files = true, .syscalls = files_calls,
	.memory_max = 1 * GIB, .file_max = 64 * MIB, .files_max = 64};
const struct sandbox_profile sandbox_collect = {
	.name = "collect", .uid_offset = 6, .writes_files = true, .syscalls = collect_calls,
	.memory_max = 2 * GIB, .file_max = 64 * MIB, .files_max = 8192};
/* The folders it is to watch, nothing else. */
const struct sandbox_profile sandbox_watch = {
	.name = "watch", .uid_offset = 12, .writes_files = true, .syscalls = files_calls,
	.memory_max = 512 * MIB, .file_max = 4 * GIB, .files_max = 128};
/* The vault's user, for only that one can read the vault's files; but nothing of it may be written (Landlock, read-only mount). */
const struct sandbox_profile sandbox_search = {
	.name = "search", .uid_offset = 4, .syscalls = search_calls,
	.memory_max = 16 * GIB, .file_max = 64 * MIB, .files_max = 1024, .threads_max = 256};
/* Reads the vault's files by its group. */
const struct sandbox_profile sandbox_detect = {
	.name = "detect", .uid_offset = 7, .reads_of = 4, .writes_files = true, .syscalls = files_calls,
	.memory_max = 4 * GIB, .file_max = 512 * MIB, .files_max = 128};
/* Cosigns the checkpoints of others, on sockets it was given; its own folder. */
const struct sandbox_profile sandbox_witness = {
	.name = "witness", .uid_offset = 8, .writes_files = true, .syscalls = collect_calls,
	.memory_max = 1 * GIB, .file_max = 64 * MIB, .files_max = 512};
/* Shows a log to whoever asks; reads the vault's files by its group. */
const struct sandbox_profile sandbox_serve = {
	.name = "serve", .uid_offset = 9, .reads_of = 4, .syscalls = collect_calls,
	.memory_max = 8 * GIB, .file_max = 64 * MIB, .files_max = 512};
/* Reads what a witness answers. */
const struct sandbox_profile sandbox_ask = {
	.name = "ask", .uid_offset = 23, .syscalls = ask_calls,
	.memory_max = 256 * MIB, .file_max = 64 * MIB, .files_max = 16};
/* A document's process: its memory, its pair, memfds of what it says. Nothing else. */
static const int gate_calls[] = {-1};
const struct sandbox_profile sandbox_gate_broker = {
	.name = "gate-broker", .uid_offset = 19, .syscalls = gate_calls,
	.memory_max = 2 * GIB, .file_max = 64 * MIB, .files_max = 4096};
const struct sandbox_profile sandbox_gate = {
	.name = "gate", .uid_offset = 20, .syscalls = gate_calls,
	.memory_max = 1 * GIB, .file_max = 1 * GIB, .files_max = 64};
const struct sandbox_profile sandbox_gate_verify = {
	.name = "gate-verify", .uid_offset = 21, .syscalls = gate_calls,
	.memory_max = 1 * GIB, .file_max = 64 * MIB, .files_max = 16};
/* Reads a document to clamd, over sockets it was given. */
const struct sandbox_profile sandbox_gate_scan = {
	.name = "gate-scan", .uid_offset = 24, .syscalls = gate_calls,
	.memory_max = 256 * MIB, .file_max = 64 * MIB, .files_max = 16};
/* poppler and cairo look for fonts and character maps while they draw. */
static const int gate_pdf_calls[] = {
	C(openat), C(open), C(getdents64), C(stat), C(lstat), C(access), C(faccessat), C(faccessat2), C(readlink), C(readlinkat), C(fstatfs),
	C(statfs), C(getcwd), C(fadvise64), -1};
const struct sandbox_profile sandbox_gate_pdf = {
	.name = "gate-pdf", .uid_offset = 22, .same_paths = true, .syscalls = gate_pdf_calls,
	.memory_max = 2 * GIB, .file_max = 1 * GIB, .files_max = 128};
