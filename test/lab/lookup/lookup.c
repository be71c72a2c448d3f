/*
 * Looks names up as any program does, and takes the time of each lookup.
 *
 *	lookup [-j THREADS] [-f unspec|inet|inet6|byname] [NAME|ADDRESS]...
 *
 * Names come from the arguments or, without any, from standard input, one a
 * line, each looked up as soon as it is read. One line per lookup:
 *
 *	name TAB result TAB microseconds TAB address,address,...
 *
 * result is OK, an error of getaddrinfo without its EAI_, or one of
 * gethostbyname. Addresses are sorted and each stands once. An address is
 * looked up with getnameinfo, and its name stands in the place of addresses.
 *
 * This is C because a Go program would put its scheduler on the clock.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ADDRESSES = 512, MAX_THREADS = 4096, STACK = 512 * 1024 };

struct found {
	const char *result;
	int count;
	char text[MAX_ADDRESSES][INET6_ADDRSTRLEN];
	char name[NI_MAXHOST]; /* of an address */
};

static enum { BY_UNSPEC, BY_INET, BY_INET6, BY_NAME } how;
static char **arguments; /* NULL: read standard input */
static pthread_mutex_t input = PTHREAD_MUTEX_INITIALIZER;

static const char *eai(int code)
{
	static const struct { int code; const char *text; } table[] = {
		{ 0, "OK" }, { EAI_NONAME, "NONAME" }, { EAI_NODATA, "NODATA" },
		{ EAI_AGAIN, "AGAIN" }, { EAI_FAIL, "FAIL" }, { EAI_SYSTEM, "SYSTEM" },
		{ EAI_FAMILY, "FAMILY" }, { EAI_MEMORY, "MEMORY" },
		{ EAI_OVERFLOW, "OVERFLOW" }, { EAI_ADDRFAMILY, "ADDRFAMILY" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].code == code)
			return table[i].text;
	return "OTHER";
}

static const char *herr(int code)
{
	switch (code) {
	case HOST_NOT_FOUND: return "HOST_NOT_FOUND";
	case NO_DATA: return "NO_DATA";
	case TRY_AGAIN: return "TRY_AGAIN";
	case NO_RECOVERY: return "NO_RECOVERY";
	default: return "NETDB_INTERNAL";
	}
}

static void add(struct found *f, int family, const void *address)
{
	if (f->count < MAX_ADDRESSES &&
	    inet_ntop(family, address, f->text[f->count], INET6_ADDRSTRLEN))
		f->count++;
}

static void by_getaddrinfo(const char *name, struct found *f)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
	struct addrinfo hints = { .ai_family = families[how],
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list = NULL;
	int code = getaddrinfo(name, NULL, &hints, &list);

	f->result = eai(code);
	if (code != 0)
		return;
	for (struct addrinfo *a = list; a; a = a->ai_next) {
		if (a->ai_family == AF_INET)
			add(f, AF_INET, &((struct sockaddr_in *)a->ai_addr)->sin_addr);
		else
			add(f, AF_INET6, &((struct sockaddr_in6 *)a->ai_addr)->sin6_addr);
	}
	freeaddrinfo(list);
}

static void by_gethostbyname(const char *name, struct found *f)
{
	struct hostent host, *h = NULL;
	char buffer[65536];
	int error = 0;

	int code = gethostbyname_r(name, &host, buffer, sizeof buffer, &h, &error);
	f->result = code == 0 && h ? "OK" : herr(error);
	if (code == 0 && h)
		for (char **a = h->h_addr_list; *a; a++)
			add(f, h->h_addrtype, *a);
}

static int by_address(const char *text, struct found *f)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	int code;

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		code = getnameinfo((struct sockaddr *)&four, sizeof four, f->name,
				   sizeof f->name, NULL, 0, NI_NAMEREQD);
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		code = getnameinfo((struct sockaddr *)&six, sizeof six, f->name,
				   sizeof f->name, NULL, 0, NI_NAMEREQD);
	else
		return 0;
	f->result = eai(code);
	if (code != 0)
		f->name[0] = '\0';
	return 1;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void print(const char *name, struct found *f, long us)
{
	flockfile(stdout);
	printf("%s\t%s\t%ld\t%s", name, f->result, us, f->name);
	qsort(f->text, f->count, sizeof *f->text, compare);
	for (int i = 0, printed = 0; i < f->count; i++)
		if (i == 0 || strcmp(f->text[i], f->text[i - 1]) != 0)
			printf(printed++ ? ",%s" : "%s", f->text[i]);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

static void look_up(const char *name, struct found *f)
{
	struct timespec start, end;

	f->count = 0;
	f->name[0] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!by_address(name, f)) {
		if (how == BY_NAME)
			by_gethostbyname(name, f);
		else
			by_getaddrinfo(name, f);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	print(name, f, (end.tv_sec - start.tv_sec) * 1000000L +
			       (end.tv_nsec - start.tv_nsec) / 1000);
}

/* The next name, or 0 at the end. */
static int next(char *name, size_t size)
{
	int more = 0;

	pthread_mutex_lock(&input);
	if (arguments) {
		if (*arguments) {
			snprintf(name, size, "%s", *arguments++);
			more = 1;
		}
	} else if (fgets(name, size, stdin)) {
		name[strcspn(name, "\n")] = '\0';
		more = 1;
	}
	pthread_mutex_unlock(&input);
	return more;
}

static void *work(void *unused)
{
	char name[2048];
	struct found *f = malloc(sizeof *f);

	(void)unused;
	while (f && next(name, sizeof name))
		look_up(name, f);
	free(f);
	return NULL;
}

static void run(int threads)
{
	pthread_t ids[MAX_THREADS];
	pthread_attr_t attributes;
	int started = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	while (started < threads - 1 &&
	       pthread_create(&ids[started], &attributes, work, NULL) == 0)
		started++;
	work(NULL);
	while (started > 0)
		pthread_join(ids[--started], NULL);
}

static int usage(void)
{
	fputs("usage: lookup [-j THREADS] [-f unspec|inet|inet6|byname] [NAME|ADDRESS]...\n", stderr);
	return 2;
}

static int parse_how(const char *text)
{
	static const char *const names[] = { "unspec", "inet", "inet6", "byname" };

	for (int i = 0; i < 4; i++)
		if (strcmp(text, names[i]) == 0) {
			how = i;
			return 1;
		}
	return 0;
}

int main(int argc, char **argv)
{
	int option, threads = 1;

	while ((option = getopt(argc, argv, "j:f:")) != -1) {
		if (option == 'j')
			threads = atoi(optarg);
		else if (option != 'f' || !parse_how(optarg))
			return usage();
	}
	if (threads < 1 || threads > MAX_THREADS)
		return usage();
	if (optind < argc)
		arguments = argv + optind;
	run(threads);
	return 0;
}
