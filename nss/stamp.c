/*
 * Which resolv.conf this program sees. nss-dns looks at the file's stat at each
 * lookup too; mcdnsd cannot see the files of another mount namespace or root, and
 * hears of a change later than the next line of a script looks a name up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mcdns.h"

/* By syscall(2): stat itself is of glibc 2.33 and would keep the module out of
 * older ones. On 64 bits this is what glibc's stat calls, on 32 what its
 * stat for 64 bits of time does. */
static bool look(uint64_t of[3])
{
#ifdef SYS_newfstatat
	struct stat file;

	if (syscall(SYS_newfstatat, AT_FDCWD, MCDNS_RESOLV_CONF, &file, 0) != 0)
		return false;
	of[0] = (uint64_t)file.st_size;
	of[1] = (uint64_t)file.st_mtim.tv_sec;
	of[2] = (uint64_t)file.st_mtim.tv_nsec;
#else
	struct statx file;

	if (syscall(SYS_statx, AT_FDCWD, MCDNS_RESOLV_CONF, 0, STATX_BASIC_STATS, &file) != 0)
		return false;
	of[0] = file.stx_size;
	of[1] = (uint64_t)file.stx_mtime.tv_sec;
	of[2] = file.stx_mtime.tv_nsec;
#endif
	return true;
}

uint32_t mcdns_mix(const uint64_t of[3])
{
	uint64_t mixed = 0;

	for (int i = 0; i < 3; i++) {
		mixed = (mixed ^ of[i]) * UINT64_C(0x9e3779b97f4a7c15);
		mixed ^= mixed >> 32;
	}
	return (uint32_t)(mixed & 0xffffff);
}

bool mcdns_stamp(uint32_t *stamp)
{
	uint64_t of[3];

	if (!look(of))
		return false;
	*stamp = mcdns_mix(of);
	return true;
}
