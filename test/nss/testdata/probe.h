/* Calls the module's functions directly and says what they did. */
#ifndef PROBE_H
#define PROBE_H

#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum nss_status _nss_mcdns_gethostbyname4_r(const char *, struct gaih_addrtuple **, char *, size_t,
					    int *, int *, int32_t *);
enum nss_status _nss_mcdns_gethostbyname3_r(const char *, int, struct hostent *, char *, size_t,
					    int *, int *, int32_t *, char **);
enum nss_status _nss_mcdns_gethostbyname2_r(const char *, int, struct hostent *, char *, size_t,
					    int *, int *);
enum nss_status _nss_mcdns_gethostbyname_r(const char *, struct hostent *, char *, size_t, int *,
					   int *);
enum nss_status _nss_mcdns_gethostbyaddr2_r(const void *, socklen_t, int, struct hostent *, char *,
					    size_t, int *, int *, int32_t *);
enum nss_status _nss_mcdns_gethostbyaddr_r(const void *, socklen_t, int, struct hostent *, char *,
					   size_t, int *, int *);

/* One call, and all that it left behind. */
struct call {
	const char *function; /* 4 3 2 1 a2 a1 */
	int family;
	const char *name; /* or an address in hex */
	bool preset;      /* give *pat, as nscd does */
	bool bare;        /* give no ttl and no canonp */
	char *buffer;
	size_t size;

	enum nss_status status;
	int error, h_error, kept_errno;
	int32_t ttl;
	char *canonical;
	struct gaih_addrtuple given, *tuples;
	struct hostent host;
};

void run(struct call *call);
void print(const struct call *call);
int sweep(struct call *call, size_t step);
int descriptors(void);

/* Ends the program with what is wrong. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
