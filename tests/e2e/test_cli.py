# SPDX-License-Identifier: Apache-2.0
"""The command line: help, completion and man pages come from one table and agree."""
import os
import re
import subprocess

import pytest

HOST_VERBS = ["agent", "check", "config", "status", "reload", "plugins", "doctor", "version"]


@pytest.mark.parametrize("verb", [*HOST_VERBS, "record"])
def test_every_verb_has_help(hearth, verb):
    process = hearth.run(verb, "--help")
    assert process.returncode == 0, process.stderr
    assert "hearth %s" % verb in process.stdout and "--help" in process.stdout
    assert max(map(len, process.stdout.splitlines())) <= 100


def test_help_lists_verbs_of_host_and_plugins(hearth):
    process = hearth.run("--help")
    assert process.returncode == 0
    for verb in [*HOST_VERBS, "record"]:
        assert re.search(r"^\s+%s\s" % verb, process.stdout, re.M), verb


def test_version(hearth):
    process = hearth.run("version")
    assert process.returncode == 0
    assert re.match(r"hearth \d+\.\d+\.\d+", process.stdout)


@pytest.mark.parametrize("args, word", [
    (["recrod"], "record"),
    (["record", "--freqency", "9"], "frequency"),
    (["record", "-F"], "-F"),
    (["record", "-F", "0"], "frequency"),
    (["record", "-F", "fast"], "frequency"),
    (["record", "-d", "-1"], "duration"),
    ([], "usage"),
])
def test_usage_error_is_2_and_says_what_to_write(hearth, args, word):
    process = hearth.run(*args)
    assert process.returncode == 2, process.stderr
    assert word.lower() in (process.stderr + process.stdout).lower(), process.stderr


@pytest.mark.parametrize("verb", [*HOST_VERBS, "record"])
def test_man_page_is_clean(hearth, verb, tmp_path):
    page = hearth.run("version", "--man", verb)
    assert page.returncode == 0, page.stderr
    path = tmp_path / ("hearth-%s.1" % verb)
    path.write_text(page.stdout)
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(path)], capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout


def complete(hearth, line):
    """What bash offers for a line."""
    script = hearth.run("version", "--completion")
    assert script.returncode == 0, script.stderr
    words = line.split(" ")
    bash = script.stdout + "\nCOMP_WORDS=(%s)\nCOMP_CWORD=%d\nCOMP_LINE=%r\nCOMP_POINT=%d\n_hearth\nprintf '%%s\\n' \"${COMPREPLY[@]}\"\n" % (
        " ".join("'%s'" % w for w in words), len(words) - 1, line, len(line))
    r = subprocess.run(["bash", "--norc", "-c", bash], capture_output=True, text=True,
                       env=hearth.environment(PATH=os.path.dirname(hearth.binary) + ":" + os.environ["PATH"]))
    assert r.returncode == 0 and not r.stderr, r.stderr
    return {word.strip() for word in r.stdout.split("\n") if word.strip()}


def test_completion_offers_verbs_and_options(hearth):
    assert {"agent", "status", "record"} <= complete(hearth, "hearth ")
    assert "--frequency" in complete(hearth, "hearth record --fre")
    assert complete(hearth, "hearth sta") == {"status"}


def test_plugins_lists_what_is_there(hearth):
    process = hearth.run("plugins")
    assert process.returncode == 0, process.stderr
    for name in ("cpu-sampler", "symbolizer", "flamegraph", "debug-json", "inspector"):
        assert name in process.stdout
    verbose = hearth.run("plugins", "-v")
    assert "frequency" in verbose.stdout and "Hz" in verbose.stdout


def test_doctor_says_whether_this_machine_can_sample(hearth):
    process = hearth.run("doctor")
    assert process.returncode == 0, process.stdout + process.stderr
    assert "BTF" in process.stdout and "cpu-sampler" in process.stdout


def test_doctor_without_privileges_says_what_to_do(hearth):
    process = hearth.public().run("doctor", prefix=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
    assert process.returncode == 1, process.stdout
    assert re.search("root|sudo|cap_", process.stdout), process.stdout


def test_exit_statuses_are_those_of_the_documented_table(hearth):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "docs/exit-codes.md")) as f:
        documented = {int(m) for m in re.findall(r"^\| (\d+) \|", f.read(), re.M)}
    assert {0, 1, 2, 3, 4, 70, 125, 126, 127} == documented
