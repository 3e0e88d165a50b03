/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "ctl/connection.h"
#include "util/clock.h"
#include "util/sys.h"

#define START_NS (1000 * NS_PER_S)

struct fixture {
	struct loop *loop;
	struct connection *connection; /* NULL once gone */
	int client;
	char lines[256]; /* heard, each in brackets */
	unsigned int n_too_long;
	bool is_late;    /* on_line leaves the answer to the test */
	bool is_last;
};

static void on_line(void *ctx, const char *line, size_t length)
{
	struct fixture *f = ctx;

	if (line)
		snprintf(f->lines + strlen(f->lines), 64, "[%.*s]", (int)length, line);
	else
		f->n_too_long++;
	if (!f->is_late)
		connection_answer(f->connection, "answer", f->is_last);
}

static void on_gone(void *ctx)
{
	struct fixture *f = ctx;

	f->connection = connection_free(f->connection);
}

static const struct connection_events events = { .on_line = on_line, .on_gone = on_gone };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int pair[2];

	*state = f;
	clock_fake(START_NS, 0);
	if (loop_new(&f->loop) < 0 || sys_socketpair(SOCK_STREAM | SOCK_NONBLOCK, pair) < 0)
		return -1;
	f->client = pair[0];
	return connection_new(f->loop, pair[1], &events, f, &f->connection);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	connection_free(f->connection);
	loop_free(f->loop);
	closep(&f->client);
	free(f);
	clock_fake(0, 0);
	(void)fail_configure(NULL);
	return 0;
}

/* As many turns as any of these tests has work for. */
static void turn(struct fixture *f)
{
	for (int i = 0; i < 50; i++)
		assert_int_equal(loop_run_once(f->loop, 0), 0);
}

static void say(struct fixture *f, const char *text)
{
	assert_int_equal(send(f->client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn(f);
}

#define assert_hears(f, expected) \
	do { \
		char heard_[256] = ""; \
		ssize_t n_ = recv((f)->client, heard_, sizeof(heard_) - 1, 0); \
		assert_int_equal(n_, strlen(expected)); \
		assert_string_equal(heard_, expected); \
	} while (0)

static void connection_answers_a_line(void **state)
{
	struct fixture *f = *state;

	say(f, "hello\n");
	assert_string_equal(f->lines, "[hello]");
	assert_hears(f, "answer\n");
	assert_non_null(f->connection);
}

static void connection_puts_a_line_together_from_pieces(void **state)
{
	struct fixture *f = *state;

	say(f, "he");
	say(f, "l");
	assert_string_equal(f->lines, "");
	say(f, "lo\nwor");
	assert_string_equal(f->lines, "[hello]");
	say(f, "ld\n");
	assert_string_equal(f->lines, "[hello][world]");
}

static void connection_answers_lines_that_came_at_once_one_by_one(void **state)
{
	struct fixture *f = *state;

	say(f, "a\nb\n\nc\n");
	assert_string_equal(f->lines, "[a][b][][c]");
	assert_hears(f, "answer\nanswer\nanswer\nanswer\n");
}

static void connection_waits_with_the_next_line_until_the_answer_is_out(void **state)
{
	struct fixture *f = *state;

	f->is_late = true;
	say(f, "a\nb\n");
	assert_string_equal(f->lines, "[a]");
	connection_answer(f->connection, "late", false);
	turn(f);
	assert_string_equal(f->lines, "[a][b]");
	assert_hears(f, "late\n");
}

static void connection_takes_a_last_line_without_newline(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send(f->client, "hello", 5, 0), 5);
	assert_int_equal(shutdown(f->client, SHUT_WR), 0);
	turn(f);
	assert_string_equal(f->lines, "[hello]");
	assert_hears(f, "answer\n");
	assert_null(f->connection);
}

static void connection_ends_after_the_last_answer(void **state)
{
	struct fixture *f = *state;

	f->is_last = true;
	say(f, "a\nb\n");
	assert_string_equal(f->lines, "[a]");
	assert_hears(f, "answer\n");
	assert_null(f->connection);
}

static void connection_refuses_a_line_that_is_too_long(void **state)
{
	struct fixture *f = *state;
	char text[CONNECTION_MAX_LINE + 1];

	f->is_last = true;
	memset(text, 'x', sizeof(text));
	for (size_t done = 0; done < sizeof(text); turn(f)) {
		ssize_t n = send(f->client, text + done, sizeof(text) - done, MSG_NOSIGNAL);

		assert_true(n > 0);
		done += (size_t)n;
	}
	assert_int_equal(f->n_too_long, 1);
	assert_hears(f, "answer\n");
	assert_null(f->connection);
}

static void connection_takes_a_line_of_the_greatest_length(void **state)
{
	struct fixture *f = *state;
	char text[CONNECTION_MAX_LINE + 1];

	f->is_late = true;
	memset(text, 'x', sizeof(text));
	text[CONNECTION_MAX_LINE] = '\n';
	for (size_t done = 0; done < sizeof(text); turn(f))
		done += (size_t)send(f->client, text + done, sizeof(text) - done, MSG_NOSIGNAL);
	assert_int_equal(f->n_too_long, 0);
	assert_int_equal(f->lines[0], '[');
}

static void connection_drops_who_says_nothing(void **state)
{
	struct fixture *f = *state;

	clock_fake(START_NS + 5 * NS_PER_S - 1, 0);
	turn(f);
	assert_non_null(f->connection);
	clock_fake(START_NS + 5 * NS_PER_S, 0);
	turn(f);
	assert_null(f->connection);
}

static void connection_drops_who_speaks_in_a_trickle(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 1; i < 5; i++) {
		clock_fake(START_NS + i * NS_PER_S, 0);
		say(f, "x");
		assert_non_null(f->connection);
	}
	clock_fake(START_NS + 5 * NS_PER_S, 0);
	turn(f);
	assert_null(f->connection);
}

static void connection_gives_an_answer_the_time_it_takes(void **state)
{
	struct fixture *f = *state;

	f->is_late = true;
	say(f, "reload\n");
	clock_fake(START_NS + 600 * NS_PER_S, 0);
	turn(f);
	connection_answer(f->connection, "done", false);
	turn(f);
	assert_hears(f, "done\n");
}

static void connection_drops_who_does_not_take_the_answer(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *big = calloc(1, (4 << 20) + 1);

	memset(big, 'x', 4 << 20);
	f->is_late = true;
	say(f, "a\n");
	connection_answer(f->connection, big, false);
	turn(f);
	assert_non_null(f->connection);
	clock_fake(START_NS + 5 * NS_PER_S, 0);
	turn(f);
	assert_null(f->connection);
}

static void connection_sends_a_long_answer_whole(void **state)
{
	const size_t length = 4 << 20;
	struct fixture *f = *state;
	_cleanup_free_ char *big = calloc(1, length + 1), *heard = malloc(length + 1);
	size_t done = 0;

	memset(big, 'x', length);
	f->is_late = true;
	say(f, "a\n");
	connection_answer(f->connection, big, false);
	for (int i = 0; i < 1000 && done < length + 1; i++) {
		ssize_t n;

		turn(f);
		n = recv(f->client, heard + done, length + 1 - done, 0);
		assert_true(n > 0);
		done += (size_t)n;
	}
	assert_int_equal(done, length + 1);
	assert_memory_equal(heard, big, length);
	assert_int_equal(heard[length], '\n');
}

static void connection_notices_that_the_client_left(void **state)
{
	struct fixture *f = *state;

	f->is_late = true;
	say(f, "a\n");
	close(f->client);
	f->client = -1;
	turn(f);
	assert_null(f->connection);
}

static void connection_ends_when_the_socket_fails(void **state)
{
	struct fixture *f = *state;

	test_fail("sys.receive=EIO");
	say(f, "a\n");
	assert_int_equal(fail_count("sys.receive"), 1);
	assert_null(f->connection);
}

static void connection_ends_when_an_answer_finds_no_memory(void **state)
{
	struct fixture *f = *state;

	f->is_late = true;
	say(f, "a\n");
	test_fail("sys.alloc=ENOMEM@1");
	connection_answer(f->connection, "answer", false);
	assert_int_equal(fail_count("sys.alloc"), 1);
	turn(f);
	assert_null(f->connection);
	assert_int_equal(recv(f->client, (char[1]){}, 1, 0), 0);
}

static void connection_new_that_fails_leaves_the_fd(void **state)
{
	struct fixture *f = *state;
	struct connection *none = NULL;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	test_fail("sys.alloc=ENOMEM@1");
	assert_int_equal(connection_new(f->loop, fd, &events, f, &none), -ENOMEM);
	test_fail("sys.alloc=ENOMEM@2");
	assert_int_equal(connection_new(f->loop, fd, &events, f, &none), -ENOMEM);
	assert_null(none);
	assert_int_equal(close(fd), 0);
}

#define connection_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		connection_test(connection_answers_a_line),
		connection_test(connection_puts_a_line_together_from_pieces),
		connection_test(connection_answers_lines_that_came_at_once_one_by_one),
		connection_test(connection_waits_with_the_next_line_until_the_answer_is_out),
		connection_test(connection_takes_a_last_line_without_newline),
		connection_test(connection_ends_after_the_last_answer),
		connection_test(connection_refuses_a_line_that_is_too_long),
		connection_test(connection_takes_a_line_of_the_greatest_length),
		connection_test(connection_drops_who_says_nothing),
		connection_test(connection_drops_who_speaks_in_a_trickle),
		connection_test(connection_gives_an_answer_the_time_it_takes),
		connection_test(connection_drops_who_does_not_take_the_answer),
		connection_test(connection_sends_a_long_answer_whole),
		connection_test(connection_notices_that_the_client_left),
		connection_test(connection_ends_when_the_socket_fails),
		connection_test(connection_ends_when_an_answer_finds_no_memory),
		connection_test(connection_new_that_fails_leaves_the_fd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
