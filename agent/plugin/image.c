/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place of the host that looks into an ELF file, and only at its program headers: glibc
 * maps what they say without asking how long the file is.
 */
#include "plugin/image.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/why.h"
#include "util/cleanup.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#else
#error "a 64-bit little-endian machine is needed"
#endif

#define MAX_SEGMENTS 64 /* ld makes about ten */

static int check_header(const Elf64_Ehdr *h, char **ret_why)
{
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return why(ret_why, -ENOEXEC, "it is not an ELF file; install the plugin again");
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_machine != MACHINE)
		return why(ret_why, -ENOEXEC,
			   "it was built for another kind of machine; install a build for this "
			   "one");
	if (h->e_type != ET_DYN)
		return why(ret_why, -ENOEXEC, "it is not a shared object; link it with -shared");
	if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum > MAX_SEGMENTS)
		return why(ret_why, -ENOEXEC,
			   "its program headers make no sense; install the plugin again");
	return 0;
}

static bool lies_inside(uint64_t offset, uint64_t size, uint64_t file_size)
{
	return offset <= file_size && size <= file_size - offset;
}

int image_check(int fd, char **ret_why)
{
	Elf64_Phdr segments[MAX_SEGMENTS];
	Elf64_Ehdr header;
	struct stat st;
	ssize_t len;
	int r;

	if (fstat(fd, &st) < 0)
		return why(ret_why, -errno, "cannot look at it: %s", strerror(errno));
	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return why(ret_why, -ENOEXEC, "it is not an ELF file; install the plugin again");
	r = check_header(&header, ret_why);
	if (r < 0)
		return r;
	len = (ssize_t)(header.e_phnum * sizeof(segments[0]));
	if (header.e_phoff > INT64_MAX ||
	    pread(fd, segments, (size_t)len, (off_t)header.e_phoff) != len)
		return why(ret_why, -ENOEXEC, "the file is cut short; install the plugin again");
	for (int i = 0; i < header.e_phnum; i++)
		if ((segments[i].p_type == PT_LOAD || segments[i].p_type == PT_DYNAMIC) &&
		    !lies_inside(segments[i].p_offset, segments[i].p_filesz, (uint64_t)st.st_size))
			return why(ret_why, -ENOEXEC,
				   "the file is cut short; install the plugin again");
	return 0;
}

/* "start-end perms offset dev inode path": dev and inode as they stand. */
static bool line_covers(const char *line, uintptr_t address, struct image_id *ret)
{
	uint64_t start, end, inode;
	unsigned int major, minor;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4s %*x %x:%x %" SCNu64, &start, &end, &major,
		   &minor, &inode) != 5)
		return false;
	if (address < start || address >= end)
		return false;
	(void)snprintf(ret->text, sizeof(ret->text), "%x:%x %" PRIu64, major, minor, inode);
	return inode != 0;
}

int image_id_at(const void *address, struct image_id *ret)
{
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	int r = -ENOENT;

	if (!maps)
		return -errno;
	while (r < 0 && getline(&line, &capacity, maps) > 0)
		if (line_covers(line, (uintptr_t)address, ret))
			r = 0;
	(void)fclose(maps);
	return r;
}

int image_id_of_fd(int fd, struct image_id *ret)
{
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	int r;

	if (p == MAP_FAILED)
		return -errno;
	r = image_id_at(p, ret);
	(void)munmap(p, len);
	return r;
}

bool image_id_equal(const struct image_id *a, const struct image_id *b)
{
	return strcmp(a->text, b->text) == 0;
}
