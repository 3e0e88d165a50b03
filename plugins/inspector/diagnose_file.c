/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per fact. A file that is as good as it can be has only OK lines; every other line says
 * what the profile will lack, in the words in which the profile shows it.
 */
#include "diagnose_file.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "common/cleanup.h"
#include "libraries.h"

enum { GOOD, COSTS, BROKEN };

struct report {
	const struct hearth_diagnosis *d;
	struct advice advice;
	struct patient patient;
};

__attribute__((format(printf, 5, 6))) static void
line(const struct report *r, int32_t severity, const char *subject, const char *mend,
     const char *format, ...)
{
	char finding[1400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(finding, sizeof(finding), format, args);
	va_end(args);
	r->d->line(r->d, severity, subject, finding, severity == GOOD ? NULL : mend);
}

static const char *machine_name(const struct traits *t)
{
	static const struct {
		uint16_t number;
		const char *name;
	} machines[] = {
		{ EM_X86_64, "x86-64" }, { EM_AARCH64, "aarch64" }, { EM_386, "i386" },
		{ EM_ARM, "arm" },	 { EM_RISCV, "risc-v" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].number == t->machine)
			return machines[i].name;
	return "of a machine that Hearth does not know";
}

static void report_kind(const struct report *r)
{
	static const char *const linkages[] = {
		[LINKAGE_STATIC] = "statically linked",
		[LINKAGE_STATIC_PIE] = "statically linked, position-independent (static-pie)",
		[LINKAGE_DYNAMIC] = "dynamically linked, at a fixed address",
		[LINKAGE_DYNAMIC_PIE] = "dynamically linked, position-independent",
		[LINKAGE_LIBRARY] = "shared library",
		[LINKAGE_OBJECT] = "object file or kernel module",
		[LINKAGE_CORE] = "core dump, not a program",
	};
	const struct traits *t = r->patient.traits;

	line(r, t->linkage == LINKAGE_CORE ? BROKEN : GOOD, "file",
	     "name the program that dumped it", "ELF, %s, %s", machine_name(t),
	     linkages[t->linkage]);
}

static void report_language(const struct report *r)
{
	const struct traits *t = r->patient.traits;

	if (t->language == LANGUAGE_UNKNOWN)
		line(r, GOOD, "language", NULL, "cannot be told");
	else
		line(r, GOOD, "language", NULL, "%s%s%s%s", source_language_name(t->language),
		     t->compiler[0] ? " (" : "", t->compiler, t->compiler[0] ? ")" : "");
	if (r->patient.owner[0])
		line(r, GOOD, "package", NULL, "%s", r->patient.owner);
}

static void report_symbols(struct report *r)
{
	const struct traits *t = r->patient.traits;
	const char *name = strrchr(r->patient.path, '/') + 1;

	if (t->has_symbols)
		line(r, GOOD, "symbols", NULL, "not stripped (.symtab)");
	else if (t->debug.state == DEBUG_FILE_FOUND && t->debug.has_symbols)
		line(r, GOOD, "symbols", NULL, "stripped; they are in %s", t->debug.path);
	else if (t->has_mini_symbols)
		line(r, GOOD, "symbols", NULL, "stripped; mini debug info has them (.gnu_debugdata)");
	else
		line(r, COSTS, "symbols", advice_symbols(&r->advice, &r->patient),
		     "stripped: %s are shown as %s+0x1a2b",
		     t->has_exports ? "functions that it does not export" : "its functions", name);
}

static void report_info(struct report *r)
{
	const struct traits *t = r->patient.traits;
	bool is_stripped = !traits_are_named(t);

	if (t->has_info)
		line(r, GOOD, "debug info", NULL, "inside (.debug_info)");
	else if (t->debug.state == DEBUG_FILE_FOUND && t->debug.has_info)
		line(r, GOOD, "debug info", NULL, "in %s", t->debug.path);
	else
		line(r, COSTS, "debug info",
		     is_stripped && r->patient.owner[0] ? "the same package has it" :
							   advice_info(&r->advice, &r->patient),
		     "none: source lines and inlined functions cannot be told");
}

static void report_link(struct report *r)
{
	const struct debug_file *f = &r->patient.traits->debug;

	if (f->state == DEBUG_FILE_OTHER)
		line(r, COSTS, "debug file", "install the one that was built with this file",
		     "%s belongs to another build and is not used", f->path);
	else if (f->state == DEBUG_FILE_FOUND)
		line(r, GOOD, "debug file", NULL, "%s, found by %s", f->path,
		     f->is_by_link ? "debug link" : "build id");
	else if (f->link[0] && !r->patient.owner[0]) /* a package's is in another package */
		line(r, COSTS, "debug file", advice_link(&r->advice, &r->patient),
		     "linked to %s, which is neither beside it, nor in .debug/ there, nor below "
		     "/usr/lib/debug", f->link);
}

static void report_build_id(const struct report *r)
{
	const struct traits *t = r->patient.traits;
	char hex[2 * ELF_MAX_BUILD_ID + 1] = "";

	for (uint32_t i = 0; i < t->build_id_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", t->build_id[i]);
	if (t->build_id_len > 0)
		line(r, GOOD, "build id", NULL, "%s", hex);
	else
		line(r, COSTS, "build id",
		     t->language == LANGUAGE_GO ? "go build -ldflags=-B=gobuildid" :
						  "link it again with -Wl,--build-id",
		     "none: nothing proves that a symbol file belongs to it");
}

static void report_frames(const struct report *r)
{
	const struct traits *t = r->patient.traits;
	const char *basis = t->frames_basis == FRAMES_BY_RULES ? ".eh_frame" : "first instructions";

	if (t->frames_basis == FRAMES_UNKNOWN && t->language == LANGUAGE_GO)
		line(r, GOOD, "frame pointers", NULL, "kept by the Go compiler");
	else if (t->frames_basis == FRAMES_UNKNOWN)
		line(r, COSTS, "frame pointers", advice_frames(&r->patient),
		     "cannot be told: there is neither .eh_frame nor a symbol of a function");
	else
		line(r, traits_have_frames(t) ? GOOD : COSTS, "frame pointers",
		     advice_frames(&r->patient), "kept by %u of %u functions with a frame (%u %%, by their %s)%s",
		     t->frames.n_with_pointer, t->frames.n, traits_frame_percent(t), basis,
		     traits_have_frames(t) ? "" : ": stacks that pass through it are cut");
}

static void report_eh_frame(const struct report *r)
{
	const struct traits *t = r->patient.traits;

	if (t->has_eh_frame)
		line(r, GOOD, ".eh_frame", NULL, "there");
	else if (traits_have_frames(t))
		line(r, GOOD, ".eh_frame", NULL, "none, and none is needed with frame pointers");
	else
		line(r, COSTS, ".eh_frame", "compile it again with -fasynchronous-unwind-tables",
		     "none: without frame pointers nothing else can follow its stacks");
}

static void report_binary(struct report *r)
{
	report_kind(r);
	if (r->patient.traits->linkage == LINKAGE_CORE)
		return;
	report_language(r);
	report_symbols(r);
	report_info(r);
	report_link(r);
	report_build_id(r);
	report_frames(r);
	report_eh_frame(r);
}

/* A library is one line: what its frames will be called, and whether stacks get through. */
static void report_library(struct report *r, const struct library *l)
{
	const struct traits *t = &l->traits;
	char frames[64] = "";
	const char *mend;

	if (!l->path[0]) {
		line(r, COSTS, l->name, "install its package, or set LD_LIBRARY_PATH as the program does",
		     "not found where the loader looks");
		return;
	}
	r->patient = (struct patient){ l->path, l->owner, t };
	if (t->frames_basis != FRAMES_UNKNOWN)
		snprintf(frames, sizeof(frames), "; frame pointers in %u %% of functions%s",
			 traits_frame_percent(t), traits_have_frames(t) ? "" : ", stacks are cut");
	mend = traits_are_named(t) ? advice_frames(&r->patient) :
				     advice_symbols(&r->advice, &r->patient);
	line(r, traits_are_named(t) && traits_have_frames(t) ? GOOD : COSTS, l->name, mend, "%s: %s%s",
	     l->path, traits_are_named(t) ? "has symbols" : "names of exported functions only", frames);
}

/* The word of a "#!" line that names the program: behind env, its first that is no option. */
static void script_interpreter(char *text, char *ret, size_t size)
{
	char *state = NULL, *word = strtok_r(text, " \t", &state), *last = word;
	const char *base = word ? strrchr(word, '/') : NULL;

	if (base && strcmp(base, "/env") == 0)
		while ((word = strtok_r(NULL, " \t", &state)) && (*word == '-' || strchr(word, '=')))
			;
	snprintf(ret, size, "%s", word ? word : last ? last : "");
}

static void report_other(const struct report *r, const struct reader *file, int error)
{
	char text[256] = "", interpreter[256], mend[300];
	size_t len = 0;

	(void)reader_get_some(file, 0, text, sizeof(text) - 1, &len);
	text[len] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (error == -ENOEXEC && strncmp(text, "#!", 2) == 0) {
		script_interpreter(text + 2, interpreter, sizeof(interpreter));
		snprintf(mend, sizeof(mend), "hearth doctor %s", interpreter);
		line(r, COSTS, "file", mend, "a script: its frames are those of its interpreter, %s",
		     interpreter);
	} else {
		line(r, BROKEN, "file", "name the program or library itself", "%s",
		     error == -ENOEXEC ? "neither an ELF file (little-endian) nor a script" :
					 "an ELF file that is cut or damaged");
	}
}

static void report_all(struct report *r, const struct libraries *l)
{
	r->patient = (struct patient){ l->items[0].path, l->items[0].owner, &l->items[0].traits };
	report_binary(r);
	for (size_t i = 1; i < l->n; i++)
		report_library(r, &l->items[i]);
}

void diagnose_reader(const struct hearth_diagnosis *d, const struct reader *file, const char *path,
		     const struct file_source *source)
{
	_cleanup_(libraries_freep) struct libraries *libraries = NULL;
	struct report r = { .d = d };
	struct elf_file f;
	int k;

	k = elf_open(&f, file);
	if (k < 0) {
		report_other(&r, file, k);
		return;
	}
	k = libraries_read(&f, path, source, &libraries);
	if (k < 0) {
		line(&r, BROKEN, "file", "try again", "cannot be looked at: %s", strerror(-k));
		return;
	}
	distribution_read(source, &r.advice.distribution);
	report_all(&r, libraries);
}

static int host_open(void *ctx, const char *path, struct reader *ret)
{
	const struct hearth_diagnosis *d = ctx;
	int fd, r;

	fd = d->open(d, path);
	if (fd < 0)
		return fd;
	r = reader_open_fd(ret, fd);
	if (r < 0)
		(void)close(fd);
	return r;
}

void inspector_diagnose_file(const struct hearth_diagnosis *d, int32_t fd, const char *path)
{
	const struct file_source source = { .open = host_open, .ctx = (void *)(uintptr_t)d };
	struct reader reader;

	if (reader_open_fd(&reader, fd) == 0)
		diagnose_reader(d, &reader, path, &source);
}
