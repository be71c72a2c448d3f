/*
 * What libnss_mcdns.so.2 and mcdnsd say to each other on the Unix stream
 * socket: one request, then reply frames, then the connection ends.
 *
 * Both ends are on one machine, so integers are in host byte order; they have
 * fixed widths and natural alignment, because the module of an i386 program
 * talks to an amd64 mcdnsd. daemon/nsssock/protocol.go is the other copy, and
 * a test there compares the two byte by byte.
 */
#ifndef MCDNS_PROTOCOL_H
#define MCDNS_PROTOCOL_H

#include <stdint.h>

/* Other paths are for tests only. */
#ifndef MCDNS_SOCKET
#define MCDNS_SOCKET "/run/mcdns/nss.sock"
#endif
#ifndef MCDNS_RESOLV_CONF
#define MCDNS_RESOLV_CONF "/etc/resolv.conf"
#endif

/* "mcn1": the last byte is the version. A peer that says anything else is not
 * an mcdnsd that this module can talk to, and counts as absent. */
#define MCDNS_MAGIC UINT32_C(0x316e636d)

/* Neither side reads more than this of one message. */
#define MCDNS_REQUEST_MAX 8192
#define MCDNS_REPLY_MAX 262144

enum mcdns_kind {
	MCDNS_BY_NAME = 1,    /* addresses of a name */
	MCDNS_BY_ADDRESS = 2, /* name of an address: "name" is its 4 or 16 bytes */
};

enum mcdns_families { MCDNS_INET = 1, MCDNS_INET6 = 2 }; /* a set */

enum mcdns_flags {
	/* The name is final: res_search found it in HOSTALIASES, so no search list. */
	MCDNS_NO_SEARCH = 1,
	/* LOCALDOMAIN / RES_OPTIONS stand in the caller's environment, maybe empty. */
	MCDNS_LOCALDOMAIN = 2,
	MCDNS_RES_OPTIONS = 4,
	/* There is a stamp. */
	MCDNS_STAMPED = 8,
	/* The module takes MCDNS_REPLY_MAX; older ones take 65536. */
	MCDNS_LARGE = 16,
};

/*
 * Followed by name, LOCALDOMAIN and RES_OPTIONS, without terminators.
 *
 * The stamp stands for the size and the time of change of the resolv.conf that
 * the program sees (mcdns_stamp). Its 24 bits lie where older mcdnsds do not look,
 * and older modules send zeros.
 */
struct mcdns_request {
	uint32_t magic;
	uint32_t length; /* of the whole request, this header included */
	uint8_t kind;
	uint8_t families;
	uint8_t flags;
	uint8_t stamp_high;
	uint16_t name_length;
	uint16_t localdomain_length;
	uint16_t res_options_length;
	uint16_t stamp_low;
};

enum mcdns_status {
	MCDNS_ALIVE = 0,     /* still at work; more frames follow. Length = header */
	MCDNS_FOUND = 1,     /* at least one address, or the name of the address */
	MCDNS_NO_NAME = 2,   /* NXDOMAIN */
	MCDNS_NO_DATA = 3,   /* the name exists, no such record */
	MCDNS_TRY_AGAIN = 4, /* nobody can say now */
	MCDNS_BAD_NAME = 5,  /* not a name that DNS could carry */
	/* mcdnsd does not answer this program: the next service is to. A module that
	 * does not know a status takes it so too. */
	MCDNS_NOT_HERE = 6,
};

/*
 * Followed by `addresses` times struct mcdns_address, then `names` names: the
 * canonical name first, then the aliases; each is a NUL-terminated string.
 * By address: no addresses, at least one name.
 */
struct mcdns_reply {
	uint32_t magic;
	uint32_t length; /* of the whole frame, this header included */
	uint8_t status;
	uint8_t zero;
	uint16_t addresses;
	uint16_t names;
	uint16_t zero2;
	uint32_t ttl; /* seconds, the lowest of the answer */
};

struct mcdns_address {
	uint8_t family; /* MCDNS_INET or MCDNS_INET6 */
	uint8_t zero[3];
	uint32_t scope; /* of a link-local IPv6 address, else 0 */
	uint8_t address[16];
};

#endif
