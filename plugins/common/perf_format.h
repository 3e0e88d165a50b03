/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.data as `perf record` writes it: what is not in the kernel's own <linux/perf_event.h>.
 * Numbers and layouts: tools/perf/Documentation/perf.data-file-format.txt of Linux, and where that
 * is out of date tools/perf/util/header.h and tools/lib/perf/include/perf/event.h. All in the
 * machine's own byte order, which for Hearth is little-endian.
 */
#pragma once

#include <linux/perf_event.h>
#include <stdint.h>

#define PERF_FILE_MAGIC 0x32454c4946524550ull /* "PERFILE2" */

struct perf_file_section {
	uint64_t offset, size;
};

/* Offset 0 of a file that can be seeked in. `size` is that of this struct. */
struct perf_file_header {
	uint64_t magic, size;
	uint64_t attr_size; /* bytes of one struct perf_file_attr */
	struct perf_file_section attrs, data, event_types;
	uint64_t features[4]; /* bit n: section n of the table behind the data is there */
};

/*
 * Readers refuse an attribute that is longer than the one they were built with, so this is the
 * oldest that holds what is used: PERF_ATTR_SIZE_VER5.
 */
enum { PERF_FILE_ATTR_BYTES = 112 };

/* Records beyond those of the kernel; they have no trailer of identification. */
enum {
	PERF_FILE_HEADER_ATTR = 64, /* an attribute and its ids: pipes only */
	PERF_FILE_FINISHED_ROUND = 68,
	PERF_FILE_EVENT_UPDATE = 78, /* type, id, what of the event it is */
	PERF_FILE_HEADER_FEATURE = 80, /* number and payload of a feature section: pipes only */
};

enum { PERF_EVENT_UPDATE_NAME = 2 };

/* Feature sections. */
enum {
	PERF_FEATURE_BUILD_ID = 2,
	PERF_FEATURE_HOSTNAME = 3,
	PERF_FEATURE_OSRELEASE = 4,
	PERF_FEATURE_VERSION = 5,
	PERF_FEATURE_ARCH = 6,
	PERF_FEATURE_NRCPUS = 7,
	PERF_FEATURE_CPUDESC = 8,
	PERF_FEATURE_CPUID = 9,
	PERF_FEATURE_TOTAL_MEM = 10,
	PERF_FEATURE_CMDLINE = 11,
	PERF_FEATURE_EVENT_DESC = 12,
	PERF_FEATURE_SAMPLE_TIME = 21,
	PERF_FEATURE_CLOCKID = 23,
	PERF_FEATURE_CLOCK_DATA = 29,
	PERF_FEATURE_END = 32, /* of those in a pipe; as of Linux 6.1 */
};

/* A record's header holds its size in 16 bits. */
enum { PERF_RECORD_MAX_BYTES = 65528 };

#define PERF_KERNEL_MAP_NAME "[kernel.kallsyms]_text"
