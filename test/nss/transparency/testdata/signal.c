/* A module must not touch what a program does with its signals. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "hazard.h"

int signal_state(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("lookup %d\n", look(NAME));
	grep("/proc/self/status", "SigB"); /* not SigQ, which counts those of the user */
	grep("/proc/self/status", "SigI");
	grep("/proc/self/status", "SigC");
	return 0;
}

int signal_ignored(int argc, char **argv)
{
	(void)argc, (void)argv;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	printf("lookup %d\n", look(NAME));
	printf("kept %d %d\n", signal(SIGPIPE, SIG_IGN) == SIG_IGN, signal(SIGURG, SIG_IGN) == SIG_IGN);
	fflush(stdout);
	return system("grep SigIgn /proc/self/status");
}

static volatile sig_atomic_t caught;

static void note(int number)
{
	(void)number;
	caught++;
}

int signal_flags(int argc, char **argv)
{
	static const int numbers[] = {SIGUSR1, SIGSEGV, SIGPIPE, SIGPROF, SIGURG, SIGBUS, SIGFPE, SIGCHLD};
	struct sigaction action = {.sa_handler = note}, now;

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
	printf("lookup %d\n", look(NAME));
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		sigaction(numbers[i], NULL, &now);
		printf("%d: %s, flags %x\n", numbers[i], now.sa_handler == note ? "mine" : "another",
		       (unsigned)now.sa_flags);
	}
	return 0;
}

/* signal-pipe ignore|default */
int signal_pipe(int argc, char **argv)
{
	int ends[2];

	(void)argc;
	if (argv[1][0] == 'i')
		signal(SIGPIPE, SIG_IGN);
	printf("lookup %d\n", look(NAME));
	fflush(stdout);
	if (pipe(ends) != 0 || close(ends[0]) != 0)
		return 1;
	printf("write %zd %s\n", write(ends[1], "x", 1), strerrorname_np(errno));
	return 0;
}

static void die_of(int number)
{
	if (number == SIGABRT)
		abort();
	if (number == SIGSEGV)
		*(volatile int *)(intptr_t)(number - SIGSEGV) = 1;
	raise(number);
}

int signal_deaths(int argc, char **argv)
{
	static const int numbers[] = {SIGSEGV, SIGABRT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGPROF, SIGBUS,
				      SIGFPE, SIGINT, SIGPIPE, SIGALRM, SIGSYS, SIGURG, SIGCHLD};
	struct rlimit none = {0, 0};

	(void)argc, (void)argv;
	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		pid_t child = fork();

		if (child == 0) {
			int result = look(NAME);

			if (result == 0)
				die_of(numbers[i]);
			_exit(result);
		}
		printf("%d: %d\n", numbers[i], await(child, 10));
	}
	return 0;
}

static sigjmp_buf back;

static void escape(int number)
{
	(void)number;
	siglongjmp(back, 1);
}

/* signal-segv before|after: a program that handles its own faults */
int signal_segv(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = escape};
	bool before = argv[1][0] == 'b';
	volatile int handled = 0;

	(void)argc;
	if (before)
		sigaction(SIGSEGV, &action, NULL);
	printf("lookup %d\n", look(NAME));
	if (!before)
		sigaction(SIGSEGV, &action, NULL);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(back, 1) == 0)
			*(volatile int *)(intptr_t)(handled - handled) = 1;
		else
			handled++;
	}
	printf("handled %d\n", handled);
	printf("lookup %d\n", look(NAME));
	return 0;
}

static void deep(int number)
{
	volatile char stack[32768];

	stack[0] = (char)number;
	stack[sizeof stack - 1] = stack[0];
	caught++;
}

/* signal-timer real|prof SECONDS: a signal each 200 us during lookups */
int signal_timer(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = deep};
	struct itimerval timer = {{0, 200}, {0, 200}};
	bool prof = argv[1][0] == 'p';
	double end = seconds_now() + (argc > 2 ? atof(argv[2]) : 1);
	int lookups = 0, failed = 0;

	sigaction(prof ? SIGPROF : SIGALRM, &action, NULL);
	setitimer(prof ? ITIMER_PROF : ITIMER_REAL, &timer, NULL);
	for (; seconds_now() < end; lookups++)
		failed += look2(NAME) != 0;
	printf("failed %d, signals %s\n#lookups %d\n", failed, caught > 10 ? "came" : "did not come", lookups);
	return 0;
}

int signal_mask(int argc, char **argv)
{
	sigset_t all, now;
	int blocked = 0, pending = 0;

	(void)argc, (void)argv;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	raise(SIGUSR1);
	printf("lookup %d\n", look(NAME));
	sigprocmask(SIG_SETMASK, NULL, &now);
	for (int i = 1; i < 65; i++)
		blocked += sigismember(&now, i) == 1;
	sigpending(&now);
	for (int i = 1; i < 65; i++)
		pending += sigismember(&now, i) == 1;
	printf("blocked %d, pending %d\n", blocked, pending);
	return 0;
}
