/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn, into a file and on a terminal of the test's own. */
#include "common/test_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "screen.h"

static struct tally *hostile_tally(struct test_profile *p)
{
	static const char *const names[] = {
		"plain", "\033]0;owned\007", "\302\233" "31m", "bad\377utf8", "a very long name that does not "
		"fit into forty columns by any means whatsoever",
	};
	struct tally *t;

	test_profile_begin(p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t frame = test_named(p, i ? HEARTH_FRAME_NATIVE : HEARTH_FRAME_KERNEL, names[i]);

		for (size_t k = 0; k < 10 - i; k++)
			test_sample(p, "evil\n\033[2J", &frame, 1, NULL);
	}
	assert_int_equal(tally_new(&t), 0);
	assert_int_equal(tally_add_batch(t, test_profile_end(p)), 0);
	return t;
}

static void read_back(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	assert_true(n > 0);
	text[n] = 0;
}

TEST(a_file_gets_plain_lines)
{
	struct test_profile p;
	struct tally *t = hostile_tally(&p);
	struct screen s;
	char text[8192];
	int fd = memfd_create("screen", MFD_CLOEXEC);

	screen_init(&s, fd, 2);
	assert_false(s.is_terminal);
	assert_int_equal(screen_draw(&s, t, TALLY_BY_SELF, 0), 0);
	read_back(fd, text, sizeof(text));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "last 5.0 s  40 samples"));
	assert_non_null(strstr(text, "  25.0 %  25.0 %  plain"));
	assert_non_null(strstr(text, "]0;owned?"));
	assert_non_null(strstr(text, "bad?utf8"));
	assert_non_null(strstr(text, " 100.0 %       100  evil??[2J"));
	close(fd);
	tally_free(t);
	test_profile_done(&p);
}

/* A terminal of that size: the fd to draw on; *ret_master reads what was drawn. */
static int open_terminal(uint16_t rows, uint16_t columns, int *ret_master)
{
	struct winsize w = { .ws_row = rows, .ws_col = columns };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), fd;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	fd = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, TIOCSWINSZ, &w), 0);
	*ret_master = master;
	return fd;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static void draw_on_terminal(uint16_t rows, uint16_t columns, char *text, size_t size)
{
	struct test_profile p;
	struct tally *t = hostile_tally(&p);
	struct screen s;
	int master, fd = open_terminal(rows, columns, &master);
	ssize_t n;

	screen_init(&s, fd, 2);
	assert_true(s.is_terminal);
	assert_int_equal(screen_draw(&s, t, TALLY_BY_SELF, 0), 0);
	n = read(master, text, size - 1);
	assert_true(n > 0);
	text[n] = 0;
	close(fd);
	close(master);
	tally_free(t);
	test_profile_done(&p);
}

TEST(a_terminal_is_drawn_over_and_never_filled_beyond_its_rows)
{
	char text[8192];

	setenv("TERM", "xterm", 1);
	draw_on_terminal(12, 40, text, sizeof(text));
	assert_int_equal(strncmp(text, "\033[H", 3), 0);
	assert_true(count(text, "\n") < 12);
	assert_non_null(strstr(text, "\033[33mplain")); /* kernel */
	assert_null(strstr(text, "\033]0;owned"));
	assert_null(strstr(text, "\033[2J"));
	assert_null(strstr(text, "\302\233"));
}

TEST(no_color_is_honoured)
{
	char text[8192];

	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	draw_on_terminal(30, 100, text, sizeof(text));
	unsetenv("NO_COLOR");
	assert_null(strstr(text, "\033[33m"));
	assert_non_null(strstr(text, "plain"));
}

TEST(a_name_that_does_not_fit_says_so)
{
	char text[8192];

	setenv("TERM", "xterm", 1);
	draw_on_terminal(30, 40, text, sizeof(text));
	assert_non_null(strstr(text, "…"));
	assert_null(strstr(text, "whatsoever"));
}

TEST(nobody_reading_is_an_error_of_its_own)
{
	struct test_profile p;
	struct tally *t = hostile_tally(&p);
	struct screen s;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	signal(SIGPIPE, SIG_IGN);
	close(fds[0]);
	screen_init(&s, fds[1], 0);
	assert_int_equal(screen_draw(&s, t, TALLY_BY_SELF, 0), -EPIPE);
	close(fds[1]);
	tally_free(t);
	test_profile_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gets_plain_lines),
		cmocka_unit_test(a_terminal_is_drawn_over_and_never_filled_beyond_its_rows),
		cmocka_unit_test(no_color_is_honoured),
		cmocka_unit_test(a_name_that_does_not_fit_says_so),
		cmocka_unit_test(nobody_reading_is_an_error_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
