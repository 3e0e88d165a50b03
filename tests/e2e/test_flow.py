# SPDX-License-Identifier: Apache-2.0
"""Batches between instances: nobody is delayed by a slow sink, every drop is counted, and what may
not be lost is not."""
import json
import os
import time

import pytest

from hearth import summary, wait_for, whole_lines


def lines(path):
    return [json.loads(line) for line in whole_lines(path)]


def batches(path):
    return [row for row in lines(path) if "items" in row]


@pytest.mark.sanitizers
def test_slow_sink_delays_nobody(agent, hearth):
    out = os.path.join(hearth.tmp, "out")
    a = agent({"plugins": {"fake-source": {"rate": 1000}, "fake-slow-sink": {"delay": "2s"}, "fake-recorder": {"path": out}}})
    wait_for("batches", lambda: os.path.exists(out) and len(batches(out)) > 20)
    rows = batches(out)
    assert [r["sequence"] for r in rows] == list(range(len(rows)))
    assert a.instance("fake-slow-sink")["stats"]["received"] <= 3


@pytest.mark.sanitizers
def test_every_live_drop_is_counted(agent, hearth):
    """emitted = consumed + dropped + waiting, in samples, with a queue that overflows."""
    slow = {"plugin": "fake-slow-sink", "delay": "200ms", "queue": "64KiB"}
    out = os.path.join(hearth.tmp, "out")
    a = agent({"plugins": {"fake-source": {"rate": 20000}, "slow": slow, "fake-recorder": {"path": out}}})
    wait_for("drops", lambda: a.instance("slow")["stats"]["dropped"]["queue full"] > 10, 20)
    assert a.reload({"plugins": {"slow": slow, "fake-recorder": {"path": out}}}).returncode == 0
    wait_for("the queue to drain", lambda: a.instance("slow")["stats"]["queued"] == 0, 30)
    emitted = len(batches(out))
    stats = a.instance("slow")["stats"]
    assert emitted == stats["received"] + sum(stats["dropped"].values()), stats


@pytest.mark.sanitizers
def test_lossless_route_loses_nothing_with_a_slow_sink(hearth):
    """A finite source runs 200 batches into a sink that takes 5 ms each, through a small queue."""
    out = os.path.join(hearth.tmp, "recorded")
    process, folder = hearth.record("--source", "fake-finite:samples=20000,batch=100",
                                    "--sink", "fake-slow-sink:delay=5ms,queue=64KiB", "--sink", "fake-recorder:path=" + out,
                                    "--set", "plugin_dirs=%s/plugins,%s" % (hearth.build, hearth.fakes))
    assert process.returncode == 0, process.stderr
    s = summary(folder)
    assert s["samples"]["delivered"] == s["samples"]["taken"] == 20000, s["samples"]
    slow = next(i for i in s["instances"] if i["plugin"] == "fake-slow-sink")
    assert slow["stats"]["received_samples"] == 20000
    rows = batches(out)
    assert sum(r["items"] for r in rows) == 20000
    assert [r["sequence"] for r in rows] == list(range(200))


def test_batch_that_is_refused_for_now_comes_again(agent):
    a = agent({"plugins": {"fake-source": {}, "fake-eagain-sink": {"times": 2}}})
    wait_for("batches", lambda: a.instance("fake-eagain-sink")["counters"].get("samples_consumed", 0) >= 50, 20)
    assert sum(a.instance("fake-eagain-sink")["stats"]["dropped"].values()) == 0


def test_sink_finishes_after_the_last_batch(agent, hearth):
    out = os.path.join(hearth.tmp, "out")
    a = agent({"plugins": {"fake-source": {}, "fake-recorder": {"path": out}}})
    wait_for("batches", lambda: os.path.exists(out) and len(batches(out)) > 3)
    a.stop()
    calls = [row.get("call", "batch") for row in lines(out)]
    assert calls[0] == "start" and calls[-2:] == ["finish", "stop"], calls
    assert set(calls[1:-2]) == {"batch"}


def test_stop_with_a_full_queue_keeps_to_the_deadline_and_says_what_was_lost(agent):
    a = agent({"shutdown_deadline": "2s",
               "plugins": {"fake-source": {"rate": 20000}, "fake-slow-sink": {"delay": "1s"}}})
    wait_for("a queue", lambda: a.instance("fake-slow-sink")["stats"]["queued"] > 5)
    began = time.monotonic()
    status, _ = a.stop()
    assert time.monotonic() - began < 6
    assert "fake-slow-sink" in a.log(), a.log()
    assert status in (0, 1)


def test_kinds_do_not_mix(agent, hearth):
    """Metrics go past a processor of profiles, to every sink that takes them."""
    out = os.path.join(hearth.tmp, "out")
    agent({"plugins": {"fake-ticker": {}, "fake-source": {}, "symbolizer": {}, "fake-recorder": {"path": out}}})
    wait_for("both kinds", lambda: os.path.exists(out) and {(r["from"], r["schema"]) for r in batches(out)} ==
             {("fake-ticker", "hearth.metrics/1"), ("symbolizer", "hearth.profile/1")}, 20)
