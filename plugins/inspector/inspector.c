/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component behind the inspector process: all that Hearth knows of ELF files and of the
 * kernel's symbols. hearth/helper.h says what it may rely on, which is nothing but memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/helper.h>

#include "code_names.h"
#include "debug_link.h"
#include "debug_loads.h"
#include "demangle.h"
#include "diagnose_file.h"
#include "elf_file.h"
#include "file_symbols.h"
#include "inspector_internal.h"
#include "kernel_names.h"
#include "table_cache.h"

/* Of RLIMIT_AS 256 MiB; building one table takes up to three times what it then holds. */
#define CACHE_MAX_BYTES (32u << 20)
#define UNWIND_MAX_BYTES (64u << 20)

static const char *cause_of(int error)
{
	switch (error) {
	case -ENOEXEC:
		return "not an ELF file";
	case -ERANGE:
		return "the ELF file is cut or damaged";
	case -ESTALE:
		return "of another build";
	case -EBADMSG:
		return "its stored table is damaged";
	case -ENOMEM:
		return "not enough memory for its symbols";
	case -EFBIG:
		return "too many names to be stored";
	default:
		return "cannot be read";
	}
}

int inspector_file_open(int fd, struct elf_file *ret)
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

	r = inspector_file_open(fd, &f);
	if (r == 0)
		r = debug_loads(&f, i->loads, &ret->n_loads);
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

static int32_t identify_table(struct hearth_inspector *base, int32_t fd, uint64_t offset,
			      struct hearth_inspected *ret)
{
	struct inspector *i = (struct inspector *)base;
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	const struct stored_loads *loads;
	struct reader reader;
	int r;

	r = reader_open_fd(&reader, fd);
	if (r == 0)
		r = stored_table_open(&reader, offset, &t);
	if (r < 0) {
		ret->cause = cause_of(r);
		return r;
	}
	loads = stored_table_loads(t);
	if (loads->n > 0)
		memcpy(i->loads, loads->loads, loads->n * sizeof(*loads->loads));
	ret->loads = i->loads;
	ret->n_loads = loads->n;
	ret->load_stride = sizeof(i->loads[0]);
	ret->flags = HEARTH_ELF_SYMTAB;
	return 0;
}

static int32_t match_debug(struct hearth_inspector *base, int32_t fd, int32_t debug_fd,
			   const char **ret_cause)
{
	struct elf_file f, debug;
	int r;

	(void)base;
	r = inspector_file_open(fd, &f);
	if (r == 0)
		r = inspector_file_open(debug_fd, &debug);
	if (r == 0)
		r = debug_link_match(&f, &debug);
	if (r < 0)
		*ret_cause = cause_of(r);
	return r;
}

/* A mapped file as names() has it, and what it takes to name its addresses. */
struct named_file {
	struct elf_file mapped, debug;
	struct reader stored;
	struct symbol_sources sources; /* those of the above that are there */
	uint64_t handle;
	const struct file_symbols *symbols;
	uint32_t table; /* HEARTH_TABLE_… */
};

/* Without `stored`, which is looked at when it is needed. */
static int sources_open(const struct hearth_symbol_fds *fds, struct named_file *f)
{
	if (fds->mapped < 0)
		return f->sources.stored ? 0 : -EBADMSG;
	if (fds->debug >= 0 && inspector_file_open(fds->debug, &f->debug) == 0)
		f->sources.debug = &f->debug;
	f->sources.mapped = &f->mapped;
	return inspector_file_open(fds->mapped, &f->mapped);
}

static void symbols_free(void *symbols)
{
	file_symbols_free(symbols);
}

static int symbols_keep(struct inspector *i, struct named_file *f, struct file_symbols *built)
{
	struct cached_table cached = {
		.table = built,
		.bytes = file_symbols_bytes(built),
		.free = symbols_free,
	};
	int r;

	r = table_cache_put(i->tables, f->handle, &cached);
	if (r == 0)
		f->symbols = built;
	return r;
}

static int symbols_read(struct inspector *i, struct named_file *f)
{
	struct file_symbols *built;
	int r;

	r = file_symbols_new(&f->sources, &built);
	if (r < 0)
		return r;
	f->sources.stored = NULL; /* what is kept now does not come from there */
	if (file_symbols_are_worth_storing(built))
		f->table |= HEARTH_TABLE_WANTED;
	return symbols_keep(i, f, built);
}

static int symbols_of(struct inspector *i, struct named_file *f)
{
	struct file_symbols *built = table_cache_find(i->tables, f->handle);
	int r;

	if (built && file_symbols_fit(built, &f->sources)) {
		if (!f->sources.stored && file_symbols_are_worth_storing(built))
			f->table |= HEARTH_TABLE_WANTED;
		f->symbols = built;
		return 0;
	}
	if (!f->sources.stored)
		return symbols_read(i, f);
	r = file_symbols_open(&f->sources, &built);
	if (r == 0)
		return symbols_keep(i, f, built);
	if (r == -ENOMEM)
		return r;
	f->table |= HEARTH_TABLE_DAMAGED;
	return f->sources.mapped ? symbols_read(i, f) : -EBADMSG;
}

/* A block of a stored table may turn out to be damaged when a name in it is asked for. */
static int name_of(struct inspector *i, struct named_file *f, uint64_t address,
		   struct symbol *symbol, char name[static SYMBOL_MAX_NAME])
{
	int r = file_symbols_name(f->symbols, &f->sources, symbol->name, name);

	if (r >= 0 || r == -ENODATA || !file_symbols_are_stored(f->symbols))
		return r;
	f->table |= HEARTH_TABLE_DAMAGED;
	if (!f->sources.mapped)
		return r;
	r = symbols_read(i, f);
	if (r < 0)
		return r;
	if (!file_symbols_find(f->symbols, address, symbol))
		return -ENOENT;
	return file_symbols_name(f->symbols, &f->sources, symbol->name, name);
}

static int address_answer(struct inspector *i, struct named_file *f, uint64_t address,
			  const struct hearth_naming *out)
{
	static char name[SYMBOL_MAX_NAME], for_people[DEMANGLE_MAX];
	struct hearth_symbol_line line = { .function = name };
	struct symbol symbol;
	int r;

	if (file_symbols_length(f->symbols) == 0)
		return out->symbol(out->ctx, NULL, "the file has no symbols (stripped)", NULL, 0);
	if (!file_symbols_find(f->symbols, address, &symbol))
		return out->symbol(out->ctx, NULL, "no symbol covers it", NULL, 0);
	r = name_of(i, f, address, &symbol, name);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return out->symbol(out->ctx, NULL, "its symbol's name is damaged", NULL, 0);
	line.start = symbol.start;
	line.name = demangle(name, for_people) ? for_people : NULL;
	return out->symbol(out->ctx, NULL, NULL, &line, 1);
}

static int addresses_answer(struct inspector *i, struct named_file *f, const uint64_t *addresses,
			    uint32_t n, const struct hearth_naming *out)
{
	int r;

	r = symbols_of(i, f);
	for (uint32_t k = 0; r == 0 && k < n; k++)
		r = address_answer(i, f, addresses[k], out);
	return r;
}

static int32_t names(struct hearth_inspector *base, uint64_t handle,
		     const struct hearth_symbol_fds *fds, const uint64_t *addresses, uint32_t n,
		     const struct hearth_naming *out, uint32_t *ret_table, const char **ret_cause)
{
	struct named_file f = {
		.handle = handle,
		.sources = { .stored_offset = fds->table_offset },
	};
	int r;

	if (fds->table >= 0 && reader_open_fd(&f.stored, fds->table) == 0)
		f.sources.stored = &f.stored;
	r = sources_open(fds, &f);
	if (r == 0)
		r = addresses_answer((struct inspector *)base, &f, addresses, n, out);
	*ret_table = f.table;
	if (r < 0)
		*ret_cause = cause_of(r);
	return r;
}

static int32_t store(struct hearth_inspector *base, const struct hearth_symbol_fds *fds,
		     const struct hearth_table_sink *sink, const char **ret_cause)
{
	_cleanup_(file_symbols_freep) struct file_symbols *symbols = NULL;
	struct named_file f = {};
	int r;

	(void)base;
	r = sources_open(fds, &f);
	if (r == 0)
		r = file_symbols_new(&f.sources, &symbols);
	if (r == 0)
		r = file_symbols_store(symbols, &f.sources, sink);
	if (r < 0)
		*ret_cause = cause_of(r);
	return r;
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

static int32_t kernel_recorded(struct hearth_inspector *base, int32_t symbols_fd, int32_t modules_fd,
			       uint64_t text, const uint64_t *addresses, uint32_t n,
			       const struct hearth_naming *out, const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;
	const struct kernel_fds fds = { .symbols = symbols_fd, .modules = modules_fd };

	return kernel_names_answer_recorded(i->kernel, &fds, i->host->now_ns(i->host), text, addresses,
					    n, out, ret_cause);
}

static void inspector_destroy(void *instance)
{
	struct inspector *i = instance;

	table_cache_free(i->tables);
	kernel_names_free(i->kernel);
	unwinder_free(i->unwinder);
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
		.identify_table = identify_table,
		.match_debug = match_debug,
		.names = names,
		.kernel = kernel,
		.kernel_recorded = kernel_recorded,
		.code = code,
		.store = store,
		.unwind_space = inspector_unwind_space,
		.unwind_file = inspector_unwind_file,
		.unwind = inspector_unwind,
	};
	i->host = h;
	r = table_cache_new(CACHE_MAX_BYTES, &i->tables);
	if (r == 0)
		r = kernel_names_new(&i->kernel);
	if (r == 0)
		r = unwinder_new(UNWIND_MAX_BYTES, &i->unwinder);
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
