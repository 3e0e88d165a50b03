/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are opened at the first sample that hits them, not when they are mapped: of the
 * thousands of mappings on a machine a profile needs a few hundred. Entries outlive the
 * processes that map them for a while, so that a program that is run again and again is opened
 * once.
 */
#include "binaries.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

enum { FIRST_BUCKETS = 256, MAX_LOADS = 64 };
#define RETRY_NS 1000000000ull

int binaries_init(struct binaries *b, const struct hearth_host *host)
{
	memset(b, 0, sizeof(*b));
	b->buckets = calloc(FIRST_BUCKETS, sizeof(struct binary *));
	if (!b->buckets)
		return -ENOMEM;
	b->n_buckets = FIRST_BUCKETS;
	b->host = host;
	b->inspect = host->service ? host->service(host, HEARTH_INSPECT_SERVICE) : NULL;
	return 0;
}

static void binary_free(struct binary *b)
{
	free(b->path);
	free(b->loads);
	free(b->cause);
	free(b);
}

void binaries_done(struct binaries *b)
{
	for (size_t i = 0; i < b->n_buckets; i++)
		for (struct binary *e = b->buckets[i], *next; e; e = next) {
			next = e->next;
			binary_free(e);
		}
	free(b->buckets);
	memset(b, 0, sizeof(*b));
}

static uint32_t key_hash(const struct binary_key *k)
{
	uint64_t h = k->inode * 0x9e3779b97f4a7c15ull ^
		     ((uint64_t)k->device_major << 32 | k->device_minor);

	for (size_t i = 0; i < k->path_len; i++)
		h = (h ^ (unsigned char)k->path[i]) * 0x100000001b3ull;
	return (uint32_t)(h ^ h >> 32);
}

static bool binary_is(const struct binary *b, const struct binary_key *k, uint32_t hash)
{
	return b->hash == hash && b->inode == k->inode && b->device_major == k->device_major &&
	       b->device_minor == k->device_minor && strlen(b->path) == k->path_len &&
	       memcmp(b->path, k->path, k->path_len) == 0;
}

static void binaries_grow(struct binaries *b)
{
	size_t n = b->n_buckets * 2;
	struct binary **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return; /* longer chains, nothing worse */
	for (size_t i = 0; i < b->n_buckets; i++)
		for (struct binary *e = b->buckets[i], *next; e; e = next) {
			next = e->next;
			e->next = buckets[e->hash & (n - 1)];
			buckets[e->hash & (n - 1)] = e;
		}
	free(b->buckets);
	b->buckets = buckets;
	b->n_buckets = n;
}

static bool key_has_path(const struct binary_key *k, const char *path)
{
	return k->path_len == strlen(path) && memcmp(k->path, path, k->path_len) == 0;
}

/* What has no inode, and names all the same. */
static bool key_is_askable(const struct binary_key *k)
{
	return k->inode || key_has_path(k, BINARY_VDSO) || key_has_path(k, HEARTH_INSPECT_CODE);
}

static struct binary *binary_new(struct binaries *owner, const struct binary_key *k, uint32_t hash)
{
	struct binary *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->path = strndup(k->path, k->path_len);
	if (!b->path) {
		free(b);
		return NULL;
	}
	b->owner = owner;
	b->inode = k->inode;
	b->device_major = k->device_major;
	b->device_minor = k->device_minor;
	b->hash = hash;
	b->is_code = key_has_path(k, HEARTH_INSPECT_CODE);
	b->state = key_is_askable(k) ? BINARY_NEW : BINARY_SPECIAL;
	return b;
}

struct binary *binaries_ref(struct binaries *b, const struct binary_key *key)
{
	uint32_t hash = key_hash(key);
	struct binary *e;

	for (e = b->buckets[hash & (b->n_buckets - 1)]; e; e = e->next)
		if (binary_is(e, key, hash))
			return binary_ref(e);
	e = binary_new(b, key, hash);
	if (!e)
		return NULL;
	if (b->n >= b->n_buckets)
		binaries_grow(b);
	e->next = b->buckets[hash & (b->n_buckets - 1)];
	b->buckets[hash & (b->n_buckets - 1)] = e;
	b->n++;
	return binary_ref(e);
}

/* Who the process is stands where a file has its device and inode. */
struct binary *binaries_ref_code(struct binaries *b, uint32_t pid, uint32_t exec_generation,
				 uint64_t start_time)
{
	struct binary_key key = {
		.device_major = pid,
		.device_minor = exec_generation,
		.inode = start_time,
		.path = HEARTH_INSPECT_CODE,
		.path_len = strlen(HEARTH_INSPECT_CODE),
	};

	return binaries_ref(b, &key);
}

struct binary *binary_ref(struct binary *b)
{
	b->n_refs++;
	return b;
}

void binary_unref(struct binary *b)
{
	if (b)
		b->n_refs--; /* freed by binaries_sweep() */
}

static void binary_fail(struct binary *b, const char *cause)
{
	free(b->cause);
	b->cause = strdup(cause);
	b->state = BINARY_FAILED;
}

static int copy_loads(struct binary *b, const struct hearth_inspected *a)
{
	uint32_t n = a->n_loads < MAX_LOADS ? a->n_loads : MAX_LOADS;
	size_t size = a->load_stride < sizeof(*b->loads) ? a->load_stride : sizeof(*b->loads);
	struct hearth_elf_load *loads = calloc(n ? n : 1, sizeof(*loads));

	if (!loads)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		memcpy(&loads[i], (const uint8_t *)a->loads + (size_t)i * a->load_stride, size);
	free(b->loads);
	b->loads = loads;
	b->n_loads = n;
	return 0;
}

static void binary_ask(struct binary *b, const struct binary_sighting *where);

/*
 * Most processes of a build are gone before their first sample is looked at, but not the
 * programs they ran: the same path here is the same file if device and inode agree.
 */
static bool ask_here(struct binary *b)
{
	struct binary_sighting here = { .pid = (uint32_t)getpid() };

	if (b->is_asked_here || b->is_code)
		return false;
	b->is_asked_here = true;
	binary_ask(b, &here);
	return true;
}

static void binary_learn(struct binary *b, const struct hearth_inspected *a)
{
	if (copy_loads(b, a) < 0) {
		binary_fail(b, "out of memory");
		return;
	}
	b->handle = a->handle;
	b->file_size = a->file_size;
	b->build_id_len = a->build_id_len <= sizeof(b->build_id) ? a->build_id_len : 0;
	if (b->build_id_len)
		memcpy(b->build_id, a->build_id, b->build_id_len);
	b->state = BINARY_KNOWN;
}

static void on_inspected(void *ctx, const struct hearth_inspected *a)
{
	struct binary *b = ctx;
	struct binaries *owner = b->owner;

	owner->n_pending--;
	if (a->status == 0)
		binary_learn(b, a);
	else if (b->is_asked_here)
		binary_fail(b, "process ended before the file was opened");
	else if (a->status != -ESRCH || !ask_here(b))
		binary_fail(b, a->cause ? a->cause : strerror(-a->status));
	binary_unref(b);
	if (owner->answered)
		owner->answered(owner->answered_ctx);
}

static void binary_ask(struct binary *b, const struct binary_sighting *where)
{
	struct binaries *owner = b->owner;
	struct hearth_inspect_target target = {
		.size = sizeof(target),
		.pid = (int32_t)where->pid,
		.start_time = where->start_time,
		.path = b->path,
		.inode = b->inode,
		.device_major = b->device_major,
		.device_minor = b->device_minor,
		.map_start = where->map_start,
		.map_end = where->map_end,
	};
	int32_t r;

	if (!owner->inspect) {
		binary_fail(b, "no inspector to read the file");
		return;
	}
	/* Before the call: an answer from memory may come while it runs. */
	b->state = BINARY_PENDING;
	owner->n_pending++;
	binary_ref(b);
	r = owner->inspect->open(owner->host, &target, on_inspected, b);
	if (r < 0) {
		owner->n_pending--;
		binary_unref(b);
		binary_fail(b, strerror(-r));
	}
}

void binary_want(struct binary *b, const struct binary_sighting *where, uint64_t now_ns)
{
	b->last_used_ns = now_ns;
	if (b->state == BINARY_NEW ||
	    (b->state == BINARY_FAILED && b->owner->inspect && now_ns - b->asked_ns >= RETRY_NS)) {
		b->asked_ns = now_ns;
		b->is_asked_here = false;
		binary_ask(b, where);
	}
}

/*
 * The kernel maps whole pages, so a mapping may begin before its segment and end behind it; an
 * exact hit wins over one in that margin.
 */
bool binary_address(const struct binary *b, uint64_t file_offset, uint64_t *ret_address)
{
	const uint64_t page = 4096;
	const struct hearth_elf_load *near = NULL;

	for (uint32_t i = 0; i < b->n_loads; i++) {
		const struct hearth_elf_load *l = &b->loads[i];

		if (!(l->flags & PF_X))
			continue;
		if (file_offset >= l->offset && file_offset - l->offset < l->file_size) {
			*ret_address = l->vaddr + (file_offset - l->offset);
			return true;
		}
		if (file_offset >= (l->offset & ~(page - 1)) &&
		    file_offset - (l->offset & ~(page - 1)) <
			    ((l->offset & (page - 1)) + l->file_size + page - 1) / page * page)
			near = l;
	}
	if (!near)
		return false;
	*ret_address = near->vaddr + (file_offset - near->offset);
	return true;
}

bool binary_base(const struct binary *b, uint64_t file_offset, uint64_t len, uint64_t *ret_address)
{
	for (uint32_t i = 0; i < b->n_loads; i++) {
		const struct hearth_elf_load *l = &b->loads[i];

		if (!(l->flags & PF_X) || l->offset >= file_offset + len ||
		    file_offset >= l->offset + l->file_size)
			continue;
		*ret_address = l->vaddr - l->offset + file_offset;
		return true;
	}
	return false;
}

size_t binaries_most_cut(const struct binaries *b, const struct binary **ret, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < b->n_buckets; i++)
		for (const struct binary *e = b->buckets[i]; e; e = e->next) {
			size_t at = found;

			while (at > 0 && ret[at - 1]->n_cut < e->n_cut)
				at--;
			if (at == n || !e->n_cut)
				continue;
			found += found < n;
			memmove(&ret[at + 1], &ret[at], (found - at - 1) * sizeof(*ret));
			ret[at] = e;
		}
	return found;
}

void binaries_sweep(struct binaries *b, uint64_t before_ns)
{
	for (size_t i = 0; i < b->n_buckets; i++)
		for (struct binary **slot = &b->buckets[i], *e; (e = *slot);) {
			if (e->n_refs || e->last_used_ns >= before_ns) {
				slot = &e->next;
				continue;
			}
			*slot = e->next;
			binary_free(e);
			b->n--;
		}
}
