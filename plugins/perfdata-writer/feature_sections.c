/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: write_*() of tools/perf/util/header.c. No bit of our own is ever set: `perf inject` of
 * Linux 6.1 crashes on one that it does not know.
 */
#include "feature_sections.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common/perf_format.h"

enum { STRING_ALIGN = 64 };

static void begin(struct features *f, uint32_t id)
{
	f->rows[f->n].id = id;
	f->rows[f->n].at = f->bytes.len;
}

static void end(struct features *f)
{
	f->rows[f->n].len = f->bytes.len - f->rows[f->n].at;
	f->n++;
}

static void put_u32(struct features *f, uint32_t n)
{
	encode_put(&f->bytes, &n, sizeof(n));
}

static void put_u64(struct features *f, uint64_t n)
{
	encode_put(&f->bytes, &n, sizeof(n));
}

static void put_zeros(struct features *f, size_t n)
{
	static const char zeros[STRING_ALIGN];

	encode_put(&f->bytes, zeros, n);
}

static void put_string(struct features *f, const char *text)
{
	size_t len = strlen(text) + 1, whole = (len + STRING_ALIGN - 1) / STRING_ALIGN * STRING_ALIGN;

	put_u32(f, (uint32_t)whole);
	encode_put(&f->bytes, text, len);
	put_zeros(f, whole - len);
}

static void add_string(struct features *f, uint32_t id, const char *text)
{
	if (!text[0])
		return;
	begin(f, id);
	put_string(f, text);
	end(f);
}

/* ---- each of them ---- */

static void put_build_id(struct features *f, const struct feature_build_id *b)
{
	size_t name = (strlen(b->path) + 1 + STRING_ALIGN - 1) / STRING_ALIGN * STRING_ALIGN;
	struct perf_event_header h = {
		.misc = (uint16_t)((b->is_kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER) |
				   1u << 15), /* its size is given */
		.size = (uint16_t)(sizeof(h) + 4 + 24 + name),
	};
	uint8_t id[24] = {};
	uint32_t len = b->len < FEATURE_BUILD_ID_BYTES ? b->len : FEATURE_BUILD_ID_BYTES;

	memcpy(id, b->id, len);
	id[FEATURE_BUILD_ID_BYTES] = (uint8_t)len;
	encode_put(&f->bytes, &h, sizeof(h));
	put_u32(f, UINT32_MAX); /* of no single process */
	encode_put(&f->bytes, id, sizeof(id));
	encode_put(&f->bytes, b->path, strlen(b->path));
	put_zeros(f, name - strlen(b->path));
}

static void add_build_ids(struct features *f, const struct feature_facts *facts)
{
	if (!facts->n_build_ids)
		return;
	begin(f, PERF_FEATURE_BUILD_ID);
	for (int kernel_first = 1; kernel_first >= 0; kernel_first--)
		for (size_t i = 0; i < facts->n_build_ids; i++)
			if (facts->build_ids[i].is_kernel == kernel_first)
				put_build_id(f, &facts->build_ids[i]);
	end(f);
}

static void add_cpus(struct features *f)
{
	long all = sysconf(_SC_NPROCESSORS_CONF), online = sysconf(_SC_NPROCESSORS_ONLN);

	begin(f, PERF_FEATURE_NRCPUS);
	put_u32(f, all > 0 ? (uint32_t)all : 1);
	put_u32(f, online > 0 ? (uint32_t)online : 1);
	end(f);
}

struct cpuinfo {
	char model_name[128], vendor[64], family[16], model[16], stepping[16];
};

/* "model name\t: AMD EPYC" → value, if the line has that key. */
static void take_value(const char *line, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key);
	const char *colon = strchr(line, ':');

	if (ret[0] || !colon || strncmp(line, key, len) != 0 || (line[len] != '\t' && line[len] != ' '))
		return;
	snprintf(ret, size, "%.*s", (int)strcspn(colon + 1, "\n"), colon[1] == ' ' ? colon + 2 : colon + 1);
	ret[strcspn(ret, "\n")] = '\0';
}

static void read_cpuinfo(struct cpuinfo *c)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[1024];

	while (file && fgets(line, sizeof(line), file) && line[0] != '\n') {
		take_value(line, "model name", c->model_name, sizeof(c->model_name));
		take_value(line, "vendor_id", c->vendor, sizeof(c->vendor));
		take_value(line, "cpu family", c->family, sizeof(c->family));
		take_value(line, "model\t", c->model, sizeof(c->model));
		take_value(line, "stepping", c->stepping, sizeof(c->stepping));
	}
	if (file)
		fclose(file);
}

static void add_cpu_names(struct features *f)
{
	struct cpuinfo c = {};
	char id[192] = "";

	read_cpuinfo(&c);
	if (c.vendor[0])
		snprintf(id, sizeof(id), "%s,%s,%s,%s", c.vendor, c.family, c.model, c.stepping);
	add_string(f, PERF_FEATURE_CPUDESC, c.model_name);
	add_string(f, PERF_FEATURE_CPUID, id);
}

static void add_memory(struct features *f)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	begin(f, PERF_FEATURE_TOTAL_MEM);
	put_u64(f, pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 1024 : 0);
	end(f);
}

static void add_command_line(struct features *f, const char *instance)
{
	begin(f, PERF_FEATURE_CMDLINE);
	put_u32(f, 2);
	put_string(f, "hearth");
	put_string(f, instance);
	end(f);
}

static void add_events(struct features *f, const struct events *events)
{
	begin(f, PERF_FEATURE_EVENT_DESC);
	put_u32(f, events->n);
	put_u32(f, PERF_FILE_ATTR_BYTES);
	for (uint32_t i = 0; i < events->n; i++) {
		uint8_t attr[PERF_FILE_ATTR_BYTES];

		event_write_attr(&events->rows[i], attr);
		encode_put(&f->bytes, attr, sizeof(attr));
		put_u32(f, 1);
		put_string(f, events->rows[i].name);
		put_u64(f, events->rows[i].id);
	}
	end(f);
}

static void add_times(struct features *f, const struct feature_facts *facts)
{
	if (facts->first_ns) {
		begin(f, PERF_FEATURE_SAMPLE_TIME);
		put_u64(f, facts->first_ns);
		put_u64(f, facts->last_ns);
		end(f);
	}
	begin(f, PERF_FEATURE_CLOCKID);
	put_u64(f, 1); /* resolution, ns */
	end(f);
	if (!facts->realtime_ns)
		return;
	begin(f, PERF_FEATURE_CLOCK_DATA);
	put_u32(f, 1); /* version */
	put_u32(f, CLOCK_MONOTONIC);
	put_u64(f, facts->realtime_ns);
	put_u64(f, facts->monotonic_ns);
	end(f);
}

int features_make(struct features *f, const struct feature_facts *facts)
{
	struct utsname name = {};

	*f = (struct features){ .n = 0 };
	(void)uname(&name);
	add_build_ids(f, facts);
	add_string(f, PERF_FEATURE_HOSTNAME, name.nodename);
	add_string(f, PERF_FEATURE_OSRELEASE, name.release);
	/* Readers tell perf's habits by this number; these are those of 6.1. */
	add_string(f, PERF_FEATURE_VERSION, "6.1.0-hearth-" HEARTH_VERSION);
	add_string(f, PERF_FEATURE_ARCH, name.machine);
	add_cpus(f);
	add_cpu_names(f);
	add_memory(f);
	add_command_line(f, facts->instance);
	add_events(f, facts->events);
	add_times(f, facts);
	return f->bytes.error;
}

void features_done(struct features *f)
{
	encoder_done(&f->bytes);
}
