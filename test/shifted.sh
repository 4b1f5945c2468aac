# shellcheck shell=bash
# Sourced by tests that move the clock: each program but the supervisor is started with a clock of its own, read from a file that
# shift_clock changes while they run. Wants T, O and fail(); gives S, the program to use.
cat >"$T/shift.c" <<'X'
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static int (*real)(clockid_t, struct timespec *);
static const volatile long long *by;
__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("SHIFT_FILE"), O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
	by = p == MAP_FAILED ? NULL : p;
}
int clock_gettime(clockid_t id, struct timespec *t)
{
	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int r = real(id, t);
	if (r == 0 && id == CLOCK_REALTIME && by)
		t->tv_sec += *by;
	return r;
}
time_t time(time_t *ret)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}
X
cc -D_GNU_SOURCE -O1 -shared -fPIC -o "$T/shift.so" "$T/shift.c" || fail "the clock"
shift_clock() { python3 -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("<q", int(sys.argv[2])))' "$T/by" "$1"; } # seconds from the true time
head -c 8 /dev/zero >"$T/by"; chmod 755 "$T"; chmod 644 "$T/by"
mkdir -p "$T/h/libexec/sekisho"; cp "$O/sekisho" "$T/h/"; ln -s "$O/share" "$T/h/share"
for p in "$O"/libexec/sekisho/*; do
  printf '#!/bin/sh\nexec env ASAN_OPTIONS="verify_asan_link_order=0:$ASAN_OPTIONS" LD_PRELOAD=%s SHIFT_FILE=%s %s "$@"\n' "$T/shift.so" "$T/by" "$p" >"$T/h/libexec/sekisho/${p##*/}"
  chmod 755 "$T/h/libexec/sekisho/${p##*/}"
done
cp --remove-destination "$O/libexec/sekisho/supervise" "$T/h/libexec/sekisho/"   # it looks for the others beside itself
export S=$T/h/sekisho
