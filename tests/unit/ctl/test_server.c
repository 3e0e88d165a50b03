/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "ctl/endpoint.h"
#include "ctl/server.h"
#include "util/clock.h"
#include "util/log.h"

#define START_NS (1000 * NS_PER_S)
#define MAX_CLIENTS 16

struct fixture {
	char *folder;
	char path[PATH_MAX];
	struct loop *loop;
	struct server *server;
	struct server_reply *kept; /* of "slow" */
	unsigned int n_changes;
};

static void say_status(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)ctx;
	(void)request;
	server_reply(reply, json_pack("{s:s}", "state", "running"));
}

static void say_what_was_asked(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)ctx;
	server_reply(reply, json_deep_copy(request));
}

static void say_nothing(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)ctx;
	(void)request;
	server_reply(reply, NULL);
}

static void keep_reply(void *ctx, const json_t *request, struct server_reply *reply)
{
	struct fixture *f = ctx;

	(void)request;
	f->kept = reply;
}

static void change(void *ctx, const json_t *request, struct server_reply *reply)
{
	struct fixture *f = ctx;

	(void)request;
	f->n_changes++;
	server_reply_error(reply, EBUSY, "a reload is under way; try \"%s\" again", "reload");
}

static const struct server_handler handlers[] = {
	{ "status", false, say_status },
	{ "echo", false, say_what_was_asked },
	{ "null", false, say_nothing },
	{ "slow", false, keep_reply },
	{ "reload", true, change },
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(test_folder_setup(state), 0);
	f->folder = *state;
	snprintf(f->path, sizeof(f->path), "%s/status.sock", f->folder);
	*state = f;
	clock_fake(START_NS, 0);
	log_set_level(HEARTH_LOG_ERROR);
	if (loop_new(&f->loop) < 0)
		return -1;
	return server_new(f->loop, f->path, handlers, ARRAY_SIZE(handlers), f, &f->server);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)fail_configure(NULL);
	server_free(f->server);
	loop_free(f->loop);
	clock_fake(0, 0);
	*state = f->folder;
	free(f);
	return test_folder_teardown(state);
}

static void turn(struct fixture *f)
{
	for (int i = 0; i < 50; i++)
		assert_int_equal(loop_run_once(f->loop, 0), 0);
}

static int client_connect(struct fixture *f)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a;

	assert_int_equal(endpoint_address(f->path, &a), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void client_say(struct fixture *f, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn(f);
}

#define assert_hears(fd, expected) \
	do { \
		char heard_[1024] = ""; \
		ssize_t n_ = recv(fd, heard_, sizeof(heard_) - 1, 0); \
		(void)n_; \
		assert_string_equal(heard_, expected); \
	} while (0)

#define assert_answers(f, request, expected) \
	do { \
		int fd_ = client_connect(f); \
		client_say(f, fd_, request "\n"); \
		assert_hears(fd_, expected "\n"); \
		close(fd_); \
	} while (0)

static void server_answers_a_request(void **state)
{
	struct fixture *f = *state;

	assert_answers(f, "{\"request\":\"status\"}", "{\"state\":\"running\"}");
}

static void server_hands_the_whole_request_to_its_handler(void **state)
{
	struct fixture *f = *state;

	assert_answers(f, "{\"request\":\"echo\",\"x\":[1,{\"y\":null}]}",
		       "{\"request\":\"echo\",\"x\":[1,{\"y\":null}]}");
}

static void server_says_what_is_wrong_with_a_request(void **state)
{
	struct fixture *f = *state;

	assert_answers(f, "{\"request\":\"stauts\"}",
		       "{\"error\":\"unknown request \\\"stauts\\\"; this agent knows: status, echo, "
		       "null, slow, reload\",\"errno\":\"EOPNOTSUPP\"}");
	assert_answers(f, "[]", "{\"error\":\"a request is an object like "
		       "{\\\"request\\\":\\\"status\\\"}\",\"errno\":\"EINVAL\"}");
	assert_answers(f, "{\"request\":1}", "{\"error\":\"a request is an object like "
		       "{\\\"request\\\":\\\"status\\\"}\",\"errno\":\"EINVAL\"}");
	assert_answers(f, "status", "{\"error\":\"the request is not JSON: '[' or '{' expected near "
		       "'status'\",\"errno\":\"EINVAL\"}");
	assert_answers(f, "{\"request\":\"status\",\"request\":\"reload\"}",
		       "{\"error\":\"the request is not JSON: duplicate object key near "
		       "'\\\"request\\\"'\",\"errno\":\"EINVAL\"}");
}

static void server_passes_a_handlers_error_on(void **state)
{
	struct fixture *f = *state;

	assert_answers(f, "{\"request\":\"reload\"}", "{\"error\":\"a reload is under way; try "
		       "\\\"reload\\\" again\",\"errno\":\"EBUSY\"}");
	assert_int_equal(f->n_changes, 1);
}

static void server_lets_strangers_read_but_change_nothing(void **state)
{
	struct fixture *f = *state;
	int fd;

	if (geteuid() != 0)
		test_skip("needs root, to become another user");
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0666), 0);
	test_become_nobody();
	fd = client_connect(f);
	test_become_root();
	client_say(f, fd, "{\"request\":\"status\"}\n");
	assert_hears(fd, "{\"state\":\"running\"}\n");
	client_say(f, fd, "{\"request\":\"reload\"}\n");
	assert_hears(fd, "{\"error\":\"\\\"reload\\\" is for root and the user that the agent runs "
		     "as (uid 0), not for uid 65534\",\"errno\":\"EPERM\"}\n");
	assert_int_equal(f->n_changes, 0);
	close(fd);
}

static void server_waits_for_an_answer_that_takes_long(void **state)
{
	struct fixture *f = *state;
	int fd = client_connect(f);

	client_say(f, fd, "{\"request\":\"slow\"}\n");
	clock_fake(START_NS + 60 * NS_PER_S, 0);
	turn(f);
	assert_hears(fd, "");
	server_reply(f->kept, json_pack("{s:b}", "done", 1));
	turn(f);
	assert_hears(fd, "{\"done\":true}\n");
	close(fd);
}

static void server_serves_others_while_one_waits(void **state)
{
	struct fixture *f = *state;
	int fd = client_connect(f);

	client_say(f, fd, "{\"request\":\"slow\"}\n");
	assert_answers(f, "{\"request\":\"status\"}", "{\"state\":\"running\"}");
	server_reply(f->kept, json_object());
	close(fd);
}

static void server_bears_an_answer_to_a_client_that_left(void **state)
{
	struct fixture *f = *state;
	int fd = client_connect(f);

	client_say(f, fd, "{\"request\":\"slow\"}\n");
	close(fd);
	turn(f);
	server_reply(f->kept, json_object());
	assert_answers(f, "{\"request\":\"status\"}", "{\"state\":\"running\"}");
}

static void server_bears_an_answer_after_its_own_end(void **state)
{
	struct fixture *f = *state;
	int fd = client_connect(f);

	client_say(f, fd, "{\"request\":\"slow\"}\n");
	f->server = server_free(f->server);
	server_reply_error(f->kept, ESHUTDOWN, "too late");
	close(fd);
}

static void server_drops_silent_clients_and_takes_new_ones(void **state)
{
	struct fixture *f = *state;
	int fds[MAX_CLIENTS], late;

	for (size_t i = 0; i < MAX_CLIENTS; i++)
		fds[i] = client_connect(f);
	turn(f);
	late = client_connect(f);
	turn(f);
	assert_hears(late, "{\"error\":\"the agent is talking to too many clients; try again\","
		     "\"errno\":\"EBUSY\"}\n");
	assert_int_equal(recv(late, (char[1]){}, 1, 0), 0);
	clock_fake(START_NS + 5 * NS_PER_S, 0);
	turn(f);
	assert_int_equal(recv(fds[0], (char[1]){}, 1, 0), 0);
	assert_answers(f, "{\"request\":\"status\"}", "{\"state\":\"running\"}");
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		close(fds[i]);
	close(late);
}

static void server_refuses_a_request_that_is_too_large(void **state)
{
	struct fixture *f = *state;
	char text[4096];
	int fd = client_connect(f);

	memset(text, ' ', sizeof(text));
	for (int i = 0; i < 17; i++) {
		(void)send(fd, text, sizeof(text), MSG_NOSIGNAL);
		turn(f);
	}
	assert_hears(fd, "{\"error\":\"a request has at most 65536 bytes\",\"errno\":\"EMSGSIZE\"}\n");
	close(fd);
}

static void server_survives_having_no_fd_left(void **state)
{
	struct fixture *f = *state;
	int fd;

	test_fail("ctl.accept=EMFILE");
	fd = client_connect(f);
	client_say(f, fd, "{\"request\":\"status\"}\n");
	assert_int_equal(fail_count("ctl.accept"), 1); /* no spinning */
	(void)fail_configure(NULL);
	turn(f);
	assert_hears(fd, "");
	clock_fake(START_NS + NS_PER_S, 0);
	turn(f);
	assert_hears(fd, "{\"state\":\"running\"}\n");
	close(fd);
}

static void server_without_memory_says_so_or_hangs_up(void **state)
{
	struct fixture *f = *state;
	unsigned int n = 0;

	assert_answers(f, "{\"request\":\"null\"}",
		       "{\"error\":\"the agent is out of memory\",\"errno\":\"ENOMEM\"}");
	for (;;) {
		char spec[32], heard[256] = "";
		int fd = client_connect(f);
		unsigned long n_struck;

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%u", ++n);
		test_fail(spec);
		client_say(f, fd, "{\"request\":\"status\"}\n");
		n_struck = fail_count("sys.alloc");
		(void)fail_configure(NULL);
		(void)!recv(fd, heard, sizeof(heard) - 1, 0);
		close(fd);
		turn(f);
		if (!n_struck) {
			assert_string_equal(heard, "{\"state\":\"running\"}\n");
			break;
		}
		assert_true(!heard[0] || strstr(heard, "out of memory"));
	}
	assert_true(n > 4);
}

static void server_new_that_fails_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	struct server *s = NULL;
	char path[PATH_MAX + 8];
	unsigned int n = 0;
	int before = dup(0), after, r;

	close(before);
	snprintf(path, sizeof(path), "%s.2", f->path);
	do {
		char spec[32];

		snprintf(spec, sizeof(spec), "sys.alloc=ENOMEM@%u", ++n);
		test_fail(spec);
		r = server_new(f->loop, path, handlers, ARRAY_SIZE(handlers), f, &s);
		assert_int_equal(r, fail_count("sys.alloc") ? -ENOMEM : 0);
		if (r < 0) {
			after = dup(0);
			assert_int_equal(after, before);
			assert_int_equal(access(path, F_OK), -1);
			close(after);
		}
	} while (r < 0);
	assert_true(n > 3);
	server_free(s);
}

static void server_removes_its_socket(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(access(f->path, F_OK), 0);
	f->server = server_free(f->server);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_null(server_free(NULL));
}

#define server_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		server_test(server_answers_a_request),
		server_test(server_hands_the_whole_request_to_its_handler),
		server_test(server_says_what_is_wrong_with_a_request),
		server_test(server_passes_a_handlers_error_on),
		server_test(server_lets_strangers_read_but_change_nothing),
		server_test(server_waits_for_an_answer_that_takes_long),
		server_test(server_serves_others_while_one_waits),
		server_test(server_bears_an_answer_to_a_client_that_left),
		server_test(server_bears_an_answer_after_its_own_end),
		server_test(server_drops_silent_clients_and_takes_new_ones),
		server_test(server_refuses_a_request_that_is_too_large),
		server_test(server_survives_having_no_fd_left),
		server_test(server_without_memory_says_so_or_hangs_up),
		server_test(server_new_that_fails_leaves_nothing_behind),
		server_test(server_removes_its_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
