/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "helper/privilege.h"
#include "helper/sandbox.h"
#include "util/cleanup.h"

static int data_fd;

/* The status that waitpid gives for a sealed process that calls fn. */
static int in_the_seal(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (privilege_limit(RLIMIT_CORE, 0) < 0 || sandbox_seal() < 0)
			_exit(99);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void try_open(void)
{
	(void)open("/etc/passwd", O_RDONLY);
}

static void try_openat2(void)
{
	(void)syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0);
}

static void try_stat_path(void)
{
	struct stat st;

	(void)stat("/etc/passwd", &st);
}

static void try_unlink(void)
{
	(void)unlink("/nowhere");
}

static void try_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void try_exec(void)
{
	(void)execl("/bin/true", "true", NULL);
}

static void try_fork(void)
{
	(void)fork();
}

static void try_ptrace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void try_kill(void)
{
	(void)kill(1, 0);
}

static void try_ioctl(void)
{
	(void)syscall(SYS_ioctl, 0, 0, 0);
}

static void try_map_code(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_map_file(void)
{
	(void)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, data_fd, 0);
}

static void try_make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void try_raise_memory_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_AS, &limit);
}

static void try_limit_of_another(void)
{
	struct rlimit limit;

	(void)prlimit(1, RLIMIT_CPU, NULL, &limit);
}

static void any_way_out_of_the_seal_is_death(void **state)
{
	static void (*const attempts[])(void) = {
		try_open, try_openat2, try_stat_path, try_unlink, try_socket, try_exec, try_fork,
		try_ptrace, try_kill, try_ioctl, try_map_code, try_map_file, try_make_code,
		try_raise_memory_limit, try_limit_of_another,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		int status = in_the_seal(attempts[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("attempt %zu ended with status %d", i, status);
	}
}

/* What the inspector does for a living; exits with the number of the step that failed. */
static void work(void)
{
	struct stat st;
	char text[4];
	char *p;

	if (pread(data_fd, text, sizeof(text), 0) != 4 || memcmp(text, "data", 4) != 0)
		_exit(1);
	if (lseek(data_fd, 0, SEEK_SET) != 0 || read(data_fd, text, sizeof(text)) != 4)
		_exit(2);
	if (syscall(SYS_fstat, data_fd, &st) < 0 || st.st_size != 4)
		_exit(3);
	for (size_t size = 1000; size < 100000000; size *= 10) {
		p = malloc(size);
		if (!p)
			_exit(4);
		memset(p, 1, size);
		p = realloc(p, size * 2);
		if (!p)
			_exit(5);
		free(p);
	}
	if (sandbox_rearm_cpu(2) < 0)
		_exit(6);
}

static void reading_and_thinking_are_allowed(void **state)
{
	(void)state;
	assert_int_equal(in_the_seal(work), 0);
}

static void spin(void)
{
	if (sandbox_rearm_cpu(0) < 0)
		_exit(1);
	for (;;)
		;
}

static void a_request_that_computes_for_ever_is_ended(void **state)
{
	int status;

	(void)state;
	status = in_the_seal(spin);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGXCPU);
}

static int make_data(void **state)
{
	(void)state;
	data_fd = memfd_create("data", MFD_CLOEXEC);
	return data_fd >= 0 && write(data_fd, "data", 4) == 4 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_way_out_of_the_seal_is_death),
		cmocka_unit_test(reading_and_thinking_are_allowed),
		cmocka_unit_test(a_request_that_computes_for_ever_is_ended),
	};

#ifdef HAS_SANITIZER
	print_message("skipped: sandbox: a sanitizer's runtime cannot live in the seal\n");
	return 77;
#endif
	return cmocka_run_group_tests(tests, make_data, NULL);
}
