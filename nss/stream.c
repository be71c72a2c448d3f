/* Bytes from the daemon, under deadlines. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "mcdns.h"

int64_t mcdns_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/*
 * The time left is worked out anew on each turn: a program with a fast timer
 * signal would otherwise start the whole wait again with every EINTR. When poll
 * has waited for all of it, it is over whatever the clock says: under libfaketime
 * the clock may stand still. So are too many interruptions.
 *
 * What is there counts, however late it is: the deadline says how long the
 * daemon may be silent, and perhaps it is the program that was not run. Beside
 * 15 others on two processors one waited 550 ms for its turn while the answer
 * lay there. One longer than the read-ahead was given up between two reads.
 */
bool mcdns_wait(int fd, short events, int64_t deadline)
{
	struct pollfd ready = {.fd = fd, .events = events};
	bool over = false;

	for (int turn = 0; turn < MCDNS_TURNS; turn++) {
		int64_t left = over ? 0 : deadline - mcdns_now();
		int n = poll(&ready, 1, left > 0 ? (int)((left + 999999) / 1000000) : 0);

		if (n > 0)
			return true;
		if (n == 0 && left <= 0)
			return false;
		if (n < 0 && errno != EINTR)
			return false;
		over = over || n == 0;
	}
	return false;
}

/* One recv of up to `size` bytes: the number of bytes in *got. */
static int receive(struct mcdns_stream *stream, void *to, size_t size, size_t *got)
{
	for (int turn = 0; turn < MCDNS_TURNS; turn++) {
		if (!mcdns_wait(stream->fd, POLLIN, stream->deadline))
			return MCDNS_ABSENT;
		ssize_t n = recv(stream->fd, to, size, MSG_DONTWAIT);
		if (n > 0) {
			*got = (size_t)n;
			return 0;
		}
		if (n == 0 || errno == ECONNRESET || errno == EPIPE)
			return MCDNS_CLOSED;
		if (errno != EINTR && errno != EAGAIN)
			return MCDNS_ABSENT;
	}
	return MCDNS_ABSENT;
}

/* Moves up to `size` bytes out of the read-ahead. */
static size_t drain(struct mcdns_stream *stream, void *to, size_t size)
{
	size_t n = stream->end - stream->begin;

	if (n > size)
		n = size;
	memcpy(to, stream->ahead + stream->begin, n);
	stream->begin += n;
	return n;
}

int mcdns_read(struct mcdns_stream *stream, void *to, size_t size)
{
	unsigned char *at = to;
	int bad = 0;

	while (!bad) {
		size_t n = drain(stream, at, size);

		at += n;
		size -= n;
		if (size == 0)
			return 0;
		if (size < sizeof stream->ahead) {
			stream->begin = stream->end = 0;
			bad = receive(stream, stream->ahead, sizeof stream->ahead, &stream->end);
		} else if ((bad = receive(stream, at, size, &n)) == 0) {
			at += n;
			size -= n;
		}
	}
	return bad;
}
