# SPDX-License-Identifier: Apache-2.0
"""Whose name a frame gets, wherever that name is kept: programs are built here, and judged by binutils."""
import json
import os
import re
import subprocess

from hearth import folded, summary

CPLUS = """
#include <vector>
namespace shop {
struct Cart {
	std::vector<int> prices;
	template <typename T> __attribute__((noinline)) T total(T factor);
};
template <typename T> T Cart::total(T factor)
{
	volatile T sum = 0;
	for (int round = 0; round < 100000; round++)
		for (int price : prices)
			sum = sum + price * factor;
	return sum;
}
}
int main()
{
	shop::Cart cart;
	for (int i = 0; i < 10; i++)
		cart.prices.push_back(i);
	for (;;)
		cart.total<double>(1.5);
}
"""


def build(hearth, name, source, *flags, compiler="gcc"):
    path = os.path.join(hearth.tmp, name)
    suffix = ".cc" if compiler == "g++" else ".c"
    code = hearth.write(name + suffix, source)
    subprocess.run([compiler, "-g0", "-O1", "-fno-omit-frame-pointer", "-o", path, code, *flags], check=True)
    return path


def frames_of(hearth, load, program, seconds=2):
    """Frames that samples of a program have, each with how many; the end of the run's text."""
    process = load.start(program)
    done, folder = hearth.record("-d", seconds, "-p", process, "--force")
    assert done.returncode == 0, done.stderr
    counts = {}
    for frames, n in folded(folder):
        assert frames[0] == os.path.basename(program)[:15]
        for frame in set(frames[1:]):
            counts[frame] = counts.get(frame, 0) + n
    return counts, done.stdout + done.stderr


def demangled(program):
    """As binutils reads the names of a program, without types of parameters."""
    names = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
    text = "\n".join(line.split()[-1] for line in names.splitlines())
    return set(subprocess.run(["c++filt", "-p"], input=text, capture_output=True, text=True, check=True).stdout.splitlines())


def test_cplus_names_read_as_binutils_demangles_them(hearth, load):
    program = build(hearth, "cart", CPLUS, compiler="g++")
    counts, _ = frames_of(hearth, load, program)
    assert "shop::Cart::total<double>" in demangled(program)
    assert counts["main"] > 200 and counts["shop::Cart::total<double>"] >= 0.9 * counts["main"], counts
    assert not [f for f in counts if f.startswith("_Z")], counts


def test_the_linkers_name_goes_along_with_the_one_for_people(hearth, load):
    program = build(hearth, "cart", CPLUS, compiler="g++")
    path = os.path.join(hearth.tmp, "batches.json")
    done, _ = hearth.record("-d", 1, "-p", load.start(program), "--sink", "debug-json:samples=true,output=" + path)
    assert done.returncode == 0, done.stderr
    with open(path) as f:
        frames = [frame for batch in map(json.loads, f) for frame in batch.get("frames", [])]
    names = {line["function"]: line["system_name"] for frame in frames if frame["binary"] == program for line in frame["lines"]}
    assert names["main"] is None
    mangled = names["shop::Cart::total<double>"]
    assert re.search(r" %s$" % re.escape(mangled), subprocess.run(["nm", program], capture_output=True, text=True).stdout, re.M), mangled


WORK = """
__attribute__((noinline)) static int work(void)
{
	volatile int n = 0;
	for (int i = 0; i < 100000; i++)
		n = n + i;
	return n;
}
int main(void)
{
	for (;;)
		work();
}
"""


def run(*argv):
    subprocess.run(argv, check=True)


def test_a_debug_file_put_in_place_mends_the_profile_of_a_stripped_program(hearth, load):
    program = build(hearth, "worker", WORK)
    debug = program + ".debug"
    run("objcopy", "--only-keep-debug", program, debug)
    run("strip", program)
    run("objcopy", "--add-gnu-debuglink=" + debug, program)
    os.rename(debug, debug + ".away")
    before, text = frames_of(hearth, load, program)
    assert "work" not in before and any(f.startswith("worker+0x") for f in before), before
    assert program in text, "the end of the run does not say what to mend: " + text

    os.rename(debug + ".away", debug)
    after, text = frames_of(hearth, load, program)
    assert after["work"] > 200 and after["work"] >= 0.9 * after["main"], after
    assert not any(f.startswith("worker+0x") for f in after), after
    assert program not in text, text


CLOCK = """
#include <time.h>
int main(void)
{
	struct timespec t;
	for (;;)
		clock_gettime(CLOCK_MONOTONIC, &t);
}
"""


def test_what_runs_in_the_vdso_has_a_name(hearth, load):
    counts, _ = frames_of(hearth, load, build(hearth, "clock", CLOCK))
    assert counts.get("__vdso_clock_gettime", 0) > 100, counts
    assert not [f for f in counts if f.startswith("[vdso]")], counts


JIT = """
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* push %rbp; mov %rsp,%rbp; mov $200000000,%ecx; 1: dec %ecx; jnz 1b; pop %rbp; ret */
static const unsigned char loop[] = { 0x55, 0x48, 0x89, 0xe5, 0xb9, 0x00, 0xc2, 0xeb, 0x0b, 0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3 };

static void add(FILE *map, char *code, const char *name)
{
	memcpy(code, loop, sizeof(loop));
	fprintf(map, "%lx %zx %s\\n", (unsigned long)code, sizeof(loop), name);
	fflush(map);
}

/* As a compiler that is asked to say what it makes, or not. */
int main(int argc, char **argv)
{
	char path[64], *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	if (argc < 2 || strcmp(argv[1], "--perf-basic-prof") != 0)
		snprintf(path, sizeof(path), "/dev/null");
	map = fopen(path, "w");
	add(map, code, "made first");
	for (int i = 0; i < 8; i++)
		((void (*)(void))code)();
	add(map, code + 4096, "made \\033[2Jlater");
	for (int i = 0; i < 20; i++)
		((void (*)(void))(code + 4096))();
	if (strncmp(path, "/tmp/", 5) == 0)
		unlink(path);
	return 0;
}
"""


def code_frames(folder):
    counts = {}
    for frames, n in folded(folder):
        for frame in frames[1:]:
            if frame.endswith("_[j]"):
                counts[frame] = counts.get(frame, 0) + n
    return counts


def test_code_of_a_jit_compiler_is_named_by_its_perf_map_also_what_it_makes_later(hearth):
    program = build(hearth, "jit", JIT)
    done, folder = hearth.record("--", program, "--perf-basic-prof")
    assert done.returncode == 0, done.stderr
    counts = code_frames(folder)
    assert counts.get("made first_[j]", 0) > 100 and counts.get("made ?[2Jlater_[j]", 0) > 100, counts
    assert len(counts) == 2, counts


def test_code_without_names_is_advised_about_and_the_advice_mends_it(hearth):
    program = build(hearth, "node", JIT)
    done, folder = hearth.record("--", program)
    assert done.returncode == 0, done.stderr
    assert list(code_frames(folder)) == ["[jit]_[j]"], done.stdout
    advice = re.search(r"^advice +(\d+) % of the samples run code that node \(process \d+\) makes without naming it: "
                       r"start it with node (--\S+), or NODE_OPTIONS=(--\S+)$", done.stderr + done.stdout, re.M)
    assert re.search(r"^names +[\d.]+ % of the (frames|samples) .*generated code without a /tmp/perf-PID.map", done.stdout, re.M), done.stdout
    assert next(line for line in summary(folder)["guide"] if line["about"] == "names")["severity"] == "bad"
    assert advice and int(advice[1]) > 80 and advice[2] == advice[3], done.stderr + done.stdout
    done, folder = hearth.record("--force", "--", program, advice[2])
    assert done.returncode == 0, done.stderr
    assert "made first_[j]" in code_frames(folder) and "[jit]_[j]" not in code_frames(folder)
    assert "without naming it" not in done.stderr + done.stdout
