/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "machine.h"

struct said {
	struct hearth_diagnosis d; /* first */
	char text[4096];
};

static void hear(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		 const char *finding, const char *mend)
{
	struct said *s = (struct said *)(uintptr_t)d;
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%d %s: %s%s%s\n", severity, subject, finding,
		 mend ? " -> " : "", mend ? mend : "");
}

struct file {
	const char *path, *text;
};

static void plant(const char *root, const struct file *f)
{
	char path[512];
	FILE *to;

	snprintf(path, sizeof(path), "%s%s", root, f->path);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	to = fopen(path, "we");
	assert_non_null(to);
	assert_true(fputs(f->text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

static void ask(struct said *ret, const struct file *files, size_t n, bool can_lock_memory)
{
	char root[] = "/tmp/hearth-machine-XXXXXX";

	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < n; i++)
		plant(root, &files[i]);
	*ret = (struct said){ .d = { .size = sizeof(ret->d), .line = hear } };
	machine_diagnose(&ret->d, root, can_lock_memory);
	for (size_t i = n; i-- > 0;) { /* files first, then the folders that they leave empty */
		char path[512];

		snprintf(path, sizeof(path), "%s%s", root, files[i].path);
		for (char *end = path + strlen(path); end > path + strlen(root);) {
			(void)remove(path);
			while (*--end != '/')
				;
			*end = '\0';
		}
	}
	(void)remove(root);
}

#define CPU "/sys/devices/system/cpu/"

static void each_line_says_ok_or_what_it_costs(void **state)
{
	static const struct {
		struct file files[4];
		const char *said;
	} rows[] = {
		{ { { CPU "online", "0-1\n" },
		    { CPU "cpu0/cpufreq/scaling_governor", "performance\n" },
		    { CPU "cpu1/cpufreq/scaling_governor", "powersave\n" } },
		  "1 CPU frequency: governor powersave on 1 of 2 CPUs" },
		{ { { CPU "online", "0-1\n" },
		    { CPU "cpu0/cpufreq/scaling_governor", "performance\n" },
		    { CPU "cpu1/cpufreq/scaling_governor", "performance\n" } },
		  "0 CPU frequency: governor performance on all 2 CPUs\n" },
		{ { { CPU "online", "0-1\n" } }, "0 CPU frequency: not this kernel's to govern\n" },
		{ { { "/proc/sys/kernel/perf_cpu_time_max_percent", "25\n" } },
		  "0 kernel.perf_cpu_time_max_percent: 25: " },
		{ { { "/proc/sys/kernel/perf_cpu_time_max_percent", "0\n" } },
		  "0 kernel.perf_cpu_time_max_percent: 0: the kernel never lowers" },
		{ { { "/proc/sys/kernel/perf_cpu_time_max_percent", "1\n" } },
		  "-> sudo sysctl kernel.perf_cpu_time_max_percent=25\n" },
		{ { { "/sys/kernel/security/lockdown", "none integrity [confidentiality]\n" } },
		  "2 kernel lockdown: confidentiality" },
		{ { { "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n" } },
		  "0 kernel lockdown: integrity" },
		{ { { "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n" } },
		  "0 kernel lockdown: none\n" },
		{ { { NULL, NULL } }, "0 kernel lockdown: none\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said said;
		size_t n = 0;

		while (n < ARRAY_SIZE(rows[i].files) && rows[i].files[n].path)
			n++;
		ask(&said, rows[i].files, n, true);
		if (!strstr(said.text, rows[i].said))
			fail_msg("\"%s\" is not in:\n%s", rows[i].said, said.text);
	}
}

static void a_limit_of_locked_memory_matters_without_the_capability(void **state)
{
	struct rlimit was, small;
	struct said said;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &was), 0);
	small = was;
	small.rlim_cur = 65536;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &small), 0);
	ask(&said, NULL, 0, false);
	assert_non_null(strstr(said.text, "1 memory lock: 64 KiB"));
	ask(&said, NULL, 0, true);
	assert_non_null(strstr(said.text, "0 memory lock: not limited (cap_ipc_lock)"));
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &was), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_says_ok_or_what_it_costs),
		cmocka_unit_test(a_limit_of_locked_memory_matters_without_the_capability),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
