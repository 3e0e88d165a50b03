/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name in the config to loaded code (docs/architecture.md, "Loading"). Only by name, only
 * from plugin_dirs, only from files that nobody but trusted owners could have written; dlopen of
 * the canonical path, and the mapping is compared with the file that was checked. Code is never
 * unloaded. Main thread, before the instances' threads wherever possible.
 */
#pragma once

#include "plugin/descriptor.h"
#include "plugin/trust.h"

/*
 * *ret_why gets an allocated text that says what to do; NULL if the error is -ENOMEM. -ENOENT:
 * no such file in any folder; -EPERM: not trusted; -ELIBBAD: dlopen refused; -ENOEXEC: no shared
 * object, or one without descriptor; -ESTALE: loaded before and replaced since; and
 * descriptor_read's.
 */
int plugin_load(const char *name, char *const *dirs, struct plugin **ret, char **ret_why);
/* The same by a rule of the caller's; plugin_load() takes trust_of_process(). */
int plugin_load_trusting(const struct trust *t, const char *name, char *const *dirs,
			 struct plugin **ret, char **ret_why);
struct plugin *plugin_free(struct plugin *p); /* frees the copy; the code stays. NULL */
DEFINE_CLEANUP(struct plugin *, plugin_free)

/* True if the file at p->path is not the one that was loaded. */
bool plugin_is_outdated(const struct plugin *p);

/* Loaded plugins, each once. */
struct registry;

int registry_new(char *const *plugin_dirs, struct registry **ret);
int registry_new_trusting(const struct trust *t, char *const *plugin_dirs, struct registry **ret);
struct registry *registry_free(struct registry *r); /* NULL */
DEFINE_CLEANUP(struct registry *, registry_free)

/*
 * The component called `type`: plugin `type` is loaded if it is not yet, and its component of
 * that name returned (a plugin of one component may name it as it likes). "plugin/component"
 * names both. Errors as plugin_load; -ESRCH: the plugin has no such component.
 */
int registry_component(struct registry *r, const char *type, const struct component **ret,
		       char **ret_why);
/* The plugin that offers a verb: asks those of plugin_dirs in the order of their names, loading
   them one by one until it is found. -ENOENT. Broken ones are skipped with a debug line. */
int registry_verb(struct registry *r, const char *name, const struct verb **ret);
/* Why the first plugin that registry_verb() skipped is broken, or NULL: an unknown verb may be
   its. Borrowed. */
const char *registry_first_broken(const struct registry *r);
/* Loads all there are; fn is called for each name, with p NULL and `why` for a broken one. */
int registry_each(struct registry *r,
		  void (*fn)(void *ctx, const char *name, const struct plugin *p, const char *why),
		  void *ctx);
