/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glibc's backtrace() takes the loader's lock and may allocate: in a process that has just
 * crashed both may be the reason for it. Frame pointers are read through the kernel, which
 * answers EFAULT where a load would fault again, and modules come from /proc/self/maps.
 */
#include "plugin/backtrace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

struct registers {
	uint64_t pc, fp, sp;
};

static bool read_registers(const ucontext_t *u, struct registers *ret)
{
#if defined(__x86_64__)
	ret->pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
	ret->fp = (uint64_t)u->uc_mcontext.gregs[REG_RBP];
	ret->sp = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
	return true;
#elif defined(__aarch64__)
	ret->pc = u->uc_mcontext.pc;
	ret->fp = u->uc_mcontext.regs[29];
	ret->sp = u->uc_mcontext.sp;
	return true;
#else
	(void)u;
	(void)ret;
	return false;
#endif
}

static bool peek(uint64_t address, void *to, size_t len)
{
	struct iovec here = { to, len }, there = { (void *)(uintptr_t)address, len };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)len;
}

static size_t collect(const struct registers *start, struct backtrace_frame *frames, size_t max)
{
	struct registers r = *start;
	uint64_t link[2]; /* the caller's frame pointer, the return address */
	uint8_t code;
	size_t n = 0;

	frames[n++].address = r.pc;
	/* After a call through a wild pointer the caller's address is there for sure. */
	if (n < max && peek(r.sp, link, sizeof(link[0]))) {
		frames[n].is_guess = peek(r.pc, &code, 1);
		frames[n++].address = link[0];
	}
	while (n < max && r.fp % sizeof(uint64_t) == 0 && peek(r.fp, link, sizeof(link))) {
		if (link[1] == 0)
			break;
		frames[n++].address = link[1];
		if (link[0] <= r.fp)
			break;
		r.fp = link[0];
	}
	return n;
}

struct mapping {
	uint64_t start, end, offset, inode;
	bool is_code;
	const char *path; /* "" if there is none */
};

static uint64_t parse_number(const char **p, unsigned int base)
{
	uint64_t n = 0;

	for (;; (*p)++) {
		char c = **p;
		unsigned int digit = c >= '0' && c <= '9' ? (unsigned int)(c - '0') :
				     c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;

		if (digit >= base)
			return n;
		n = n * base + digit;
	}
}

static void skip_word(const char **p)
{
	while (**p && **p != ' ')
		(*p)++;
	while (**p == ' ')
		(*p)++;
}

/* "start-end perms offset dev inode path" */
static void parse_mapping(const char *line, struct mapping *ret)
{
	const char *p = line;

	ret->start = parse_number(&p, 16);
	if (*p == '-')
		p++;
	ret->end = parse_number(&p, 16);
	skip_word(&p);
	ret->is_code = strnlen(p, 3) == 3 && p[2] == 'x';
	skip_word(&p);
	ret->offset = parse_number(&p, 16);
	skip_word(&p);
	skip_word(&p);
	ret->inode = parse_number(&p, 10);
	skip_word(&p);
	ret->path = p;
}

static void name_frame(struct backtrace_frame *f, const char *path, uint64_t base)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strnlen(name, sizeof(f->module) - 1);

	memcpy(f->module, name, n);
	f->module[n] = 0;
	f->offset = f->address - base;
}

struct namer {
	struct backtrace_frame *frames;
	size_t n;
	uint64_t base, base_inode; /* of the module whose mappings are passing by */
};

static void name_by_line(struct namer *namer, const char *line)
{
	struct mapping m;

	parse_mapping(line, &m);
	if (m.offset == 0) {
		namer->base = m.start;
		namer->base_inode = m.inode;
	}
	for (size_t i = 0; i < namer->n; i++) {
		struct backtrace_frame *f = &namer->frames[i];

		if (f->address < m.start || f->address >= m.end)
			continue;
		f->is_code = m.is_code;
		if (m.path[0])
			name_frame(f, m.path,
				   m.inode == namer->base_inode ? namer->base : m.start - m.offset);
	}
}

/* Hands over each whole line of the buffer; returns how many bytes of the last one are left. */
static size_t name_by_buffer(struct namer *namer, char *text, size_t len)
{
	char *line = text, *end;

	while ((end = memchr(line, '\n', len - (size_t)(line - text)))) {
		*end = 0;
		name_by_line(namer, line);
		line = end + 1;
	}
	len -= (size_t)(line - text);
	memmove(text, line, len);
	return len;
}

static void name_frames(struct backtrace_frame *frames, size_t n)
{
	struct namer namer = { .frames = frames, .n = n };
	char text[8192]; /* more than the longest line, whose path has at most 4,096 bytes */
	size_t kept = 0;
	ssize_t got;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while ((got = read(fd, text + kept, sizeof(text) - kept)) > 0) {
		kept = name_by_buffer(&namer, text, kept + (size_t)got);
		if (kept == sizeof(text))
			break;
	}
	(void)close(fd);
}

/* A guess that is no code, or that the frames name anyway, is none. */
static size_t drop_bad_guesses(struct backtrace_frame *frames, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_repeated = i + 1 < n && frames[i].address == frames[i + 1].address;

		if (!frames[i].is_guess || (frames[i].is_code && !is_repeated))
			frames[kept++] = frames[i];
	}
	return kept;
}

size_t backtrace_take(const void *ucontext, struct backtrace_frame *frames, size_t max)
{
	struct registers r;
	size_t n;

	if (max == 0 || !read_registers(ucontext, &r))
		return 0;
	memset(frames, 0, max * sizeof(*frames));
	n = collect(&r, frames, max);
	name_frames(frames, n);
	return drop_bad_guesses(frames, n);
}
