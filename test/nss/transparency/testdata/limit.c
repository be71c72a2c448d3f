/* Limits, filters, namespaces, users: a program that gives up rights, or never
 * had them, still looks names up, and none of its threads keeps what it gave up. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hazard.h"

static void limit(int what, rlim_t value)
{
	struct rlimit both = {value, value};

	if (setrlimit(what, &both) != 0)
		printf("setrlimit %s\n", strerrorname_np(errno));
}

/* Where the lab has only one user, these run as that one. */
static void become_nobody(void)
{
	if (setgid(65534) != 0 || setuid(65534) != 0)
		printf("#stays %d\n", (int)getuid());
	prctl(PR_SET_DUMPABLE, 1); /* else /proc/self belongs to root */
}

/* limit-as MB */
int limit_as(int argc, char **argv)
{
	(void)argc;
	limit(RLIMIT_AS, strtoul(argv[1], NULL, 10) << 20);
	printf("lookup %d\n", look(NAME));
	fflush(stdout);
	usleep(300000); /* the answer may come before the failure */
	printf("alive\n");
	return 0;
}

int limit_nproc(int argc, char **argv)
{
	(void)argc, (void)argv;
	become_nobody();
	limit(RLIMIT_NPROC, 1);
	printf("lookup %d\n", look(NAME));
	fflush(stdout);
	usleep(100000);
	printf("alive\n");
	return 0;
}

/* All descriptors in use, then one free, then two. */
int limit_nofile(int argc, char **argv)
{
	int last = -1;

	(void)argc, (void)argv;
	printf("warm %d\n", argc > 1 ? look(NAME) : 0);
	limit(RLIMIT_NOFILE, 64);
	for (int fd; (fd = open("/dev/null", O_RDONLY)) >= 0;)
		last = fd;
	printf("none free %s\n", look(NAME) != 0 ? "fails" : "works");
	for (int n = 1; n <= 4; n++) {
		close(last--);
		printf("%d free %s\n", n, look(NAME) != 0 ? "fails" : "works");
	}
	return 0;
}

int limit_stack(int argc, char **argv)
{
	if (argc > 2) {
		limit(RLIMIT_STACK, strtoul(argv[2], NULL, 10) << 10);
		execl(argv[1], argv[1], "limit-stack", argv[1], NULL);
		return 1;
	}
	printf("lookup %d\n", look(NAME));
	return 0;
}

int limit_memlock(int argc, char **argv)
{
	(void)argc, (void)argv;
	limit(RLIMIT_MEMLOCK, 64 << 20);
	become_nobody();
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		printf("mlockall %s\n", strerrorname_np(errno));
	printf("lookup %d\n", look(NAME));
	fflush(stdout);
	usleep(100000);
	printf("alive\n");
	return 0;
}

static int forbid(const int *calls, int count, unsigned action)
{
	struct sock_filter code[16] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	int n = 1;

	for (int i = 0; i < count; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {(unsigned short)n, code};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* seccomp-clone eperm|kill: no new threads or processes */
int seccomp_clone(int argc, char **argv)
{
	static const int calls[] = {
		SYS_clone, SYS_clone3,
#ifdef SYS_fork
		SYS_fork, SYS_vfork,
#endif
	};
	unsigned action = argv[1][0] == 'k' ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM;

	(void)argc;
	printf("filter %d\n", forbid(calls, sizeof calls / sizeof *calls, action));
	printf("lookup %d\n", look(NAME));
	fflush(stdout);
	usleep(100000);
	printf("alive\n");
	return 0;
}

/* seccomp-socket eperm|eafnosupport: as a sandbox without AF_UNIX */
int seccomp_socket(int argc, char **argv)
{
	static const int calls[] = {SYS_socket};
	int error = strcmp(argv[1], "eperm") == 0 ? EPERM : EAFNOSUPPORT;

	(void)argc;
	printf("filter %d\n", forbid(calls, 1, SECCOMP_RET_ERRNO | (unsigned)error));
	printf("lookup %d %d\n", look(NAME), look2(NAME));
	return 0;
}

int unshare_user(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("lookup %d\n", look(NAME));
	if (unshare(CLONE_NEWUSER) != 0)
		printf("unshare %s\n", strerrorname_np(errno));
	printf("lookup %d\n", look(NAME));
	return 0;
}

int setns_mount(int argc, char **argv)
{
	int fd = open("/proc/self/ns/mnt", O_RDONLY);

	(void)argc, (void)argv;
	printf("lookup %d\n", look(NAME));
	if (setns(fd, CLONE_NEWNS) != 0)
		printf("setns %s\n", strerrorname_np(errno));
	printf("lookup %d\n", look(NAME));
	return 0;
}

/* chroot: into a directory that has neither the socket nor the hosts file */
int root_change(int argc, char **argv)
{
	char directory[] = "/run/rootXXXXXX";

	(void)argc, (void)argv;
	printf("lookup %d\n", look(NAME));
	if (!mkdtemp(directory) || chroot(directory) != 0 || chdir("/") != 0)
		printf("chroot %s\n", strerrorname_np(errno));
	printf("lookup %s\n", look(NAME) ? "fails" : "works");
	return 0;
}

/* One line for each thread of the process. */
static void each_thread(const char *prefix)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	char path[300];

	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
		grep(path, prefix);
	}
	if (tasks)
		closedir(tasks);
}

static int warm(void)
{
	int result = look(NAME);

	usleep(50000); /* for threads that start late */
	return result;
}

int capabilities(int argc, char **argv)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2];

	(void)argc, (void)argv;
	memset(none, 0, sizeof none);
	printf("lookup %d\n", warm());
	printf("capset %ld\n", syscall(SYS_capset, &header, none));
	each_thread("CapEff");
	return 0;
}

int filters(int argc, char **argv)
{
	static const int calls[] = {SYS_reboot};

	(void)argc, (void)argv;
	printf("lookup %d\n", warm());
	printf("filter %d\n", forbid(calls, 1, SECCOMP_RET_ERRNO | EPERM));
	each_thread("Seccomp:");
	return 0;
}

int uids(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("lookup %d\n", warm());
	become_nobody();
	each_thread("Uid");
	printf("lookup %d\n", look(NAME));
	return 0;
}
