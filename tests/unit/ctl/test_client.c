/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <pthread.h>
#include <sys/socket.h>

#include "ctl/client.h"
#include "ctl/endpoint.h"
#include "ctl/server.h"
#include "util/clock.h"

struct fixture {
	char *folder;
	char path[PATH_MAX];
	json_t *request, *answer;
	char *why;
	/* Whoever plays the agent, on a thread of its own. */
	pthread_t thread;
	int listener;
	const char *text; /* what it answers */
	size_t length;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(test_folder_setup(state), 0);
	f->folder = *state;
	snprintf(f->path, sizeof(f->path), "%s/status.sock", f->folder);
	f->request = json_pack("{s:s}", "request", "status");
	f->listener = -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)fail_configure(NULL);
	closep(&f->listener);
	json_decref(f->request);
	json_decref(f->answer);
	free(f->why);
	*state = f->folder;
	free(f);
	return test_folder_teardown(state);
}

static int ask(struct fixture *f, uint64_t timeout_ns)
{
	return client_call(f->path, f->request, timeout_ns, &f->answer, &f->why);
}

#define assert_why(f, ...) \
	do { \
		char expected_[PATH_MAX + 256]; \
		snprintf(expected_, sizeof(expected_), __VA_ARGS__); \
		assert_non_null((f)->why); \
		assert_string_equal((f)->why, expected_); \
		assert_null((f)->answer); \
	} while (0)

static void begin_to_listen(struct fixture *f, int backlog)
{
	struct sockaddr_un a;

	assert_int_equal(endpoint_address(f->path, &a), 0);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->listener, backlog), 0);
}

static void *answer_once(void *arg)
{
	struct fixture *f = arg;
	int fd = accept(f->listener, NULL, NULL);
	char request[1024];

	while (recv(fd, request, sizeof(request), 0) > 0 && f->text) {
		for (size_t done = 0; done < f->length;) {
			ssize_t n = send(fd, f->text + done, f->length - done, MSG_NOSIGNAL);

			if (n < 0)
				break;
			done += (size_t)n;
		}
		break;
	}
	close(fd);
	return NULL;
}

static int ask_an_agent_that_says(struct fixture *f, const char *text, size_t length)
{
	int r;

	f->text = text;
	f->length = length;
	begin_to_listen(f, 1);
	pthread_create(&f->thread, NULL, answer_once, f);
	r = ask(f, 10 * NS_PER_S);
	pthread_join(f->thread, NULL);
	return r;
}

static void client_gets_an_answer(void **state)
{
	static const char text[] = "{\"state\":\"running\"}\n";
	struct fixture *f = *state;

	assert_int_equal(ask_an_agent_that_says(f, text, strlen(text)), 0);
	assert_string_equal(json_string_value(json_object_get(f->answer, "state")), "running");
	assert_null(f->why);
}

static void client_gets_the_error_of_the_agent(void **state)
{
	static const char text[] = "{\"error\":\"hearth.yaml:1:1: \\u001bno\",\"errno\":\"EPERM\"}\n";
	struct fixture *f = *state;

	assert_int_equal(ask_an_agent_that_says(f, text, strlen(text)), -EPERM);
	assert_why(f, "hearth.yaml:1:1: ?no");
}

static void client_knows_errors_of_other_versions_as_eio(void **state)
{
	static const char text[] = "{\"error\":\"no\",\"errno\":\"ENEWER\"}\n";
	struct fixture *f = *state;

	assert_int_equal(ask_an_agent_that_says(f, text, strlen(text)), -EIO);
	assert_why(f, "no");
}

static void client_says_how_to_start_an_agent_that_is_not_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, NS_PER_S), -ENOENT);
	assert_why(f, "no agent answers at %s; is it running? Start it with `systemctl start hearth` "
		   "or `hearth agent`", f->path);
}

static void client_takes_a_socket_that_a_dead_agent_left_for_no_agent(void **state)
{
	struct fixture *f = *state;

	begin_to_listen(f, 1);
	closep(&f->listener);
	f->listener = -1;
	assert_int_equal(ask(f, NS_PER_S), -ENOENT);
	assert_why(f, "no agent answers at %s; is it running? Start it with `systemctl start hearth` "
		   "or `hearth agent`", f->path);
}

static void client_says_who_may_connect(void **state)
{
	struct fixture *f = *state;
	int r;

	if (geteuid() != 0)
		test_skip("needs root, to become another user");
	begin_to_listen(f, 1);
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(f->path, 0660), 0);
	test_become_nobody();
	r = ask(f, NS_PER_S);
	test_become_root();
	assert_int_equal(r, -EACCES);
	assert_why(f, "may not connect to %s; run as root, as the user that the agent runs as, or as "
		   "a member of the socket's group", f->path);
}

static void client_gives_up_on_an_agent_that_is_stuck(void **state)
{
	struct fixture *f = *state;

	begin_to_listen(f, 1);
	assert_int_equal(ask(f, 20 * NS_PER_MS), -ETIMEDOUT);
	assert_why(f, "the agent at %s gave no answer within 0.02 s; it may be stuck, and its log says "
		   "where (`journalctl -u hearth`)", f->path);
}

static void client_gives_up_on_an_agent_that_accepts_nobody(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un a;
	int waiting[2];

	begin_to_listen(f, 0);
	assert_int_equal(endpoint_address(f->path, &a), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(waiting[i], (struct sockaddr *)&a, sizeof(a));
	}
	assert_int_equal(ask(f, 20 * NS_PER_MS), -ETIMEDOUT);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		close(waiting[i]);
}

static void client_says_that_the_agent_hung_up(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask_an_agent_that_says(f, NULL, 0), -ECONNRESET);
	assert_why(f, "the agent at %s closed the connection without an answer; its log says why "
		   "(`journalctl -u hearth`)", f->path);
}

static void client_refuses_what_is_no_answer(void **state)
{
	static const char *const texts[] = { "[]\n", "nonsense\n", "\n", "{\"a\":1,\"a\":2}\n" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(ask_an_agent_that_says(f, texts[i], strlen(texts[i])), -EBADMSG);
		assert_why(f, "what answers at %s does not speak as an agent does", f->path);
		free(TAKE_PTR(f->why));
		closep(&f->listener);
		f->listener = -1;
		assert_int_equal(unlink(f->path), 0);
	}
}

static void client_refuses_an_answer_without_end(void **state)
{
	const size_t length = 17 << 20;
	_cleanup_free_ char *text = malloc(length);
	struct fixture *f = *state;

	memset(text, 'x', length);
	assert_int_equal(ask_an_agent_that_says(f, text, length), -EBADMSG);
}

static void client_says_that_a_path_is_too_long(void **state)
{
	struct fixture *f = *state;

	memset(f->path, 'x', 200);
	f->path[200] = '\0';
	assert_int_equal(ask(f, NS_PER_S), -ENAMETOOLONG);
	assert_why(f, "%s is too long for a socket: its path has at most 107 bytes", f->path);
}

static void answer_status(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)ctx;
	(void)request;
	server_reply(reply, json_pack("{s:s}", "state", "running"));
}

static void *run_loop(void *arg)
{
	assert_int_equal(loop_run(arg), 0);
	return NULL;
}

static void client_and_server_understand_each_other(void **state)
{
	static const struct server_handler handlers[] = { { "status", false, answer_status } };
	struct fixture *f = *state;
	struct server *server;
	struct loop *loop;

	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(server_new(loop, f->path, handlers, 1, NULL, &server), 0);
	pthread_create(&f->thread, NULL, run_loop, loop);
	assert_int_equal(ask(f, 10 * NS_PER_S), 0);
	assert_string_equal(json_string_value(json_object_get(f->answer, "state")), "running");
	json_decref(TAKE_PTR(f->answer));
	json_object_set_new(f->request, "request", json_string("reload"));
	assert_int_equal(ask(f, 10 * NS_PER_S), -EOPNOTSUPP);
	assert_why(f, "unknown request \"reload\"; this agent knows: status");
	free(TAKE_PTR(f->why));
	/* More than the server takes: the refusal arrives although it stops reading. */
	json_object_set_new(f->request, "x", json_sprintf("%0300000d", 1));
	assert_int_equal(ask(f, 10 * NS_PER_S), -EMSGSIZE);
	assert_why(f, "a request has at most 65536 bytes");
	loop_quit(loop);
	pthread_join(f->thread, NULL);
	server_free(server);
	loop_free(loop);
}

#define client_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_test(client_gets_an_answer),
		client_test(client_gets_the_error_of_the_agent),
		client_test(client_knows_errors_of_other_versions_as_eio),
		client_test(client_says_how_to_start_an_agent_that_is_not_there),
		client_test(client_takes_a_socket_that_a_dead_agent_left_for_no_agent),
		client_test(client_says_who_may_connect),
		client_test(client_gives_up_on_an_agent_that_is_stuck),
		client_test(client_gives_up_on_an_agent_that_accepts_nobody),
		client_test(client_says_that_the_agent_hung_up),
		client_test(client_refuses_what_is_no_answer),
		client_test(client_refuses_an_answer_without_end),
		client_test(client_says_that_a_path_is_too_long),
		client_test(client_and_server_understand_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
