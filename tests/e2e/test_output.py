# SPDX-License-Identifier: Apache-2.0
"""What a recording leaves behind, and what it says when it cannot."""
import json
import os
import re
import signal
import subprocess
import time

import jsonschema
import pytest

from hearth import folded, summary, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = {"stacks.folded", "flamegraph.html", "flamegraph.svg", "perf.data", "profile.pb.gz",
         "report.txt", "report.json", "summary.json"}


def test_summary_follows_its_published_schema(hearth, load):
    load.demo()
    process, folder = hearth.record("-d", 1)
    assert process.returncode == 0, process.stderr
    with open(os.path.join(ROOT, "docs/schemas/summary.schema.json")) as f:
        jsonschema.validate(summary(folder), json.load(f))


def test_summary_lists_what_is_there(hearth, load):
    load.demo()
    _, folder = hearth.record("-d", 1)
    assert set(os.listdir(folder)) == FILES
    listed = {os.path.basename(a["path"]): a["bytes"] for a in summary(folder)["artifacts"]}
    assert listed == {name: os.path.getsize(os.path.join(folder, name)) for name in FILES - {"summary.json"}}


def test_nothing_is_overwritten_without_force(hearth):
    hearth.write("out/stacks.folded", "mine\n")
    process, folder = hearth.record("-d", 1)
    assert process.returncode == 1
    assert "--force" in process.stderr and "stacks.folded" in process.stderr
    assert os.listdir(folder) == ["stacks.folded"]
    process, folder = hearth.record("-d", 1, "--force")
    assert process.returncode == 0, process.stderr
    assert set(os.listdir(folder)) == FILES


def test_standard_output_gets_folded_stacks_and_nothing_else(hearth):
    before = set(os.listdir(hearth.tmp))
    process = hearth.run("record", "-o", "-", "--", "sh", "-c", "echo from the command; exec %s 1" % hearth.demo)
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines and all(re.fullmatch(r"[^;]+(;[^;]+)* \d+", line) for line in lines), process.stdout
    assert any(line.startswith("hearth-demo;") and "hash_block" in line for line in lines)
    said = re.search(r"recorded .* ([\d,]+) samples", process.stderr)
    assert sum(int(line.rsplit(" ", 1)[1]) for line in lines) == int(said.group(1).replace(",", "")) > 50
    assert "from the command\n" in process.stderr
    assert set(os.listdir(hearth.tmp)) == before


def test_reader_that_has_seen_enough_is_no_failure(hearth, load):
    load.demo()
    script = "%s record -d 1 -o - | head -n 1 >line; echo ${PIPESTATUS[0]}" % hearth.binary
    p = subprocess.run(["bash", "-c", script], cwd=hearth.tmp, env=hearth.environment(), capture_output=True, text=True)
    assert p.stdout == "0\n", p.stderr


def test_closed_standard_output_is_a_failure(hearth, load):
    load.demo()
    with open("/dev/full", "w") as full:
        p = subprocess.run([hearth.binary, "record", "-d", "1", "-o", "-"], cwd=hearth.tmp, env=hearth.environment(),
                           stdout=full, stderr=subprocess.PIPE, text=True)
    assert p.returncode == 1
    assert "standard output" in p.stderr and "no space" in p.stderr.lower(), p.stderr


def test_default_folder_is_named_after_the_command_and_linked_to(hearth):
    for command in ("true", "/bin/echo"):
        process = hearth.run("record", "--", command)
        assert process.returncode == 0, process.stderr
        folder = os.readlink(os.path.join(hearth.tmp, "hearth-last"))
        assert re.fullmatch(r"hearth-%s-\d{8}T\d{6}Z" % os.path.basename(command), folder)
        assert FILES == set(os.listdir(os.path.join(hearth.tmp, folder)))
    assert len([name for name in os.listdir(hearth.tmp) if name.startswith((".hearth", "hearth-"))]) == 3


def test_default_folder_of_the_machine_bears_the_name_of_the_host(hearth):
    assert hearth.run("record", "-d", "1").returncode == 0
    folder = os.readlink(os.path.join(hearth.tmp, "hearth-last"))
    assert folder.startswith("hearth-%s-" % re.sub(r"[^A-Za-z0-9._+-]", "_", os.uname().nodename))


@pytest.mark.parametrize("make", [lambda path: open(path, "w").close(), os.mkdir])
def test_link_to_the_last_recording_takes_the_place_of_links_only(hearth, make):
    path = os.path.join(hearth.tmp, "hearth-last")
    make(path)
    inode = os.lstat(path).st_ino
    process, folder = hearth.record("--force", "--", "true")
    assert process.returncode == 0, process.stderr
    assert "hearth-last" in process.stderr
    assert os.lstat(path).st_ino == inode and set(os.listdir(folder)) == FILES
    assert not [name for name in os.listdir(hearth.tmp) if name.startswith(".")]


def test_link_that_leads_elsewhere_is_replaced_and_its_target_is_not(hearth):
    precious = hearth.write("precious", "mine\n")
    os.symlink(precious, os.path.join(hearth.tmp, "hearth-last"))
    process, _ = hearth.record("--", "true", env={"SUDO_UID": "1234", "SUDO_GID": "2345"})
    assert process.returncode == 0, process.stderr
    link = os.path.join(hearth.tmp, "hearth-last")
    assert os.readlink(link) == "out" and os.lstat(link).st_uid == 1234
    with open(precious) as f:
        assert f.read() == "mine\n"
    assert os.stat(precious).st_uid == 0


def test_title_is_on_the_page_and_in_the_summary(hearth):
    process, folder = hearth.record("--title", "before <the> fix", "--", "true")
    assert process.returncode == 0, process.stderr
    assert summary(folder)["title"] == "before <the> fix"
    with open(os.path.join(folder, "flamegraph.html")) as f:
        page = f.read()
    assert "before \\u003cthe" in page.lower() and "<the>" not in page


def test_files_belong_to_who_called_sudo(hearth):
    process, folder = hearth.record("-d", 1, env={"SUDO_UID": "1234", "SUDO_GID": "2345"})
    assert process.returncode == 0, process.stderr
    for path in [folder, *(os.path.join(folder, name) for name in FILES)]:
        st = os.stat(path)
        assert (st.st_uid, st.st_gid) == (1234, 2345), path


def test_early_end_is_valid(hearth, load):
    load.demo()
    p = hearth.start("record", "-d", "60", "-o", "out")
    time.sleep(2)
    began = time.monotonic()
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=20)
    assert p.returncode == 0, err
    assert time.monotonic() - began < 5
    folder = os.path.join(hearth.tmp, "out")
    assert set(os.listdir(folder)) == FILES
    s = summary(folder)
    assert 0.5 < s["window"]["seconds"] < 10
    assert sum(n for _, n in folded(folder)) == s["samples"]["delivered"] > 100


def test_killed_recording_leaves_no_half_file_under_its_final_name(hearth, load):
    load.demo()
    p = hearth.start("record", "-d", "60", "-o", "out")
    time.sleep(1.5)
    p.kill()
    p.wait()
    folder = os.path.join(hearth.tmp, "out")
    assert not os.path.isdir(folder) or not FILES & set(os.listdir(folder))


@pytest.fixture
def tiny_disk(hearth):
    path = os.path.join(hearth.tmp, "tiny")
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tiny", path], check=True)
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_full_disk_says_so(hearth, load, tiny_disk):
    load.demo()
    with open(os.path.join(tiny_disk, "filler"), "wb") as f:
        try:
            f.write(b"x" * 65536)
        except OSError:
            pass
    process, folder = hearth.record("-d", 1, out="tiny/out")
    assert process.returncode == 1, process.stderr
    assert "No space left" in process.stderr or "full" in process.stderr, process.stderr
    assert "tiny" in process.stderr
    assert not os.path.lexists(os.path.join(tiny_disk, "hearth-last"))
    assert not os.path.isdir(folder) or not FILES & set(os.listdir(folder))


def test_folder_that_cannot_be_written_is_named(hearth):
    process, folder = hearth.record("-d", 1, out="/proc/nope")
    assert process.returncode in (1, 4)
    assert "/proc/nope" in process.stderr


def test_kernel_without_btf_says_what_to_do(hearth):
    hide = "mount -t tmpfs none /sys/kernel/btf && exec \"$@\""
    process, _ = hearth.record("-d", 1, prefix=["unshare", "-m", "sh", "-c", hide, "sh"])
    assert process.returncode in (1, 4)
    assert "BTF" in process.stderr, process.stderr


def test_unprivileged_recording_of_the_machine_says_what_to_do(hearth):
    process, _ = hearth.public().record("-d", 1, prefix=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
    assert process.returncode == 4, process.stderr
    assert re.search("root|sudo", process.stderr), process.stderr


def test_output_is_plain_where_it_is_no_terminal(hearth):
    process, _ = hearth.record("-d", 1)
    text = process.stdout + process.stderr
    assert "\x1b" not in text and "\r" not in text


def test_progress_is_shown_on_a_terminal(hearth):
    p = subprocess.run(["script", "-qec", "%s record -d 2 -o out" % hearth.binary, "/dev/null"], capture_output=True,
                       cwd=hearth.tmp, env=hearth.environment(TERM="xterm"), timeout=60)
    assert p.returncode == 0, p.stdout
    assert b"\r" in p.stdout.replace(b"\r\n", b"\n")


def test_kill_switch_refuses_a_recording(hearth):
    with open("/run/hearth/off", "w"):
        pass
    try:
        process, folder = hearth.record("-d", 1)
    finally:
        os.unlink("/run/hearth/off")
    assert process.returncode == 1
    assert "/run/hearth/off" in process.stderr
    assert not os.path.exists(folder)


def test_kill_switch_ends_a_recording_early_with_valid_output(hearth, load):
    load.demo()
    p = hearth.start("record", "-d", "60", "-o", "out")
    time.sleep(2)
    with open("/run/hearth/off", "w"):
        pass
    try:
        _, err = p.communicate(timeout=20)
    finally:
        os.unlink("/run/hearth/off")
    assert "/run/hearth/off" in err
    folder = os.path.join(hearth.tmp, "out")
    assert set(os.listdir(folder)) == FILES
    assert sum(n for _, n in folded(folder)) > 100


def test_recording_without_samples_is_no_failure(hearth):
    p = subprocess.Popen(["sleep", "60"])
    try:
        process, folder = hearth.record("-d", 1, "-p", p.pid)
    finally:
        p.kill()
        p.wait()
    assert process.returncode == 0, process.stderr
    assert summary(folder)["samples"]["delivered"] == 0
    assert re.search("(?i)no samples|too few", process.stdout + process.stderr)


def test_third_party_source_records_live(hearth):
    process, folder = hearth.record("-d", 2, "--source", "fake-source:rate=100", "--set", "plugin_dirs=%s/plugins,%s" % (hearth.build, hearth.fakes))
    assert process.returncode == 0, process.stderr
    s = summary(folder)
    assert sum(n for _, n in folded(folder)) == s["samples"]["delivered"] > 0


def test_third_party_source_records_until_it_is_finished(hearth):
    process, folder = hearth.record("--source", "fake-finite:samples=5000", "--set", "plugin_dirs=%s/plugins,%s" % (hearth.build, hearth.fakes))
    assert process.returncode == 0, process.stderr
    assert sum(n for _, n in folded(folder)) == summary(folder)["samples"]["delivered"] == 5000


def test_file_appears_only_when_whole(hearth, load):
    """No name of the folder is ever seen with less than its final size."""
    load.demo()
    folder = os.path.join(hearth.tmp, "out")
    p = hearth.start("record", "-d", "1", "-o", "out")
    seen = {}
    while p.poll() is None:
        for name in FILES:
            try:
                seen.setdefault(name, os.path.getsize(os.path.join(folder, name)))
            except FileNotFoundError:
                pass
        time.sleep(0.001)
    p.communicate()
    wait_for("the files", lambda: FILES <= set(os.listdir(folder)))
    for name, size in seen.items():
        assert size == os.path.getsize(os.path.join(folder, name)), name


# ---- the guide ----

QUIET_MOMENT = "record -o out -- true"


def on_terminal(hearth, command, **env):
    """What a terminal gets of a command."""
    p = subprocess.run(["script", "-qec", "%s %s" % (hearth.binary, command), "/dev/null"], capture_output=True, text=True,
                       cwd=hearth.tmp, env=hearth.environment(**{"TERM": "xterm", **env}), timeout=60)
    assert p.returncode == 0 or command.startswith("doctor"), p.stdout
    return p.stdout


def test_guide_says_that_samples_are_too_few_and_how_to_get_more(hearth):
    process, folder = hearth.record("--", "true")
    line = re.search(r"^samples +(too few|no samples).*; (.*)$", process.stdout, re.M)
    assert line and re.search("--min-samples|record longer", line.group(2)), process.stdout
    guide = {row["about"]: row for row in summary(folder)["guide"]}
    assert guide["samples"]["severity"] == "bad" and guide["samples"]["mend"] == line.group(2)


def test_guide_names_the_hottest_functions_first(hearth):
    process, folder = hearth.record("--", hearth.demo, "2")
    lines = re.findall(r"^(?:look first)? +([\d.]+) %  (\S+)", process.stdout, re.M)
    assert lines[0][1] == "hash_block", process.stdout
    counts = {}
    for frames, n in folded(folder):
        counts[frames[-1]] = counts.get(frames[-1], 0) + n
    total = sum(counts.values())
    for share, name in lines[:3]:
        assert abs(float(share) - 100 * counts[name] / total) < 0.1, name
    assert re.search("^samples +enough", process.stdout, re.M) or total < 1000


def test_rate_achieved_is_that_of_the_samples_of_a_busy_cpu(hearth):
    cpu = max(os.sched_getaffinity(0))
    load = subprocess.Popen(["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"])
    try:
        process, folder = hearth.record("-d", 3, "-F", 499)
    finally:
        load.kill()
        load.wait()
    s = summary(folder)
    assert process.returncode == 0 and s["rate"]["asked_hz"] == 499
    # The loop keeps that CPU busy throughout, so all its moments are sampled.
    mine = next(row for row in s["rate"]["cpus"] if row["cpu"] == cpu)
    assert abs(mine["achieved_hz"] - 499) < 25 and mine["busy_seconds"] > 2.5, s["rate"]
    assert re.search(r"^rate +\d+ Hz of 499 asked", process.stdout, re.M), process.stdout


@pytest.mark.parametrize("command,word", [(QUIET_MOMENT, "\x1b[31msamples"), ("doctor", "\x1b[32mOK"), ("doctor /bin/sh", "\x1b[32mOK")])
def test_lines_have_colour_on_a_terminal(hearth, command, word):
    assert word in on_terminal(hearth, command)
    assert word in on_terminal(hearth, command.replace("out", "again"), NO_COLOR="")  # no-color.org: an empty one says nothing


@pytest.mark.parametrize("command,word", [(QUIET_MOMENT, "samples "), ("doctor", "OK "), ("doctor /bin/sh", "OK ")])
@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_terminal_that_wants_no_colour_gets_none(hearth, command, word, env):
    text = on_terminal(hearth, command, **env)
    assert word in text and not re.search("\x1b\\[[0-9;]*m", text)
    if "TERM" in env:
        assert "\x1b" not in text
