/* Threads, libraries, descriptors, and what a lookup leaves behind. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hazard.h"

static int repeat(void *data)
{
	int failed = 0;

	for (int i = *(int *)data; i > 0; i--)
		failed += look(NAME) != 0;
	return failed;
}

int plain(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("lookup %d %d\n", look(NAME), look2(NAME));
	printf("missing %d %d\n", look("missing.example"), look2("missing.example"));
	return 0;
}

/* secure: started with rights that its caller has not */
int secure(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("#AT_SECURE %lu\n", getauxval(AT_SECURE));
	return plain(argc, argv);
}

/* cost TIMES FAMILY: one cold lookup, then the median of the warm ones */
static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int cost(int argc, char **argv)
{
	int times = atoi(argv[1]), failed = 0;
	double *took = calloc((size_t)times, sizeof *took), began = seconds_now();
	int (*lookup)(const char *) = argc > 2 && argv[2][0] == '2' ? look2 : look;

	lookup(argc > 3 ? argv[3] : NAME);
	printf("#cold %.1f us\n", (seconds_now() - began) * 1e6);
	for (int i = 0; i < times; i++) {
		began = seconds_now();
		failed += lookup(argc > 3 ? argv[3] : NAME) != 0;
		took[i] = (seconds_now() - began) * 1e6;
	}
	qsort(took, (size_t)times, sizeof *took, by_value);
	if (times > 0)
		printf("failed %d\n#median %.1f us\n#p95 %.1f us\n", failed, took[times / 2], took[times * 95 / 100]);
	return 0;
}

/* threads COUNT LOOKUPS */
int threads(int argc, char **argv)
{
	int lookups = atoi(argv[2]);

	(void)argc;
	printf("failed %d\n", in_threads(atoi(argv[1]), 0, repeat, &lookups));
	return 0;
}

int small_stacks(int argc, char **argv)
{
	int once = 1;

	(void)argc, (void)argv;
	for (size_t kilobytes = 16; kilobytes <= 128; kilobytes += 8) {
		pid_t child = fork();

		if (child == 0)
			_exit(in_threads(2, kilobytes << 10, repeat, &once) & 255);
		printf("%zu: %d\n", kilobytes, await(child, 10));
	}
	return 0;
}

static volatile bool stopped;
static double longest[64];
static int done[64];

static int until_stopped(void *data)
{
	static int next;
	int me = __atomic_fetch_add(&next, 1, __ATOMIC_SEQ_CST), failed = 0;

	while (!stopped) {
		double began = seconds_now();

		failed += look(data) != 0;
		double took = seconds_now() - began;
		if (took > longest[me])
			longest[me] = took;
		done[me]++;
	}
	return failed;
}

static void *wait_for_end(void *data)
{
	(void)data;
	while (getchar() != EOF)
		;
	stopped = true;
	return NULL;
}

/* loop THREADS NAME: lookups until standard input ends */
int loop(int argc, char **argv)
{
	int count = atoi(argv[1]), lookups = 0;
	double most = 0;
	pthread_t end;

	(void)argc;
	printf("#first %d\n", look(argv[2]));
	fflush(stdout);
	pthread_create(&end, NULL, wait_for_end, NULL);
	printf("failed %d\n", in_threads(count, 0, until_stopped, argv[2]));
	for (int i = 0; i < count; i++) {
		lookups += done[i];
		most = longest[i] > most ? longest[i] : most;
	}
	printf("#lookups %d\n#longest %.0f ms\n", lookups, most * 1e3);
	return 0;
}

static void *look_slowly(void *data)
{
	*(volatile bool *)data = true;
	look2(SLOW);
	pthread_testcancel();
	return NULL;
}

int cancelled(int argc, char **argv)
{
	(void)argc, (void)argv;
	look2(NAME);
	int before = count_entries("/proc/self/fd");
	for (int i = 0; i < 5; i++) {
		volatile bool began = false;
		pthread_t thread;

		pthread_create(&thread, NULL, look_slowly, (void *)&began);
		while (!began)
			usleep(1000);
		usleep(50000);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	printf("leaked %d\n", count_entries("/proc/self/fd") - before);
	return 0;
}

/* static-tls LIBRARY...: libraries that take what there is of static TLS */
int static_tls(int argc, char **argv)
{
	int loaded = 0;

	for (int i = 1; i < argc; i++)
		loaded += dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL) != NULL;
	printf("#loaded %d of %d\n", loaded, argc - 1);
	printf("lookup %d\n", look(NAME));
	fflush(stdout);
	usleep(50000);
	printf("alive\n");
	return 0;
}

/* plugin LIBRARY: a library that looks a name up in its constructor, 20 times */
int plugin(int argc, char **argv)
{
	(void)argc;
	for (int i = 0; i < 20; i++) {
		void *library = dlopen(argv[1], RTLD_NOW);
		int *result = library ? dlsym(library, "result") : NULL;

		if (!result || *result != 0)
			printf("round %d: %s\n", i, library ? "lookup fails" : dlerror());
		if (library)
			dlclose(library);
	}
	printf("threads %d\n", count_entries("/proc/self/task") - 2);
	return 0;
}

static int for_ever(void *data)
{
	for (;;)
		look(data);
	return 0;
}

static void *workers(void *data)
{
	in_threads(8, 0, for_ever, data);
	return NULL;
}

/* leave-early: exit while 8 threads look names up */
int leave_early(int argc, char **argv)
{
	pthread_t thread;

	(void)argc, (void)argv;
	pthread_create(&thread, NULL, workers, NAME);
	usleep(50000);
	printf("leaving\n");
	fflush(stdout);
	exit(0);
}

int low_descriptors(int argc, char **argv)
{
	int out = dup(1), results[3];

	(void)argc, (void)argv;
	for (int n = 0; n < 3; n++) {
		close(n);
		results[n] = look(NAME);
	}
	bool open = fcntl(0, F_GETFD) != -1 || fcntl(1, F_GETFD) != -1 || fcntl(2, F_GETFD) != -1;
	dprintf(out, "lookups %d %d %d, %s left\n", results[0], results[1], results[2], open ? "one" : "none");
	return 0;
}

/* all-closed: what daemons do first */
int all_closed(int argc, char **argv)
{
	int results[2], out;

	(void)argc, (void)argv;
	results[0] = look(NAME);
	out = fcntl(1, F_DUPFD, 1000);
	for (int fd = 0; fd < 1000; fd++)
		close(fd);
	results[1] = look(NAME);
	dprintf(out, "lookups %d %d\n", results[0], results[1]);
	return 0;
}

int left_behind(int argc, char **argv)
{
	int before = count_entries("/proc/self/fd");

	(void)argc, (void)argv;
	printf("lookup %d\n", look(NAME));
	usleep(50000);
	printf("descriptors %d, threads %d\n", count_entries("/proc/self/fd") - before,
	       count_entries("/proc/self/task") - 2);
	fputs("#", stdout);
	grep("/proc/self/status", "VmSize");
	fputs("#", stdout);
	grep("/proc/self/status", "VmRSS");
	fputs("#", stdout);
	grep("/proc/self/smaps_rollup", "Pss:");
	fputs("#", stdout);
	grep("/proc/self/smaps_rollup", "Private_Dirty");
	return 0;
}

/* The mappings: how many, and how large together. */
static size_t mapped(size_t *total)
{
	char line[512];
	FILE *file = fopen("/proc/self/maps", "re");
	size_t n = 0;

	*total = 0;
	while (file && fgets(line, sizeof line, file)) {
		char *dash;
		size_t from = strtoul(line, &dash, 16);

		n++;
		*total += strtoul(dash + 1, NULL, 16) - from;
	}
	if (file)
		fclose(file);
	return n;
}

/* settled: from the second lookup on, nothing at all is left */
int settled(int argc, char **argv)
{
	struct mallinfo2 heap[2];
	size_t maps[2], total[2];
	int descriptors[2];

	(void)argc, (void)argv;
	for (int i = 0; i < 3; i++) {
		look(NAME);
		look2(NAME);
		look("missing.example");
		mapped(&total[0]);
	}
	for (int i = 0; i < 2; i++) {
		for (int n = i * 100; n > 0; n--) {
			look(NAME);
			look2(NAME);
			look("missing.example");
		}
		maps[i] = mapped(&total[i]);
		descriptors[i] = count_entries("/proc/self/fd");
		heap[i] = mallinfo2();
	}
	printf("heap %+zd, maps %+zd, mapped %+zd, descriptors %+d, threads %d\n",
	       (ssize_t)(heap[1].uordblks - heap[0].uordblks), (ssize_t)(maps[1] - maps[0]),
	       (ssize_t)(total[1] - total[0]), descriptors[1] - descriptors[0],
	       count_entries("/proc/self/task") - 2);
	return 0;
}

/* idle SECONDS: how often a process wakes that does nothing after a lookup */
static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw;
}

int idle(int argc, char **argv)
{
	(void)argc;
	printf("lookup %d\n", look(NAME));
	long before = switches();
	usleep((unsigned)(atof(argv[1]) * 1e6));
	printf("wakes %s\n#switches %ld\n", switches() - before > 5 ? "by itself" : "once", switches() - before);
	return 0;
}

/* surroundings: locale and environment change between lookups */
int surroundings(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("lookup %d\n", look(NAME));
	printf("locale %s, lookup %d\n", setlocale(LC_ALL, "C.UTF-8"), look(NAME));
	setenv("LOCALDOMAIN", "a.example b.example", 1);
	setenv("RES_OPTIONS", "ndots:4", 1);
	setenv("HOSTALIASES", "/nonexistent", 1);
	printf("environment, lookup %d\n", look(NAME));
	clearenv();
	printf("none, lookup %d\n", look(NAME));
	return 0;
}
