# SPDX-License-Identifier: Apache-2.0
"""What runs in the guest: unit tests that meet the real kernel, and tests of pytest."""
import glob
import json
import os
import re
import subprocess
import sys
import time

import pytest

from tap import Reporter, Tap

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(os.path.dirname(TESTS), "build")
UNIT_SECONDS = 120
# cmocka 1.1.5 spells a skip "not ok 3 # SKIP name"; what went wrong follows its line.
CMOCKA = re.compile(r"^(not )?ok \d+ (?:- (\S+)|# SKIP (\S+))((?:\n(?!ok|not ok).*)*)", re.M)


def run_unit(tap, path):
    """One binary of cmocka; each of its functions is a result."""
    binary = os.path.basename(path).removeprefix("test-")
    tap.note("running " + binary)
    began = time.monotonic()
    try:
        r = subprocess.run([path], capture_output=True, text=True, errors="replace", timeout=UNIT_SECONDS,
                           env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", HEARTH_TEST_EMULATED="1"))
    except subprocess.TimeoutExpired as e:
        tap.result(binary, False, text="no end after %d s\n%s" % (UNIT_SECONDS, (e.stdout or b"").decode(errors="replace")))
        return
    results = [*CMOCKA.finditer(r.stdout)]
    for m in results:
        skipped = "the test says so" if m.group(3) else None
        tap.result("%s/%s" % (binary, m.group(2) or m.group(3)), skipped or not m.group(1), skipped, m.group(4))
    n_failed = sum(1 for m in results if m.group(1) and not m.group(3))
    if r.returncode and not n_failed:
        tap.result(binary, False, text="exit status %d\n%s\n%s" % (r.returncode, r.stdout, r.stderr))
    tap.note("%s: %.1f s" % (binary, time.monotonic() - began))


def run_pytest(tap, arguments):
    """In a process of its own: two folders of tests have two conftest.py."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        options = ["-q", "-p", "no:cacheprovider", "--rootdir", TESTS, "--build=" + BUILD, "--color=no", "--basetemp", "/tmp/pytest",
                   "--durations=10"]
        status = pytest.main([*options, *arguments], plugins=[Reporter(tap)])
        sys.stdout.flush()
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in (0, 1):
        tap.result("pytest", False, text="pytest %s ended with %d; the console says why" % (" ".join(arguments), status))
    tap.note("pytest %s: %.1f s" % (" ".join(arguments), time.monotonic() - began))


def main():
    os.chdir(os.path.dirname(TESTS))
    tap = Tap()
    tap.note("user space after %s s: Linux %s" % (os.environ["BOOT_SECONDS"], os.uname().release))
    with open(os.path.join(os.path.dirname(TESTS), "plan.json")) as f:
        plan = json.load(f)
    for pattern in plan["units"]:
        for path in sorted(glob.glob(os.path.join(BUILD, "tests", "unit", pattern))):
            run_unit(tap, path)
    for arguments in plan["pytest"]:
        run_pytest(tap, arguments)
    tap.say("# complete")


sys.stdout.reconfigure(line_buffering=True)
main()
