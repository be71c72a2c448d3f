/*
 * The system calls of the module, with faults put in (ld --wrap). The
 * environment says which: PROBE_FAULT is a list of words, PROBE_SPEED makes
 * the monotonic clock run so many times faster, and PROBE_SLOW makes it and the
 * time-outs of poll so many times slower.
 *
 * "stopped-before", "stopped-in" and "stopped-after": the program does not run
 * for 300 ms before each request goes out, while it waits, or after each call
 * that moves bytes. The daemon does, and says what it has to say meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int __real_socket(int, int, int);
int __wrap_socket(int, int, int);
ssize_t __real_sendmsg(int, const struct msghdr *, int);
ssize_t __wrap_sendmsg(int, const struct msghdr *, int);
ssize_t __real_recv(int, void *, size_t, int);
ssize_t __wrap_recv(int, void *, size_t, int);
int __real_poll(struct pollfd *, nfds_t, int);
int __wrap_poll(struct pollfd *, nfds_t, int);
int __real_clock_gettime(clockid_t, struct timespec *);
int __wrap_clock_gettime(clockid_t, struct timespec *);

static bool fault(const char *word)
{
	const char *faults = getenv("PROBE_FAULT");

	return faults && strstr(faults, word);
}

static int number(const char *variable)
{
	const char *value = getenv(variable);

	return value ? atoi(value) : 1;
}

/* Every other call of each function is interrupted. */
static bool interrupted(int *turn)
{
	if (!fault("interrupted") || (*turn)++ % 2 != 0)
		return false;
	errno = EINTR;
	return true;
}

static long long lost; /* ns of the monotonic clock */

/* The program is stopped; if the daemon owes it something, until that is there. */
static void stop(int fd, bool owed)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (owed)
		__real_poll(&ready, 1, -1);
	lost += 300 * 1000000LL;
}

int __wrap_socket(int domain, int type, int protocol)
{
	if (fault("emfile")) {
		errno = EMFILE;
		return -1;
	}
	if (fault("eafnosupport")) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return __real_socket(domain, type, protocol);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct msghdr one = *message;
	struct iovec byte = message->msg_iov[0];
	static int turn;

	if (!(flags & MSG_NOSIGNAL))
		abort();
	if (interrupted(&turn))
		return -1;
	if (fault("stopped-before"))
		stop(fd, false);
	if (!fault("bytewise")) {
		ssize_t n = __real_sendmsg(fd, message, flags);

		if (fault("stopped-after"))
			stop(fd, true);
		return n;
	}
	byte.iov_len = 1;
	one.msg_iov = &byte;
	one.msg_iovlen = 1;
	return __real_sendmsg(fd, &one, flags);
}

ssize_t __wrap_recv(int fd, void *to, size_t size, int flags)
{
	static int turn;

	if (interrupted(&turn))
		return -1;
	ssize_t n = __real_recv(fd, to, fault("bytewise") && size > 1 ? 1 : size, flags);
	if (fault("stopped-after"))
		stop(fd, true);
	return n;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	static int turn;

	if (interrupted(&turn))
		return -1;
	if (fault("stopped-in") && timeout > 0) {
		stop(fds->fd, true);
		return 0; /* the time was over when the program ran again */
	}
	return __real_poll(fds, count, timeout * number("PROBE_SLOW"));
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);
	long long ns = now->tv_sec * 1000000000LL + now->tv_nsec;

	if (clock == CLOCK_MONOTONIC) {
		ns = ns * number("PROBE_SPEED") / number("PROBE_SLOW") + lost;
		now->tv_sec = ns / 1000000000;
		now->tv_nsec = ns % 1000000000;
	}
	return result;
}
