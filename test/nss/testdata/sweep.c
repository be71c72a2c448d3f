/* Every buffer size from nothing up to what is needed and a little more. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

#define BEYOND 40

static void inside(const struct call *c, const void *at, size_t size, size_t align)
{
	const char *byte = at;

	if (byte < c->buffer || size > c->size || byte > c->buffer + c->size - size)
		die("size %zu: a part of the answer lies outside the buffer", c->size);
	if ((uintptr_t)at % align)
		die("size %zu: a part of the answer is not aligned", c->size);
}

static void inside_string(const struct call *c, const char *string)
{
	inside(c, string, 1, 1);
	if (!memchr(string, 0, (size_t)(c->buffer + c->size - string)))
		die("size %zu: a name does not end in the buffer", c->size);
}

static void check_tuples(const struct call *c)
{
	if (c->preset != (c->tuples == &c->given))
		die("size %zu: *pat is not the tuple that was given", c->size);
	for (const struct gaih_addrtuple *t = c->tuples; t; t = t->next) {
		if (t != &c->given)
			inside(c, t, sizeof *t, _Alignof(struct gaih_addrtuple));
		inside_string(c, t->name);
	}
}

static void check_host(const struct call *c)
{
	char **list;

	inside_string(c, c->host.h_name);
	for (list = c->host.h_aliases; *list; list++) {
		inside(c, list, sizeof *list, _Alignof(char *));
		inside_string(c, *list);
	}
	inside(c, list, sizeof *list, _Alignof(char *));
	for (list = c->host.h_addr_list; *list; list++) {
		inside(c, list, sizeof *list, _Alignof(char *));
		inside(c, *list, (size_t)c->host.h_length, 4);
	}
	inside(c, list, sizeof *list, _Alignof(char *));
}

static void check_short(const struct call *c)
{
	struct hostent untouched;

	memset(&untouched, 0x55, sizeof untouched);
	if (c->status != NSS_STATUS_TRYAGAIN || c->error != ERANGE || c->h_error != NETDB_INTERNAL)
		die("size %zu: status %d errno %d h_errno %d", c->size, c->status, c->error, c->h_error);
	if (memcmp(&c->host, &untouched, sizeof untouched) != 0)
		die("size %zu: a short buffer, and a result", c->size);
	if (c->tuples != (c->preset ? &c->given : NULL))
		die("size %zu: a short buffer, and *pat changed", c->size);
	if (c->canonical || c->ttl != INT32_MAX)
		die("size %zu: a short buffer, and a name or a TTL", c->size);
}

/* The least size that is enough for a buffer that begins at this offset from
 * an aligned address. The buffer ends where its heap block ends, for ASan. */
static size_t least(struct call *c, size_t offset, size_t step)
{
	size_t enough = 0;

	for (c->size = 0; !enough || c->size <= enough + BEYOND; c->size += enough ? 1 : step) {
		char *block = malloc(offset + c->size);

		c->buffer = block + offset;
		run(c);
		if (c->status == NSS_STATUS_SUCCESS) {
			enough = enough ? enough : c->size;
			c->function[0] == '4' ? check_tuples(c) : check_host(c);
		} else if (enough) {
			die("size %zu fails, but %zu was enough", c->size, enough);
		} else {
			check_short(c);
		}
		if (!c->kept_errno)
			die("size %zu: errno was not kept", c->size);
		free(block);
		if (c->size > 1 << 20)
			die("no size is enough");
	}
	return enough;
}

int sweep(struct call *call, size_t step)
{
	for (size_t offset = 0; offset < 16; offset += step == 1 ? 1 : 5)
		printf("least%zu=%zu\n", offset, least(call, offset, step));
	return 0;
}
