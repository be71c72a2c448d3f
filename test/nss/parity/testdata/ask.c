/*
 * Reads questions, one a line, and prints what the C library says to each:
 *
 *   gai FAMILY FLAGS NAME     getaddrinfo
 *   name NAME                 gethostbyname_r
 *   name2 FAMILY NAME         gethostbyname2_r
 *   addr FAMILY ADDRESS       gethostbyaddr_r
 *   info FLAGS ADDRESS        getnameinfo
 *
 * NAME is the rest of the line, with \xHH for bytes that a line cannot hold.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 1024

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Prints texts in one order: that of the addresses is nobody's promise. */
static void print_sorted(char **texts, size_t count)
{
	qsort(texts, count, sizeof *texts, compare);
	for (size_t i = 0; i < count; i++) {
		printf(" %s", texts[i]);
		free(texts[i]);
	}
}

static char *text(const void *address, int family, unsigned scope)
{
	char plain[INET6_ADDRSTRLEN], *whole = NULL;

	if (asprintf(&whole, "%s%%%u", inet_ntop(family, address, plain, sizeof plain), scope) < 0)
		abort();
	return whole;
}

static void ask_gai(int family, int flags, const char *name)
{
	struct addrinfo hints = {.ai_family = family, .ai_flags = flags, .ai_socktype = SOCK_STREAM}, *list = NULL;
	char *texts[MOST];
	size_t count = 0;

	errno = 0;
	int result = getaddrinfo(name, NULL, &hints, &list);
	printf("%d", result);
	if (result == EAI_SYSTEM)
		printf(" errno %d", errno);
	if (list && list->ai_canonname)
		printf(" canonical %s", list->ai_canonname);
	for (struct addrinfo *a = list; a && count < MOST; a = a->ai_next) {
		struct sockaddr_in *four = (struct sockaddr_in *)a->ai_addr;
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)a->ai_addr;

		texts[count++] = a->ai_family == AF_INET ? text(&four->sin_addr, AF_INET, 0)
							 : text(&six->sin6_addr, AF_INET6, six->sin6_scope_id);
	}
	print_sorted(texts, count);
	if (list)
		freeaddrinfo(list);
}

static void print_host(int result, int error, const struct hostent *host)
{
	char *texts[MOST];
	size_t count = 0;

	printf("%d", result);
	if (!host) {
		printf(" h_errno %d%s", error, errno == ERANGE ? " ERANGE" : "");
		return;
	}
	printf(" %s %d %d aliases", host->h_name, host->h_addrtype, host->h_length);
	for (char **alias = host->h_aliases; *alias; alias++)
		printf(" %s", *alias);
	printf(" addresses");
	for (char **address = host->h_addr_list; *address && count < MOST; address++)
		texts[count++] = text(*address, host->h_addrtype, 0);
	print_sorted(texts, count);
}

static void ask_name(int family, const char *name)
{
	struct hostent host, *found = NULL;
	char buffer[1 << 17];
	int error = 0;
	int result = family ? gethostbyname2_r(name, family, &host, buffer, sizeof buffer, &found, &error)
			    : gethostbyname_r(name, &host, buffer, sizeof buffer, &found, &error);

	print_host(result, error, found);
}

static void ask_address(int family, const char *name)
{
	struct hostent host, *found = NULL;
	char buffer[1 << 17];
	unsigned char address[16];
	int error = 0;

	if (inet_pton(family, name, address) != 1)
		abort();
	int result = gethostbyaddr_r(address, family == AF_INET ? 4 : 16, family, &host, buffer, sizeof buffer,
				     &found, &error);
	print_host(result, error, found);
}

static void ask_info(int flags, const char *name)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr *address = (struct sockaddr *)&four;
	socklen_t length = sizeof four;
	char host[NI_MAXHOST] = "";

	if (inet_pton(AF_INET, name, &four.sin_addr) != 1) {
		if (inet_pton(AF_INET6, name, &six.sin6_addr) != 1)
			abort();
		address = (struct sockaddr *)&six;
		length = sizeof six;
	}
	printf("%d ", getnameinfo(address, length, host, sizeof host, NULL, 0, flags));
	printf("%s", host);
}

static void unescape(char *name)
{
	char *to = name;

	for (; *name; name++) {
		if (strncmp(name, "\\x", 2) == 0 && name[2] && name[3]) {
			char hex[3] = {name[2], name[3], 0};

			*to++ = (char)strtol(hex, NULL, 16);
			name += 3;
		} else {
			*to++ = *name;
		}
	}
	*to = 0;
}

int main(void)
{
	char line[8192], *rest;

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		rest = line;
		char *what = strsep(&rest, " ");
		int family = 0, flags = 0;

		if (strcmp(what, "gai") == 0 || strcmp(what, "name2") == 0 || strcmp(what, "addr") == 0)
			family = atoi(strsep(&rest, " "));
		if (strcmp(what, "gai") == 0 || strcmp(what, "info") == 0)
			flags = atoi(strsep(&rest, " "));
		unescape(rest);
		errno = 0;
		if (strcmp(what, "gai") == 0)
			ask_gai(family, flags, rest);
		else if (strncmp(what, "name", 4) == 0)
			ask_name(family, rest);
		else if (strcmp(what, "addr") == 0)
			ask_address(family, rest);
		else
			ask_info(flags, rest);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
