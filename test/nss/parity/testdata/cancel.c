/*
 * cancel COUNT SEED KIND FAMILY FLAGS: lookups whose threads are cancelled at a
 * random moment. KIND is gai (getaddrinfo), name2 (gethostbyname2_r), name
 * (gethostbyname) or info (getnameinfo).
 *
 * Prints how many were cancelled and how many descriptors are left, and whether
 * gethostbyname still returns in another thread.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *kind;
static int family, flags;

static void look(void)
{
	if (strcmp(kind, "gai") == 0) {
		struct addrinfo hints = {.ai_family = family, .ai_flags = flags, .ai_socktype = SOCK_STREAM};
		struct addrinfo *list = NULL;

		if (getaddrinfo("cancelled.lan.example", NULL, &hints, &list) == 0)
			freeaddrinfo(list);
	} else if (strcmp(kind, "name2") == 0) {
		struct hostent host, *found;
		char buffer[4096];
		int error;

		gethostbyname2_r("cancelled.lan.example", family, &host, buffer, sizeof buffer, &found, &error);
	} else if (strcmp(kind, "name") == 0) {
		gethostbyname("cancelled.lan.example");
	} else {
		struct sockaddr_in address = {.sin_family = AF_INET};
		char text[256];

		inet_pton(AF_INET, "192.0.2.20", &address.sin_addr);
		getnameinfo((struct sockaddr *)&address, sizeof address, text, sizeof text, NULL, 0, 0);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void *once(void *data)
{
	look();
	return data;
}

static int by_value(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* What a lookup takes, in a thread of its own as those that are cancelled. */
static double usual(void)
{
	double took[41];

	for (int i = 0; i < 41; i++) {
		pthread_t thread;
		double start = now();

		pthread_create(&thread, NULL, once, NULL);
		pthread_join(thread, NULL);
		took[i] = now() - start;
	}
	qsort(took, 41, sizeof *took, by_value);
	return took[20];
}

static void *by_name(void *data)
{
	gethostbyname("cancelled.lan.example");
	return data;
}

static const char *returns(void)
{
	struct timespec end;
	pthread_t thread;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 10;
	pthread_create(&thread, NULL, by_name, NULL);
	return pthread_timedjoin_np(thread, NULL, &end) == 0 ? "returns" : "hangs";
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	int count = atoi(argv[1]), cancelled = 0;
	kind = argv[3];
	family = atoi(argv[4]);
	flags = atoi(argv[5]);
	srand48(atol(argv[2]));
	/* What gethostbyname keeps for ever is there before anything is counted. */
	gethostbyname("cancelled.lan.example");
	double span = 1.2 * usual();
	int before = descriptors();
	for (int i = 0; i < count; i++) {
		pthread_t thread;
		void *result;

		pthread_create(&thread, NULL, once, NULL);
		usleep((useconds_t)(drand48() * span * 1e6));
		pthread_cancel(thread);
		/* Behind a cancelled gethostbyname the next one may hang for ever. */
		struct timespec end;
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += 10;
		if (pthread_timedjoin_np(thread, &result, &end) != 0) {
			printf("hangs after %d\n", i);
			return 0;
		}
		cancelled += result == PTHREAD_CANCELED;
	}
	printf("cancelled %d of %d, left %d, gethostbyname %s\n", cancelled, count,
	       descriptors() - before, returns());
	return 0;
}
