/* One call of one function. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

/* What nothing of ours ever stores: shows what was left alone. */
#define UNTOUCHED 4242

void die(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

int descriptors(void)
{
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static socklen_t unhex(const char *hex, unsigned char out[32])
{
	socklen_t n = 0;

	for (; hex[0] && hex[1] && n < 32; hex += 2) {
		char byte[3] = {hex[0], hex[1], 0};

		out[n++] = (unsigned char)strtoul(byte, NULL, 16);
	}
	return n;
}

static void by_address(struct call *c)
{
	unsigned char bytes[32];
	socklen_t n = unhex(c->name, bytes);

	if (c->function[1] == '2')
		c->status = _nss_mcdns_gethostbyaddr2_r(bytes, n, c->family, &c->host, c->buffer,
							c->size, &c->error, &c->h_error,
							c->bare ? NULL : &c->ttl);
	else
		c->status = _nss_mcdns_gethostbyaddr_r(bytes, n, c->family, &c->host, c->buffer,
						       c->size, &c->error, &c->h_error);
}

void run(struct call *c)
{
	c->error = c->h_error = UNTOUCHED;
	c->ttl = INT32_MAX;
	c->canonical = NULL;
	memset(&c->host, 0x55, sizeof c->host);
	memset(&c->given, 0x55, sizeof c->given);
	c->tuples = c->preset ? &c->given : NULL;
	errno = UNTOUCHED;
	switch (c->function[0]) {
	case '4':
		c->status = _nss_mcdns_gethostbyname4_r(c->name, &c->tuples, c->buffer, c->size,
							&c->error, &c->h_error,
							c->bare ? NULL : &c->ttl);
		break;
	case '3':
		c->status = _nss_mcdns_gethostbyname3_r(c->name, c->family, &c->host, c->buffer,
							c->size, &c->error, &c->h_error,
							c->bare ? NULL : &c->ttl,
							c->bare ? NULL : &c->canonical);
		break;
	case '2':
		c->status = _nss_mcdns_gethostbyname2_r(c->name, c->family, &c->host, c->buffer,
							c->size, &c->error, &c->h_error);
		break;
	case '1':
		c->status = _nss_mcdns_gethostbyname_r(c->name, &c->host, c->buffer, c->size,
						       &c->error, &c->h_error);
		break;
	default:
		by_address(c);
	}
	c->kept_errno = errno == UNTOUCHED;
}

static void print_address(const void *address, int family, uint32_t scope)
{
	char text[INET6_ADDRSTRLEN];

	printf(" %s", inet_ntop(family, address, text, sizeof text));
	if (scope)
		printf("%%%u", scope);
}

static void print_answer(const struct call *c)
{
	if (c->function[0] == '4') {
		printf("name=%s\naddresses=", c->tuples->name);
		for (const struct gaih_addrtuple *t = c->tuples; t; t = t->next) {
			print_address(t->addr, t->family, t->scopeid);
			if (strcmp(t->name, c->tuples->name) != 0)
				die("a tuple has another name");
		}
	} else {
		printf("name=%s\nfamily=%d\nlength=%d\naliases=", c->host.h_name, c->host.h_addrtype,
		       c->host.h_length);
		for (char **alias = c->host.h_aliases; *alias; alias++)
			printf(" %s", *alias);
		printf("\naddresses=");
		for (char **address = c->host.h_addr_list; *address; address++)
			print_address(*address, c->host.h_addrtype, 0);
	}
	putchar('\n');
}

static const char *word(int number, const char *const *words, int count)
{
	static char other[16];

	if (number >= 0 && number < count)
		return words[number];
	snprintf(other, sizeof other, "%d", number);
	return number == UNTOUCHED ? "untouched" : other;
}

void print(const struct call *c)
{
	static const char *const statuses[] = {"TRYAGAIN", "UNAVAIL", "NOTFOUND", "SUCCESS"};
	static const char *const h_errors[] = {"NETDB_INTERNAL", "NETDB_SUCCESS", "HOST_NOT_FOUND",
					       "TRY_AGAIN", "NO_RECOVERY", "NO_DATA"};

	printf("status=%s\n", word(c->status + 2, statuses, 4));
	printf("h_errno=%s\n", c->h_error == UNTOUCHED ? "untouched" : word(c->h_error + 1, h_errors, 6));
	printf("errno=%s\n", c->error == UNTOUCHED ? "untouched" : strerrorname_np(c->error));
	printf("own_errno=%s\n", c->kept_errno ? "kept" : "changed");
	printf("ttl=%s\n", c->ttl == INT32_MAX ? "untouched" : word(c->ttl, NULL, 0));
	if (c->canonical)
		printf("canonical=%s\n", c->canonical);
	if (c->preset)
		printf("preset=%s\n", c->tuples == &c->given ? "kept" : "lost");
	if (c->status == NSS_STATUS_SUCCESS)
		print_answer(c);
}
