/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's half: one child per instance, so that each crash has a name. */
#include "plugin/check_create.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/str.h"
#include "util/sys.h"

#define TIMEOUT_NS (10 * NS_PER_S)
#define MAX_ANSWER (64 << 10) /* what a pipe holds: the child never waits for us to read */

struct child {
	pid_t pid;
	int answer; /* pipe */
};

static int add_option(char ***argv, const char *name, const char *value)
{
	_cleanup_free_ char *word = NULL;

	if (!value)
		return 0;
	word = str_format("--%s=%s", name, value);
	return word ? strv_append(argv, word) : -ENOMEM;
}

static int add_options(char ***argv, const char *name, char *const *values)
{
	int r = 0;

	for (; values && *values && r >= 0; values++)
		r = add_option(argv, name, *values);
	return r;
}

/* The command line that makes the child read what we read. */
static int make_argv(const struct check_create *c, const char *instance, char ***ret)
{
	_cleanup_(strv_freep) char **argv = NULL;
	int r;

	r = strv_append(&argv, "hearth");
	if (r >= 0)
		r = strv_append(&argv, CHECK_CREATE_VERB);
	if (r >= 0)
		r = add_option(&argv, "config", c->sources->path);
	if (r >= 0)
		r = add_option(&argv, "environment", c->sources->environment);
	if (r >= 0)
		r = add_options(&argv, "set", c->sources->set);
	if (r >= 0)
		r = add_options(&argv, "sink", c->sources->sinks);
	if (r >= 0)
		r = strv_append(&argv, instance);
	if (r >= 0)
		*ret = TAKE_PTR(argv);
	return r;
}

/* posix_spawn's functions answer errno numbers; the write end arrives as CHECK_CREATE_FD. */
static int spawn_with(const char *executable, char **argv, int write_end, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return -error;
	error = posix_spawn_file_actions_adddup2(&actions, write_end, CHECK_CREATE_FD);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (!error)
		error = posix_spawn(ret, executable, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static int spawn(const struct check_create *c, const char *instance, struct child *ret)
{
	const char *executable = c->executable ? c->executable : "/proc/self/exe";
	_cleanup_(strv_freep) char **argv = NULL;
	_cleanup_close_ int write_end = -1;
	int ends[2], r;

	r = make_argv(c, instance, &argv);
	if (r < 0)
		return r;
	r = sys_pipe(ends);
	if (r < 0)
		return r;
	write_end = ends[1];
	r = spawn_with(executable, argv, write_end, &ret->pid);
	if (r < 0) {
		(void)close(ends[0]);
		return r;
	}
	ret->answer = ends[0];
	return 0;
}

/* Kills a child that takes too long, or that cannot be waited for; false then. */
static bool wait_for_end(pid_t pid, uint64_t timeout_ns)
{
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd >= 0 && poll(&p, 1, (int)(timeout_ns / NS_PER_MS)) > 0)
		return true;
	(void)kill(pid, SIGKILL);
	return false;
}

/* *ret gets the answer, "" if there is none; *ret_status as of waitpid, -1: it took too long. */
static int reap(struct child *child, uint64_t timeout_ns, char **ret, int *ret_status)
{
	_cleanup_free_ char *answer = sys_alloc(1, MAX_ANSWER + 1);
	_cleanup_close_ int fd = child->answer;
	bool is_in_time = wait_for_end(child->pid, timeout_ns);
	int status;

	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!answer)
		return -ENOMEM;
	/* A grandchild may still hold the pipe: what is not in it by now is not waited for. */
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	(void)sys_read(fd, answer, MAX_ANSWER);
	*ret = TAKE_PTR(answer);
	*ret_status = is_in_time ? status : -1;
	return 0;
}

/* What to say of a child that did not answer. */
static char *describe_end(const char *instance, int status, uint64_t timeout_ns)
{
	static const char advice[] = "take it out of the configuration, and report this to the "
				     "author of the plugin";

	if (status == -1)
		return str_format("plugin \"%s\": create() did not return within %.1f s; %s",
				  instance, (double)timeout_ns / (double)NS_PER_S, advice);
	if (WIFSIGNALED(status))
		return str_format("plugin \"%s\": crashed in create() (SIG%s); %s", instance,
				  sigabbrev_np(WTERMSIG(status)), advice);
	return str_format("plugin \"%s\": ended the process in create() with status %d; %s",
			  instance, WEXITSTATUS(status), advice);
}

/* Lines that begin with a place of their own ("hearth.yaml:3:5: …") keep it. */
static int add_error(struct config_errors *errors, struct origin origin, const char *line)
{
	static const struct origin none;

	return config_error(errors, str_starts(line, "plugin \"") ? origin : none, "%s", line);
}

static int add_refusals(struct config_errors *errors, struct origin origin, const char *text)
{
	_cleanup_(strv_freep) char **lines = NULL;
	int r;

	r = strv_split(text, "\n", &lines);
	if (r < 0)
		return r;
	for (char **line = lines; line && *line; line++)
		(void)add_error(errors, origin, *line);
	return -EINVAL;
}

static int try(const struct check_create *c, const struct instance_config *instance,
	       struct config_errors *errors)
{
	uint64_t timeout_ns = c->timeout_ns ? c->timeout_ns : TIMEOUT_NS;
	_cleanup_free_ char *answer = NULL, *text = NULL;
	struct child child;
	int r, status;

	r = spawn(c, instance->name, &child);
	if (r < 0)
		return r;
	r = reap(&child, timeout_ns, &answer, &status);
	if (r < 0)
		return r;
	if (status != -1 && str_equal(answer, "ok\n"))
		return 0;
	if (status != -1 && str_starts(answer, "refused\n"))
		return add_refusals(errors, instance->origin, answer + strlen("refused\n"));
	text = describe_end(instance->name, status, timeout_ns);
	return text ? add_error(errors, instance->origin, text) : -ENOMEM;
}

int check_create_all(const struct check_create *c, const struct config *config,
		     struct config_errors *errors)
{
	int result = 0;

	for (size_t i = 0; i < config->n_instances; i++) {
		int r;

		if (!config->instances[i].is_enabled)
			continue;
		r = try(c, &config->instances[i], errors);
		if (r < 0 && r != -EINVAL)
			return r;
		if (r < 0)
			result = r;
	}
	return result;
}
