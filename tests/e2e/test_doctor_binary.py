# SPDX-License-Identifier: Apache-2.0
"""`hearth doctor BINARY`: what it says about binaries that compilers and binutils made, and that a
recording of what its advice made is better than one before."""
import os
import re
import shlex
import shutil
import subprocess

import pytest

from hearth import folded

# A function that keeps nothing on the stack has no frame whatever the compiler is told, so inner does.
SOURCE = """
volatile unsigned long sink;
__attribute__((noipa)) void inner(unsigned long n) { volatile unsigned long sum = 0; while (n--) sum += n; sink += sum; }
__attribute__((noipa)) void middle(unsigned long n) { inner(n); sink++; }
__attribute__((noipa)) void outer(unsigned long n) { middle(n); sink++; }
int main(void) { for (int i = 0; i < 1500; i++) outer(1000000); return 0; }
"""
FRAMES = ["-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"]


def run(*argv, **kwargs):
    r = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=300, **kwargs)
    assert r.returncode == 0, "%s\n%s%s" % (argv, r.stdout, r.stderr)
    return r.stdout


def make(hearth, name, *flags, source=SOURCE, compiler="gcc", suffix="c"):
    text = hearth.write("%s.%s" % (name, suffix), source)
    path = os.path.join(hearth.tmp, name)
    run(compiler, *flags, text, "-o", path)
    return path


class Verdict:
    """The lines of a diagnosis: subject → (severity, finding, what mends it or None)."""

    def __init__(self, hearth, path, **kwargs):
        self.process = hearth.run("doctor", path, **kwargs)
        self.text = self.process.stdout + self.process.stderr
        self.lines = {}
        for line in self.process.stdout.splitlines():
            m = re.fullmatch(r"  (OK|costs|broken) +(\S+(?: \S+)*?)  +(.*?)(?:  →  (.*))?", line)
            if m:
                self.lines[m.group(2)] = m.group(1), m.group(3), m.group(4)

    def __getitem__(self, subject):
        assert subject in self.lines, "no line %r in\n%s" % (subject, self.text)
        return self.lines[subject]

    def severity(self, subject):
        return self[subject][0]


def program_of(hearth, path):
    """The stacks of a recording of the program that are its own, root to leaf, with their counts."""
    process, folder = hearth.record("-F", "499", "--", path, out=os.path.basename(path) + "-out")
    assert process.returncode == 0, process.stderr
    stacks = [(frames[1:], n) for frames, n in folded(folder) if not any(f.endswith("_[k]") for f in frames)]
    assert sum(n for _, n in stacks) > 100, stacks
    return stacks


def share(stacks, condition):
    return sum(n for frames, n in stacks if condition(frames)) / sum(n for _, n in stacks)


def is_whole(frames):
    return [f for f in frames if f in ("main", "outer", "middle", "inner")] == ["main", "outer", "middle", "inner"]


def test_a_binary_with_everything_gets_no_advice_but_on_its_libraries(hearth):
    v = Verdict(hearth, make(hearth, "good", "-g", "-O2", *FRAMES))
    assert v.process.returncode == 0
    for subject in ("file", "language", "symbols", "debug info", "build id", "frame pointers", ".eh_frame"):
        assert v.severity(subject) == "OK", v.text
    assert v["language"][1].startswith("C (GCC"), v.text
    assert "/libc.so.6" in v["libc.so.6"][1], v.text


@pytest.mark.slow
def test_missing_frame_pointers_are_told_and_the_advice_makes_stacks_whole(hearth):
    path = make(hearth, "frameless", "-g", "-O2", "-fomit-frame-pointer")
    v = Verdict(hearth, path)
    assert v.severity("frame pointers") == "costs" and "stacks" in v["frame pointers"][1], v.text
    assert v.severity("symbols") == v.severity(".eh_frame") == "OK", v.text
    assert share(program_of(hearth, path), is_whole) < 0.1

    command = shlex.split(v["frame pointers"][2].replace("…", ""))
    mended = os.path.join(hearth.tmp, "mended")
    run(*command, path + ".c", "-o", mended)
    assert Verdict(hearth, mended).severity("frame pointers") == "OK"
    assert share(program_of(hearth, mended), is_whole) > 0.9


@pytest.mark.slow
def test_a_stripped_binary_is_told_and_the_advice_brings_the_names_back(hearth):
    path = make(hearth, "stripped", "-O2", "-s", *FRAMES)
    v = Verdict(hearth, path)
    assert v.severity("symbols") == "costs" and "stripped+0x" in v["symbols"][1], v.text
    assert v.severity("frame pointers") == "OK", v.text
    stacks = program_of(hearth, path)
    assert share(stacks, lambda frames: frames[-1].startswith("stripped+0x")) > 0.9, stacks

    assert "without -s" in v["symbols"][2], v.text
    mended = make(hearth, "unstripped", "-O2", *FRAMES)
    assert Verdict(hearth, mended).severity("symbols") == "OK"
    assert share(program_of(hearth, mended), lambda frames: frames[-1] == "inner") > 0.9


def debug_linked(hearth, *flags):
    """(stripped program, its debug file), linked as the manual of objcopy(1) says."""
    path = make(hearth, "linked", "-g", "-O2", *FRAMES, *flags)
    run("objcopy", "--only-keep-debug", "linked", "linked.debug", cwd=hearth.tmp)
    run("strip", "linked", cwd=hearth.tmp)
    run("objcopy", "--add-gnu-debuglink=linked.debug", "linked", cwd=hearth.tmp)
    return path, path + ".debug"


@pytest.mark.parametrize("flags", [[], ["-Wl,--build-id=none"]], ids=["build-id", "checksum"])
def test_a_debug_linked_binary_finds_its_file_beside_it(hearth, flags):
    path, debug = debug_linked(hearth, *flags)
    v = Verdict(hearth, path)
    assert v.severity("symbols") == "OK" and debug in v["symbols"][1], v.text
    assert v.severity("debug info") == v.severity("debug file") == "OK" and debug in v["debug file"][1], v.text
    assert v.severity("build id") == ("costs" if flags else "OK"), v.text


def test_a_debug_link_that_leads_nowhere_is_mended_by_the_command_it_prints(hearth):
    path, debug = debug_linked(hearth)
    os.mkdir(os.path.join(hearth.tmp, "elsewhere"))
    shutil.move(debug, os.path.join(hearth.tmp, "elsewhere"))
    v = Verdict(hearth, path)
    assert v.severity("debug file") == v.severity("symbols") == "costs", v.text

    command = v["debug file"][2].split(",")[0].replace("sudo ", "")
    run(*shlex.split(command), cwd=os.path.join(hearth.tmp, "elsewhere"))
    v = Verdict(hearth, path)
    assert v.severity("debug file") == v.severity("symbols") == "OK", v.text


@pytest.mark.parametrize("flags", [[], ["-Wl,--build-id=none"]], ids=["build-id", "checksum"])
def test_a_debug_file_of_another_build_is_not_taken(hearth, flags):
    path, debug = debug_linked(hearth, *flags)
    make(hearth, "other", "-g", "-O1", *flags)
    os.replace(os.path.join(hearth.tmp, "other"), debug)
    v = Verdict(hearth, path)
    assert v.severity("debug file") == v.severity("symbols") == "costs", v.text
    assert "another build" in v["debug file"][1], v.text


def test_cpp_is_told_by_its_names(hearth):
    path = make(hearth, "plus", "-O2", "-s", compiler="g++", suffix="cc",
                source="#include <iostream>\nint main() { std::cout << 1; }\n")
    v = Verdict(hearth, path)
    assert v["language"][1].startswith("C++"), v.text
    assert "libstdc++.so.6" in v.lines, v.text
    assert v.severity("symbols") == "costs", v.text


def test_static_programs_are_told_apart(hearth):
    for name, flags, words in (("fixed", ["-static", "-no-pie"], "statically linked"),
                               ("static-pie", ["-static-pie"], "static-pie"),
                               ("pie", ["-pie"], "dynamically linked, position-independent"),
                               ("no-pie", ["-no-pie"], "at a fixed address"),
                               ("library", ["-shared", "-fPIC", "-Wl,-soname,library"], "shared library")):
        v = Verdict(hearth, make(hearth, name, *flags))
        assert words in v["file"][1] and "x86-64" in v["file"][1] or os.uname().machine != "x86_64", v.text


GO = """package main

import "fmt"

//go:noinline
func inner(n int) (sum int) {
	var kept [64]int
	for i := 0; i < n; i++ {
		kept[i%64] += i % 7
	}
	return kept[n%64]
}

//go:noinline
func outer(n int) int { return inner(n) + 1 }

func main() {
	sum := 0
	for i := 0; i < 2000; i++ {
		sum += outer(1000000)
	}
	fmt.Println(sum)
}
"""


def go_build(hearth, name, *flags):
    source = hearth.write("main.go", GO)
    path = os.path.join(hearth.tmp, name)
    # The compiler of the distribution, without network, caches of its own or cgo.
    run("/usr/bin/go", "build", *flags, "-o", path, source, cwd=hearth.tmp,
        env={"PATH": "/usr/bin:/bin", "HOME": hearth.tmp, "GOCACHE": hearth.tmp + "/cache", "GO111MODULE": "off",
             "CGO_ENABLED": "0", "GOFLAGS": "", "GOPROXY": "off"})
    return path


@pytest.mark.slow
def test_a_go_binary_is_told_and_the_advice_brings_the_names_back(hearth):
    stripped = go_build(hearth, "bare", "-ldflags=-s -w")
    v = Verdict(hearth, stripped)
    assert v["language"][1].startswith("Go"), v.text
    assert v.severity("symbols") == v.severity("debug info") == "costs", v.text
    assert v.severity("frame pointers") == "OK", v.text
    assert share(program_of(hearth, stripped), lambda frames: "main.inner" in frames[-1]) == 0

    assert '-ldflags="-s -w"' in v["symbols"][2] and "without" in v["symbols"][2], v.text
    mended = go_build(hearth, "full")
    v = Verdict(hearth, mended)
    assert v.severity("symbols") == v.severity("debug info") == v.severity("frame pointers") == "OK", v.text
    assert re.search(r"kept by \d+ of \d+", v["frame pointers"][1]), v.text
    stacks = program_of(hearth, mended)
    assert share(stacks, lambda frames: [f for f in frames if f.startswith("main.")][-3:] ==
                 ["main.main", "main.outer", "main.inner"]) > 0.9, stacks


def test_a_rust_binary_is_told_and_the_advice_gives_it_frames(hearth):
    source = hearth.write("main.rs", "fn main() { let v: Vec<String> = std::env::args().collect(); println!(\"{:?}\", v); }\n")
    path = os.path.join(hearth.tmp, "rusty")
    build = ["/usr/bin/rustc", "-O", source, "-o", path]
    run(*build, cwd=hearth.tmp)
    v = Verdict(hearth, path)
    assert v["language"][1].startswith("Rust"), v.text
    before = int(re.search(r"kept by (\d+) of", v["frame pointers"][1]).group(1))
    assert v.severity("frame pointers") == "costs", v.text

    flag = re.search(r'RUSTFLAGS="(.*?)"', v["frame pointers"][2]).group(1)
    run(*build, *shlex.split(flag), "-g", cwd=hearth.tmp)
    v = Verdict(hearth, path)
    assert int(re.search(r"kept by (\d+) of", v["frame pointers"][1]).group(1)) > before, v.text
    run("strip", path)
    v = Verdict(hearth, path)
    assert v.severity("symbols") == "costs" and "strip = false" in v["symbols"][2], v.text


def test_a_binary_of_the_distribution_is_mended_by_its_package(hearth):
    v = Verdict(hearth, "gzip")
    owner = run("dpkg", "-S", "gzip").splitlines()
    assert any(line.startswith("gzip: ") for line in owner)
    assert v["package"][1] == "gzip", v.text
    assert v["symbols"][2].endswith("sudo apt install gzip-dbgsym"), v.text
    assert re.search(r"debian-debug [a-z]+-debug main", v["symbols"][2]), v.text
    needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", "/usr/bin/gzip"))
    assert needed and set(needed) <= set(v.lines), v.text


def test_the_package_that_is_advised_is_there_to_be_installed(hearth):
    """A -dbg comes from the archive that the machine has. A -dbgsym comes from one that the advice adds,
    and is made only of packages that have no -dbg."""
    known = set(run("apt-cache", "pkgnames").split())
    codename = run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()
    if "libc6-dbg" not in known:
        pytest.skip("apt has no lists of packages")
    archive = "echo 'deb http://deb.debian.org/debian-debug %s-debug main' | sudo tee /etc/apt/sources.list.d/debug.list && " \
              "sudo apt update && " % codename
    libraries = "/usr/lib/x86_64-linux-gnu/"
    for path in ("/usr/bin/python3.11", libraries + "libdb-5.3.so", libraries + "libkrb5.so.3", "/usr/bin/gzip", "/usr/bin/openssl"):
        v = Verdict(hearth, path)
        before, package = re.fullmatch(r"(.*)sudo apt install (\S+)", v["symbols"][2]).groups()
        if package.endswith("-dbg"):
            assert before == "" and package in known, v.text
        else:
            assert before == archive and package == v["package"][1] + "-dbgsym", v.text
            assert v["package"][1] + "-dbg" not in known, v.text


def test_the_build_id_is_that_of_readelf(hearth):
    path = make(hearth, "named", "-O2")
    build_id = re.search(r"Build ID: (\w+)", run("readelf", "-n", path)).group(1)
    assert Verdict(hearth, path)["build id"][1] == build_id


def test_a_script_names_its_interpreter(hearth):
    for line, name in (("#!/bin/sh -e", "/bin/sh"), ("#!/usr/bin/env -S A=1 python3 -u", "python3")):
        path = hearth.write("script", line + "\necho hello\n")
        v = Verdict(hearth, path)
        assert v.process.returncode == 0 and v["file"][2] == "hearth doctor " + name, v.text


@pytest.mark.parametrize("content", [b"", b"hello", b"\177ELF\2\1\1" + b"\0" * 20, b"\177ELF\2\1\1" + b"\xff" * 4096],
                         ids=["empty", "text", "cut", "noise"])
def test_what_is_no_program_is_broken_and_not_a_crash(hearth, content):
    path = os.path.join(hearth.tmp, "odd")
    with open(path, "wb") as f:
        f.write(content)
    v = Verdict(hearth, path)
    assert "SIG" not in v.text and "signal" not in v.text, v.text
    assert v.process.returncode == 1 or content.endswith(b"\xff"), v.text


def test_what_is_no_file_is_refused_at_once(hearth):
    fifo = os.path.join(hearth.tmp, "fifo")
    os.mkfifo(fifo)
    for path, words in ((fifo, "not a regular file"), ("/dev/zero", "not a regular file"), (hearth.tmp, "not a regular file"),
                        ("/no/such", "No such file")):
        process = hearth.run("doctor", path, timeout=10)
        assert process.returncode == 1 and words in process.stderr, process.stderr
    assert hearth.run("doctor", "/bin/true", "/bin/false").returncode == 2


def test_a_binary_cannot_make_root_read_for_it(hearth):
    """A library that only root may read is named in the program, but not opened for it."""
    secret = make(hearth, "libsecret.so", "-shared", "-fPIC", source="void secret(void) {}\n")
    path = make(hearth, "nosy", "-Wl,--no-as-needed", "-L" + hearth.tmp, "-l:libsecret.so", "-Wl,-rpath," + hearth.tmp,
                "-Wl,--allow-shlib-undefined")
    assert "libsecret.so" in Verdict(hearth, path)["libsecret.so"][1]
    os.chmod(secret, 0o600)
    v = Verdict(hearth, path)
    assert v.severity("libsecret.so") == "costs" and "not found" in v["libsecret.so"][1], v.text


def test_the_file_is_parsed_in_a_sealed_process_and_never_executed(hearth):
    path = make(hearth, "traced", "-O2", source="int main(void) { __builtin_trap(); }\n")
    trace = os.path.join(hearth.tmp, "trace")
    process = hearth.run("doctor", path, prefix=["strace", "-f", "-e", "trace=execve,seccomp,prctl", "-o", trace])
    assert process.returncode == 0, process.stderr
    with open(trace) as f:
        text = f.read()
    executed = re.findall(r'execve\("([^"]*)"', text)
    assert executed == [hearth.binary, "/proc/self/exe"], executed
    assert "PR_SET_SECCOMP" in text or "SECCOMP_SET_MODE_FILTER" in text, text


def test_without_privileges_it_says_the_same(hearth):
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    mine = Verdict(hearth, "/usr/bin/gzip")
    theirs = Verdict(hearth.public(), "/usr/bin/gzip", prefix=as_nobody)
    assert theirs.process.returncode == 0 and theirs.lines == mine.lines, theirs.text
