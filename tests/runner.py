# SPDX-License-Identifier: Apache-2.0
"""Builds Hearth three times, runs all tests, counts single test functions and judges skips.

The builds: `plain` (failpoints in), `asan` (address and undefined behaviour), `tsan` (threads).
A test that skips must stand in tests/expected-skips.txt with its reason; any other skip counts as
a failure, so that nothing goes untested unnoticed.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PARTS = ("lint", "unit", "e2e", "browser", "interop", "vm", "bench")
BUILDS = {
    "plain": [],
    "asan": ["-Db_sanitize=address,undefined"],
    "tsan": ["-Db_sanitize=thread"],
}
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
# cmocka in TAP form; 1.1.5 spells a skip "not ok 3 # SKIP name" and goes on to exit with 0.
TAP = re.compile(r"^(not )?ok \d+ (?:- (\S+)|# SKIP (\S+))", re.M)

# What tests/vm/run.py prints: a line for each result, what went wrong below it.
GUEST_TAP = re.compile(r"^(not )?ok \d+ - (.+?)(?: # SKIP (.*))?((?:\n#.*)*)$", re.M)


class Results:
    def __init__(self, expected_skips):
        self.expected = expected_skips
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def ok(self, n=1):
        self.passed += n

    def fail(self, name, text=""):
        self.failed += 1
        self.failures.append(name)
        print("FAIL %s" % name)
        for line in text.rstrip().splitlines()[-60:]:
            print("     %s" % line)
        sys.stdout.flush()

    def skip(self, name, reason=None):
        """reason: as the test gave it; cmocka and exit status 77 give none."""
        listed = self.expected.get(name)
        if listed and reason in (None, listed):
            self.skipped += 1
            print("SKIP %s: %s" % (name, listed))
        else:
            self.fail(name, "skipped (%s); tests/expected-skips.txt does not list that" % (reason or "no reason given"))


def expected_skips():
    """{name: reason}; the file's lines read `name | reason`."""
    with open(os.path.join(ROOT, "tests/expected-skips.txt")) as f:
        rows = [line.split("|", 1) for line in f if line.strip() and not line.startswith("#")]
    return {name.strip(): reason.strip() for name, reason in rows}


def say(text):
    print("== %s" % text, flush=True)


def build_dir(name):
    return os.path.join(ROOT, "build-" + name)


def build(name, results):
    """True if the build stands. A warning is an error here."""
    folder = build_dir(name)
    say("build-%s" % name)
    options = ["-Dwerror=true", "-Dfailpoints=true", *BUILDS[name]]
    again = ["--reconfigure"] if os.path.exists(os.path.join(folder, "build.ninja")) else []
    for command in (["meson", "setup", *again, *options, folder, ROOT], ["ninja", "-C", folder]):
        r = subprocess.run(command, capture_output=True, text=True)
        if r.returncode:
            results.fail("build-%s" % name, r.stdout + r.stderr)
            return False
    results.ok()
    return True


def run_lints(results):
    say("lints")
    env = dict(os.environ, HEARTH_BUILD=build_dir("plain"))
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/lint/*"))):
        if not os.access(path, os.X_OK) or os.path.isdir(path):
            continue
        name = "lint/" + os.path.basename(path).split(".")[0]
        with open(path) as f:
            ways = ["--self-test"] if "--self-test" in f.read() else []
        for args in ([], ways) if ways else ([],):
            command = [sys.executable, path] if path.endswith(".py") else [path]
            r = subprocess.run([*command, *args], capture_output=True, text=True, env=env, cwd=ROOT)
            if r.returncode:
                results.fail(" ".join([name, *args]), r.stdout + r.stderr)
            else:
                results.ok()


def count_binary(results, name, test):
    """Counts the test functions of one binary, or the binary itself where it prints none."""
    out = test.get("stdout", "")
    failed = 0
    for m in TAP.finditer(out):
        if m.group(3):
            results.skip("%s/%s" % (name, m.group(3)))
        elif m.group(1):
            failed += 1
            results.fail("%s/%s" % (name, m.group(2)), "\n".join(l for l in out.splitlines() if l.startswith("#")))
        else:
            results.ok()
    if test["result"] == "SKIP":
        results.skip(name)
    elif test["result"] != "OK" and not failed:
        results.fail(name, "%s\n%s\n%s" % (test["result"], out, test.get("stderr", "")))
    elif test["result"] == "OK" and not TAP.search(out):
        results.ok()


def run_unit(results, name, is_quick):
    say("unit, plugin and corpus tests of build-%s" % name)
    folder = build_dir(name)
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", **SANITIZERS)
    logs = os.path.join(folder, "meson-logs/testlog*.json")  # a wrapper puts its name into it
    for old in glob.glob(logs):
        os.unlink(old)
    command = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs"]
    if name != "plain":
        command += ["-t", "8"]
    if name == "tsan":
        # TSan of gcc 12 knows no memory layout with more than 28 bits of randomness.
        command += ["--wrapper", "setarch -R"]
    if is_quick:
        command += ["--no-suite", "fuzz"]
    r = subprocess.run(command, capture_output=True, text=True, env=env)
    if not glob.glob(logs):
        results.fail("unit/%s" % name, r.stdout + r.stderr)
        return
    with open(glob.glob(logs)[0]) as f:
        for line in f:
            test = json.loads(line)
            count_binary(results, "%s: %s" % (name, test["name"].split(" / ")[-1]), test)


def run_pytest(results, part, what, folder, args):
    say("%s of %s" % (what, os.path.basename(folder)))
    report = os.path.join(folder, "%s.xml" % part)
    if os.path.exists(report):
        os.unlink(report)
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", report,
               os.path.join(ROOT, "tests", part), "--build", folder, *args]
    r = subprocess.run(command, cwd=ROOT, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **SANITIZERS),
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not os.path.exists(report):
        results.fail(part, r.stdout)
        return
    tree = xml.etree.ElementTree.parse(report).getroot()
    for fact in tree.iter("property"):
        print("%s %s" % (fact.get("name"), fact.get("value")))
    for case in tree.iter("testcase"):
        name = "%s: %s/%s" % (os.path.basename(folder)[6:], case.get("classname").split(".")[-1], case.get("name"))
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        if bad is not None:
            results.fail(name, bad.text or bad.get("message") or "")
        elif skipped is not None:
            results.skip(name, skipped.get("message") or "")
        else:
            results.ok()


def run_vm(results, folder):
    """Both kernels, one after the other: each takes both CPUs of a small machine."""
    say("tests in emulated machines, of %s" % os.path.basename(folder))
    r = subprocess.run([sys.executable, os.path.join(ROOT, "tests/vm/run.py"), "--build", folder],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    for line in re.findall(r"^# ((?:kernels|Linux|user space) .*)", r.stdout, re.M):
        print(line)
    n_failed = results.failed
    for m in GUEST_TAP.finditer(r.stdout):
        if m.group(3):
            results.skip("vm: " + m.group(2), m.group(3))
        elif m.group(1):
            results.fail("vm: " + m.group(2), m.group(4))
        else:
            results.ok()
    if r.returncode and results.failed == n_failed:
        results.fail("vm", r.stdout)


def run_bench(results, folder):
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/bench/*"))):
        if os.access(path, os.X_OK) and os.path.isfile(path):
            name = os.path.basename(path).split(".")[0]
            say("bench %s" % name)
            with open(path) as f:
                form = ["--quick"] if "quick=" in f.read() else []
            r = subprocess.run([sys.executable, path, "--build", folder, *form], capture_output=True, text=True)
            print(r.stdout, end="")
            results.fail("bench/" + name, r.stdout + r.stderr) if r.returncode else results.ok()


def parse_args():
    p = argparse.ArgumentParser(prog="tests/run", description=__doc__.split("\n\n")[0],
                                epilog="HEARTH_LONG=1 runs the long forms of the end-to-end tests.")
    p.add_argument("--only", action="append", choices=PARTS, help="this part only; may be repeated")
    p.add_argument("--quick", action="store_true", help="the plain build only, no fuzz corpora, no slow end-to-end tests, no other kernels, "
                   "no tools of other people")
    p.add_argument("--bench", action="store_true", help="the benchmarks too: quiet machine, five minutes more")
    p.add_argument("-k", metavar="EXPRESSION", help="end-to-end, browser and interop tests that match (as pytest -k)")
    args = p.parse_args()
    left_out = [part for part, wanted in (("bench", args.bench), ("vm", not args.quick), ("interop", not args.quick)) if not wanted]
    args.parts = args.only or [part for part in PARTS if part not in left_out]
    return args


def main():
    args = parse_args()
    if os.geteuid() != 0:
        sys.exit("tests/run: run as root (sudo tests/run): the tests load BPF programs and use namespaces")
    os.chdir(ROOT)
    results = Results(expected_skips())
    started = time.monotonic()
    names = ["plain"] if args.quick or not {"unit", "e2e"} & set(args.parts) else list(BUILDS)
    built = [name for name in names if build(name, results)]
    if "lint" in args.parts:
        run_lints(results)
    if "unit" in args.parts:
        for name in built:
            run_unit(results, name, args.quick)
    pytest_args = (["-k", args.k] if args.k else []) + (["-m", "not slow"] if args.quick else [])
    if "e2e" in args.parts:
        for name in built:
            only = pytest_args if name == "plain" else ["-m", "sanitizers"]
            run_pytest(results, "e2e", "end-to-end tests", build_dir(name), only)
    if "browser" in args.parts and "plain" in built:
        run_pytest(results, "browser", "browser tests", build_dir("plain"), ["-k", args.k] if args.k else [])
    if "interop" in args.parts and "plain" in built:
        run_pytest(results, "interop", "other people's tools with files", build_dir("plain"), ["-k", args.k] if args.k else [])
    if "vm" in args.parts and "plain" in built:
        run_vm(results, build_dir("plain"))
    if "bench" in args.parts and "plain" in built:
        run_bench(results, build_dir("plain"))
    for name in results.failures:
        print("failed: %s" % name)
    minutes, seconds = divmod(int(time.monotonic() - started), 60)
    say("%d min %d s" % (minutes, seconds))
    print("%d passed, %d failed, %d skipped" % (results.passed, results.failed, results.skipped))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
