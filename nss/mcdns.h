/*
 * What the files of libnss_mcdns.so.2 share.
 *
 *   entry.c     the six functions that glibc calls; statuses and errors
 *   exchange.c  the question: one connection, one retry
 *   stream.c    bytes from the daemon, under deadlines
 *   fill.c      the answer, into the buffers that glibc gave
 *   alias.c     HOSTALIASES
 *   stamp.c     which resolv.conf the program sees
 *
 * The module lives in every process of the machine. So: no heap, no threads,
 * no signals, no thread-local or writable static data, little stack (programs
 * run lookups on 16 KiB), and no descriptor that outlives a call.
 */
#ifndef MCDNS_H
#define MCDNS_H

#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

/* The longest presentation form of a name, with its NUL: NS_MAXDNAME. */
#define MCDNS_NAME_SIZE 1025

/* Every loop ends by count too, in case the clock does not move: this many turns,
 * four times what a signal each 100 us makes of the longest wait. */
#define MCDNS_TURNS 65536

/* How one question ended: a status of the protocol, or one of these. */
enum mcdns_outcome {
	MCDNS_ABSENT = 256, /* no daemon, a frozen one, or one that talks nonsense */
	MCDNS_CLOSED,       /* the daemon hung up before the answer was whole */
	MCDNS_SHORT,        /* the caller's buffer is too small */
};

struct mcdns_question {
	uint8_t kind;     /* enum mcdns_kind */
	uint8_t families; /* set of enum mcdns_families */
	uint8_t flags;
	const void *name; /* not terminated */
	size_t name_length;
};

/*
 * The daemon's bytes. The first recv usually brings the whole reply, so a
 * small read-ahead makes that one system call. Long replies go from it, and
 * then from the socket, straight to where the caller wants them.
 */
struct mcdns_stream {
	int fd;
	int64_t deadline; /* ns of CLOCK_MONOTONIC, for what is not here yet */
	size_t begin, end;
	unsigned char ahead[512];
};

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t mcdns_now(void);

/* Waits until the socket is ready for `events`, which may be after the deadline.
 * False: it passed, and the socket is still not ready. */
bool mcdns_wait(int fd, short events, int64_t deadline);

/* Reads exactly `size` bytes. 0, or MCDNS_CLOSED or MCDNS_ABSENT. */
int mcdns_read(struct mcdns_stream *stream, void *to, size_t size);

/*
 * Takes the body of a reply whose header says MCDNS_FOUND and is plausible.
 * Returns MCDNS_FOUND, MCDNS_SHORT, MCDNS_CLOSED or MCDNS_ABSENT; may be
 * called again after MCDNS_CLOSED.
 */
typedef int mcdns_take(struct mcdns_stream *stream, const struct mcdns_reply *reply, void *into);

/* Asks the daemon. Any status but MCDNS_ALIVE, or an outcome. */
int mcdns_ask(const struct mcdns_question *question, mcdns_take *take, void *into);

/* Where gethostbyname4_r wants its answer. */
struct mcdns_tuples {
	uint8_t families; /* as asked */
	struct gaih_addrtuple **pat;
	char *buffer;
	size_t length;
	int32_t *ttl; /* or NULL */
};
mcdns_take mcdns_take_tuples;

/* Where the others want theirs. */
struct mcdns_host {
	int family;          /* AF_INET or AF_INET6 */
	const void *address; /* by address: the address asked for, else NULL */
	struct hostent *result;
	char *buffer;
	size_t length;
	int32_t *ttl;     /* or NULL */
	char **canonical; /* or NULL */
};
mcdns_take mcdns_take_host;

/* The alias that HOSTALIASES gives a name without dots; `name` may be `alias`.
 * False: none, and `alias` is as it was. */
bool mcdns_alias(const char *name, char alias[MCDNS_NAME_SIZE]);

/* The stamp of resolv.conf, 24 bits. False: it is not there, or may not be looked at. */
bool mcdns_stamp(uint32_t *stamp);

/* The 24 bits that stand for size, seconds and nanoseconds; mcdnsd mixes alike. */
uint32_t mcdns_mix(const uint64_t of[3]);

#endif
