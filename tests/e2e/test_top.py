# SPDX-License-Identifier: Apache-2.0
"""`hearth top` as text and on a terminal: its shares are those that are known, and those of perf."""
import collections
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

import fake_stacks
import perf_data

ROW = re.compile(r"^ *([\d.]+) % +([\d.]+) %  (\S.*?)  +(\S+)$", re.M)
PROCESS = re.compile(r"^ *([\d.]+) % +(\d+)  (\S.*)$", re.M)


def functions(picture):
    """{name: (self, total)} in percent, of the project's demo."""
    return {m[3]: (float(m[1]), float(m[2])) for m in ROW.finditer(picture) if m[4] == "hearth-demo"}


def test_shares_of_the_demo_are_the_known_ones(hearth, load):
    pid = load.demo()
    r = hearth.run("top", "-p", pid, "-n", "1", "-i", "6s", "-F", "997", "--sort", "total", "--rows", "60")
    assert r.returncode == 0, r.stderr
    found = functions(r.stdout)
    for name, share in (("hash_block", 50), ("compare_prices", 30), ("scan_token", 20)):
        assert abs(found[name][0] - share) < 5, r.stdout
    assert found["main"][0] < 1 and found["main"][1] > 98, r.stdout
    assert PROCESS.findall(r.stdout) == [("100.0", str(pid), "hearth-demo")]


def perf_children(hearth, data):
    """{function: (self, total)} in percent as `perf report --children` has them."""
    text = subprocess.run(["perf", "report", "-i", data, "--stdio", "--children", "-g", "none", "--sort", "symbol",
                           "-F", "overhead_children,overhead,symbol", "--field-separator", ";"],
                          capture_output=True, text=True, cwd=hearth.tmp).stdout
    rows = {}
    for line in text.splitlines():
        fields = [f.strip() for f in line.split(";")]
        if len(fields) >= 3 and fields[0].endswith("%"):  # some perfs add a column of their own
            rows[re.sub(r"^\[.\] ", "", fields[2])] = (float(fields[1][:-1]), float(fields[0][:-1]))
    return rows


def test_shares_are_those_of_perf_report(hearth, load):
    """perf and Hearth watch the same seconds of one process; chance alone is worth a point or two."""
    pid = load.demo()
    data = os.path.join(hearth.tmp, "perf.data")
    top = hearth.start("top", "-p", str(pid), "-n", "1", "-i", "8s", "-F", "997", "--sort", "total", "--rows", "60")
    perf = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-g", "-p", str(pid), "-o", data, "--", "sleep", "8"],
                          capture_output=True, text=True, cwd=hearth.tmp)
    assert perf.returncode == 0, perf.stderr
    out, err = top.communicate(timeout=60)
    assert top.returncode == 0, err
    mine, theirs = functions(out), perf_children(hearth, data)
    known = [name for name, (own, total) in theirs.items() if name in mine and total > 5]
    assert {"main", "hash_block", "compare_prices", "scan_token"} <= set(known), (out, theirs)
    for name in known:
        for a, b in zip(mine[name], theirs[name]):
            assert abs(a - b) < 4, (name, mine[name], theirs[name])


def test_figures_are_those_of_perf_for_the_same_stacks(hearth):
    """perf's stacks, one a sample, in several windows; `perf report --children` of them judges the sum."""
    perf = perf_data.record_programs(hearth)
    path = fake_stacks.write(os.path.join(hearth.tmp, "stacks.txt"), perf.stacks)
    windows = -(-len(perf.stacks) // 500)
    r, _ = hearth.record("--source", "fake-stacks:seconds=1,batch=500,path=" + path,
                         "--sink", "top:sort=total,rows=500,over=1h,first=%ds" % windows,
                         "--set", "plugin_dirs=%s/plugins,%s" % (hearth.build, hearth.fakes))
    assert r.returncode == 0, r.stderr
    assert windows > 2 and r.stdout.startswith("last %d.0 s  %s samples" % (windows, len(perf.stacks)))
    shown = {(m[3], m[4]): (m[1], m[2]) for m in ROW.finditer(r.stdout)}
    assert set(shown) == set(perf.rows)
    for function, rows in perf.rows.items():
        own, totals = sum(row.samples for row in rows), [sum(row.chains.values()) for row in rows]
        assert shown[function][0] == "%.1f" % perf.share(own), function
        if len(rows) > 1:  # perf tells them apart by address; a sample may be in several of them
            assert perf.share(max(totals)) - 0.05 <= float(shown[function][1]) <= perf.share(sum(totals)) + 0.05, function
            continue
        perf.check(function, own, totals[0])
        assert shown[function][1] == "%.1f" % perf.share(totals[0]), function
    processes = {(int(pid), comm): share for share, pid, comm in PROCESS.findall(r.stdout)}
    heaviest = collections.Counter(perf.processes()).most_common(3)
    assert [(key, processes[key]) for key, _ in heaviest] == [(key, "%.1f" % perf.share(n)) for key, n in heaviest]


def test_text_has_no_colour_and_no_file_is_written(hearth, load):
    load.demo()
    r = hearth.run("top", "-n", "6", "-i", "500ms", "--over", "1s")
    assert r.returncode == 0, r.stderr
    reach = [float(s) for s in re.findall(r"^last ([\d.]+) s  ", r.stdout, re.M)]
    assert len(reach) == 6 and reach[-1] == max(reach) and 1 <= reach[-1] < 1.6, reach  # what is older is forgotten
    assert "\033" not in r.stdout
    assert not re.search(r" $", r.stdout, re.M)
    assert r.stderr == ""
    assert os.listdir(hearth.tmp) == []


def test_reader_that_leaves_ends_it(hearth, load):
    load.demo()
    p = hearth.start("top", "-i", "200ms")
    assert "samples" in p.stdout.readline()
    p.stdout.close()
    assert p.wait(20) == 0, p.stderr.read()


@pytest.fixture
def terminal(hearth, load):
    """`hearth top` on a terminal of 24 rows: (process, function that reads for some seconds, master fd)."""
    load.demo()
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    before = termios.tcgetattr(slave)
    p = subprocess.Popen(hearth.argv("top", "-i", "300ms"), stdin=slave, stdout=slave, stderr=slave, cwd=hearth.tmp,
                         env=hearth.environment(TERM="xterm"), start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
    seen = bytearray()

    def read_until(condition, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not condition(seen.decode(errors="replace")):
            if select.select([master], [], [], 0.2)[0]:
                seen.extend(os.read(master, 65536))
        assert condition(seen.decode(errors="replace")), seen[-2000:]
        return seen.decode(errors="replace")

    yield p, read_until, master, slave, before
    p.kill()
    p.wait()
    os.close(master)
    os.close(slave)


def test_keys_sort_and_quit_and_the_terminal_is_given_back(terminal):
    p, read_until, master, slave, before = terminal
    text = read_until(lambda t: "hash_block" in t and "s sorts by total" in t)
    assert "\033[H" in text
    assert not termios.tcgetattr(slave)[3] & termios.ECHO
    os.write(master, b"s")
    read_until(lambda t: "s sorts by self" in t)
    os.write(master, b"q")
    assert p.wait(20) == 0
    assert termios.tcgetattr(slave) == before


def test_ctrl_c_gives_the_terminal_back(terminal):
    p, read_until, master, slave, before = terminal
    read_until(lambda t: "hash_block" in t)
    os.write(master, b"\x03")
    assert p.wait(20) == 0
    assert termios.tcgetattr(slave) == before
