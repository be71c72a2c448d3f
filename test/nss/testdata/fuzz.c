/*
 * Feeds bytes to the part of the module that reads replies. With clang this is
 * a libFuzzer target; with another compiler main mutates replies itself, from
 * a seed: fuzz SEED ROUNDS.
 */
#include "../../../nss/exchange.c"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The buffers are as large as their sizes say, so ASan sees each byte beyond. */
static void one(const uint8_t *data, size_t size, size_t length, int which)
{
	int ends[2];
	struct mcdns_stream stream = {.deadline = mcdns_now() + 1000 * MS};
	char *buffer = malloc(length), *canonical;
	int32_t ttl = INT32_MAX;
	struct gaih_addrtuple given, *pat = which & 1 ? &given : NULL;
	struct hostent host;
	struct mcdns_tuples tuples = {MCDNS_INET | MCDNS_INET6, &pat, buffer, length, &ttl};
	struct mcdns_host hosts = {which & 1 ? AF_INET : AF_INET6,
				   which & 2 ? "0123456789abcdef" : NULL,
				   &host, buffer, length, &ttl, &canonical};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		abort();
	if (send(ends[1], data, size, 0) != (ssize_t)size && size > 0)
		abort();
	shutdown(ends[1], SHUT_WR);
	stream.fd = ends[0];
	int outcome = which & 4 ? receive_answer(&stream, stream.deadline, mcdns_take_tuples, &tuples)
				: receive_answer(&stream, stream.deadline, mcdns_take_host, &hosts);
	if (outcome == MCDNS_FOUND && which & 4)
		for (; pat; pat = pat->next)
			(void)strlen(pat->name);
	else if (outcome == MCDNS_FOUND)
		for (char **alias = host.h_aliases; *alias; alias++)
			(void)strlen(*alias);
	close(ends[0]);
	close(ends[1]);
	free(buffer);
}

/* The first two bytes choose the buffer and the function. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 2 && size < 100000)
		one(data + 2, size - 2, data[0] * 16, data[1] % 8);
	return 0;
}

#ifndef LIBFUZZER
static uint64_t state;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 11) % below;
}

/* A reply that the module believes, perhaps after a sign of life. */
static size_t good(uint8_t *to)
{
	struct mcdns_reply alive = {.magic = MCDNS_MAGIC, .length = sizeof alive};
	struct mcdns_reply reply = {.magic = MCDNS_MAGIC, .status = MCDNS_FOUND, .ttl = draw(900)};
	uint8_t *at = to;

	if (draw(4) == 0)
		at = (uint8_t *)memcpy(at, &alive, sizeof alive) + sizeof alive;
	uint8_t *header = at;
	at += sizeof reply;
	reply.addresses = (uint16_t)draw(9);
	for (int i = 0; i < reply.addresses; i++) {
		struct mcdns_address address = {.family = (uint8_t)(1 + draw(2)), .scope = draw(2)};

		at = (uint8_t *)memcpy(at, &address, sizeof address) + sizeof address;
	}
	reply.names = (uint16_t)(1 + draw(4));
	for (int i = 0; i < reply.names; i++) {
		size_t length = 1 + draw(60);

		memset(at, 'a', length);
		at[length] = 0;
		at += length + 1;
	}
	reply.length = (uint32_t)(at - header);
	memcpy(header, &reply, sizeof reply);
	return (size_t)(at - to);
}

static size_t spoil(uint8_t *data, size_t size)
{
	for (uint32_t i = draw(4); i > 0; i--)
		switch (draw(4)) {
		case 0:
			data[draw((uint32_t)size)] = (uint8_t)draw(256);
			break;
		case 1:
			data[draw((uint32_t)size)] ^= (uint8_t)(1 << draw(8));
			break;
		case 2:
			data[draw(size < 44 ? (uint32_t)size : 44)] = (uint8_t)draw(4);
			break;
		default:
			size = 1 + draw((uint32_t)size);
		}
	return size;
}

int main(int argc, char **argv)
{
	static uint8_t data[4096];
	long rounds = argc > 2 ? atol(argv[2]) : 1000;

	state = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1) * 0x9e3779b97f4a7c15 + 1;
	for (long i = 0; i < rounds; i++) {
		size_t size = good(data);

		if (draw(8))
			size = spoil(data, size);
		one(data, size, draw(700), (int)draw(8));
	}
	printf("rounds=%ld\n", rounds);
	return 0;
}
#endif
