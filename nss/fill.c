/*
 * The answer, into the buffers that glibc gave.
 *
 * Everything is given its place before anything is read, so the body goes
 * straight from the socket to where it stays, and a short buffer is known
 * before the first byte. What the caller looks at is set last, and only if all
 * of the answer is there.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "mcdns.h"

/* What is left of the caller's buffer. */
struct room {
	char *at;
	size_t left;
};

/* Cuts off `size` bytes, aligned. NULL: no room. */
static void *place(struct room *room, size_t size, size_t align)
{
	size_t pad = -(uintptr_t)room->at % align;

	if (pad > room->left || size > room->left - pad)
		return NULL;
	void *placed = room->at + pad;
	room->at += pad + size;
	room->left -= pad + size;
	return placed;
}

static size_t address_bytes(const struct mcdns_reply *reply)
{
	return reply->addresses * sizeof(struct mcdns_address);
}

static size_t name_bytes(const struct mcdns_reply *reply)
{
	return reply->length - sizeof *reply - address_bytes(reply);
}

/* One address of a family that was asked for: its family and size. */
static bool known(const struct mcdns_address *address, uint8_t families, int *family, size_t *size)
{
	if (!(address->family & families))
		return false;
	*family = address->family == MCDNS_INET ? AF_INET : AF_INET6;
	*size = address->family == MCDNS_INET ? 4 : 16;
	return address->family == MCDNS_INET || address->family == MCDNS_INET6;
}

/* Length of a printable name that ends before `end`; 0: it is none. */
static size_t name_length(const char *name, const char *end)
{
	const char *at = name;

	while (at < end && *at > ' ' && *at < 0x7f)
		at++;
	return at < end && *at == '\0' && at - name < MCDNS_NAME_SIZE ? (size_t)(at - name) : 0;
}

/*
 * Reads the names, which fill `size` bytes exactly. The first is the canonical
 * name; the others go to `aliases`, or are only checked if that is NULL.
 */
static int take_names(struct mcdns_stream *stream, char *to, size_t size, size_t count,
		      char **aliases)
{
	const char *end = to + size;
	int bad = mcdns_read(stream, to, size);

	if (bad)
		return bad;
	for (size_t i = 0; i < count; i++) {
		size_t length = name_length(to, end);

		if (length == 0)
			return MCDNS_ABSENT;
		if (aliases && i > 0)
			*aliases++ = to;
		to += length + 1;
	}
	if (aliases)
		*aliases = NULL;
	return to == end ? 0 : MCDNS_ABSENT;
}

/* glibc calls us with the lowest TTL so far, as it does nss-dns. */
static void lower(int32_t *ttl, uint32_t heard)
{
	if (ttl && heard < INT32_MAX && (int32_t)heard < *ttl)
		*ttl = (int32_t)heard;
}

/* An index is of use only beside a link-local address; elsewhere it would make
 * bind and connect fail. */
static uint32_t scope(const struct mcdns_address *address)
{
	bool link_local = address->family == MCDNS_INET6 && address->address[0] == 0xfe &&
			  (address->address[1] & 0xc0) == 0x80;

	return link_local ? address->scope : 0;
}

static int take_tuple(struct mcdns_stream *stream, uint8_t families, struct gaih_addrtuple *tuple)
{
	struct mcdns_address address;
	size_t size;
	int bad = mcdns_read(stream, &address, sizeof address);

	if (bad)
		return bad;
	memset(tuple->addr, 0, sizeof tuple->addr);
	if (!known(&address, families, &tuple->family, &size))
		return MCDNS_ABSENT;
	memcpy(tuple->addr, address.address, size);
	tuple->scopeid = scope(&address);
	return 0;
}

/* nscd gives the first tuple itself: *pat is then not NULL, and is filled. */
int mcdns_take_tuples(struct mcdns_stream *stream, const struct mcdns_reply *reply, void *data)
{
	struct mcdns_tuples *into = data;
	struct room room = {into->buffer, into->length};
	size_t own = reply->addresses - (*into->pat != NULL);

	if (reply->addresses == 0)
		return MCDNS_ABSENT;
	struct gaih_addrtuple *tuples =
		place(&room, own * sizeof *tuples, _Alignof(struct gaih_addrtuple));
	char *names = place(&room, name_bytes(reply), 1);
	if (!tuples || !names)
		return MCDNS_SHORT;

	struct gaih_addrtuple *first = *into->pat ? *into->pat : tuples++;
	struct gaih_addrtuple *tuple = first;
	for (size_t left = reply->addresses; left > 0; left--) {
		int bad = take_tuple(stream, into->families, tuple);

		if (bad)
			return bad;
		tuple->name = names;
		tuple->next = left > 1 ? tuples++ : NULL;
		tuple = tuple->next;
	}
	int bad = take_names(stream, names, name_bytes(reply), reply->names, NULL);
	if (bad)
		return bad;
	*into->pat = first;
	lower(into->ttl, reply->ttl);
	return MCDNS_FOUND;
}

/* The addresses of a hostent, all of one family. */
static int take_list(struct mcdns_stream *stream, size_t count, int family, char *bytes, char **list)
{
	uint8_t families = family == AF_INET ? MCDNS_INET : MCDNS_INET6;

	for (; count > 0; count--) {
		struct mcdns_address address;
		size_t size;
		int bad = mcdns_read(stream, &address, sizeof address);

		if (bad)
			return bad;
		if (!known(&address, families, &family, &size))
			return MCDNS_ABSENT;
		*list++ = memcpy(bytes, address.address, size);
		bytes += size;
	}
	*list = NULL;
	return 0;
}

int mcdns_take_host(struct mcdns_stream *stream, const struct mcdns_reply *reply, void *data)
{
	struct mcdns_host *into = data;
	struct room room = {into->buffer, into->length};
	size_t size = into->family == AF_INET ? 4 : 16;
	size_t count = into->address ? 1 : reply->addresses;

	/* By address the answer is a name, by name at least one address. */
	if (count == 0 || (into->address && reply->addresses != 0))
		return MCDNS_ABSENT;
	char **aliases = place(&room, reply->names * sizeof *aliases, _Alignof(char *));
	char **list = place(&room, (count + 1) * sizeof *list, _Alignof(char *));
	char *bytes = place(&room, count * size, _Alignof(struct in6_addr));
	char *names = place(&room, name_bytes(reply), 1);
	if (!aliases || !list || !bytes || !names)
		return MCDNS_SHORT;

	int bad = take_list(stream, reply->addresses, into->family, bytes, list);
	if (!bad)
		bad = take_names(stream, names, name_bytes(reply), reply->names, aliases);
	if (bad)
		return bad;
	if (into->address) {
		list[0] = memcpy(bytes, into->address, size);
		list[1] = NULL;
	}
	*into->result = (struct hostent){
		.h_name = names,
		.h_aliases = aliases,
		.h_addrtype = into->family,
		.h_length = (int)size,
		.h_addr_list = list,
	};
	if (into->canonical)
		*into->canonical = names;
	lower(into->ttl, reply->ttl);
	return MCDNS_FOUND;
}
