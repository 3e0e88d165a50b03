/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A descriptor comes from other hands, perhaps from another year: everything the host will ever
 * rely on is checked here, once, so that no other place has to.
 */
#include "plugin/descriptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "plugin/descriptor_options.h"
#include "plugin/why.h"
#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_NAME 64
#define MAX_STRUCT_BYTES 4096 /* ours have at most 250; more is not a size */
#define MAX_LISTED 64         /* components or verbs: a list without its NULL ends here */

static const struct kind {
	const char *name;
	bool needs_create, needs_consume, needs_accepts, needs_emits;
} kinds[] = {
	[HEARTH_SOURCE] = { "source", true, false, false, true },
	[HEARTH_PROCESSOR] = { "processor", true, true, true, true },
	[HEARTH_SINK] = { "sink", true, true, true, false },
	[HEARTH_CONTROLLER] = { "controller", true, false, false, false },
	[HEARTH_HELPER] = { "helper", false, false, false, false },
};

const char *component_kind_name(uint32_t kind)
{
	return kind < ARRAY_SIZE(kinds) && kinds[kind].name ? kinds[kind].name : "?";
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool descriptor_name_is_valid(const char *name)
{
	size_t n = 0;

	if (!name || !is_lower_or_digit(name[0]))
		return false;
	for (; name[n]; n++)
		if (n == MAX_NAME || !(is_lower_or_digit(name[n]) || name[n] == '-'))
			return false;
	return true;
}

int descriptor_adopt(void *ours, uint32_t our_size, const void *theirs, uint32_t *ret_offset)
{
	const uint8_t *bytes = theirs;
	uint32_t size;

	memcpy(&size, theirs, sizeof(size));
	if (size == 0 || size % sizeof(uint64_t) != 0 || size > MAX_STRUCT_BYTES)
		return -EINVAL;
	for (uint32_t i = our_size; i < size; i++)
		if (bytes[i]) {
			*ret_offset = i;
			return -E2BIG;
		}
	memset(ours, 0, our_size);
	if (size > our_size)
		size = our_size;
	memcpy(ours, theirs, size);
	memcpy(ours, &size, sizeof(size));
	return 0;
}

static int adopt(void *ours, uint32_t our_size, const void *theirs, const char *type,
		 char **ret_why)
{
	uint32_t offset = 0;
	int r = descriptor_adopt(ours, our_size, theirs, &offset);

	if (r == -E2BIG)
		return why(ret_why, r,
			   "sets byte %u of struct %s, of which this hearth knows %u bytes; it "
			   "needs a newer hearth",
			   offset, type, our_size);
	if (r < 0)
		return why(ret_why, r, "struct %s has no valid size; set .size = sizeof(struct %s)",
			   type, type);
	return 0;
}

/* The length of "name/revision", 0 if it is none. */
static size_t schema_length(const char *s)
{
	size_t name = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	size_t revision = s[name] == '/' ? strspn(s + name + 1, "0123456789") : 0;

	return name > 0 && revision > 0 ? name + 1 + revision : 0;
}

/* A blank-separated list of them, or NULL. */
static bool schemas_are_valid(const char *list)
{
	size_t len;

	if (!list)
		return true;
	do {
		list += strspn(list, " ");
		len = schema_length(list);
		list += len;
	} while (len > 0 && *list == ' ');
	return len > 0 && !*list;
}

static int check_schemas(const struct hearth_component *c, const struct kind *kind, char **ret_why)
{
	if (kind->needs_accepts && !c->accepts)
		return why(ret_why, -EINVAL, "a %s must say what it accepts; set .accepts",
			   kind->name);
	if (kind->needs_emits && !c->emits)
		return why(ret_why, -EINVAL, "a %s must say what it emits; set .emits", kind->name);
	if (!schemas_are_valid(c->accepts) || !schemas_are_valid(c->emits))
		return why(ret_why, -EINVAL,
			   "\"%s\" is not a list of schemas like \"hearth.profile/1\"",
			   schemas_are_valid(c->accepts) ? c->emits : c->accepts);
	return 0;
}

static int check_callbacks(const struct hearth_component *c, const struct kind *kind,
			   char **ret_why)
{
	const char *missing = NULL;

	if (kind->needs_create && !c->create)
		missing = "create";
	else if (kind->needs_create && !c->destroy)
		missing = "destroy";
	else if (kind->needs_consume && !c->consume)
		missing = "consume";
	if (missing)
		return why(ret_why, -EINVAL, "a %s needs the callback %s()", kind->name, missing);
	return 0;
}

static int check_component(const struct hearth_component *c, char **ret_why)
{
	const struct kind *kind;
	int r;

	if (c->kind >= ARRAY_SIZE(kinds) || !kinds[c->kind].name)
		return why(ret_why, -EINVAL, "kind %u is none that this hearth knows", c->kind);
	kind = &kinds[c->kind];
	if (c->flags & ~(uint32_t)HEARTH_FINITE)
		return why(ret_why, -EINVAL, "flags 0x%x are none that this hearth knows",
			   c->flags & ~(uint32_t)HEARTH_FINITE);
	if ((c->flags & HEARTH_FINITE) && c->kind != HEARTH_SOURCE)
		return why(ret_why, -EINVAL, "only a source can be HEARTH_FINITE");
	r = check_callbacks(c, kind, ret_why);
	return r < 0 ? r : check_schemas(c, kind, ret_why);
}

static int check_verb(const struct hearth_verb *v, char **ret_why)
{
	if (!v->plan == !v->call)
		return why(ret_why, -EINVAL,
			   "a verb needs either plan() or call(), this one has %s",
			   v->plan ? "both" : "neither");
	if (v->flags)
		return why(ret_why, -EINVAL, "flags 0x%x are none that this hearth knows",
			   v->flags);
	return 0;
}

static int read_component(struct plugin *p, const void *theirs, char **ret_why)
{
	struct component *c = &p->components[p->n_components];
	int r;

	r = adopt(&c->c, sizeof(c->c), theirs, "hearth_component", ret_why);
	if (r == -E2BIG) /* then all that we know is there, its name too */
		c->c.name = ((const struct hearth_component *)theirs)->name;
	if (r < 0)
		return r;
	if (!descriptor_name_is_valid(c->c.name))
		return why(ret_why, -EINVAL,
			   "its name must be lower-case letters, digits and \"-\"");
	for (size_t i = 0; i < p->n_components; i++)
		if (str_equal(p->components[i].c.name, c->c.name))
			return why(ret_why, -EINVAL, "listed twice");
	r = check_component(&c->c, ret_why);
	if (r < 0)
		return r;
	c->plugin = p;
	c->options = (struct option_table){ c->c.options, c->c.n_options, c->c.option_stride };
	r = descriptor_check_options(&c->options, config_reserved_keys, ret_why);
	if (r < 0)
		return r;
	p->n_components++;
	return 0;
}

static int read_verb(struct plugin *p, const void *theirs, char **ret_why)
{
	struct verb *v = &p->verbs[p->n_verbs];
	int r;

	r = adopt(&v->v, sizeof(v->v), theirs, "hearth_verb", ret_why);
	if (r == -E2BIG)
		v->v.name = ((const struct hearth_verb *)theirs)->name;
	if (r < 0)
		return r;
	if (!descriptor_name_is_valid(v->v.name))
		return why(ret_why, -EINVAL,
			   "its name must be lower-case letters, digits and \"-\"");
	for (size_t i = 0; i < p->n_verbs; i++)
		if (str_equal(p->verbs[i].v.name, v->v.name))
			return why(ret_why, -EINVAL, "listed twice");
	r = check_verb(&v->v, ret_why);
	if (r < 0)
		return r;
	v->plugin = p;
	v->options = (struct option_table){ v->v.options, v->v.n_options, v->v.option_stride };
	r = descriptor_check_options(&v->options, NULL, ret_why);
	if (r < 0)
		return r;
	p->n_verbs++;
	return 0;
}

static int count_listed(const void *const *list, const char *what, size_t *ret, char **ret_why)
{
	size_t n = 0;

	while (list && list[n])
		if (++n > MAX_LISTED)
			return why(ret_why, -EINVAL,
				   "lists more than %d %s; the list must end with NULL", MAX_LISTED,
				   what);
	*ret = n;
	return 0;
}

/*
 * What is wrong with an element is said with its name in front, or its place if it has none. Takes
 * reason.
 */
static int blame(const char *what, const char *name, size_t index, int r, char *reason,
		 char **ret_why)
{
	if (reason && descriptor_name_is_valid(name))
		r = why(ret_why, r, "%s \"%s\": %s", what, name, reason);
	else if (reason)
		r = why(ret_why, r, "%s number %zu: %s", what, index + 1, reason);
	free(reason);
	return r;
}

static int read_components(struct plugin *p, const struct hearth_plugin *d, char **ret_why)
{
	char *reason = NULL;
	size_t n;
	int r;

	r = count_listed((const void *const *)d->components, "components", &n, ret_why);
	if (r < 0)
		return r;
	p->components = sys_alloc(n + 1, sizeof(*p->components));
	if (!p->components)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = read_component(p, d->components[i], &reason);
		if (r < 0)
			return blame("component", p->components[i].c.name, i, r, reason, ret_why);
	}
	return 0;
}

static int read_verbs(struct plugin *p, const struct hearth_plugin *d, char **ret_why)
{
	char *reason = NULL;
	size_t n;
	int r;

	r = count_listed((const void *const *)d->verbs, "verbs", &n, ret_why);
	if (r < 0)
		return r;
	p->verbs = sys_alloc(n + 1, sizeof(*p->verbs));
	if (!p->verbs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = read_verb(p, d->verbs[i], &reason);
		if (r < 0)
			return blame("verb", p->verbs[i].v.name, i, r, reason, ret_why);
	}
	return 0;
}

static int check_plugin(const struct plugin *p, const struct hearth_plugin *d, char **ret_why)
{
	if (d->abi_minor > HEARTH_ABI_MINOR)
		return why(ret_why, -EPROTO,
			   "needs plugin ABI %u.%u, this hearth has %u.%u; update hearth",
			   HEARTH_ABI_MAJOR, d->abi_minor, HEARTH_ABI_MAJOR, HEARTH_ABI_MINOR);
	if (!d->name)
		return why(ret_why, -EINVAL, "does not say its name; set .name = \"%s\"", p->name);
	if (!str_equal(d->name, p->name))
		return why(ret_why, -EINVAL,
			   "the file is %s.so but the plugin calls itself \"%s\"; give the file "
			   "its own name back",
			   p->name, d->name);
	return 0;
}

int descriptor_read(struct plugin *p, const struct hearth_plugin *theirs, char **ret_why)
{
	struct hearth_plugin d;
	int r;

	r = adopt(&d, sizeof(d), theirs, "hearth_plugin", ret_why);
	if (r < 0)
		return r;
	r = check_plugin(p, &d, ret_why);
	if (r < 0)
		return r;
	r = read_components(p, &d, ret_why);
	if (r < 0)
		return r;
	r = read_verbs(p, &d, ret_why);
	if (r < 0)
		return r;
	if (p->n_components + p->n_verbs == 0)
		return why(ret_why, -EINVAL, "declares neither a component nor a verb");
	p->version = d.version ? d.version : "unknown";
	p->license = d.license ? d.license : "unknown";
	return 0;
}
