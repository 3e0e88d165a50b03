# SPDX-License-Identifier: Apache-2.0
"""A kernel that hides its addresses: the recording says so, and its advice brings the names back."""
import re
import subprocess

import pytest

RESTRICT = "/proc/sys/kernel/kptr_restrict"


@pytest.fixture
def restrict():
    """Sets the sysctl; what it was comes back afterwards."""
    def write(value):
        with open(RESTRICT, "w") as f:
            f.write(value)

    with open(RESTRICT) as f:
        before = f.read()
    yield write
    write(before)


def kernel_frames(folder):
    with open(folder + "/stacks.folded") as f:
        return {frame for line in f for frame in line.rsplit(" ", 1)[0].split(";") if frame.endswith("_[k]")}


def test_hidden_kernel_names_are_advised_on_and_the_advice_brings_them_back(hearth, restrict):
    command = ("-F", 4999, "--", "dd", "if=/dev/zero", "of=/dev/null", "bs=64k", "count=20000")
    restrict("2")
    process, folder = hearth.record(*command, out="hidden")
    assert process.returncode == 0, process.stderr
    frames = kernel_frames(folder)
    assert frames and all(re.match(r"\[kernel\]\+0x", f) for f in frames), frames
    assert "the kernel hides its addresses (kernel.kptr_restrict)" in process.stdout
    advice = re.search(r"^advice +kernel\.kptr_restrict 2: .*; sudo (sysctl kernel\.kptr_restrict=\d)", process.stdout, re.M)
    assert advice, process.stdout

    subprocess.run(advice.group(1).split(), check=True, stdout=subprocess.DEVNULL)
    process, folder = hearth.record(*command, out="shown")
    assert not re.search("^advice +kernel", process.stdout, re.M), process.stdout
    frames = kernel_frames(folder)
    assert any(f.startswith("vfs_") for f in frames) and not any("kernel]+0x" in f for f in frames), frames
