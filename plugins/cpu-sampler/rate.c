/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel accounts for idle time to the tick of USER_HZ, which is exact enough from a second on. */
#include "rate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

#define NS_PER_TICK 10000000ull /* USER_HZ is 100 on every Linux */

/* Columns of proc_stat(5): user nice system idle iowait irq softirq steal. */
enum { IDLE = 3, IOWAIT = 4, STEAL = 7, N_COLUMNS = 8 };

static int parse_line(const char *line, struct rate_cpu *cpus, uint32_t n_cpus)
{
	uint64_t column[N_COLUMNS];
	char *at;
	unsigned long cpu = strtoul(line, &at, 10);

	for (unsigned i = 0; i < N_COLUMNS; i++) {
		const char *from = at;

		column[i] = strtoull(from, &at, 10);
		if (at == from)
			return -EBADMSG;
	}
	if (cpu >= n_cpus)
		return 0;
	cpus[cpu].is_online = true;
	cpus[cpu].idle_ns = (column[IDLE] + column[IOWAIT] + column[STEAL]) * NS_PER_TICK;
	return 0;
}

int rate_parse(const char *text, struct rate_cpu *cpus, uint32_t n_cpus)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		int r = 0;

		if (strncmp(text, "cpu", 3) == 0 && text[3] >= '0' && text[3] <= '9')
			r = parse_line(text + 3, cpus, n_cpus);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Some hundred bytes a CPU, and a line of interrupts that is as long again. */
static int read_stat(char **ret)
{
	_cleanup_close_ int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	const size_t max = 1 << 20;
	_cleanup_free_ char *text = malloc(max + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (!text)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	while (len < max && (n = read(fd, text + len, max - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return -errno;
	text[len] = 0;
	*ret = TAKE_PTR(text);
	return 0;
}

static int read_cpus(const struct probe *p, struct rate_cpu **ret)
{
	_cleanup_free_ struct rate_cpu *cpus = calloc(p->n_cpus, sizeof(*cpus));
	_cleanup_free_ char *text = NULL;
	int r = cpus ? read_stat(&text) : -ENOMEM;

	if (r == 0)
		r = rate_parse(text, cpus, p->n_cpus);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < p->n_cpus; i++) {
		cpus[i].ticks = p->counters[i].ticks;
		cpus[i].run_ns = p->counters[i].run_ns;
	}
	*ret = TAKE_PTR(cpus);
	return 0;
}

int rate_begin(struct rate *r, const struct probe *p, uint64_t now_ns)
{
	struct rate_cpu *cpus;
	int q;

	rate_done(r);
	q = read_cpus(p, &cpus);
	if (q < 0)
		return q;
	*r = (struct rate){ .since_ns = now_ns, .n_cpus = p->n_cpus, .cpus = cpus };
	return 0;
}

/* True if the CPU was there all the time, and busy for long enough. */
static bool measure_cpu(const struct rate_cpu *then, const struct rate_cpu *now, uint64_t wall_ns,
			struct rate_row *ret)
{
	uint64_t idle_ns = now->idle_ns - then->idle_ns;

	if (!then->is_online || !now->is_online || idle_ns > wall_ns ||
	    wall_ns - idle_ns < RATE_LEAST_BUSY_NS)
		return false;
	ret->busy_ns = wall_ns - idle_ns;
	ret->ticks = now->ticks - then->ticks;
	ret->run_ns = now->run_ns - then->run_ns;
	return true;
}

struct rate_result rate_measure(const struct rate *r, const struct probe *p, uint64_t now_ns)
{
	_cleanup_free_ struct rate_cpu *now = NULL;
	struct rate_result result = {};

	if (!r->since_ns || read_cpus(p, &now) < 0)
		return result;
	result.rows = calloc(r->n_cpus, sizeof(*result.rows));
	for (uint32_t i = 0; i < r->n_cpus && result.rows; i++) {
		struct rate_row *row = &result.rows[result.n];

		row->cpu = i;
		result.n += measure_cpu(&r->cpus[i], &now[i], now_ns - r->since_ns, row);
	}
	return result;
}

void rate_result_done(struct rate_result *r)
{
	free(r->rows);
	memset(r, 0, sizeof(*r));
}

void rate_done(struct rate *r)
{
	free(r->cpus);
	memset(r, 0, sizeof(*r));
}
