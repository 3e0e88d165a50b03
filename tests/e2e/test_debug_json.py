# SPDX-License-Identifier: Apache-2.0
"""debug-json writes what its published schema says, for every kind of batch."""
import json
import os
import subprocess

import jsonschema
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def schema():
    with open(os.path.join(ROOT, "docs/schemas/debug-json.schema.json")) as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_lines_of_every_kind_follow_the_schema(hearth, schema):
    binary = os.path.join(hearth.build, "tests/unit/test-debug-json-line")
    out = subprocess.run([binary, "--print"], stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    for line in lines:
        schema.validate(line)
    assert {line["schema"] for line in lines} == {"hearth." + s + "/1" for s in ("profile", "metrics", "artifact", "receipt")}
    assert any("samples" in line for line in lines)


def test_schema_refuses_what_is_wrong(hearth, schema):
    good = {"schema": "hearth.receipt/1", "instance": "x", "run": None, "sequence": 0, "state": "failed", "path": None,
            "url": None, "error": "403", "sha256": "0" * 64, "time_ns": 1}
    schema.validate(good)
    for key, value in (("state", "lost"), ("sha256", "xyz"), ("sequence", -1), ("schema", "other/1")):
        assert not schema.is_valid({**good, key: value}), key
    assert not schema.is_valid({k: v for k, v in good.items() if k != "error"})


def test_a_recording_follows_the_schema_and_adds_up(hearth, schema, load):
    load.demo()
    output = os.path.join(hearth.tmp, "debug.json")
    process, _ = hearth.record("-d", 2, "--sink", "debug-json:output=%s,samples=true" % output)
    assert process.returncode == 0, process.stderr
    with open(output) as f:
        lines = [json.loads(line) for line in f]
    profiles = [line for line in lines if line["schema"] == "hearth.profile/1"]
    assert profiles
    for line in lines:
        schema.validate(line)
    for p in profiles:
        lost = sum(loss["count"] for loss in p["losses"] if loss["kind"] == "samples")
        assert p["counts"]["samples"] == len(p["samples"]) == p["samples_taken"] - lost
        assert sum(s["value"] for s in p["samples"]) == p["value"]
    names = {line["function"] for p in profiles for frame in p["frames"] for line in frame["lines"]}
    assert "hash_block" in names
