# SPDX-License-Identifier: Apache-2.0
"""`hearth doctor`: the machine, what is configured, and the seal around whoever looks at a file."""
import os
import re

import pytest


def examine(hearth, order, **kwargs):
    """What the plugin fake-examiner makes of a file with that order in it."""
    path = hearth.write("order", order + "\n")
    return hearth.run("doctor", path, "--set", "plugin_dirs=" + hearth.fakes, timeout=30, **kwargs)


def test_a_plugin_of_others_may_diagnose_files_but_not_steer_the_terminal(hearth):
    process = examine(hearth, "say")
    assert process.returncode == 0 and "costs   say  %s/order  →  ?[2Jmend it" % hearth.tmp in process.stdout, process.stdout


@pytest.mark.parametrize("order, words", [
    ("crash", "signal 4"), ("quit", "exited with status 3"), ("flood", "answered what makes no sense"),
    pytest.param("spin", "CPU time limit", marks=pytest.mark.slow),
    pytest.param("wait", "took longer than 10 s", marks=pytest.mark.slow)])
def test_a_file_that_is_the_end_of_its_reader_is_a_broken_line(hearth, order, words):
    process = examine(hearth, order)
    assert process.returncode == 1, process.stdout + process.stderr
    assert re.search("broken  fake-examiner .*%s" % words, process.stdout), process.stdout


def test_a_sealed_reader_reaches_no_file_by_itself(hearth):
    process = examine(hearth, "reach /etc/hostname")
    assert process.returncode == 1 and "signal 31" in process.stdout, process.stdout


def test_a_sealed_reader_is_handed_what_everybody_may_read(hearth):
    for name, mode, content, words in (("open", 0o644, "hello", 'got "hello"'), ("closed", 0o640, "secret", "refused: Permission denied")):
        path = hearth.write(name, content)
        os.chmod(path, mode)
        assert words in examine(hearth, "ask " + path).stdout
    fifo = os.path.join(hearth.tmp, "pipe")
    os.mkfifo(fifo)
    for path, words in ((fifo, "not supported"), ("/dev/null", "not supported"), ("/no/such", "No such file"),
                        ("order", "Invalid argument")):
        assert "refused: " in examine(hearth, "ask " + path).stdout
        assert words in examine(hearth, "ask " + path).stdout


def test_outputs_of_the_configuration_are_tried(hearth):
    hearth.write("file", "")
    config = hearth.write("hearth.yaml", {"plugins": {
        "flamegraph": {"directory": os.path.join(hearth.tmp, "new", "folder")},
        "pages": {"plugin": "flamegraph", "directory": os.path.join(hearth.tmp, "file", "below")},
        "debug-json": {"output": os.path.join(hearth.tmp, "lines.json")},
        "lines": {"plugin": "debug-json", "output": os.path.join(hearth.tmp, "no", "lines.json")},
        "printed": {"plugin": "debug-json", "output": "-"},
        "idle": {"plugin": "debug-json", "output": "/no/such/folder/file", "enabled": False}}})
    process = hearth.run("doctor", "--config", config)
    assert process.returncode == 1, process.stdout
    sections = dict(re.findall(r"^(\S+)\n((?:  .*\n)+)", process.stdout, re.M))
    assert "OK      output" in sections["flamegraph"] and "new/folder can be made" in sections["flamegraph"]
    assert "broken  output" in sections["pages"] and "Not a directory" in sections["pages"]
    assert "OK      output" in sections["debug-json"] and "lines.json can be made" in sections["debug-json"]
    assert "broken  output" in sections["lines"] and "No such file" in sections["lines"]
    assert "printed" not in sections and "idle" not in sections
    assert not os.path.exists(os.path.join(hearth.tmp, "new")) and not os.path.exists(os.path.join(hearth.tmp, "lines.json"))

    folder = re.search(r"sudo install -d -o \d+ (\S+)", sections["lines"]).group(1)
    assert folder == os.path.join(hearth.tmp, "no")
    os.makedirs(folder)
    process = hearth.run("doctor", "--config", config)
    assert "OK      output" in process.stdout.split("\nlines\n")[1], process.stdout


def test_an_instance_that_cannot_be_configured_is_broken(hearth):
    config = hearth.write("hearth.yaml", {"plugins": {"debug-json": {"outputt": "-"}, "nowhere": {"plugin": "no-such"}}})
    process = hearth.run("doctor", "--config", config)
    assert process.returncode == 1
    assert "outputt" in process.stdout and "no-such" in process.stdout, process.stdout


def test_the_machine_is_looked_at_line_by_line(hearth):
    process = hearth.run("doctor")
    lines = {m.group(1) for m in re.finditer(r"^  (?:OK|costs|broken) +(\S+(?: \S+)*?)  ", process.stdout, re.M)}
    assert {"configuration", "kernel", "kernel BTF", "bpf(2)", "cap_bpf", "cap_perfmon", "kernel.perf_event_paranoid",
            "kernel.kptr_restrict", "kernel.perf_event_max_sample_rate", "kernel.perf_cpu_time_max_percent", "PMU",
            "CPU frequency", "memory lock", "kernel lockdown"} <= lines, process.stdout
    for line in process.stdout.splitlines():
        if line.startswith(("  costs", "  broken")):
            assert "→" in line, "what mends this? %s" % line
    has_pmu = any(os.path.exists("/sys/bus/event_source/devices/" + name) for name in ("cpu", "cpu_core", "armv8_pmuv3_0"))
    assert ("counts cycles" in process.stdout) == has_pmu, process.stdout
