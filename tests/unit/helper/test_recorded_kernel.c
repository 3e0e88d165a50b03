/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel that a recording tells of: the one of this machine in another boot, or a made one. */
#include "recorded_fixture.h"

/* Of the running kernel: the build id of its notes, and symbols of /proc/kallsyms. */
struct kernel {
	struct build build;
	uint64_t text, function;
	char name[128];
};

/* False: it hides its addresses. */
static bool kernel_read(struct kernel *ret)
{
	char notes[4096], line[256], name[128];
	int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, notes, sizeof(notes));
	FILE *f = fopen("/proc/kallsyms", "re");
	const char *note = memmem(notes, (size_t)n, "\3\0\0\0GNU", 8);
	uint64_t address, etext = 0;

	close(fd);
	assert_non_null(note);
	*ret = (struct kernel){ .build.len = (uint8_t)note[-4] };
	memcpy(ret->build.id, note + 8, ret->build.len);
	while (!etext && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx T %127s", &address, name) != 2)
			continue;
		if (strcmp(name, "_text") == 0)
			ret->text = address;
		else if (strcmp(name, "_etext") == 0)
			etext = address;
		else if (strcmp(name, "do_exit") == 0)
			ret->function = address;
	}
	fclose(f);
	return ret->text && ret->function;
}

static const struct hearth_inspected *ask_kernel(struct fixture *f, const struct build *b,
						 uint64_t text, struct reply *reply)
{
	struct hearth_inspect_recorded t = {
		.size = sizeof(t),
		.path = HEARTH_INSPECT_KERNEL,
		.build_id = b->id,
		.build_id_len = b->len,
		.kernel_text = text,
	};

	assert_int_equal(helpers_open_recorded(f->helpers, &t, on_answer, reply), 0);
	wait_for(f, reply);
	return &reply->answer->inspected;
}

/* What is 4 bytes into the function at `start` in a recording is called that. */
static void kernel_name_is(struct fixture *f, const struct build *b, uint64_t text, uint64_t start,
			   const char *expected)
{
	_cleanup_reply_ struct reply opened = {}, named = {};
	const struct hearth_inspected *i = ask_kernel(f, b, text, &opened);
	uint64_t address = start + 4;

	assert_int_equal(i->status, 0);
	assert_int_equal(helpers_names(f->helpers, i->handle, &address, 1, on_answer, &named), 0);
	wait_for(f, &named);
	assert_int_equal(named.answer->named.status, 0);
	assert_int_equal(named.answer->named.n_lines, 1);
	assert_string_equal(named.answer->named.lines[0].function, expected);
	assert_int_equal(named.answer->named.lines[0].start, start);
}

static void the_running_kernel_names_what_it_was_in_another_boot(void **state)
{
	static const uint64_t moves[] = { 0, 0x12000000, -0x400000ull };
	struct fixture *f = *state;
	struct kernel k;

	if (!kernel_read(&k))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
		kernel_name_is(f, &k.build, k.text + moves[i], k.function + moves[i], "do_exit");
}

static void another_kernel_is_said_to_be_another_one(void **state)
{
	struct build other = { .id = { 0xde, 0xad }, .len = 2 }, none = {};
	_cleanup_reply_ struct reply reply = {}, unknown = {}, hidden = {};
	struct fixture *f = *state;
	const struct hearth_inspected *i;

	i = ask_kernel(f, &other, 0xffffffff81000000, &reply);
	assert_int_equal(i->status, -ESTALE);
	assert_non_null(strstr(i->cause, "[kernel] is of another build ("));
	assert_non_null(strstr(i->cause, "recorded was dead)"));
	i = ask_kernel(f, &none, 0xffffffff81000000, &unknown);
	assert_int_equal(i->status, -ENODATA);
	i = ask_kernel(f, &other, 0, &hidden);
	assert_int_equal(i->status, -ENODATA);
}

/* A kernel of which there is a file with symbols only, and that is made by objcopy. */
static void a_debug_file_of_a_kernel_names_it_wherever_it_lay(void **state)
{
	static const struct build b = { .id = { 0xfe, 0xed, 0xbe, 0xef }, .len = 4 };
	struct fixture *f = *state;
	char *source, *image, *debug;

	if (!debug_folder_make(f))
		skip();
	source = (char *)in_folder(f, "vmlinux.s");
	image = (char *)in_folder(f, "vmlinux");
	debug = (char *)in_folder(f, "vmlinux.debug");
	write_text(source, ".globl _text\n_text: .skip 256\n"
			   ".type schedule,@function\nschedule: .skip 64\n.size schedule,64\n"
			   ".section .init.text,\"ax\"\n.skip 64\n");
	run((char *[]){ "cc", "-static", "-nostdlib", "-Wl,-Ttext=0xffffffff81000000",
			"-Wl,--section-start=.init.text=0xffffffff83000000",
			"-Wl,--build-id=0xfeedbeef", "-Wl,-e_text", "-o", image, source, NULL });
	run((char *[]){ "objcopy", "--only-keep-debug", image, debug, NULL });
	debug_file_put(f, "vmlinux.debug", &b);
	kernel_name_is(f, &b, 0xffffffff81000000, 0xffffffff81000100, "schedule");
	kernel_name_is(f, &b, 0xffffffff9e400000, 0xffffffff9e400100, "schedule");
	debug_folder_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_running_kernel_names_what_it_was_in_another_boot),
		TEST(another_kernel_is_said_to_be_another_one),
		TEST(a_debug_file_of_a_kernel_names_it_wherever_it_lay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
