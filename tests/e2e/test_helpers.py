# SPDX-License-Identifier: Apache-2.0
"""The two helper processes: what they may do, what their death costs, and that the host itself
touches nothing of the processes it samples."""
import os
import re
import signal
import time

import pytest

from hearth import children_of, folded, helper_pid, summary, wait_for

PROC_NAMES = {"stat", "status", "comm", "maps", "cgroup"}


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


@pytest.fixture
def recording(hearth, load):
    load.demo()
    p = hearth.start("record", "-d", "6", "-o", "out")
    opener = wait_for("the opener", lambda: p.poll() is None and helper_pid(p.pid, "opener"), 20)
    inspector = wait_for("the inspector", lambda: p.poll() is None and helper_pid(p.pid, "inspector"), 20)
    yield p, opener, inspector
    p.kill()
    p.wait()


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["opener", "inspector"])
def test_killed_helper_costs_names_only(hearth, recording, victim):
    p, opener, inspector = recording
    pid = {"opener": opener, "inspector": inspector}[victim]
    os.kill(pid, signal.SIGKILL)
    again = wait_for("a new %s" % victim, lambda: p.poll() is not None or helper_pid(p.pid, victim) not in (None, pid), 15)
    assert again
    _, err = p.communicate(timeout=30)
    assert p.returncode == 0, err
    folder = os.path.join(hearth.tmp, "out")
    s = summary(folder)
    assert not s["samples"]["lost"] or sum(s["samples"]["lost"].values()) == 0, s["samples"]
    demo = sum(n for frames, n in folded(folder) if frames[0] == "hearth-demo")
    assert demo > 4 * 997 * 0.5


@pytest.mark.slow
def test_helpers_killed_again_and_again_never_end_a_recording(hearth, recording):
    p, _, _ = recording
    kills = 0
    while p.poll() is None:
        for role in ("opener", "inspector"):
            try:
                pid = helper_pid(p.pid, role)
                if pid:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
            except (FileNotFoundError, ProcessLookupError):
                pass
        time.sleep(0.05)
    _, err = p.communicate()
    assert p.returncode == 0, err
    assert kills >= 4
    folder = os.path.join(hearth.tmp, "out")
    assert sum(n for frames, n in folded(folder) if frames[0] == "hearth-demo") > 1000


def test_inspector_has_no_privileges(recording):
    _, _, inspector = recording
    status = status_of(inspector)
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Groups"].strip() == ""
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    with open("/proc/%d/limits" % inspector) as f:
        limits = f.read()
    assert not re.search(r"Max address space\s+unlimited", limits)


def test_inspector_holds_no_file_system(recording):
    _, _, inspector = recording
    links = [os.readlink("/proc/%d/fd/%s" % (inspector, fd)) for fd in os.listdir("/proc/%d/fd" % inspector)]
    assert not [link for link in links if link.startswith("/proc/") and link.endswith("/root")], links


def test_helpers_end_with_their_host(recording):
    p, opener, inspector = recording
    p.kill()
    p.wait()
    for pid in (opener, inspector):
        wait_for("helper %d to end" % pid, lambda: not os.path.exists("/proc/%d" % pid) or status_of(pid)["State"].startswith("Z"), 5)


def test_recording_leaves_no_child(hearth, load):
    load.demo()
    p = hearth.start("record", "-d", "1", "-o", "out")
    seen = set()
    while p.poll() is None:
        try:
            seen |= set(children_of(p.pid))
        except FileNotFoundError:
            break
        time.sleep(0.01)
    p.communicate()
    assert len(seen) >= 2
    assert not [pid for pid in seen if os.path.exists("/proc/%d" % pid)]


def host_opens(log):
    """Paths that threads of the traced process itself opened; children of other pids are not it."""
    lines, host = [], set()
    with open(log, errors="replace") as f:
        lines = f.read().splitlines()
    host.add(lines[0].split()[0])
    for line in lines:
        tid, call = line.split(None, 1)
        if tid not in host:
            continue
        if "CLONE_THREAD" in call:
            m = re.search(r"=> \{parent_tid=\[(\d+)\]|\)\s+= (\d+)", call)
            if m:
                host.add(m.group(1) or m.group(2))
    unfinished = re.compile(r"<\.\.\. clone3? resumed>.*parent_tid=\[(\d+)\]")
    for line in lines:
        m = unfinished.search(line)
        if m and line.split()[0] in host:
            host.add(m.group(1))
    for line in lines:
        tid, call = line.split(None, 1)
        m = re.match(r"open(?:at2?)?\((?:[^\"]*?(?:<([^>]*)>)?, )?\"([^\"]*)\"", call)
        if m and tid in host:
            yield os.path.join(m.group(1) or "/", m.group(2))


@pytest.mark.slow
def test_host_opens_nothing_of_a_target_but_five_proc_names(hearth, load):
    pids = {load.demo(), load.gzip(), load.openssl()}
    log = os.path.join(hearth.tmp, "strace.log")
    calls = "trace=open,openat,openat2,clone,clone3,fork,vfork,execve"
    process, folder = hearth.record("-d", 3, prefix=["strace", "-f", "-y", "-qq", "-e", calls, "-o", log])
    assert process.returncode == 0, process.stderr
    opened = set(host_opens(log))
    of_targets = {m.group(2) for m in (re.match(r"/proc/(\d+)/(.*)", path) for path in opened) if m and int(m.group(1)) in pids}
    assert "maps" in of_targets, "the test saw no open of a target: %s" % sorted(opened)[:50]
    assert of_targets <= PROC_NAMES, of_targets
    with open(log, errors="replace") as f:
        own = {line.split()[0] for line in f}  # the host and its helpers, whose CPU time it reads
    foreign = {path for path in opened if (m := re.match(r"/proc/(\d+)/", path)) and m.group(1) not in own}
    assert {path.rsplit("/", 1)[1] for path in foreign} <= PROC_NAMES, foreign
    for program in (hearth.demo, "/usr/bin/gzip", "/usr/bin/openssl"):
        assert os.path.realpath(program) not in opened and program not in opened
    with open(log, errors="replace") as f:
        assert "hearth-demo" in f.read(), "the opener opened no target either: the test proves nothing"
    assert folded(folder)
