# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests run the built hearth from the outside, as root, in a mount namespace of their
own: /run/hearth, /run/systemd and /var/cache/hearth are private, so that the kill switch, the status
socket, the journal and the stored symbols of these tests meet nothing else on the machine."""
import ctypes
import os
import signal
import subprocess

import pytest

from fixtures import agent, hearth, load  # noqa: F401

CLONE_NEWNS = 0x00020000


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="build folder to test")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than ten seconds")
    config.addinivalue_line("markers", "sanitizers: runs in the sanitizer builds too")
    config.addinivalue_line("markers", "kernels: runs on the kernels of tests/vm too, where clocks stand still for moments")
    if os.geteuid() != 0:
        pytest.exit("end-to-end tests run as root", 4)
    # What nohup ignores, a shell could not trap.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        pytest.exit("unshare: %s" % os.strerror(ctypes.get_errno()), 4)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for folder in ("/run/hearth", "/run/systemd", "/var/cache/hearth"):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "hearth-tests", folder], check=True)
