/* The table of cases, and what they share. */
#define _GNU_SOURCE
#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hazard.h"

static const struct {
	const char *name;
	hazard *run;
} cases[] = {
	{"plain", plain}, {"cost", cost}, {"secure", secure},
	{"fork-one", fork_one}, {"fork-threads", fork_threads}, {"fork-first", fork_first},
	{"fork-busy", fork_busy}, {"spawns", spawns},
	{"signal-state", signal_state}, {"signal-ignored", signal_ignored},
	{"signal-flags", signal_flags}, {"signal-pipe", signal_pipe},
	{"signal-deaths", signal_deaths}, {"signal-segv", signal_segv},
	{"signal-timer", signal_timer}, {"signal-mask", signal_mask},
	{"limit-as", limit_as}, {"limit-nproc", limit_nproc}, {"limit-nofile", limit_nofile},
	{"limit-stack", limit_stack}, {"limit-memlock", limit_memlock},
	{"seccomp-clone", seccomp_clone}, {"seccomp-socket", seccomp_socket},
	{"unshare-user", unshare_user}, {"setns-mount", setns_mount}, {"chroot", root_change},
	{"capabilities", capabilities}, {"filters", filters}, {"uids", uids},
	{"threads", threads}, {"small-stacks", small_stacks}, {"cancelled", cancelled},
	{"static-tls", static_tls}, {"plugin", plugin}, {"leave-early", leave_early},
	{"low-descriptors", low_descriptors}, {"all-closed", all_closed},
	{"left-behind", left_behind}, {"settled", settled}, {"idle", idle},
	{"surroundings", surroundings}, {"loop", loop},
};

int look(const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	int result = getaddrinfo(name, NULL, &hints, &list);

	if (result == 0 && !list)
		result = 77;
	if (list)
		freeaddrinfo(list);
	return result;
}

int look2(const char *name)
{
	struct hostent host, *found = NULL;
	char buffer[2048];
	int error = 0;

	gethostbyname2_r(name, AF_INET, &host, buffer, sizeof buffer, &found, &error);
	return found ? 0 : error ? error : 77;
}

struct work {
	int (*f)(void *);
	void *data;
};

static void *work(void *data)
{
	const struct work *todo = data;

	return (void *)(long)todo->f(todo->data);
}

int in_threads(int count, size_t stack, int (*f)(void *), void *data)
{
	pthread_t *ids = calloc((size_t)count, sizeof *ids);
	struct work todo = {f, data};
	pthread_attr_t attributes;
	int result = 0, started = 0;

	pthread_attr_init(&attributes);
	if (stack && pthread_attr_setstacksize(&attributes, stack) != 0)
		return -1;
	while (started < count && pthread_create(&ids[started], &attributes, work, &todo) == 0)
		started++;
	result = 1000000 * (count - started);
	while (started > 0) {
		void *one;

		pthread_join(ids[--started], &one);
		result += (int)(long)one;
	}
	free(ids);
	return result;
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int await(pid_t child, double seconds)
{
	double end = seconds_now() + seconds;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (seconds_now() > end) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return -1;
		}
		usleep(1000);
	}
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

void grep(const char *path, const char *prefix)
{
	char line[512];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, prefix, strlen(prefix)) == 0)
			fputs(line, stdout);
	if (file)
		fclose(file);
}

int count_entries(const char *directory)
{
	DIR *dir = opendir(directory);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			int result = cases[i].run(argc - 1, argv + 1);

			fflush(stdout);
			return result;
		}
	fprintf(stderr, "hazard: no such case\n");
	return 99;
}
