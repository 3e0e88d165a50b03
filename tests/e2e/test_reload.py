# SPDX-License-Identifier: Apache-2.0
"""Reloading under load, half of the time with a broken config, changes what it was asked to and
leaves nothing behind."""
import json
import os
import time

import pytest

from hearth import anonymous_kb, bpf_objects, map_lines, open_fds, threads, wait_for, whole_lines

LONG = os.environ.get("HEARTH_LONG") == "1"


def config(hearth, pids, window, broken=False):
    """The sampler and its sink stay; a second sink comes and goes, its options change. Two processes
    are sampled, so that what else starts on the machine does not fill the caches meanwhile."""
    plugins = {"cpu-sampler": {"frequency": 19, "window": "1s", "pids": pids},
               "symbolizer": {"cache_bytes": "64KiB"}, "debug-json": {"output": os.path.join(hearth.tmp, "kept.json")}}
    if window % 4 != 3:
        plugins["second"] = {"plugin": "debug-json", "output": os.path.join(hearth.tmp, "second-%d.json" % (window % 2))}
    if broken:
        plugins["debug-json"]["ouput"] = "x"
    return {"plugins": plugins}


def sequences(path):
    by_instance = {}
    for batch in map(json.loads, whole_lines(path)):
        by_instance.setdefault(batch["instance"], []).append(batch["sequence"])
    return by_instance


def counts(a):
    return {"maps": map_lines(a.pid), "fds": open_fds(a.pid), "threads": len(threads(a.pid)),
            "bpf": {k: len(v) for k, v in bpf_objects(a.pid).items()}}


def footprint(a):
    """What the agent holds for longer than a moment: a client that has just left, or a file that is
    being read, is not counted. Anonymous memory breathes with each window; its low is taken."""
    found, low = [], anonymous_kb(a.pid)
    for _ in range(20):
        found.append(counts(a))
        low = min(low, anonymous_kb(a.pid))
        time.sleep(0.1)
    return {"anonymous": low, **max(found, key=found.count)}


def settled(a, hearth, pids):
    """The footprint with the first config in force and nothing retiring."""
    assert a.reload(config(hearth, pids, 0)).returncode == 0
    wait_for("retiring instances to end", lambda: {i["name"] for i in a.status()["instances"]} ==
             {"cpu-sampler", "symbolizer", "debug-json", "second"}, 20)
    return footprint(a)


def wait_steady(a, seconds=6):
    """Until tables and caches have the size that the load asks for: no growth for some seconds."""
    high, since = 0, time.monotonic()

    def is_steady():
        nonlocal high, since
        now = anonymous_kb(a.pid)
        if now > high:
            high, since = now, time.monotonic()
        return time.monotonic() - since > seconds

    wait_for("anonymous memory to settle", is_steady, 120, 0.1)


def reload_many(a, hearth, pids, count):
    for i in range(count):
        broken = i % 2 == 1
        r = a.reload(config(hearth, pids, i // 2, broken))
        assert r.returncode == (3 if broken else 0), "reload %d: %s" % (i, r.stderr)


@pytest.mark.slow
@pytest.mark.sanitizers
def test_thousand_reloads_leave_nothing_behind(agent, hearth, load):
    pids = [load.demo(), load.system_calls()]
    a = agent(config(hearth, pids, 0))
    warm_up, count = (100, 900) if not hearth.is_sanitized or LONG else (20, 80)
    wait_for("batches, and with them the helpers", lambda: a.instance("debug-json")["stats"]["received"] > 5, 30)
    before = {name: a.instance(name)["thread"] for name in ("cpu-sampler", "symbolizer", "debug-json")}
    programs = bpf_objects(a.pid)["prog_id"]
    assert programs

    reload_many(a, hearth, pids, warm_up)
    if not hearth.is_sanitized:
        wait_steady(a)
    first = settled(a, hearth, pids)
    reload_many(a, hearth, pids, count)
    last = settled(a, hearth, pids)

    assert {name: a.instance(name)["thread"] for name in before} == before
    assert bpf_objects(a.pid)["prog_id"] == programs
    grown = last.pop("anonymous") - first.pop("anonymous")
    if hearth.is_sanitized:  # its runtime maps memory as it likes
        first.pop("maps"), last.pop("maps")
    assert last == first
    if not hearth.is_sanitized:
        assert grown <= 64, "anonymous memory grew by %d KiB" % grown
    status, _ = a.stop()
    assert status == 0, a.log()
    assert "Sanitizer" not in a.log()
    for instance, numbers in sequences(os.path.join(hearth.tmp, "kept.json")).items():
        assert numbers == list(range(len(numbers))), "%s: a gap in %s" % (instance, numbers[-20:])
        assert len(numbers) > 5


def test_changed_frequency_is_applied_in_place(agent, hearth, load):
    load.demo()
    a = agent({"plugins": {"cpu-sampler": {"frequency": 19}, "debug-json": {"output": os.path.join(hearth.tmp, "o.json")}}})
    wait_for("the sampler", lambda: a.instance("cpu-sampler")["state"] == "running", 30)
    thread, programs = a.instance("cpu-sampler")["thread"], bpf_objects(a.pid)["prog_id"]
    r = a.reload({"plugins": {"cpu-sampler": {"frequency": 199}, "debug-json": {"output": os.path.join(hearth.tmp, "o.json")}}})
    assert r.returncode == 0, r.stderr
    assert a.instance("cpu-sampler")["thread"] == thread
    assert bpf_objects(a.pid)["prog_id"] == programs


def test_new_instance_that_cannot_start_rolls_everything_back(agent, hearth, load):
    load.demo()
    kept = os.path.join(hearth.tmp, "o.json")
    a = agent({"plugins": {"cpu-sampler": {"frequency": 19}, "debug-json": {"output": kept}}})
    thread = a.instance("debug-json")["thread"]
    r = a.reload({"plugins": {"cpu-sampler": {"frequency": 99}, "debug-json": {"output": kept},
                              "other": {"plugin": "debug-json", "output": "/proc/no/such/file.json"}}})
    assert r.returncode == 3, r.stderr
    assert "/proc/no/such" in r.stderr
    assert {i["name"] for i in a.status()["instances"]} == {"cpu-sampler", "debug-json"}
    assert a.instance("debug-json")["thread"] == thread


def test_reload_that_adds_and_removes(agent, hearth, load):
    pids = [load.demo(), load.system_calls()]
    a = agent(config(hearth, pids, 0))
    assert a.instance("second")
    assert a.reload(config(hearth, pids, 3)).returncode == 0
    wait_for("the removed one to end", lambda: a.instance("second") is None, 20)
    assert a.reload(config(hearth, pids, 0)).returncode == 0
    assert a.instance("second")["state"] == "running"
