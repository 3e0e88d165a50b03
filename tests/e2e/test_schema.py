# SPDX-License-Identifier: Apache-2.0
"""The JSON schema of hearth.yaml, which editors use, agrees with `hearth check`."""
import json

import jsonschema
import pytest


@pytest.fixture
def validator(hearth):
    process = hearth.run("version", "--config", "/dev/null", "--schema")
    assert process.returncode == 0, process.stderr
    schema = json.loads(process.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("config, is_good", [
    ({}, True),
    ({"service": "x", "labels": {"a": 1, "b": "two"}, "log": {"level": "debug"}, "shutdown_deadline": "10s"}, True),
    ({"overhead": {"max_cpu": "1%"}}, True),
    ({"overhead": {"max_cpu": 1}}, False),
    ({"servce": "x"}, False),
    ({"log": {"levl": "info"}}, False),
    ({"log": {"level": "loud"}}, False),
    ({"plugins": {"cpu-sampler": {}}}, True),
    ({"plugins": {"cpu-sampler": {"frequency": 19, "enabled": False, "queue": "16MiB"}}}, True),
    ({"plugins": {"cpu-sampler": {"frequency": 0}}}, False),
    ({"plugins": {"cpu-sampler": {"frequncy": 19}}}, False),
    ({"plugins": {"mine": {"plugin": "cpu-sampler", "frequency": 19}}}, True),
    ({"plugins": {"mine": {"plugin": "cpu-sampler", "frequncy": 19}}}, False),
    ({"plugins": {"symbolizer": {"plugin": "cpu-sampler", "frequncy": 19}}}, False),
    ({"plugins": {"cpu-sampler": {}, "debug-json": {"output": "x", "log": {"level": "debug"}, "inputs": ["cpu-sampler"]}}},
     True),
    ({"plugins": {"debug-json": {"output": "x", "log": {"levle": "debug"}}}}, False),
    ({"plugins": ["cpu-sampler"]}, False),
])
def test_schema_and_check_agree(hearth, validator, config, is_good):
    found = [e.message for e in validator.iter_errors(config)]
    process = hearth.run("check", "--config", hearth.write("hearth.yaml", json.dumps(config)))
    assert (process.returncode == 0) == is_good, process.stderr
    assert (not found) == is_good, found


def test_options_of_plugins_that_nobody_has_are_left_alone(validator):
    assert not list(validator.iter_errors({"plugins": {"of-a-third-party": {"anything": 1}}}))
