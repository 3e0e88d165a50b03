/* SPDX-License-Identifier: Apache-2.0 */
#include "common/test_profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <hearth/artifact.h>

#include "common/outfile.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/hearth-test-outfile-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

/* Removes what is in a folder and the folder; answers how many files there were. */
static int remove_all(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		char child[512];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		snprintf(child, sizeof(child), "%s/%s", path, e->d_name);
		if (remove(child) < 0)
			remove_all(child);
	}
	if (d)
		closedir(d);
	rmdir(path);
	return n;
}

static int remove_folder(void **state)
{
	(void)state;
	remove_all(folder);
	return 0;
}

static void open_folder(struct outdir *d)
{
	_cleanup_free_ char *why = NULL;

	assert_int_equal(outdir_open(d, folder, &why), 0);
}

static void read_file(const char *name, char *out, size_t size)
{
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = 0;
	fclose(f);
}

/* Standard output is a file in the folder for as long as this runs; answers outfile_commit(). */
static int write_to_standard_output(const char *path, const char *text)
{
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL;
	struct outdir d = { .fd = -1 };
	int saved = dup(STDOUT_FILENO), fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), r;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	r = outdir_open(&d, "-", &why);
	if (r == 0)
		r = outdir_check(&d, "stacks.folded", &why);
	if (r == 0)
		r = outfile_new(&d, "stacks.folded", &o, &why);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	if (r < 0)
		return r;
	outfile_text(o, text);
	r = outfile_commit(o, false, &why);
	assert_true(r == 0 || strstr(why, "cannot write standard output"));
	outdir_done(&d);
	return r;
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool is_there(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

TEST(a_file_has_its_name_when_it_is_whole)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL;
	char text[64];

	open_folder(&d);
	assert_int_equal(outfile_new(&d, "a.txt", &o, &why), 0);
	outfile_text(o, "hello ");
	outfile_format(o, "%d\n", 42);
	assert_false(is_there("a.txt"));
	assert_int_equal(outfile_commit(o, false, &why), 0);
	read_file("a.txt", text, sizeof(text));
	assert_string_equal(text, "hello 42\n");
	assert_int_equal(outfile_size(o), 9);
}

TEST(a_file_that_is_given_up_leaves_nothing)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_free_ char *why = NULL;
	struct outfile *o;

	open_folder(&d);
	assert_int_equal(outfile_new(&d, "a.txt", &o, &why), 0);
	outfile_text(o, "half");
	outfile_free(o);
	assert_int_equal(remove_all(folder), 0);
}

TEST(what_is_there_is_not_overwritten_unless_told_to)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_(outfile_freep) struct outfile *o = NULL, *second = NULL;
	_cleanup_free_ char *early = NULL, *late = NULL, *why = NULL;
	char text[64];

	open_folder(&d);
	assert_int_equal(outdir_check(&d, "a.txt", &why), 0);
	write_file("a.txt", "mine");
	assert_int_equal(outdir_check(&d, "a.txt", &early), -EEXIST);
	assert_non_null(strstr(early, folder));
	assert_non_null(strstr(early, "/a.txt exists; use --force"));
	assert_int_equal(outfile_new(&d, "a.txt", &o, &why), 0);
	assert_int_equal(outfile_commit(o, false, &late), -EEXIST);
	assert_string_equal(late, early);
	read_file("a.txt", text, sizeof(text));
	assert_string_equal(text, "mine");
	assert_int_equal(outfile_new(&d, "a.txt", &second, &why), 0);
	outfile_text(second, "new");
	assert_int_equal(outfile_commit(second, true, &why), 0);
	read_file("a.txt", text, sizeof(text));
	assert_string_equal(text, "new");
}

TEST(a_symbolic_link_is_replaced_not_followed)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL, *refused = NULL;
	char text[64];

	open_folder(&d);
	write_file("victim", "precious");
	assert_int_equal(symlinkat("victim", d.fd, "a.txt"), 0);
	assert_int_equal(outdir_check(&d, "a.txt", &refused), -EEXIST);
	assert_int_equal(outfile_new(&d, "a.txt", &o, &why), 0);
	outfile_text(o, "new");
	assert_int_equal(outfile_commit(o, true, &why), 0);
	read_file("victim", text, sizeof(text));
	assert_string_equal(text, "precious");
	read_file("a.txt", text, sizeof(text));
	assert_string_equal(text, "new");
}

TEST(a_missing_folder_is_made_with_its_parents)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_free_ char *why = NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/x/y", folder);
	assert_int_equal(outdir_open(&d, path, &why), 0);
	assert_string_equal(d.path, path);
}

TEST(a_folder_that_cannot_be_is_named)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_free_ char *why = NULL, *file = NULL;
	char path[128];

	assert_int_equal(outdir_open(&d, "/proc/no/such", &why), -ENOENT);
	assert_non_null(strstr(why, "/proc/no/such"));
	write_file("plain", "");
	snprintf(path, sizeof(path), "%s/plain", folder);
	assert_int_equal(outdir_open(&d, path, &file), -ENOTDIR);
	assert_non_null(strstr(file, "is not a folder"));
}

TEST(an_artifact_says_what_was_written)
{
	/* sha256sum of "abc", FIPS 180-4 */
	static const uint8_t sha256_abc[] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	const struct outfile_about about = { "text/plain", "letters", 5, 6 };
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL;
	struct hearth_artifact_row row;
	struct hearth_flat f = { 0 };
	struct hearth_mock m;

	hearth_mock_init(&m, NULL);
	open_folder(&d);
	assert_int_equal(outfile_new(&d, "a.txt", &o, &why), 0);
	outfile_text(o, "abc");
	assert_int_equal(outfile_commit(o, false, &why), 0);
	m.room = 0;
	assert_int_equal(outfile_emit(o, &m.host, &about), -EAGAIN);
	m.room = 1;
	assert_int_equal(outfile_emit(o, &m.host, &about), 0);
	assert_int_equal(hearth_artifact_open(&f, hearth_mock_emitted(&m, 0)), 0);
	row = hearth_artifact(&f);
	assert_string_equal(hearth_flat_string(&f, row.path), outfile_path(o));
	assert_true(outfile_path(o)[0] == '/');
	assert_string_equal(hearth_flat_string(&f, row.media_type), "text/plain");
	assert_int_equal(row.size, 3);
	assert_int_equal(row.window_end_ns, 6);
	assert_memory_equal(row.sha256, sha256_abc, sizeof(sha256_abc));
	assert_int_equal(hearth_mock_done(&m), 0);
}

static void write_much(struct outfile *o)
{
	for (int i = 0; i < 100000; i++)
		outfile_text(o, "0123456789");
}

TEST(a_full_disk_is_said_with_what_to_do)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("hearth-test", folder, "tmpfs", 0, "size=64k") < 0)
		skip();
	open_folder(&d);
	assert_int_equal(outfile_new(&d, "flamegraph.html", &o, &why), 0);
	write_much(o);
	assert_int_equal(outfile_commit(o, false, &why), -ENOSPC);
	assert_non_null(strstr(why, "cannot write "));
	assert_non_null(strstr(why, "/flamegraph.html: no space left on device; free some, or use -o "
			       "elsewhere"));
	outfile_free(TAKE_PTR(o));
	assert_false(is_there("flamegraph.html"));
	outdir_done(&d);
	assert_int_equal(umount2(folder, MNT_DETACH), 0);
}

TEST(a_limit_of_file_size_is_said_too)
{
	_cleanup_(outdir_done) struct outdir d = { .fd = -1 };
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL;
	struct rlimit old, small = { 4096, 4096 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	open_folder(&d);
	assert_int_equal(outfile_new(&d, "a.txt", &o, &why), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	write_much(o);
	assert_int_equal(outfile_commit(o, false, &why), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_non_null(strstr(why, "ulimit -f"));
	assert_false(is_there("a.txt"));
}

static void a_dash_is_standard_output_whatever_it_is(void **state)
{
	char path[128], text[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/stream", folder);
	assert_int_equal(write_to_standard_output(path, "a;b 1\n"), 0);
	read_file("stream", text, sizeof(text));
	assert_string_equal(text, "a;b 1\n");
	assert_int_equal(write_to_standard_output("/dev/full", "a;b 1\n"), -ENOSPC);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		CASE(a_file_has_its_name_when_it_is_whole),
		CASE(a_file_that_is_given_up_leaves_nothing),
		CASE(what_is_there_is_not_overwritten_unless_told_to),
		CASE(a_symbolic_link_is_replaced_not_followed),
		CASE(a_dash_is_standard_output_whatever_it_is),
		CASE(a_missing_folder_is_made_with_its_parents),
		CASE(a_folder_that_cannot_be_is_named),
		CASE(an_artifact_says_what_was_written),
		CASE(a_full_disk_is_said_with_what_to_do),
		CASE(a_limit_of_file_size_is_said_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
