/* The question: one connection, one retry. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "mcdns.h"

#define MS INT64_C(1000000)

/*
 * The daemon says at once that it is alive and repeats it every second while
 * it works, so silence tells a frozen daemon from a slow DNS server. It bounds
 * its work itself; the last limit only keeps a broken one from holding a
 * program for ever. The first limit is 250 ms to the caller; 10 of them are for
 * the way there and back on a busy machine.
 */
#define FIRST_FRAME (240 * MS)
#define NEXT_FRAME (1500 * MS)
#define WHOLE_CALL (30000 * MS)
/* And by count, where the clock stands still: twice the tries that a connection
 * makes in NEXT_FRAME, and some thirty times the signs of life of 30 s. */
#define TRIES 200
#define SIGNS 1000

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A connect that finds the backlog full says EAGAIN and leaves nothing to poll
 * for (unix(7)), so it is tried again, less and less often. */
static bool reach(int fd, int64_t deadline)
{
	static const struct sockaddr_un address = {AF_UNIX, MCDNS_SOCKET};

	for (int try = 0, ms = 1; try < TRIES; try++, ms = ms < 16 ? 2 * ms : ms) {
		if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
			return true;
		if (errno != EAGAIN && errno != EINTR)
			return false;
		int64_t left = deadline - mcdns_now();
		if (left <= 0)
			return false;
		poll(NULL, 0, (int)earlier(ms, left / MS + 1));
	}
	return false;
}

/* Drops the first n bytes of the message. */
static void advance(struct msghdr *message, size_t n)
{
	while (message->msg_iovlen > 0 && n >= message->msg_iov->iov_len) {
		n -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen > 0) {
		message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + n;
		message->msg_iov->iov_len -= n;
	}
}

/* A request, laid out for sendmsg. */
struct message {
	struct mcdns_request head;
	struct iovec parts[4];
};

static int send_all(int fd, const struct message *message, int64_t deadline)
{
	struct iovec parts[4];
	struct msghdr rest = {.msg_iov = parts, .msg_iovlen = 4};

	memcpy(parts, message->parts, sizeof parts);
	for (int turn = 0; rest.msg_iovlen > 0; turn++) {
		ssize_t n = sendmsg(fd, &rest, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (turn == MCDNS_TURNS)
			return MCDNS_ABSENT;
		if (n >= 0)
			advance(&rest, (size_t)n);
		else if (errno == EPIPE || errno == ECONNRESET)
			return MCDNS_CLOSED;
		else if (errno != EINTR &&
			 (errno != EAGAIN || !mcdns_wait(fd, POLLOUT, deadline)))
			return MCDNS_ABSENT;
	}
	return 0;
}

static struct iovec bytes(const void *start, size_t length)
{
	return (struct iovec){(void *)(uintptr_t)start, length};
}

/* The caller's environment is the caller's: the daemon cannot see it. */
static struct iovec environment(const char *variable, uint8_t flag, uint8_t *flags)
{
	const char *value = secure_getenv(variable);

	if (value)
		*flags |= flag;
	return bytes(value, value ? strlen(value) : 0);
}

/* Without a stamp mcdnsd answers by the resolv.conf that it sees itself. */
static void put_stamp(struct mcdns_request *head)
{
	uint32_t stamp;

	if (!mcdns_stamp(&stamp))
		return;
	head->flags |= MCDNS_STAMPED;
	head->stamp_high = (uint8_t)(stamp >> 16);
	head->stamp_low = (uint16_t)stamp;
}

/* False: too much to send, which is left to nss-dns rather than asked in part. */
static bool compose(const struct mcdns_question *question, struct message *message)
{
	struct mcdns_request *head = &message->head;
	struct iovec *parts = message->parts;
	size_t length = 0;

	memset(message, 0, sizeof *message);
	head->flags = question->flags | MCDNS_LARGE;
	parts[0] = bytes(head, sizeof *head);
	parts[1] = bytes(question->name, question->name_length);
	if (question->kind == MCDNS_BY_NAME) {
		parts[2] = environment("LOCALDOMAIN", MCDNS_LOCALDOMAIN, &head->flags);
		parts[3] = environment("RES_OPTIONS", MCDNS_RES_OPTIONS, &head->flags);
	}
	for (int i = 0; i < 4; i++) {
		if (parts[i].iov_len > MCDNS_REQUEST_MAX - length)
			return false;
		length += parts[i].iov_len;
	}
	head->magic = MCDNS_MAGIC;
	head->length = (uint32_t)length;
	head->kind = question->kind;
	head->families = question->families;
	head->name_length = (uint16_t)parts[1].iov_len;
	head->localdomain_length = (uint16_t)parts[2].iov_len;
	head->res_options_length = (uint16_t)parts[3].iov_len;
	put_stamp(head);
	return true;
}

/* Whether the header can be believed at all; what follows it is checked where
 * it is taken. */
static bool plausible(const struct mcdns_reply *reply)
{
	size_t least = sizeof *reply + reply->addresses * sizeof(struct mcdns_address) +
		       2 * (size_t)reply->names;

	if (reply->magic != MCDNS_MAGIC || reply->length > MCDNS_REPLY_MAX)
		return false;
	if (reply->status == MCDNS_FOUND)
		return reply->names > 0 && reply->length >= least;
	return reply->length == sizeof *reply && reply->addresses == 0 && reply->names == 0;
}

static int receive_answer(struct mcdns_stream *stream, int64_t end, mcdns_take *take, void *into)
{
	struct mcdns_reply reply;

	for (int sign = 0; sign < SIGNS; sign++) {
		int bad = mcdns_read(stream, &reply, sizeof reply);

		if (bad)
			return bad;
		if (!plausible(&reply))
			return MCDNS_ABSENT;
		if (reply.status == MCDNS_FOUND)
			return take(stream, &reply, into);
		if (reply.status != MCDNS_ALIVE)
			return reply.status;
		int64_t now = mcdns_now();
		if (now >= end) /* the next sign of life may be there already, and so on */
			return MCDNS_ABSENT;
		stream->deadline = earlier(end, now + NEXT_FRAME);
	}
	return MCDNS_ABSENT;
}

/* One connection, whose first frame must come within `first` of the request. Only
 * a full backlog makes that wait, and a place in it is a sign of life: somebody
 * accepts. The connection is made anew for each call: programs close descriptors
 * that they did not open, fork with them, or reuse their numbers. */
static int attempt(const struct message *message, int64_t first, int64_t end, mcdns_take *take,
		   void *into)
{
	struct mcdns_stream stream;
	int outcome = MCDNS_ABSENT;

	stream.begin = stream.end = 0;
	stream.deadline = earlier(end, mcdns_now() + first);
	stream.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (stream.fd < 0)
		return MCDNS_ABSENT;
	if (reach(stream.fd, stream.deadline))
		outcome = send_all(stream.fd, message, stream.deadline);
	if (outcome == 0) {
		stream.deadline = earlier(end, mcdns_now() + first);
		outcome = receive_answer(&stream, end, take, into);
	}
	close(stream.fd);
	return outcome;
}

/* For one program, or to measure what stands behind us in nsswitch.conf. */
static bool disabled(void)
{
	const char *value = secure_getenv("MCDNS_NSS_DISABLE");

	return value && strcmp(value, "1") == 0;
}

/* A daemon that is being restarted, upgraded or killed hangs up on those it was
 * working for, which is a sign of life too: its successor, behind the same socket,
 * is given as long as one that has shown itself. */
int mcdns_ask(const struct mcdns_question *question, mcdns_take *take, void *into)
{
	struct message message;

	if (disabled() || !compose(question, &message))
		return MCDNS_ABSENT;
	int64_t end = mcdns_now() + WHOLE_CALL;
	int outcome = attempt(&message, FIRST_FRAME, end, take, into);

	if (outcome == MCDNS_CLOSED)
		outcome = attempt(&message, NEXT_FRAME, end, take, into);
	return outcome == MCDNS_CLOSED ? MCDNS_ABSENT : outcome;
}
