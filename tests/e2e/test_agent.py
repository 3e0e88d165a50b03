# SPDX-License-Identifier: Apache-2.0
"""The agent's life: start, status, signals, kill switch, what supervisors hear."""
import json
import os
import signal
import socket
import time

import jsonschema
import pytest

from hearth import wait_for, whole_lines

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def sampling(out="out.json", **options):
    return {"plugins": {"cpu-sampler": {"frequency": 99, **options}, "symbolizer": {}, "debug-json": {"output": out}}}


def batches(path):
    return [json.loads(line) for line in whole_lines(path)]


@pytest.fixture
def running(agent, hearth, load):
    load.demo()
    return agent(sampling(os.path.join(hearth.tmp, "out.json")))


@pytest.mark.sanitizers
def test_starts_samples_and_stops(running, hearth):
    out = os.path.join(hearth.tmp, "out.json")
    wait_for("a batch", lambda: os.path.exists(out) and batches(out), 30)
    status, seconds = running.stop()
    assert status == 0, running.log()
    assert seconds < 10


def test_status_follows_its_published_schema(running):
    with open(os.path.join(ROOT, "docs/schemas/status.schema.json")) as f:
        jsonschema.validate(running.status(), json.load(f))


def test_status_names_every_instance_with_its_counters(running):
    states = lambda: {i["name"]: i["state"] for i in running.status()["instances"]}
    wait_for("all to run", lambda: states() == dict.fromkeys(("cpu-sampler", "symbolizer", "debug-json"), "running"))
    wait_for("a batch at the sink", lambda: running.instance("debug-json")["stats"]["received"] > 0, 30)


def test_status_verb_prints_it_for_people_and_for_programs(running, hearth):
    text = hearth.run("status", "--config", running.config_path)
    assert text.returncode == 0, text.stderr
    for name in ("cpu-sampler", "symbolizer", "debug-json"):
        assert name in text.stdout
    assert "\x1b" not in text.stdout
    as_json = hearth.run("status", "--config", running.config_path, "--json")
    assert json.loads(as_json.stdout)["pid"] == running.pid


def test_status_without_an_agent_says_so(hearth):
    process = hearth.run("status")
    assert process.returncode == 1
    assert "status.sock" in process.stderr and "hearth agent" in process.stderr


def test_status_socket_is_for_owner_and_group(running):
    assert os.stat(os.path.join(running.runtime, "status.sock")).st_mode & 0o777 == 0o660


@pytest.mark.parametrize("line", [
    pytest.param(b"\n", id="empty"),
    pytest.param(b"{}\n", id="no request"),
    pytest.param(b"[1,2]\n", id="list"),
    pytest.param(b"{\"request\": \"no\"}\n", id="unknown"),
    pytest.param(b"\xff\xfe\n", id="not UTF-8"),
    pytest.param(b"{" * 10000 + b"\n", id="deep"),
    pytest.param(b"x" * (1 << 20), id="endless"),
])
def test_nonsense_on_the_socket_hurts_nobody(running, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(os.path.join(running.runtime, "status.sock"))
        try:
            s.sendall(line)
            s.recv(65536)
        except OSError:
            pass
    assert running.status()["pid"] == running.pid


def test_client_that_never_reads_blocks_nobody(running):
    silent = []
    for _ in range(15):
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.path.join(running.runtime, "status.sock"))
        s.sendall(b"{\"request\": \"stat")
        silent.append(s)
    began = time.monotonic()
    assert running.status()
    assert time.monotonic() - began < 1
    for s in silent:
        s.close()


def test_second_agent_on_the_same_socket_is_refused(running, hearth):
    process = hearth.run("agent", "--config", running.config_path, timeout=20)
    assert process.returncode == 1, process.stderr
    assert str(running.pid) in process.stderr or "already" in process.stderr, process.stderr
    assert running.status()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it(running, sig):
    status, seconds = running.stop(sig)
    assert status == 0, running.log()
    assert seconds < 10
    assert not os.path.exists(os.path.join(running.runtime, "status.sock"))


def test_broken_config_ends_the_start_with_status_3(agent, hearth):
    a = agent({"plugins": {"cpu-sampler": {"frequenzy": 3}}}, wait=False)
    assert a.process.wait(20) == 3
    assert "frequency" in a.log() and "hearth.yaml:" in a.log()


def test_kill_switch_stops_sampling_and_its_end_resumes_it(running):
    sampler = lambda: running.instance("cpu-sampler")
    wait_for("samples", lambda: sampler() and sampler()["stats"]["sent"] > 0, 30)
    with open("/run/hearth/off", "w"):
        pass
    try:
        wait_for("sampling to stop", lambda: running.status()["state"] == "off", 5)
        time.sleep(1)
        assert sampler() is None or sampler()["state"] != "running", running.status()
    finally:
        os.unlink("/run/hearth/off")
    wait_for("sampling to resume", lambda: sampler() and sampler()["state"] == "running", 10)
    assert "/run/hearth/off" in running.log()


class Listener:
    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(0.2)
        self.datagrams = []

    def has(self, text):
        try:
            while True:
                self.datagrams.append(self.socket.recv(65536).decode(errors="replace"))
        except OSError:
            pass
        return [d for d in self.datagrams if text in d]


def test_supervisor_hears_ready_reloading_and_stopping(agent, hearth, load):
    notify = Listener(os.path.join(hearth.tmp, "notify.sock"))
    a = agent(sampling(os.path.join(hearth.tmp, "out.json")), env={"NOTIFY_SOCKET": notify.path})
    wait_for("READY=1", lambda: notify.has("READY=1"))
    a.process.send_signal(signal.SIGHUP)
    reloading = wait_for("RELOADING=1", lambda: notify.has("RELOADING=1"))
    assert "MONOTONIC_USEC=" in reloading[0]
    wait_for("READY=1 again", lambda: len(notify.has("READY=1")) >= 2)
    a.stop()
    assert notify.has("STOPPING=1")


def test_journal_gets_priority_and_instance(agent):
    os.makedirs("/run/systemd/journal")
    journal = Listener("/run/systemd/journal/socket")
    try:
        a = agent({"log": {"target": "journal"}, "plugins": {"fake-source": {}, "fake-fails-later": {}}})
        records = wait_for("a record of an instance", lambda: journal.has("HEARTH_INSTANCE="))
        a.stop()
    finally:
        os.unlink(journal.path)
        os.rmdir("/run/systemd/journal")
    fields = dict(line.split("=", 1) for line in records[0].splitlines() if "=" in line)
    assert fields["PRIORITY"] in "345" and "plug it in again" in fields["MESSAGE"]
    assert fields["HEARTH_INSTANCE"] == "fake-fails-later"
    assert fields["SYSLOG_IDENTIFIER"] == "hearth"


def test_log_file_is_reopened_after_rotation(agent, hearth):
    log = os.path.join(hearth.tmp, "hearth.log")
    a = agent({"log": {"target": "file", "file": log, "level": "debug"}, "plugins": {"debug-json": {"output": os.path.join(hearth.tmp, "x.json")}}})
    wait_for("the log", lambda: os.path.exists(log) and os.path.getsize(log) > 0)
    os.rename(log, log + ".1")
    a.process.send_signal(signal.SIGHUP)
    wait_for("the new log", lambda: os.path.exists(log) and os.path.getsize(log) > 0)


def test_sighup_with_a_broken_config_keeps_the_old_one(running):
    running.configure({"plugins": {"cpu-sampler": {"frequency": "many"}}})
    running.process.send_signal(signal.SIGHUP)
    running.wait_log("hearth.yaml:")
    assert running.instance("cpu-sampler")["state"] == "running"


def test_reload_verb_tells_what_was_wrong(running):
    process = running.reload({"plugins": {"cpu-sampler": {"frequency": "many"}}})
    assert process.returncode == 3, process.stderr
    assert "hearth.yaml:" in process.stderr and "frequency" in process.stderr


def test_crash_report_names_instance_and_callback(agent, hearth):
    a = agent({"plugins": {"fake-crash-in-consume": {}, "fake-source": {}}}, wait=False)
    assert a.process.wait(30) == 70, a.log()
    assert "fake-crash-in-consume" in a.log() and "consume" in a.log()


def test_starts_with_closed_standard_descriptors(hearth):
    path = hearth.write("c.yaml", {"runtime_dir": os.path.join(hearth.tmp, "run"), "state_dir": os.path.join(hearth.tmp, "state"),
                                   "plugins": {"debug-json": {"output": os.path.join(hearth.tmp, "x.json")}}})
    p = hearth.start("agent", "--config", path, prefix=["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"])
    try:
        wait_for("the socket", lambda: os.path.exists(os.path.join(hearth.tmp, "run/status.sock")), 20)
        p.terminate()
        assert p.wait(15) == 0
    finally:
        p.kill()
        p.wait()
