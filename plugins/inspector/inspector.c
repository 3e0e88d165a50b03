/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component behind the inspector process: all that Hearth knows of ELF files and of the
 * kernel's symbols. hearth/helper.h says what it may rely on, which is nothing but memory.
 */
#include <errno.h>
#include <stdlib.h>

#include <hearth/helper.h>

#include "code_names.h"
#include "debug_link.h"
#include "demangle.h"
#include "diagnose_file.h"
#include "elf_file.h"
#include "file_symbols.h"
#include "kernel_names.h"
#include "table_cache.h"

/* Of RLIMIT_AS 256 MiB; building one table takes up to three times what it then holds. */
#define CACHE_MAX_BYTES (32u << 20)

struct inspector {
	struct hearth_inspector base; /* first: what hearth/helper.h asks for */
	const struct hearth_host *host;
	struct table_cache *tables;
	struct kernel_names *kernel;
	struct hearth_elf_load loads[ELF_MAX_LOADS]; /* of the last identify() */
	uint8_t build_id[ELF_MAX_BUILD_ID];
	struct debug_link debug_link;
};

static const char *cause_of(int error)
{
	switch (error) {
	case -ENOEXEC:
		return "not an ELF file";
	case -ERANGE:
		return "the ELF file is cut or damaged";
	case -ESTALE:
		return "of another build";
	case -ENOMEM:
		return "not enough memory for its symbols";
	default:
		return "cannot be read";
	}
}

static int file_open(int fd, struct elf_file *ret)
{
	struct reader reader;
	int r;

	r = reader_open_fd(&reader, fd);
	return r < 0 ? r : elf_open(ret, &reader);
}

static int32_t identify(struct hearth_inspector *base, int32_t fd, struct hearth_inspected *ret)
{
	struct inspector *i = (struct inspector *)base;
	struct elf_file f;
	int r;

	r = file_open(fd, &f);
	if (r == 0)
		r = elf_loads(&f, i->loads, &ret->n_loads);
	if (r < 0) {
		ret->cause = cause_of(r);
		return r;
	}
	if (elf_build_id(&f, i->build_id, &ret->build_id_len) == 0)
		ret->build_id = i->build_id;
	ret->file_size = f.reader.size;
	ret->loads = i->loads;
	ret->load_stride = sizeof(i->loads[0]);
	ret->flags = elf_flags(&f);
	if (debug_link_read(&f, &i->debug_link) == 0)
		ret->debug_link = i->debug_link.name;
	return 0;
}

static int32_t match_debug(struct hearth_inspector *base, int32_t fd, int32_t debug_fd,
			   const char **ret_cause)
{
	struct elf_file f, debug;
	int r;

	(void)base;
	r = file_open(fd, &f);
	if (r == 0)
		r = file_open(debug_fd, &debug);
	if (r == 0)
		r = debug_link_match(&f, &debug);
	if (r < 0)
		*ret_cause = cause_of(r);
	return r;
}

/* A mapped file as names() has it, and what it takes to name its addresses. */
struct named_file {
	struct elf_file mapped, debug_file;
	const struct elf_file *debug; /* NULL, or debug_file */
	const struct file_symbols *symbols;
};

static void symbols_free(void *symbols)
{
	file_symbols_free(symbols);
}

static int symbols_of(struct inspector *i, uint64_t handle, struct named_file *f)
{
	struct cached_table cached = { .free = symbols_free };
	struct file_symbols *built = table_cache_find(i->tables, handle);
	int r;

	if (!built || !file_symbols_fit(built, f->debug)) {
		r = file_symbols_new(&f->mapped, f->debug, &built);
		if (r < 0)
			return r;
		cached.table = built;
		cached.bytes = file_symbols_bytes(built);
		r = table_cache_put(i->tables, handle, &cached);
		if (r < 0)
			return r;
	}
	f->symbols = built;
	return 0;
}

static int address_answer(const struct named_file *f, uint64_t address,
			  const struct hearth_naming *out)
{
	static char name[SYMBOL_MAX_NAME], for_people[DEMANGLE_MAX];
	struct hearth_symbol_line line = { .function = name };
	struct symbol symbol;

	if (file_symbols_is_empty(f->symbols))
		return out->symbol(out->ctx, NULL, "the file has no symbols (stripped)", NULL, 0);
	if (!file_symbols_find(f->symbols, address, &symbol))
		return out->symbol(out->ctx, NULL, "no symbol covers it", NULL, 0);
	if (file_symbols_name(f->symbols, &f->mapped, f->debug, symbol.name, name) < 0)
		return out->symbol(out->ctx, NULL, "its symbol's name is damaged", NULL, 0);
	line.start = symbol.start;
	line.name = demangle(name, for_people) ? for_people : NULL;
	return out->symbol(out->ctx, NULL, NULL, &line, 1);
}

static int32_t names(struct hearth_inspector *base, uint64_t handle, int32_t fd, int32_t debug_fd,
		     const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
		     const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;
	struct named_file f = { .debug = NULL };
	int r;

	if (debug_fd >= 0 && file_open(debug_fd, &f.debug_file) == 0)
		f.debug = &f.debug_file;
	r = file_open(fd, &f.mapped);
	if (r == 0)
		r = symbols_of(i, handle, &f);
	if (r < 0) {
		*ret_cause = cause_of(r);
		return r;
	}
	for (uint32_t k = 0; k < n; k++) {
		r = address_answer(&f, addresses[k], out);
		if (r < 0)
			return r;
	}
	return 0;
}

static int32_t code(struct hearth_inspector *base, uint64_t handle, int32_t fd,
		    const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
		    const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;

	return code_names_answer(i->tables, i->host, handle, fd, addresses, n, out, ret_cause);
}

static int32_t kernel(struct hearth_inspector *base, int32_t symbols_fd, int32_t modules_fd,
		      const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
		      const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;

	return kernel_names_answer(i->kernel, i->host->now_ns(i->host), symbols_fd, modules_fd,
				   addresses, n, out, ret_cause);
}

static void inspector_destroy(void *instance)
{
	struct inspector *i = instance;

	table_cache_free(i->tables);
	kernel_names_free(i->kernel);
	free(i);
}

static int32_t inspector_create(const struct hearth_host *h, void **ret_instance)
{
	struct inspector *i = calloc(1, sizeof(*i));
	int r;

	if (!i)
		return -ENOMEM;
	i->base = (struct hearth_inspector){
		.size = sizeof(i->base),
		.identify = identify,
		.match_debug = match_debug,
		.names = names,
		.kernel = kernel,
		.code = code,
	};
	i->host = h;
	r = table_cache_new(CACHE_MAX_BYTES, &i->tables);
	if (r == 0)
		r = kernel_names_new(&i->kernel);
	if (r < 0) {
		inspector_destroy(i);
		return r;
	}
	*ret_instance = i;
	return 0;
}

static const struct hearth_component inspector_component = {
	.size = sizeof(inspector_component),
	.kind = HEARTH_HELPER,
	.name = "inspector",
	.summary = "reads ELF files and kernel symbols in a sealed process",
	.create = inspector_create,
	.destroy = inspector_destroy,
	.diagnose_file = inspector_diagnose_file,
};

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.abi_minor = 0,
	.name = "inspector",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = (const struct hearth_component *const[]){ &inspector_component, NULL },
};
