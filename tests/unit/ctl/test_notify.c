/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/datagram.h"

#include "ctl/notify.h"
#include "util/clock.h"

struct fixture {
	char *folder;
	int listener;
	struct notify *notify;
};

static int teardown(void **state)
{
	struct fixture *f = *state;

	notify_free(f->notify);
	if (f->listener >= 0)
		close(f->listener);
	clock_fake(0, 0);
	*state = f->folder;
	free(f);
	return test_folder_teardown(state);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *path;

	assert_int_equal(test_folder_setup(state), 0);
	path = test_path(state, "notify");
	f->listener = datagram_listen(path, strlen(path));
	setenv("NOTIFY_SOCKET", path, 1);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	f->folder = *state;
	*state = f;
	return 0;
}

#define assert_hears(f, expected) \
	do { \
		char message_[512]; \
		assert_true(datagram_receive((f)->listener, message_, sizeof(message_)) > 0); \
		assert_string_equal(message_, expected); \
	} while (0)

static void notify_says_what_the_protocol_says(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(notify_new(&f->notify), 0);
	clock_fake(1234567890, 0);
	notify_ready(f->notify);
	assert_hears(f, "READY=1\n");
	notify_reloading(f->notify);
	assert_hears(f, "RELOADING=1\nMONOTONIC_USEC=1234567\n");
	notify_stopping(f->notify);
	assert_hears(f, "STOPPING=1\n");
	notify_watchdog(f->notify);
	assert_hears(f, "WATCHDOG=1\n");
	notify_status(f->notify, "%d instances", 3);
	assert_hears(f, "STATUS=3 instances");
}

static void notify_status_cannot_carry_another_assignment(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(notify_new(&f->notify), 0);
	notify_status(f->notify, "%s", "a\nMAINPID=1");
	assert_hears(f, "STATUS=a?MAINPID=1");
}

static void notify_without_a_service_manager_does_nothing(void **state)
{
	struct fixture *f = *state;
	char message[64];

	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_new(&f->notify), 0);
	assert_null(f->notify);
	notify_ready(NULL);
	notify_reloading(NULL);
	notify_stopping(NULL);
	notify_status(NULL, "text");
	notify_watchdog(NULL);
	assert_int_equal(notify_watchdog_interval_ns(NULL), 0);
	assert_int_equal(datagram_receive(f->listener, message, sizeof(message)), -1);
}

static void notify_reaches_an_abstract_socket(void **state)
{
	struct fixture *f = *state;
	char name[64];

	snprintf(name, sizeof(name), "@hearth-test-%d", getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	close(f->listener);
	f->listener = datagram_listen(name, strlen(name + 1) + 1);
	assert_int_equal(notify_new(&f->notify), 0);
	notify_ready(f->notify);
	assert_hears(f, "READY=1\n");
}

static void notify_refuses_an_address_that_is_none(void **state)
{
	static const char *const paths[] = { "", "/", "@", "relative", "vsock:2:1234",
		"/a-path-that-is-longer-than-what-a-unix-socket-can-be-called-which-ends-at-a-hundred-"
		"and-seven-bytes-of-name" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		setenv("NOTIFY_SOCKET", paths[i], 1);
		assert_int_equal(notify_new(&f->notify), -EINVAL);
		assert_null(f->notify);
	}
}

static void notify_keeps_the_environment_from_children(void **state)
{
	struct fixture *f = *state;

	setenv("WATCHDOG_USEC", "1", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_new(&f->notify), 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
}

static void notify_watchdog_interval_is_half_of_what_is_asked(void **state)
{
	char own_pid[16];
	const struct {
		const char *usec, *pid;
		uint64_t ns;
	} rows[] = {
		{ NULL, NULL, 0 },
		{ "30000000", NULL, 15 * NS_PER_S },
		{ "30000000", own_pid, 15 * NS_PER_S },
		{ "30000000", "1", 0 }, /* meant for another process */
		{ "30000000", "", 0 },
		{ "0", NULL, 0 },
		{ "", NULL, 0 },
		{ "-1", NULL, 0 },
		{ "+1", NULL, 0 },
		{ "10s", NULL, 0 },
		{ "99999999999999999999999", NULL, 0 },
		{ "18446744073709551615", NULL, 0 },
	};
	struct fixture *f = *state;
	char path[PATH_MAX];

	snprintf(own_pid, sizeof(own_pid), "%d", getpid());
	snprintf(path, sizeof(path), "%s", getenv("NOTIFY_SOCKET"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv("NOTIFY_SOCKET", path, 1);
		if (rows[i].usec)
			setenv("WATCHDOG_USEC", rows[i].usec, 1);
		if (rows[i].pid)
			setenv("WATCHDOG_PID", rows[i].pid, 1);
		assert_int_equal(notify_new(&f->notify), 0);
		assert_int_equal(notify_watchdog_interval_ns(f->notify), rows[i].ns);
		f->notify = notify_free(f->notify);
	}
}

static void notify_does_not_wait_for_a_manager_that_sleeps(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", getenv("NOTIFY_SOCKET"));
	assert_int_equal(notify_new(&f->notify), 0);
	datagram_fill(path);
	notify_ready(f->notify);
	close(f->listener);
	f->listener = -1;
	notify_ready(f->notify);
}

static void notify_without_memory_is_an_error(void **state)
{
	struct fixture *f = *state;

	test_fail("sys.alloc=ENOMEM@1");
	assert_int_equal(notify_new(&f->notify), -ENOMEM);
	assert_null(f->notify);
}

#define notify_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		notify_test(notify_says_what_the_protocol_says),
		notify_test(notify_status_cannot_carry_another_assignment),
		notify_test(notify_without_a_service_manager_does_nothing),
		notify_test(notify_reaches_an_abstract_socket),
		notify_test(notify_refuses_an_address_that_is_none),
		notify_test(notify_keeps_the_environment_from_children),
		notify_test(notify_watchdog_interval_is_half_of_what_is_asked),
		notify_test(notify_does_not_wait_for_a_manager_that_sleeps),
		notify_test(notify_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
