# SPDX-License-Identifier: Apache-2.0
"""Without any privilege: one's own commands and processes, user code only, and a sentence for the rest."""
import collections
import json
import os
import subprocess

import pytest

from hearth import folded, run_time_ns, summary, wait_for

USER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]
PARANOID = "/proc/sys/kernel/perf_event_paranoid"


@pytest.fixture
def user(hearth):
    """Hearth as a user without privileges; a demo of his own beside it."""
    there = hearth.public()
    there.demo = os.path.join(os.path.dirname(there.binary), "hearth-demo")
    subprocess.run(["cp", hearth.demo, there.demo], check=True)
    return there


@pytest.fixture
def own_demo(user):
    p = subprocess.Popen([*USER, user.demo])
    wait_for("the demo", lambda: os.readlink("/proc/%d/exe" % p.pid) == user.demo)
    yield p.pid
    p.kill()
    p.wait()


def demo_leaves(rows):
    leaves = {}
    for frames, n in rows:
        if frames[0] == "hearth-demo":
            leaves[frames[-1]] = leaves.get(frames[-1], 0) + n
    return leaves


@pytest.mark.kernels
def test_command_is_recorded_with_its_children_and_status(user):
    command = "%s & P=$!; sleep 2; kill $P; exit 7" % user.demo
    process, folder = user.record("--", "sh", "-c", command, prefix=USER)
    assert process.returncode == 7, process.stderr
    leaves = demo_leaves(folded(folder))
    total = sum(leaves.values())
    assert total > 100
    for name, share in (("hash_block", .5), ("compare_prices", .3), ("scan_token", .2)):
        assert abs(leaves[name] / total - share) < 0.15, leaves
    depths = collections.Counter()
    for frames, n in folded(folder):
        if frames[-1] == "hash_block":
            depths[len(frames) - frames.index("main")] += n
    # A function that has not set up its frame yet hides its caller.
    assert depths[20] >= 0.95 * depths.total(), depths
    assert not [f for row, _ in folded(folder) for f in row if f.endswith("_[k]")]


@pytest.mark.kernels
def test_command_that_runs_again_is_recorded_each_time(user):
    process, folder = user.record("--repeat", 3, "--", user.demo, "0.5", prefix=USER)
    assert process.returncode == 0, process.stderr
    assert summary(folder)["runs"]["n"] == 3
    leaves = demo_leaves(folded(folder))
    assert sum(leaves.values()) > 50 and "hash_block" in leaves, leaves


def test_samples_agree_with_schedstat(user, own_demo):
    before = run_time_ns(own_demo)
    process, folder = user.record("-d", "4", "-p", own_demo, prefix=USER)
    ran = run_time_ns(own_demo) - before
    assert process.returncode == 0, process.stderr
    s = summary(folder)
    assert not s["samples"]["lost"]
    sampled = s["samples"]["delivered"] * 1e9 / s["frequency_hz"]
    # The demo goes on while the recording starts and ends, and its time in the kernel is not seen.
    assert 0.7 * ran < sampled < 1.01 * ran, (sampled, ran)


@pytest.mark.kernels
def test_stack_is_not_passed_off_as_whole(user, own_demo):
    process, folder = user.record("-d", "1", "-p", own_demo, prefix=USER)
    assert process.returncode == 0, process.stderr
    rows = [frames for frames, _ in folded(folder)]
    assert rows and all(frames[1].startswith("[truncated: ") for frames in rows), rows[:3]


@pytest.fixture
def threads(user, hearth):
    """A program whose threads' names are known by what they run."""
    program = os.path.join(os.path.dirname(user.binary), "threads")
    subprocess.run(["cp", os.path.join(hearth.build, "tests/workloads/threads"), program], check=True)
    return program


def names_by_function(path):
    """{(function, name of the thread): samples} of debug-json's lines."""
    found = collections.Counter()
    with open(path) as f:
        for batch in map(json.loads, f):
            for s in batch.get("samples", []):  # artifacts have none
                stack = batch["stacks"][s["stack"]]["frames"]
                names = [line["function"] for i in stack for line in batch["frames"][i]["lines"]]
                found.update((name, s["comm"]) for name in names if name.startswith("spin_"))
    return found


@pytest.mark.parametrize("is_running", [False, True], ids=["command", "process"])
def test_threads_have_the_names_of_the_moment(user, threads, is_running):
    path = os.path.join(user.tmp, "batches.json")
    p = subprocess.Popen([*USER, threads, "60000"]) if is_running else None
    try:
        what = ["-d", "2", "-p", p.pid] if is_running else ["--", threads, "2000"]
        process, _ = user.record("--sink", "debug-json:samples=true,output=" + path, *what, prefix=USER)
    finally:
        if is_running:
            p.kill()
            p.wait()
    assert process.returncode == 0, process.stderr
    found = names_by_function(path)
    for function, name in (("spin_early", "early"), ("spin_unnamed", "threads"), ("spin_late", "late")):
        names = {comm: n for (f, comm), n in found.items() if f == function}
        assert list(names) == [name] and names[name] > 20, found


@pytest.mark.kernels
def test_process_of_someone_else_is_refused(user, load):
    process, _ = user.record("-d", "1", "-p", load.demo(), prefix=USER)
    assert process.returncode == 4, process.stderr
    assert "belongs to someone else; run as root" in process.stderr


@pytest.mark.kernels
@pytest.mark.parametrize("options,answer", [
    (["-d", "1"], "the whole machine; run as root, or record a command"),
    (["-d", "1", "--kernel-only", "--", "sleep", "1"], "run as root"),
], ids=["machine", "kernel"])
def test_what_takes_root_says_so(user, options, answer):
    process, folder = user.record(*options, prefix=USER)
    assert process.returncode in (4, 125), process.stderr
    assert answer in process.stderr
    assert not os.path.exists(folder)


@pytest.mark.kernels
def test_paranoid_kernel_says_which_setting(user):
    with open(PARANOID) as f:
        before = f.read()
    try:
        with open(PARANOID, "w") as f:
            f.write("3")
        # Kernels that know no 3 (a patch of Debian's and Android's) treat it as 2.
        refuses = subprocess.run([*USER, "perf", "stat", "-e", "cpu-clock:u", "true"], capture_output=True).returncode != 0
        process, _ = user.record("--", "true", prefix=USER)
    finally:
        with open(PARANOID, "w") as f:
            f.write(before)
    if refuses:
        assert "kernel.perf_event_paranoid is 3" in process.stderr
    else:
        assert process.returncode == 0, process.stderr


@pytest.mark.kernels
def test_top_shows_a_process_of_ones_own(user, own_demo):
    r = user.run("top", "-n", "1", "-i", "2s", "-p", own_demo, prefix=USER)
    assert r.returncode == 0, r.stderr
    assert "hash_block" in r.stdout
