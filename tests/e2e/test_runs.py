# SPDX-License-Identifier: Apache-2.0
"""hearth.control/1: a controller starts runs beside the configured pipeline and is told how they
end; the pipeline itself goes on untouched."""
import json
import os

import pytest

from hearth import wait_for, whole_lines

pytestmark = pytest.mark.sanitizers

RUN = """
plugins:
  tick: {plugin: fake-ticker, every: 10ms}
  out: {plugin: fake-recorder, path: %s}
"""


def told(path):
    """[(event, text)] as the fake controller wrote them down."""
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [tuple(line.rstrip("\n").split(" ", 1)) for line in f]


def sequences(path):
    rows = [json.loads(line) for line in whole_lines(path)]
    return [(r["from"], r["run"], r["sequence"]) for r in rows if "sequence" in r]


def configure(hearth, **options):
    base, run, log = (os.path.join(hearth.tmp, n) for n in ("base.jsonl", "run.jsonl", "told"))
    config = {"plugins": {
        "tick": {"plugin": "fake-ticker", "every": "50ms"},
        "base": {"plugin": "fake-recorder", "path": base},
        "control": {"plugin": "fake-controller", "path": log, "run": RUN % run, **options},
    }}
    return config, base, run, log


def test_run_of_its_own_leaves_the_pipeline_untouched(agent, hearth):
    config, base, run, log = configure(hearth, duration="1s")
    a = agent(config)
    wait_for("the end of the run", lambda: len(told(log)) == 2)
    assert [event for event, _ in told(log)] == ["started", "finished"]
    result = json.loads(told(log)[1][1])
    rows = sequences(run)
    assert rows and {r[0] for r in rows} == {"tick#1"} and {r[1] for r in rows} == {result["run"]}
    assert [r[2] for r in rows] == list(range(len(rows)))
    assert 60 <= len(rows) <= 101, "100 ticks in a second"
    assert result["ended_by"] == "duration"
    assert {i["name"] for i in result["instances"]} == {"tick#1", "out#1"}
    of_base = sequences(base)
    assert {r[:2] for r in of_base} == {("tick", "")} and [r[2] for r in of_base] == list(range(len(of_base)))
    assert {i["name"] for i in a.status()["instances"]} == {"tick", "base", "control"}


def test_run_can_be_stopped_early(agent, hearth):
    config, _, run, log = configure(hearth, duration="60s", stop_after="300ms")
    agent(config)
    wait_for("the end of the run", lambda: len(told(log)) == 2)
    result = json.loads(told(log)[1][1])
    assert result["ended_by"] == "controller" and result["window"]["seconds"] < 5


def test_run_that_is_not_valid_fails_with_the_reason(agent, hearth):
    config, base, _, log = configure(hearth)
    config["plugins"]["control"]["run"] = "plugins: {tick: {plugin: fake-ticker, evry: 10ms}}"
    agent(config)
    wait_for("the refusal", lambda: told(log))
    event, why = told(log)[0]
    assert event == "failed" and 'unknown option "evry"; did you mean "every"?' in why


def test_run_whose_source_cannot_start_fails(agent, hearth):
    config, base, run, log = configure(hearth)
    config["plugins"]["control"]["run"] = RUN % run + "  bad: {plugin: fake-failing-start}\n"
    a = agent(config)
    wait_for("the failure", lambda: told(log))
    assert told(log)[0][0] == "failed" and "bad#1" in told(log)[0][1]
    assert {i["name"] for i in a.status()["instances"]} == {"tick", "base", "control"}


def test_control_overlay_changes_options_and_survives_a_reload(agent, hearth):
    config, base, _, log = configure(hearth, overlay="plugins: {tick: {every: 10ms}}")
    del config["plugins"]["control"]["run"]
    a = agent(config)
    wait_for("the overlay", lambda: told(log) == [("overlay", "applied")])
    thread = a.instance("tick")["thread"]
    before = a.instance("tick")["stats"]["sent"]
    wait_for("a faster tick", lambda: a.instance("tick")["stats"]["sent"] > before + 100, timeout=5)
    assert a.reload().returncode == 0
    assert a.instance("tick")["thread"] == thread


def test_control_overlay_cannot_rewire(agent, hearth):
    config, _, _, log = configure(hearth, overlay="plugins: {base: {inputs: [nobody]}}")
    del config["plugins"]["control"]["run"]
    a = agent(config)
    wait_for("the refusal", lambda: told(log))
    assert told(log)[0][1] != "applied" and "inputs" in told(log)[0][1]
    assert a.status()["state"] == "running"
