/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list is global because what it guards is: pfm_initialize(), curl_global_init() and their
 * like belong to the process, not to an instance or an agent.
 */
#include "plugin/once.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"

struct once {
	struct once *next;
	int32_t result;
	char name[];
};

static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static struct once *once_list;

static const struct once *find_locked(const char *name)
{
	for (const struct once *o = once_list; o; o = o->next)
		if (str_equal(o->name, name))
			return o;
	return NULL;
}

static const struct once *add_locked(const char *name, int32_t (*fn)(void))
{
	size_t len = strlen(name) + 1;
	struct once *o = malloc(sizeof(*o) + len);

	if (!o)
		return NULL;
	memcpy(o->name, name, len);
	o->result = fn();
	o->next = once_list;
	once_list = o;
	return o;
}

int32_t once_run(const char *name, int32_t (*fn)(void))
{
	const struct once *o;
	int32_t r;

	/* Held while fn runs: the second caller has to wait until the library is ready. */
	pthread_mutex_lock(&once_lock);
	o = find_locked(name);
	if (!o)
		o = add_locked(name, fn);
	r = o ? o->result : -ENOMEM;
	pthread_mutex_unlock(&once_lock);
	return r;
}
