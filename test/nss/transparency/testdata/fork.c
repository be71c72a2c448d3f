/* Children of all kinds, before, during and after lookups. */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hazard.h"

extern char **environ;

static int repeat(void *data)
{
	int failed = 0;

	for (int i = *(int *)data; i > 0; i--)
		failed += look(NAME) != 0;
	return failed;
}

/* fork-one TIMES: a lookup, then a child with one */
int fork_one(int argc, char **argv)
{
	(void)argc;
	printf("first %d\n", look(NAME));
	for (int i = atoi(argv[1]); i > 0; i--) {
		pid_t child = fork();

		if (child == 0)
			_exit(look(NAME) != 0);
		int result = await(child, 10);
		if (result != 0)
			printf("child %d\n", result);
	}
	return 0;
}

static int repeat_slow(void *data)
{
	(void)data;
	return look(SLOW) != 0;
}

/* fork-threads LOOKUPS: a lookup, then a child with 8 threads of so many; 0: slow ones */
int fork_threads(int argc, char **argv)
{
	int lookups = atoi(argv[1]), threads = argc > 2 ? atoi(argv[2]) : 8;

	printf("first %d\n", look(NAME));
	pid_t child = fork();
	if (child == 0)
		_exit(in_threads(threads, 0, lookups ? repeat : repeat_slow, &lookups) != 0);
	printf("child %d\n", await(child, 30));
	return 0;
}

static atomic_bool stop;

static void *one_lookup(void *data)
{
	(void)data;
	look2(NAME);
	return NULL;
}

/* fork-first: a fork while 8 threads do the first lookups of the process */
int fork_first(int argc, char **argv)
{
	pthread_t ids[8];

	(void)argc, (void)argv;
	for (int i = 0; i < 8; i++)
		pthread_create(&ids[i], NULL, one_lookup, NULL);
	pid_t child = fork();
	if (child == 0)
		_exit(look2(NAME) != 0);
	printf("child %d\n", await(child, 2));
	for (int i = 0; i < 8; i++)
		pthread_join(ids[i], NULL);
	return 0;
}

static void *busy(void *data)
{
	int (*lookup)(const char *) = data;

	while (!stop)
		lookup(NAME);
	return NULL;
}

/* fork-busy TIMES gai|2: forks under 8 threads that look names up; how many hang */
int fork_busy(int argc, char **argv)
{
	int times = atoi(argv[1]), hung = 0, failed = 0;
	int (*lookup)(const char *) = argc > 2 && argv[2][0] == '2' ? look2 : look;
	pthread_t ids[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&ids[i], NULL, busy, (void *)lookup);
	for (int i = 0; i < times; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(lookup(NAME) != 0);
		int result = await(child, 1);
		hung += result == -1;
		failed += result > 0;
	}
	stop = true;
	for (int i = 0; i < 8; i++)
		pthread_join(ids[i], NULL);
	printf("failed %d\n#hung %d/%d\n", failed, hung, times);
	return 0;
}

/* spawns SELF: everything that starts a program after a lookup */
int spawns(int argc, char **argv)
{
	char *arguments[] = {argv[1], "plain", NULL};
	pid_t child;

	(void)argc;
	printf("first %d\n", look(NAME));
	fflush(stdout);
	child = vfork();
	if (child == 0) {
		execv(argv[1], arguments);
		_exit(98);
	}
	printf("vfork %d\n", await(child, 10));
	fflush(stdout);
	if (posix_spawn(&child, argv[1], NULL, NULL, arguments, environ) == 0)
		printf("posix_spawn %d\n", await(child, 10));
	fflush(stdout);
	printf("system %d\n", system("exit 3"));
	child = fork();
	if (child == 0) {
		if (daemon(1, 1) != 0)
			_exit(97);
		_exit(look(NAME) != 0);
	}
	printf("daemon %d\n", await(child, 10));
	return 0;
}
