#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots kernels of Debian in an emulated machine and runs tests there: one line of TAP each.

See README.md beside this file.
"""
import argparse
import glob
import json
import os
import shutil
import sys
import tempfile
import time

import image
import kernel
import machine

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = 600  # for one kernel, with room for a machine that others use too
# Tests that meet the kernel; the rest says the same on any.
UNITS = ("test-cpu-sampler-*", "test-inspector-kernel_table", "test-helper-perf_map", "test-helper-sandbox", "test-helper-target_file")
E2E = ("test_record.py", "test_targets.py", "test_unprivileged.py")  # of these, what is marked so
PYTEST = ((*("tests/e2e/" + name for name in E2E), "-m", "kernels"), ("tests/vm/guest",))


def executables(build, plan):
    """What the guest runs; the libraries of all of these are on its disk."""
    patterns = ["hearth", "packaging/hearth-demo", "plugins/*.so", "tests/workloads/*", "tests/fake-plugins/*.so",
                *("tests/unit/" + name for name in {*UNITS, *plan["units"]})]
    found = [path for pattern in sorted(patterns) for path in glob.glob(os.path.join(build, pattern)) if os.path.isfile(path)]
    if os.path.join(build, "hearth") not in found or not any(path.endswith("cpu-sampler.so") for path in found):
        raise SystemExit("vm: no build with cpu-sampler in %s" % build)
    return found


def work_disk(build, plan, path):
    """The disk with the build under test, the tests, and which of them to run."""
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        for file in executables(build, plan):
            to = os.path.join(root, "build", os.path.relpath(file, build))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(file, to)
        for folder in ("e2e", "vm"):
            shutil.copytree(os.path.join(ROOT, "tests", folder), os.path.join(root, "tests", folder),
                            ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(root, "plan.json"), "w") as f:
            json.dump(plan, f)
        image.make_disk(root, path, 0)


class Results:
    """Passes on what the guests say, numbered as TAP wants it, and knows what to make of their ends."""

    def __init__(self):
        self.n = self.failed = 0

    def begin(self, series):
        self.series, self.is_complete, self.running = series, False, "no test yet"
        self.n_before = self.n

    def take(self, line):
        for word in ("ok", "not ok"):
            if line.startswith(word + " - "):
                self.result(word == "ok", line[len(word) + 3:])
                return
        self.is_complete |= line == "# complete"
        if line.startswith("# running "):
            self.running = line[len("# running "):]
        else:
            print(line, flush=True)

    def result(self, is_ok, text):
        self.n += 1
        self.failed += not is_ok
        print("%s %d - %s/%s" % ("ok" if is_ok else "not ok", self.n, self.series, text), flush=True)

    def end(self, guest, seconds):
        if self.is_complete and self.n > self.n_before:
            return
        self.result(False, "guest_runs_all_tests_and_powers_off")
        print("# ended after %d s, while it ran %s; %s ends with" % (seconds, self.running, guest.console_path))
        for line in guest.last_words().splitlines():
            print("#   " + line)


def test_kernel(series, linux, disks, cache, results):
    folder = os.path.join(cache, "run-" + series)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    guest = machine.Machine(linux, os.path.join(HERE, "guest", "init"), [*disks, linux.disk], folder)
    booted = time.monotonic()
    results.begin(series)
    for line in guest.lines(SECONDS):
        results.take(line)
    results.end(guest, time.monotonic() - booted)
    print("# Linux %s ran for %.1f s" % (linux.release, time.monotonic() - booted), flush=True)


def parse_args():
    p = argparse.ArgumentParser(prog="tests/vm/run.py", description=__doc__.split("\n\n")[0])
    p.add_argument("--build", required=True, help="build folder to test")
    p.add_argument("--kernel", action="append", choices=kernel.SUITES, help="this one only; may be repeated")
    p.add_argument("--cache", default=os.path.join(ROOT, "build-vm"), help="where kernels, disks and logs are kept (build-vm)")
    p.add_argument("--unit", action="append", metavar="PATTERN", help="unit tests to run, such as 'test-helper-*'")
    p.add_argument("--pytest", action="append", metavar="ARGUMENT", help="what pytest gets, such as tests/vm/guest")
    args = p.parse_args()
    args.build, args.cache = os.path.abspath(args.build), os.path.abspath(args.cache)
    return args


def plan_of(args):
    if not args.unit and not args.pytest:
        return {"units": UNITS, "pytest": PYTEST}
    return {"units": args.unit or [], "pytest": [args.pytest] if args.pytest else []}


def main():
    args = parse_args()
    machine.check_host()
    os.makedirs(args.cache, exist_ok=True)
    began, plan = time.monotonic(), plan_of(args)
    kernels = {series: kernel.kernel(series, args.cache) for series in args.kernel or kernel.SUITES}
    system = image.system_disk(args.cache, executables(args.build, plan))
    work = os.path.join(args.cache, "work.ext4")
    work_disk(args.build, plan, work)
    print("# kernels and disks after %.1f s" % (time.monotonic() - began), flush=True)
    results = Results()
    for series, linux in kernels.items():
        test_kernel(series, linux, [system, work], args.cache, results)
    print("1..%d" % results.n)
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
