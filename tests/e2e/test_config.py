# SPDX-License-Identifier: Apache-2.0
"""`check` and `config` say what is wrong, where, and what to do; without privileges."""
import os
import re

import pytest

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


@pytest.mark.parametrize("yaml, message", [
    ("plugins:\n  debug-json:\n    ouput: x.json\n", r':3:5: plugin "debug-json": unknown option "ouput"; did you mean "output"\?'),
    ("plugins:\n  cpu-sampler: { frequency: 0 }\n", r":2:29: .*frequency.*"),
    ("plugins:\n  cpu-sampler: { frequency: fast }\n", r":2:29: .*frequency.*"),
    ("plugins:\n  cpu-sampelr: {}\n", r":2:3: .*cpu-sampelr.*"),
    ("pluggins: {}\n", r':1:1: unknown key "pluggins"; did you mean "plugins"\?'),
    ("service: [a]\n", r":1:10: .*service.*"),
    ("service: a\nservice: b\n", r":2:1: .*service.*"),
    ("plugins:\n\tcpu-sampler: {}\n", r":2:"),
    ("plugins: &x {}\n", r":1:10: .*anchor.*"),
])
def test_error_names_place_and_remedy(hearth, yaml, message):
    path = hearth.write("hearth.yaml", yaml)
    process = hearth.run("check", "--config", path)
    assert process.returncode == 3, process.stderr
    assert re.search(re.escape(os.path.basename(path)) + message, process.stderr), process.stderr


def test_all_errors_are_shown_at_once(hearth):
    path = hearth.write("hearth.yaml", "plugins:\n  debug-json: { ouput: x }\n  cpu-sampler: { frequency: 0 }\n")
    process = hearth.run("check", "--config", path)
    assert len(re.findall(r"hearth\.yaml:\d+:\d+:", process.stderr)) == 2, process.stderr


def test_missing_file_is_named(hearth):
    process = hearth.run("check", "--config", "/no/such/hearth.yaml")
    assert process.returncode == 3
    assert "/no/such/hearth.yaml" in process.stderr


def test_check_needs_no_privileges(hearth):
    hearth = hearth.public()
    path = hearth.write("hearth.yaml", {"plugins": {"cpu-sampler": {}, "symbolizer": {}, "flamegraph": {}, "debug-json": {"output": "x"}}})
    process = hearth.run("check", "--config", path, prefix=NOBODY)
    assert process.returncode == 0, process.stderr


def test_shipped_configuration_is_valid(hearth):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for environment in ((), ("--environment", "production"), ("--environment", "development")):
        process = hearth.run("check", "--config", os.path.join(root, "etc/hearth.yaml"), *environment)
        assert process.returncode == 0, process.stderr
        assert not process.stderr, process.stderr


def test_overlay_order_and_origin(hearth):
    path = hearth.write("hearth.yaml", "service: base\nlabels: { a: 1, b: 1 }\nplugins:\n  cpu-sampler: { frequency: 11 }\n")
    hearth.write("environments/production.yaml", "labels: { b: 2 }\nplugins:\n  cpu-sampler: { frequency: 12 }\n")
    hearth.write("conf.d/10-x.yaml", "plugins:\n  cpu-sampler: { frequency: 13 }\n")

    def shown(*args, **env):
        process = hearth.run("config", "show", "--origin", "--config", path, *args, env=env)
        assert process.returncode == 0, process.stderr
        return process.stdout

    def frequency(text):
        return next(line for line in text.splitlines() if "frequency" in line)

    assert "13" in frequency(shown("--environment", "production")) and "10-x.yaml:2" in frequency(shown())
    assert "14" in frequency(shown("--set", "cpu-sampler.frequency=14"))
    assert "base" in shown() and "other" in shown(HEARTH_SERVICE="other")
    text = shown("--environment", "production")
    assert re.search(r"a: .?1", text) and re.search(r"b: .?2", text)


def test_unknown_environment_is_an_error(hearth):
    path = hearth.write("hearth.yaml", "service: x\n")
    process = hearth.run("check", "--config", path, "--environment", "stagging")
    assert process.returncode == 3
    assert "stagging" in process.stderr


def test_unknown_hearth_variable_is_one_warning(hearth):
    path = hearth.write("hearth.yaml", "service: x\n")
    process = hearth.run("check", "--config", path, env={"HEARTH_FREQENCY": "3"})
    assert process.returncode == 0
    assert process.stderr.count("HEARTH_FREQENCY") == 1


def test_graph_prints_the_wiring(hearth):
    path = hearth.write("hearth.yaml", {"plugins": {"cpu-sampler": {}, "symbolizer": {}, "debug-json": {"output": "x"}}})
    process = hearth.run("config", "graph", "--config", path)
    assert process.returncode == 0, process.stderr
    order = [process.stdout.find(name) for name in ("cpu-sampler", "symbolizer", "debug-json")]
    assert -1 not in order and order == sorted(order), process.stdout


def test_two_candidate_processors_are_an_error_that_lists_them(hearth):
    path = hearth.write("hearth.yaml", {"plugins": {"cpu-sampler": {}, "symbolizer": {}, "again": {"plugin": "symbolizer"},
                                                    "debug-json": {"output": "x"}}})
    process = hearth.run("check", "--config", path)
    assert process.returncode == 3, process.stdout
    assert "symbolizer" in process.stderr and "again" in process.stderr and "inputs" in process.stderr
