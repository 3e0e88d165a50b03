/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failpoints exist in test builds alone, so plainness wins over speed: a short list behind one
 * lock, which is global because the places that ask are.
 */
#include "util/fail.h"

#ifdef HEARTH_FAILPOINTS

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/str.h"

#define FAIL_MAX_POINTS 16
#define FAIL_MAX_NAME 64

enum fail_action {
	FAIL_ERRNO = 1,
	FAIL_KILL,
	FAIL_HANG,
	FAIL_DELAY,
};

struct fail_rule {
	char name[FAIL_MAX_NAME];
	enum fail_action action;
	unsigned long value;       /* errno, or milliseconds */
	unsigned long first, last; /* passages that are struck, from 1 */
	unsigned long n_passed, n_struck;
};

static pthread_mutex_t fail_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fail_once = PTHREAD_ONCE_INIT;
static struct fail_rule fail_rules[FAIL_MAX_POINTS];
static size_t fail_n_rules;

static bool parse_number(const char *s, char **ret_end, unsigned long *ret)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (end == s || *s == '-' || errno != 0)
		return false;
	*ret = n;
	*ret_end = end;
	return true;
}

static bool parse_action(const char *text, struct fail_rule *rule)
{
	char *end;

	if (str_equal(text, "kill")) {
		rule->action = FAIL_KILL;
		return true;
	}
	if (str_equal(text, "hang")) {
		rule->action = FAIL_HANG;
		return true;
	}
	if (str_starts(text, "delay:")) {
		rule->action = FAIL_DELAY;
		return parse_number(text + strlen("delay:"), &end, &rule->value) && !*end;
	}
	rule->action = FAIL_ERRNO;
	rule->value = (unsigned long)str_errno(text);
	return rule->value != 0;
}

/* "N" or "N+" */
static bool parse_passages(const char *text, struct fail_rule *rule)
{
	char *end;

	if (!parse_number(text, &end, &rule->first) || rule->first == 0)
		return false;
	rule->last = rule->first;
	if (str_equal(end, "+"))
		rule->last = ULONG_MAX;
	else if (*end)
		return false;
	return true;
}

static bool parse_rule(char *text, struct fail_rule *rule)
{
	char *action = strchr(text, '='), *passages;

	if (!action || action == text || (size_t)(action - text) >= sizeof(rule->name))
		return false;
	*action++ = '\0';
	memcpy(rule->name, text, strlen(text));
	rule->first = 1;
	rule->last = ULONG_MAX;
	passages = strchr(action, '@');
	if (passages) {
		*passages++ = '\0';
		if (!parse_passages(passages, rule))
			return false;
	}
	return parse_action(action, rule);
}

static int replace_rules(const char *spec)
{
	_cleanup_free_ char *copy = strdup(spec ? spec : "");
	struct fail_rule rules[FAIL_MAX_POINTS] = {};
	char *state = NULL;
	size_t n = 0;

	if (!copy)
		return -ENOMEM;
	for (char *word = strtok_r(copy, ",", &state); word; word = strtok_r(NULL, ",", &state))
		if (n == FAIL_MAX_POINTS || !parse_rule(word, &rules[n++]))
			return -EINVAL;
	pthread_mutex_lock(&fail_lock);
	memcpy(fail_rules, rules, sizeof(rules));
	fail_n_rules = n;
	pthread_mutex_unlock(&fail_lock);
	return 0;
}

/* A misspelt variable would let a fault test pass without a fault, so it ends the process. */
static void read_environment(void)
{
	const char *spec = getenv("HEARTH_FAILPOINT");

	if (!spec || replace_rules(spec) == 0)
		return;
	/* Not log_error(): the log writes through failpoints itself. */
	dprintf(STDERR_FILENO, "hearth: error: HEARTH_FAILPOINT=%s is not understood; write "
		"name=action[@N[+]] with an errno name, kill, hang or delay:MS as action\n", spec);
	abort();
}

int fail_configure(const char *spec)
{
	pthread_once(&fail_once, read_environment);
	return replace_rules(spec);
}

/* The lock is not held while the rule acts: `hang` hangs one thread, not all. */
static int rule_act(const struct fail_rule *rule)
{
	struct timespec delay = {
		.tv_sec = (time_t)(rule->value / 1000),
		.tv_nsec = (long)(rule->value % 1000 * NS_PER_MS),
	};

	switch (rule->action) {
	case FAIL_KILL:
		kill(getpid(), SIGKILL);
		return 0;
	case FAIL_HANG:
		for (;;)
			pause();
	case FAIL_DELAY:
		nanosleep(&delay, NULL);
		return 0;
	default:
		return -(int)rule->value;
	}
}

int fail_point(const char *name)
{
	struct fail_rule struck = {};

	pthread_once(&fail_once, read_environment);
	pthread_mutex_lock(&fail_lock);
	for (size_t i = 0; i < fail_n_rules; i++) {
		struct fail_rule *rule = &fail_rules[i];

		if (!str_equal(rule->name, name))
			continue;
		rule->n_passed++;
		if (rule->n_passed < rule->first || rule->n_passed > rule->last || struck.action)
			continue;
		rule->n_struck++;
		struck = *rule;
	}
	pthread_mutex_unlock(&fail_lock);
	return struck.action ? rule_act(&struck) : 0;
}

unsigned long fail_count(const char *name)
{
	unsigned long n = 0;

	pthread_mutex_lock(&fail_lock);
	for (size_t i = 0; i < fail_n_rules; i++)
		if (str_equal(fail_rules[i].name, name))
			n += fail_rules[i].n_struck;
	pthread_mutex_unlock(&fail_lock);
	return n;
}

#endif
