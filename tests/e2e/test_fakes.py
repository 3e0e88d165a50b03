# SPDX-License-Identifier: Apache-2.0
"""Each plugin of tests/fake-plugins gets the documented answer: text, place and exit status."""
import os
import re
import shutil
import time

import pytest

from hearth import threads, wait_for


def check(hearth, plugins, dirs=None, **kwargs):
    config = {"plugin_dirs": dirs or [hearth.build + "/plugins", hearth.fakes], "plugins": plugins}
    return hearth.run("check", "--config", hearth.write("hearth.yaml", config), **kwargs)


@pytest.mark.parametrize("name, options, text", [
    ("fake-wrong-major", {}, r"built for plugin ABI 1, this hearth speaks 0"),
    ("fake-newer-minor", {}, r"needs .*ABI 0\.3|minor 3"),
    ("fake-longer-struct-used", {}, r"newer hearth|does not know"),
    ("fake-no-symbol", {}, r"not a hearth plugin \(no symbol hearth_plugin_v0\)"),
    ("fake-function-symbol", {}, r"not data but a function"),
    ("fake-undefined-symbol", {}, r"undefined symbol"),
    ("fake-misnamed", {}, r"fake-original"),
    ("fake-bad-default", {}, r"rate"),
    ("fake-refuses-option", {"size": 6}, r'hearth\.yaml:\d+:\d+: plugin "fake-refuses-option": .*size.*must be a power of two'),
    ("fake-crash-in-create", {"how": "segv"}, r"fake-crash-in-create.*(crash|SIGSEGV|signal)"),
    ("fake-crash-in-create", {"how": "abort"}, r"fake-crash-in-create.*(crash|SIGABRT|signal)"),
    ("fake-crash-in-create", {"how": "exit"}, r"fake-crash-in-create"),
    ("fake-crash-in-create", {"how": "hang"}, r"fake-crash-in-create"),
    ("no-such-plugin", {}, r'hearth\.yaml:\d+:\d+: .*"no-such-plugin" is not installed'),
])
def test_check_refuses(hearth, name, options, text):
    process = check(hearth, {name: options})
    assert process.returncode == 3, process.stdout + process.stderr
    assert re.search(text, process.stderr, re.S), process.stderr
    assert name in process.stderr


@pytest.mark.parametrize("name", ["fake-longer-struct", "fake-shorter-struct", "fake-recorder", "fake-two/left"])
def test_check_accepts(hearth, name):
    options = {"fake-recorder": {"path": "x"}}.get(name, {})
    plugins = {"one": {"plugin": name, **options}, "fake-source": {}}
    process = check(hearth, plugins)
    assert process.returncode == 0, process.stderr


def test_optional_instance_is_left_out_only_where_its_plugin_is_not_installed(hearth):
    process = check(hearth, {"fake-source": {}, "one": {"plugin": "no-such-plugin", "optional": True, "rate": 3}})
    assert process.returncode == 0, process.stderr
    assert "no-such-plugin" not in check(hearth, {"fake-source": {"optional": True}}).stderr
    assert check(hearth, {"fake-refuses-option": {"size": 6, "optional": True}}).returncode == 3
    assert check(hearth, {"fake-undefined-symbol": {"optional": True}}).returncode == 3


def test_required_option_that_is_missing_is_named(hearth):
    process = check(hearth, {"fake-recorder": {}})
    assert process.returncode == 3
    assert re.search(r'hearth\.yaml:\d+:\d+: plugin "fake-recorder": .*"path"', process.stderr), process.stderr


def test_two_plugins_with_one_name_the_first_folder_wins_and_the_other_is_named(hearth):
    a, b = hearth.fakes + "/a", hearth.fakes + "/b"
    process = check(hearth, {"fake-twin": {}}, [a, b])
    assert process.returncode == 0, process.stderr
    assert b + "/fake-twin.so" in process.stdout + process.stderr
    listing = hearth.run("plugins", "-v", "--set", "plugin_dirs=%s,%s" % (b, a))
    assert re.search(r"fake-twin\s+b\b", listing.stdout), listing.stdout
    assert a + "/fake-twin.so" in listing.stdout


@pytest.fixture
def own_folder(hearth):
    """A folder with one plugin, whose mode a test can spoil."""
    folder = os.path.join(hearth.tmp, "plugins")
    os.makedirs(folder)
    shutil.copy(hearth.fakes + "/fake-shorter-struct.so", folder)
    return folder


def test_plugin_in_a_good_folder_loads(hearth, own_folder):
    process = check(hearth, {"fake-shorter-struct": {}}, [own_folder])
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("spoil, advice", [
    (lambda folder: os.chmod(folder, 0o777), "go-w"),
    (lambda folder: os.chmod(folder, 0o775), "g-w"),
    (lambda folder: os.chmod(folder + "/fake-shorter-struct.so", 0o666), "go-w"),
    (lambda folder: os.chown(folder, 1234, 0), "chown"),
    (lambda folder: os.chown(folder + "/fake-shorter-struct.so", 1234, 0), "chown"),
])
def test_plugin_that_others_could_replace_is_refused(hearth, own_folder, spoil, advice):
    spoil(own_folder)
    process = check(hearth, {"fake-shorter-struct": {}}, [own_folder])
    assert process.returncode == 3, process.stdout
    assert own_folder in process.stderr and advice in process.stderr


def test_plugin_behind_a_path_is_refused(hearth):
    process = check(hearth, {"x": {"plugin": "../plugins/debug-json"}})
    assert process.returncode == 3


def test_two_instances_of_one_plugin_run_side_by_side(agent, hearth):
    paths = [os.path.join(hearth.tmp, name) for name in ("one", "two")]
    a = agent({"plugins": {"fake-source": {}, **{os.path.basename(p): {"plugin": "fake-recorder", "path": p} for p in paths}}})
    for p in paths:
        wait_for(p, lambda: os.path.exists(p) and '"items"' in open(p).read())
    assert a.instance("one")["thread"] != a.instance("two")["thread"]


def test_leaked_thread_does_not_keep_the_agent_from_ending(agent):
    a = agent({"plugins": {"fake-source": {}, "fake-leaks-thread": {}}})
    assert len(threads(a.pid)) >= 4
    status, seconds = a.stop()
    assert status == 0 and seconds < 10


def test_start_that_fails_ends_the_agent_with_the_reason(agent):
    a = agent({"plugins": {"fake-source": {}, "fake-failing-start": {}}}, wait=False)
    assert a.process.wait(20) == 1, a.log()
    assert "fake-failing-start" in a.log() and "plug it in" in a.log()


def test_instance_that_gives_up_later_is_reported_and_the_others_go_on(agent, hearth):
    out = os.path.join(hearth.tmp, "out")
    a = agent({"plugins": {"fake-source": {}, "fake-fails-later": {}, "fake-recorder": {"path": out}}})
    a.wait_log("the device is gone; plug it in again")
    before = a.instance("fake-recorder")["stats"]["received"]
    wait_for("more batches", lambda: a.instance("fake-recorder")["stats"]["received"] > before + 5)
    state = a.instance("fake-fails-later")
    assert state is None or state["state"] == "failed"


@pytest.mark.parametrize("callback", ["start", "consume", "finish", "stop"])
def test_stuck_callback_is_named_abandoned_and_left_by_exit(agent, hearth, callback):
    config = {"callback": {"report": "300ms", "stuck": "1s"}, "shutdown_deadline": "3s",
              "plugins": {"fake-source": {}, "fake-stuck": {"callback": callback}, "fake-recorder": {"path": os.path.join(hearth.tmp, "out")}}}
    a = agent(config, wait=callback != "start")
    if callback == "start":
        time.sleep(1.5)
        if a.process.poll() is None:
            a.stop()
    elif callback == "consume":
        a.wait_log("fake-stuck")
        wait_for("it to be abandoned", lambda: (a.instance("fake-stuck") or {"state": "stuck"})["state"] == "stuck")
        before = a.instance("fake-recorder")["stats"]["received"]
        wait_for("others to go on", lambda: a.instance("fake-recorder")["stats"]["received"] > before + 3)
    status, seconds = (a.process.returncode, 0) if a.process.poll() is not None else a.stop()
    assert seconds < 10
    assert "fake-stuck" in a.log() and callback in a.log(), a.log()
    assert status is not None


def test_verb_of_a_plugin_is_called(hearth):
    dirs = ("--set", "plugin_dirs=" + hearth.fakes)
    process = hearth.run("fake-greet", "-n", "2", "you", *dirs)
    assert process.stdout == "hello you\n" * 2, process.stderr
    assert hearth.run("fake-greet", "-n", "10", *dirs).returncode == 2


def test_verb_of_a_plugin_plans_a_run(hearth):
    process = hearth.run("fake-run", "--set", "plugin_dirs=" + hearth.fakes)
    assert process.returncode == 0, process.stderr


def test_doctor_prints_what_plugins_diagnose(hearth):
    process = hearth.run("doctor", "--set", "plugin_dirs=" + hearth.fakes)
    assert process.returncode == 1
    for words in ("pulse", "drink water", "see a surgeon"):
        assert words in process.stdout, process.stdout + process.stderr
