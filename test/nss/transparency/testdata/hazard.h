/*
 * hazard CASE [ARGUMENT...]: one thing that programs do around a lookup.
 *
 * What it prints is compared with what it prints on a host without the module,
 * line by line; lines that begin with # are figures and only shown.
 */
#ifndef HAZARD_H
#define HAZARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Known to every host: by its hosts file, or by the daemon. */
#define NAME "probe.example"
/* The same, but the daemon takes half a second. */
#define SLOW "slow.example"

/* 0, or what getaddrinfo or h_errno says. */
int look(const char *name);
int look2(const char *name);

typedef int hazard(int argc, char **argv);
hazard fork_one, fork_threads, fork_first, fork_busy, spawns;
hazard signal_state, signal_ignored, signal_flags, signal_pipe, signal_deaths, signal_segv,
	signal_timer, signal_mask;
hazard limit_as, limit_nproc, limit_nofile, limit_stack, limit_memlock, seccomp_clone,
	seccomp_socket, unshare_user, setns_mount, root_change, capabilities, filters, uids;
hazard threads, small_stacks, cancelled, static_tls, plugin, leave_early, low_descriptors,
	all_closed, left_behind, settled, idle, surroundings, loop, plain, cost, secure;

/* Runs f in count threads with this stack (0: the usual) and adds up results. */
int in_threads(int count, size_t stack, int (*f)(void *), void *data);

/* Waits for a child. Its exit status, 1000 + its signal, or -1: killed after
 * so many seconds without an end. */
int await(pid_t child, double seconds);

/* Calls f for each line of a file of /proc that begins with a prefix. */
void grep(const char *path, const char *prefix);

int count_entries(const char *directory);
double seconds_now(void);

#endif
