/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component behind the inspector process: all that Hearth knows of ELF files and of the
 * kernel's symbols. hearth/helper.h says what it may rely on, which is nothing but memory.
 */
#include <errno.h>
#include <stdlib.h>

#include <hearth/helper.h>

#include "demangle.h"
#include "elf_file.h"
#include "kernel_names.h"
#include "symbol_table.h"
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
};

static const char *cause_of(int error)
{
	switch (error) {
	case -ENOEXEC:
		return "not an ELF file";
	case -ERANGE:
		return "the ELF file is cut or damaged";
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
	return 0;
}

static int table_of(struct inspector *i, uint64_t handle, const struct elf_file *f,
		    const struct symbol_table **ret)
{
	struct symbol_table *built;
	int r;

	*ret = table_cache_find(i->tables, handle);
	if (*ret)
		return 0;
	r = symbol_table_build(f, &built);
	if (r < 0)
		return r;
	r = table_cache_put(i->tables, handle, built);
	if (r < 0)
		return r;
	*ret = built;
	return 0;
}

static int address_answer(const struct symbol_table *t, const struct reader *r, uint64_t address,
			  const struct hearth_naming *out)
{
	static char name[SYMBOL_MAX_NAME], for_people[DEMANGLE_MAX];
	struct hearth_symbol_line line = { .function = name };
	struct symbol symbol;

	if (symbol_table_length(t) == 0)
		return out->symbol(out->ctx, NULL, "the file has no symbols (stripped)", NULL, 0);
	if (!symbol_table_find(t, address, &symbol))
		return out->symbol(out->ctx, NULL, "no symbol covers it", NULL, 0);
	if (symbol_table_name(t, r, symbol.name, name) < 0)
		return out->symbol(out->ctx, NULL, "its symbol's name is damaged", NULL, 0);
	line.start = symbol.start;
	line.name = demangle(name, for_people) ? for_people : NULL;
	return out->symbol(out->ctx, NULL, NULL, &line, 1);
}

static int32_t names(struct hearth_inspector *base, uint64_t handle, int32_t fd,
		     const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
		     const char **ret_cause)
{
	struct inspector *i = (struct inspector *)base;
	const struct symbol_table *table = NULL;
	struct elf_file f;
	int r;

	r = file_open(fd, &f);
	if (r == 0)
		r = table_of(i, handle, &f, &table);
	if (r < 0) {
		*ret_cause = cause_of(r);
		return r;
	}
	for (uint32_t k = 0; k < n; k++) {
		r = address_answer(table, &f.reader, addresses[k], out);
		if (r < 0)
			return r;
	}
	return 0;
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
		.names = names,
		.kernel = kernel,
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
};

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.abi_minor = 0,
	.name = "inspector",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = (const struct hearth_component *const[]){ &inspector_component, NULL },
};
