/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking and mapping one file. The order matters: everything that can be known of a
 * file is checked before its constructors run, and the mapping is compared with the checked file
 * afterwards, because dlopen() goes by name and the name may have been given to another file.
 */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/image.h"
#include "plugin/search.h"
#include "plugin/why.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define NEWEST_MAJOR 9 /* how far other ABI majors are looked for, to name them */

struct plugin *plugin_free(struct plugin *p)
{
	if (!p)
		return NULL;
	free(p->name);
	free(p->path);
	free(p->shadowed);
	free(p->components);
	free(p->verbs);
	free(p);
	return NULL;
}

static const struct {
	const char *part, *hint;
} hints[] = {
	{ "undefined symbol", "it was built against another version of a library, or not linked "
			      "with it" },
	{ "cannot open shared object file", "install the library that it names" },
	{ "failed to map segment", "the file system may be mounted noexec" },
	{ "static TLS", "build it without -ftls-model=initial-exec" },
	{ "version `", "it was built on a newer distribution; install a build for this one" },
};

static int explain_dlerror(char **ret_why)
{
	const char *error = dlerror(), *hint = NULL;

	error = error ? error : "unknown error";
	for (size_t i = 0; i < ARRAY_SIZE(hints) && !hint; i++)
		if (strstr(error, hints[i].part))
			hint = hints[i].hint;
	return why(ret_why, -ELIBBAD, "cannot be loaded: %s%s%s", error, hint ? "; " : "",
		   hint ? hint : "");
}

static bool is_same_content(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Compares the mapped file with the checked one, and both with what was checked. */
static int check_mapping(const struct link_map *map, int fd, const struct stat *checked,
			 bool was_loaded, char **ret_why)
{
	struct image_id mapped, wanted;
	struct stat now;
	int r;

	r = image_id_of_fd(fd, &wanted);
	if (r >= 0)
		r = image_id_at(map->l_ld, &mapped);
	if (r >= 0 && fstat(fd, &now) < 0)
		r = -errno;
	if (r < 0)
		return why(ret_why, r, "cannot verify what was loaded: %s", strerror(-r));
	if (image_id_equal(&mapped, &wanted) && is_same_content(checked, &now))
		return 0;
	if (was_loaded)
		return why(ret_why, -ESTALE,
			   "replaced after it had been loaded; restart hearth");
	return why(ret_why, -EPERM, "changed while it was being loaded; try again");
}

static int map(const char *path, int fd, void **ret_handle, char **ret_why)
{
	struct link_map *link;
	struct stat checked;
	bool was_loaded;
	void *handle;
	int r;

	if (fstat(fd, &checked) < 0)
		return why(ret_why, -errno, "cannot look at it: %s", strerror(errno));
	r = image_check(fd, ret_why);
	if (r < 0)
		return r;
	was_loaded = dlopen(path, RTLD_NOW | RTLD_NOLOAD) != NULL;
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle)
		return explain_dlerror(ret_why);
	if (dlinfo(handle, RTLD_DI_LINKMAP, &link) < 0)
		return explain_dlerror(ret_why);
	r = check_mapping(link, fd, &checked, was_loaded, ret_why);
	if (r < 0)
		return r;
	*ret_handle = handle;
	return 0;
}

/* A symbol of the object itself: dlsym() would also answer with one of a library it needs. */
static const void *own_symbol(void *handle, const char *name, const ElfW(Sym) **ret_symbol)
{
	struct link_map *own, *owner;
	const void *address = dlsym(handle, name);
	const ElfW(Sym) *symbol;
	Dl_info info;

	if (!address || dlinfo(handle, RTLD_DI_LINKMAP, &own) < 0)
		return NULL;
	if (!dladdr1(address, &info, (void **)&owner, RTLD_DL_LINKMAP) || owner != own)
		return NULL;
	if (!dladdr1(address, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
		return NULL;
	*ret_symbol = symbol;
	return address;
}

static int explain_no_symbol(void *handle, char **ret_why)
{
	for (unsigned int major = 0; major <= NEWEST_MAJOR; major++) {
		char name[sizeof(HEARTH_PLUGIN_SYMBOL) + 1];
		const ElfW(Sym) *symbol;

		(void)snprintf(name, sizeof(name), "hearth_plugin_v%u", major);
		if (major != HEARTH_ABI_MAJOR && own_symbol(handle, name, &symbol))
			return why(ret_why, -EPROTO,
				   "built for plugin ABI %u, this hearth speaks %u; install the "
				   "plugin's build for ABI %u",
				   major, HEARTH_ABI_MAJOR, HEARTH_ABI_MAJOR);
	}
	return why(ret_why, -ENOEXEC, "not a hearth plugin (no symbol %s)",
		   HEARTH_PLUGIN_SYMBOL);
}

static int read_descriptor(struct plugin *p, void *handle, char **ret_why)
{
	const struct hearth_plugin *theirs;
	const ElfW(Sym) *symbol;

	theirs = own_symbol(handle, HEARTH_PLUGIN_SYMBOL, &symbol);
	if (!theirs)
		return explain_no_symbol(handle, ret_why);
	if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT)
		return why(ret_why, -EINVAL, "%s is not data but a function; export a const "
			   "struct hearth_plugin", HEARTH_PLUGIN_SYMBOL);
	if (symbol->st_size < sizeof(theirs->size) || theirs->size > symbol->st_size)
		return why(ret_why, -EINVAL,
			   "%s says it has %u bytes and has %zu; set .size = sizeof(struct "
			   "hearth_plugin)",
			   HEARTH_PLUGIN_SYMBOL, theirs->size, (size_t)symbol->st_size);
	return descriptor_read(p, theirs, ret_why);
}

static int open_and_read(const struct trust *t, struct plugin *p, const char *path,
			 char **ret_why)
{
	_cleanup_close_ int fd = -1;
	void *handle = NULL;
	struct stat st;
	int r;

	r = trust_open(t, path, &fd, &p->path, ret_why);
	if (r < 0)
		return r;
	r = map(p->path, fd, &handle, ret_why);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return why(ret_why, -errno, "cannot look at it: %s", strerror(errno));
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	p->mtime = st.st_mtim;
	return read_descriptor(p, handle, ret_why);
}

int plugin_load_trusting(const struct trust *t, const char *name, char *const *dirs,
			 struct plugin **ret, char **ret_why)
{
	_cleanup_(plugin_freep) struct plugin *p = NULL;
	_cleanup_free_ char *path = NULL, *reason = NULL;
	int r;

	if (!descriptor_name_is_valid(name))
		return why(ret_why, -EINVAL,
			   "\"%s\" is not a plugin name: lower-case letters, digits and \"-\"",
			   name);
	p = sys_alloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->name = sys_strndup(name, SIZE_MAX);
	if (!p->name)
		return -ENOMEM;
	r = search_file(name, dirs, &path, &p->shadowed, ret_why);
	if (r < 0)
		return r;
	r = open_and_read(t, p, path, &reason);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return why(ret_why, r, "plugin \"%s\" (%s): %s", name, path,
			   reason ? reason : strerror(-r));
	*ret = TAKE_PTR(p);
	return 0;
}

int plugin_load(const char *name, char *const *dirs, struct plugin **ret, char **ret_why)
{
	struct trust t;
	int r;

	r = trust_of_process(&t);
	if (r < 0)
		return why(ret_why, r,
			   "plugin \"%s\": cannot tell who owns hearth: %s; is /proc mounted?",
			   name, strerror(-r));
	return plugin_load_trusting(&t, name, dirs, ret, ret_why);
}

bool plugin_is_outdated(const struct plugin *p)
{
	struct stat st;

	if (stat(p->path, &st) < 0)
		return true;
	return st.st_dev != p->dev || st.st_ino != p->ino ||
	       st.st_mtim.tv_sec != p->mtime.tv_sec || st.st_mtim.tv_nsec != p->mtime.tv_nsec;
}
