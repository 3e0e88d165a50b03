/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading kallsyms costs the kernel some 50 ms, so addresses that nothing covers must not have
 * it read over and over. The list of modules is short, and is read each time: when one has come
 * or gone, addresses that have a name may be another module's by now.
 */
#include "kernel_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demangle.h"
#include "kernel_text.h"

#define NS_PER_S 1000000000ull
#define MIN_PAUSE_NS (10 * NS_PER_S)
#define MAX_PAUSE_NS (600 * NS_PER_S)
#define MAX_TEXT_BYTES (128u << 20)

struct kernel_names {
	struct kernel_table *table; /* NULL: never read, or in vain */
	int error;                  /* of the last reading */
	uint64_t modules;           /* which were loaded before it */
	uint64_t next_ns;           /* not to be read again before */
	uint64_t pause_ns;
};

int kernel_names_new(struct kernel_names **ret)
{
	struct kernel_names *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	k->pause_ns = MIN_PAUSE_NS;
	*ret = k;
	return 0;
}

struct kernel_names *kernel_names_free(struct kernel_names *k)
{
	if (!k)
		return NULL;
	kernel_table_free(k->table);
	free(k);
	return NULL;
}

static int text_add(int fd, void *ctx, int (*add)(void *ctx, const char *text, size_t len))
{
	static char text[32 << 10];
	size_t total = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while (total < MAX_TEXT_BYTES) {
		ssize_t n = read(fd, text, sizeof(text));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		total += (size_t)n;
		r = add(ctx, text, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int modules_add(void *ctx, const char *text, size_t len)
{
	return kernel_table_add_modules(ctx, text, len);
}

static int symbols_add(void *ctx, const char *text, size_t len)
{
	return kernel_table_add_symbols(ctx, text, len);
}

static int table_read(int symbols_fd, int modules_fd, struct kernel_table **ret)
{
	_cleanup_(kernel_table_freep) struct kernel_table *t = NULL;
	int r;

	r = kernel_table_new(&t);
	if (r < 0)
		return r;
	if (modules_fd >= 0) {
		r = text_add(modules_fd, t, modules_add);
		if (r < 0)
			return r;
	}
	r = text_add(symbols_fd, t, symbols_add);
	if (r < 0)
		return r;
	r = kernel_table_finish(t);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(t);
	return 0;
}

struct loaded {
	struct line_splitter lines;
	uint64_t hash;
};

/* FNV-1a over what tells one module in one place from another. */
static void hash_bytes(uint64_t *hash, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*hash = (*hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ull;
}

static int loaded_line_add(void *ctx, char *line)
{
	struct loaded *loaded = ctx;
	struct modules_line l;

	if (!modules_line_parse(line, &l))
		return 0;
	hash_bytes(&loaded->hash, l.name, strlen(l.name) + 1);
	hash_bytes(&loaded->hash, &l.address, sizeof(l.address));
	hash_bytes(&loaded->hash, &l.size, sizeof(l.size));
	return 0;
}

static int loaded_add(void *ctx, const char *text, size_t len)
{
	struct loaded *loaded = ctx;

	return lines_split(&loaded->lines, text, len, loaded_line_add, loaded);
}

/* A number that changes when a module comes or goes; how many use one is left out. */
static uint64_t modules_loaded(int modules_fd)
{
	struct loaded loaded = { .hash = 0xcbf29ce484222325ull };

	if (modules_fd >= 0)
		(void)text_add(modules_fd, &loaded, loaded_add);
	return loaded.hash;
}

/* The old table goes first: two at once would be the peak of the inspector's memory. */
static void table_renew(struct kernel_names *k, uint64_t now_ns, int symbols_fd, int modules_fd)
{
	k->table = kernel_table_free(k->table);
	k->error = table_read(symbols_fd, modules_fd, &k->table);
	k->next_ns = now_ns + k->pause_ns;
}

static bool covers_all(const struct kernel_table *t, const uint64_t *addresses, uint32_t n)
{
	static struct kernel_symbol symbol;

	for (uint32_t i = 0; i < n; i++)
		if (!kernel_table_find(t, addresses[i], &symbol))
			return false;
	return true;
}

static void table_refresh(struct kernel_names *k, uint64_t now_ns, int symbols_fd, int modules_fd,
			  const uint64_t *addresses, uint32_t n)
{
	uint64_t modules = modules_loaded(modules_fd);
	bool is_same = modules == k->modules;

	if (is_same && k->table && covers_all(k->table, addresses, n))
		return;
	if (is_same && now_ns < k->next_ns)
		return;
	k->modules = modules;
	table_renew(k, now_ns, symbols_fd, modules_fd);
	if (k->table && covers_all(k->table, addresses, n))
		k->pause_ns = MIN_PAUSE_NS;
	else if (k->pause_ns < MAX_PAUSE_NS)
		k->pause_ns *= 2;
}

static const char *cause_of(int error)
{
	switch (error) {
	case -EPERM:
		/* kallsyms_show_value() of kernel/ksyms_common.c: both sysctls, or the capability. */
		return "the kernel hides its addresses (kernel.kptr_restrict)";
	case -ENODATA:
		return "/proc/kallsyms has no functions; the kernel needs CONFIG_KALLSYMS";
	case -ENOMEM:
		return "not enough memory for the kernel's symbols";
	default:
		return "cannot read /proc/kallsyms";
	}
}

/* `moved`: by how much the address that was asked about is above the one of here. */
static int address_answer(const struct kernel_table *t, uint64_t address, uint64_t moved,
			  const struct hearth_naming *out)
{
	static struct kernel_symbol symbol;
	static char for_people[DEMANGLE_MAX];
	struct hearth_symbol_line line = { .function = symbol.name };

	if (!kernel_table_find(t, address, &symbol))
		return out->symbol(out->ctx, NULL, "no kernel symbol covers it", NULL, 0);
	line.start = symbol.start + moved;
	line.name = demangle(symbol.name, for_people) ? for_people : NULL; /* parts are in Rust */
	return out->symbol(out->ctx, symbol.module, NULL, &line, 1);
}

int kernel_names_answer(struct kernel_names *k, uint64_t now_ns, int symbols_fd, int modules_fd,
			const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
			const char **ret_cause)
{
	table_refresh(k, now_ns, symbols_fd, modules_fd, addresses, n);
	if (!k->table) {
		*ret_cause = cause_of(k->error);
		return k->error;
	}
	for (uint32_t i = 0; i < n; i++) {
		int r = address_answer(k->table, addresses[i], 0, out);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Where the kernel lies when it is not moved about at boot (CONFIG_PHYSICAL_START of x86-64,
 * KIMAGE_VADDR of aarch64). Elsewhere, to lie where it lay means that it has not booted since.
 */
static bool is_randomised(uint64_t text)
{
	return text != 0xffffffff81000000 && text != 0xffff800080000000;
}

/*
 * Modules are loaded in another order at other places each time, and BPF programs as well: of a
 * kernel that has booted since, only what moves as one is known.
 */
static int moved_answer(const struct kernel_table *t, const struct kernel_range *here, uint64_t text,
			uint64_t address, const struct hearth_naming *out)
{
	if (address < text || address - text >= here->end - here->start)
		return out->symbol(out->ctx, NULL, "of a module, and where those lay is not known any more",
				   NULL, 0);
	return address_answer(t, address - text + here->start, text - here->start, out);
}

int kernel_names_answer_recorded(struct kernel_names *k, const struct kernel_fds *fds, uint64_t now_ns,
				 uint64_t text, const uint64_t *addresses, uint32_t n,
				 const struct hearth_naming *out, const char **ret_cause)
{
	struct kernel_range here;
	int r = 0;

	table_refresh(k, now_ns, fds->symbols, fds->modules, NULL, 0);
	if (!k->table) {
		*ret_cause = cause_of(k->error);
		return k->error;
	}
	here = kernel_table_text(k->table);
	if (here.start == 0) {
		*ret_cause = "/proc/kallsyms does not tell where the kernel begins";
		return -ENODATA;
	}
	if (text == here.start && is_randomised(text))
		return kernel_names_answer(k, now_ns, fds->symbols, fds->modules, addresses, n, out,
					   ret_cause);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = moved_answer(k->table, &here, text, addresses[i], out);
	return r;
}
