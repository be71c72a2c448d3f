/*
 * HOSTALIASES, read as glibc's resolver reads it (res_context_hostalias.c):
 * a line is a name, white space, what stands for it, and anything. A line
 * without white space ends the search; so does a match with nothing behind it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mcdns.h"

/* The file is whatever the user named: no more than this is read of it. */
#define FILE_MAX 65536

enum state { NAME, GAP, ALIAS, REST, FOUND, NONE };

struct reader {
	enum state state;
	const char *name;
	char *alias;
	size_t at; /* in the name, or in the alias */
	bool same; /* as far as it was read, it is the name */
};

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static void next_line(struct reader *reader)
{
	reader->state = NAME;
	reader->at = 0;
	reader->same = true;
}

/* Case does not count, nor do dots at the end: "ws" is the same as "WS.". */
static void in_name(struct reader *reader, char c)
{
	char want = reader->name[reader->at];

	if (c == '\0')
		reader->state = NONE;
	else if (space(c) && reader->same && want == '\0')
		reader->state = c == '\n' ? NONE : GAP;
	else if (space(c))
		reader->state = REST;
	else if (want != '\0' && fold(c) == fold(want))
		reader->at++;
	else if (want != '\0' || c != '.')
		reader->same = false;
}

/* The name is read to its end by now, so it may stand where the alias goes. A
 * NUL ends the alias without being looked for. */
static void in_alias(struct reader *reader, char c)
{
	if (space(c))
		reader->state = FOUND;
	else if (reader->at < MCDNS_NAME_SIZE - 1)
		reader->alias[reader->at++] = c;
}

static void in_gap(struct reader *reader, char c)
{
	if (c == '\n' || c == '\0') {
		reader->state = NONE;
	} else if (!space(c)) {
		reader->state = ALIAS;
		reader->at = 0;
		in_alias(reader, c);
	}
}

static void step(struct reader *reader, char c)
{
	switch (reader->state) {
	case NAME:
		in_name(reader, c);
		break;
	case GAP:
		in_gap(reader, c);
		break;
	case ALIAS:
		in_alias(reader, c);
		break;
	default:
		break;
	}
	if (reader->state == REST && c == '\n')
		next_line(reader);
}

/* O_NONBLOCK: a FIFO without a writer must not hold the program. */
static void read_file(const char *path, struct reader *reader)
{
	char chunk[512];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	for (size_t total = 0; total < FILE_MAX && reader->state < FOUND; total += (size_t)n) {
		n = read(fd, chunk, sizeof chunk);
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n && reader->state < FOUND; i++)
			step(reader, chunk[i]);
	}
	close(fd);
}

bool mcdns_alias(const char *name, char alias[MCDNS_NAME_SIZE])
{
	struct reader reader = {.name = name, .alias = alias};
	const char *path = strchr(name, '.') ? NULL : secure_getenv("HOSTALIASES");

	if (!path)
		return false;
	next_line(&reader);
	read_file(path, &reader);
	/* A file may end right behind the alias. */
	if (reader.state != FOUND && reader.state != ALIAS)
		return false;
	alias[reader.at] = '\0';
	return true;
}
