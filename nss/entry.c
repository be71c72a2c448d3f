/*
 * The six functions that glibc calls, and what their results mean to it.
 *
 * Wherever nss-dns could be asked the same question, the result is the one
 * that nss-dns gives: behind "mcdns [!UNAVAIL=return]" it is never asked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "mcdns.h"

#define ENTRY __attribute__((visibility("default"))) enum nss_status

ENTRY _nss_mcdns_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat, char *buffer,
				  size_t length, int *errnop, int *h_errnop, int32_t *ttl);
ENTRY _nss_mcdns_gethostbyname3_r(const char *name, int family, struct hostent *result,
				  char *buffer, size_t length, int *errnop, int *h_errnop,
				  int32_t *ttl, char **canonical);
ENTRY _nss_mcdns_gethostbyname2_r(const char *name, int family, struct hostent *result,
				  char *buffer, size_t length, int *errnop, int *h_errnop);
ENTRY _nss_mcdns_gethostbyname_r(const char *name, struct hostent *result, char *buffer,
				 size_t length, int *errnop, int *h_errnop);
ENTRY _nss_mcdns_gethostbyaddr2_r(const void *address, socklen_t size, int family,
				  struct hostent *result, char *buffer, size_t length, int *errnop,
				  int *h_errnop, int32_t *ttl);
ENTRY _nss_mcdns_gethostbyaddr_r(const void *address, socklen_t size, int family,
				 struct hostent *result, char *buffer, size_t length, int *errnop,
				 int *h_errnop);

/*
 * ABSENT is never NETDB_INTERNAL: getaddrinfo would then fail with EAI_SYSTEM
 * for AF_INET6 and for AI_CANONNAME, and not go on to the next service.
 * SHORT is NETDB_INTERNAL with ERANGE, and nothing else is: glibc takes it as
 * "again, with more room". *errnop stays as it was where nss-dns leaves it.
 */
static enum nss_status conclude(int outcome, int *errnop, int *h_errnop)
{
	switch (outcome) {
	case MCDNS_FOUND:
		*h_errnop = NETDB_SUCCESS;
		return NSS_STATUS_SUCCESS;
	case MCDNS_NO_NAME:
	case MCDNS_BAD_NAME:
		*h_errnop = HOST_NOT_FOUND;
		return NSS_STATUS_NOTFOUND;
	case MCDNS_NO_DATA:
		*h_errnop = NO_DATA;
		return NSS_STATUS_NOTFOUND;
	case MCDNS_TRY_AGAIN:
		*errnop = EAGAIN;
		*h_errnop = TRY_AGAIN;
		return NSS_STATUS_TRYAGAIN;
	case MCDNS_SHORT:
		*errnop = ERANGE;
		*h_errnop = NETDB_INTERNAL;
		return NSS_STATUS_TRYAGAIN;
	default: /* NOT_HERE, ABSENT, or a status that the protocol does not have */
		*h_errnop = NO_RECOVERY;
		return NSS_STATUS_UNAVAIL;
	}
}

/* A thread that is cancelled inside a lookup would leak its socket (5 cancels
 * left 5 descriptors), so cancellation waits until the lookup is over. */
struct guard {
	int error;
	int cancel;
};

static void enter(struct guard *guard)
{
	guard->error = errno;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &guard->cancel);
}

static void leave(const struct guard *guard)
{
	pthread_setcancelstate(guard->cancel, NULL);
	errno = guard->error;
}

/*
 * A cancel that came meanwhile acts here, as one inside nss-dns would. Left pending
 * it acts in getaddrinfo's sort, at a connect(2) whose socket nobody closes then:
 * each cancelled getaddrinfo(AF_UNSPEC) left one. pthread_testcancel would need
 * glibc 2.34; a poll for nothing takes 0.2 us.
 *
 * Not in gethostbyname_r and by address: gethostbyname and gethostbyaddr call those
 * under a static lock of glibc's, and who is cancelled there keeps it for ever.
 */
static void let_cancel(void)
{
	int error = errno;

	poll(NULL, 0, 0);
	errno = error;
}

/* nss-dns looks for an alias twice: once itself, then the search list is used
 * as ever, and once in res_search, which asks for that name as it stands. */
static int ask_name(const char *name, uint8_t families, mcdns_take *take, void *into)
{
	char alias[MCDNS_NAME_SIZE];
	struct mcdns_question question = {.kind = MCDNS_BY_NAME, .families = families};

	if (mcdns_alias(name, alias)) {
		name = alias;
		if (mcdns_alias(alias, alias))
			question.flags = MCDNS_NO_SEARCH;
	}
	question.name = name;
	question.name_length = strnlen(name, MCDNS_NAME_SIZE);
	if (question.name_length == MCDNS_NAME_SIZE)
		return MCDNS_BAD_NAME;
	return mcdns_ask(&question, take, into);
}

static enum nss_status by_name(const char *name, uint8_t families, mcdns_take *take, void *into,
			       int *errnop, int *h_errnop)
{
	struct guard guard;

	enter(&guard);
	int outcome = ask_name(name, families, take, into);
	leave(&guard);
	return conclude(outcome, errnop, h_errnop);
}

static enum nss_status by_address(const struct mcdns_question *question, struct mcdns_host *into,
				  int *errnop, int *h_errnop)
{
	struct guard guard;

	enter(&guard);
	int outcome = mcdns_ask(question, mcdns_take_host, into);
	leave(&guard);
	return conclude(outcome, errnop, h_errnop);
}

ENTRY _nss_mcdns_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat, char *buffer,
				  size_t length, int *errnop, int *h_errnop, int32_t *ttl)
{
	struct mcdns_tuples into = {MCDNS_INET | MCDNS_INET6, pat, buffer, length, ttl};
	enum nss_status status =
		by_name(name, into.families, mcdns_take_tuples, &into, errnop, h_errnop);

	let_cancel();
	return status;
}

static enum nss_status host_by_name(const char *name, struct mcdns_host *into, int *errnop,
				    int *h_errnop)
{
	if (into->family != AF_INET && into->family != AF_INET6) {
		*errnop = EAFNOSUPPORT;
		*h_errnop = NO_DATA;
		return NSS_STATUS_UNAVAIL;
	}
	return by_name(name, into->family == AF_INET ? MCDNS_INET : MCDNS_INET6, mcdns_take_host,
		       into, errnop, h_errnop);
}

ENTRY _nss_mcdns_gethostbyname3_r(const char *name, int family, struct hostent *result,
				  char *buffer, size_t length, int *errnop, int *h_errnop,
				  int32_t *ttl, char **canonical)
{
	struct mcdns_host into = {family, NULL, result, buffer, length, ttl, canonical};
	enum nss_status status = host_by_name(name, &into, errnop, h_errnop);

	let_cancel();
	return status;
}

ENTRY _nss_mcdns_gethostbyname2_r(const char *name, int family, struct hostent *result,
				  char *buffer, size_t length, int *errnop, int *h_errnop)
{
	return _nss_mcdns_gethostbyname3_r(name, family, result, buffer, length, errnop, h_errnop,
					   NULL, NULL);
}

ENTRY _nss_mcdns_gethostbyname_r(const char *name, struct hostent *result, char *buffer,
				 size_t length, int *errnop, int *h_errnop)
{
	struct mcdns_host into = {AF_INET, NULL, result, buffer, length, NULL, NULL};

	return host_by_name(name, &into, errnop, h_errnop);
}

/* ::ffff:a.b.c.d, and ::a.b.c.d but for ::0.0.0.1, are IPv4 to nss-dns. */
static bool holds_ipv4(const unsigned char *address)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const unsigned char compatible[12];
	static const unsigned char one[4] = {[3] = 1};

	return memcmp(address, mapped, 12) == 0 ||
	       (memcmp(address, compatible, 12) == 0 && memcmp(address + 12, one, 4) != 0);
}

ENTRY _nss_mcdns_gethostbyaddr2_r(const void *address, socklen_t size, int family,
				  struct hostent *result, char *buffer, size_t length, int *errnop,
				  int *h_errnop, int32_t *ttl)
{
	if (family == AF_INET6 && size == 16 && holds_ipv4(address)) {
		address = (const char *)address + 12;
		family = AF_INET;
		size = 4;
	}
	if ((family != AF_INET || size < 4) && (family != AF_INET6 || size < 16)) {
		*errnop = EAFNOSUPPORT;
		*h_errnop = NETDB_INTERNAL;
		return NSS_STATUS_UNAVAIL;
	}
	struct mcdns_host into = {family, address, result, buffer, length, ttl, NULL};
	struct mcdns_question question = {
		.kind = MCDNS_BY_ADDRESS,
		.families = family == AF_INET ? MCDNS_INET : MCDNS_INET6,
		.name = address,
		.name_length = family == AF_INET ? 4 : 16,
	};
	return by_address(&question, &into, errnop, h_errnop);
}

ENTRY _nss_mcdns_gethostbyaddr_r(const void *address, socklen_t size, int family,
				 struct hostent *result, char *buffer, size_t length, int *errnop,
				 int *h_errnop)
{
	return _nss_mcdns_gethostbyaddr2_r(address, size, family, result, buffer, length, errnop,
					   h_errnop, NULL);
}
