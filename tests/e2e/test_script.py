# SPDX-License-Identifier: Apache-2.0
"""The text of script-writer is what perf itself prints of a perf.data of the same samples."""
import collections
import os
import re
import shutil
import subprocess

import pytest

from hearth import Hearth, Load, folded, summary
from test_record import demo_functions, of_command

DEMO, GZIP, LIAR = "script-shop", "script-gzip", "script 9\n1/1 0"
HEAD = re.compile(r"(\S.*?) +(\d+)/(\d+) +\[(\d{3})\] +(\d+\.\d{6}): +(\d+) (\S+): \n")
FRAME = re.compile(r"\t *([0-9a-f]+) (.*) \((\S*)\)\n")


@pytest.fixture(scope="module")
def recorded(request, tmp_path_factory):
    """A recording in both forms, of programs one of which has a name that tries to be a line."""
    hearth = Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path_factory.mktemp("script"))
    load = Load(hearth)
    demo, gzip = (shutil.copy(os.path.realpath(shutil.which(program)), os.path.join(hearth.tmp, name))
                  for program, name in ((hearth.demo, DEMO), ("gzip", GZIP)))
    try:
        load.start(demo)
        load.start("sh", "-c", "exec %s -9 -c < /dev/zero" % gzip)
        load.start("python3", "-c", "open('/proc/self/comm', 'w').write(%r)\nwhile True: pass" % LIAR)
        folder = os.path.join(hearth.tmp, "out")
        process, folder = hearth.record("-d", 3, "--sink", "script-writer:directory=" + folder)
    finally:
        load.stop()
    assert process.returncode == 0, process.stderr
    return {"hearth": hearth, "folder": folder, "text": read(folder, "perf-script.txt"), "summary": summary(folder)}


def read(folder, name):
    with open(os.path.join(folder, name), newline="\n") as f:
        return f.read()


def blocks(text):
    """[(head, [(address, symbol, file)])] of what a parser of lines sees."""
    found = []
    for line in text.splitlines(keepends=True):
        if line == "\n":
            continue
        frame = FRAME.fullmatch(line)
        if frame:
            found[-1][1].append(frame.groups())
        else:
            head = HEAD.fullmatch(line)
            assert head, line
            found.append((head.groups(), []))
    return found


def perf_text(folder):
    done = subprocess.run(["perf", "script", "-i", "perf.data", "--no-inline", "--max-stack", "1024", "-F", "+pid,+symoff"], capture_output=True, text=True,
                          cwd=folder, timeout=120)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    return done.stdout


def without_choices(text):
    """Without the names of symbols, of which perf and Hearth choose one each, and without what perf.data
    has no place for: why stacks were cut, and frames that are at no address."""
    lines = [line for line in text.splitlines() if not re.match(r"\t *0 .* \(\[unknown\]\)$", line) and " (inlined)" not in line]
    return "\n".join(re.sub(r"^(\t *[0-9a-f]+) .* \(", r"\1 (", line) for line in lines)


def test_it_is_what_perf_prints_of_the_same_samples(recorded):
    theirs = perf_text(recorded["folder"])
    # perf writes the name that tries to be a line as it is.
    theirs = theirs.replace(LIAR, "script_9?1/1_0")
    mine = without_choices(recorded["text"])
    assert mine.count("\n\n") > 100
    assert mine.splitlines() == without_choices(theirs).splitlines()


def test_the_names_of_a_program_are_perfs(recorded):
    """On a machine that is very busy not every name comes in time; those that did are right."""
    functions = demo_functions(recorded["hearth"])
    path = os.path.join(recorded["hearth"].tmp, DEMO)
    mine, theirs = ({offset: symbol for _, frames in blocks(text) for offset, symbol, file in frames if file == path}
                    for text in (recorded["text"], perf_text(recorded["folder"]).replace(LIAR, "x")))
    named = {offset: symbol for offset, symbol in mine.items() if symbol.split("+")[0] in functions}
    assert len(named) > 10 and named == {offset: theirs[offset] for offset in named}


def test_a_perf_data_converts_to_the_text_that_its_recording_wrote(recorded):
    again = os.path.join(recorded["folder"], "again.txt")
    done = recorded["hearth"].run("convert", os.path.join(recorded["folder"], "perf.data"), again)
    assert done.returncode == 0, done.stderr
    text = read(recorded["folder"], "again.txt")
    assert without_choices(text) == without_choices(recorded["text"])
    functions = demo_functions(recorded["hearth"])
    path = os.path.join(recorded["hearth"].tmp, DEMO)
    names = {frame for _, frames in blocks(text) for frame in frames if frame[2] == path}
    mine = {frame for _, frames in blocks(recorded["text"]) for frame in frames if frame[2] == path and frame[1].split("+")[0] in functions}
    assert len(mine) > 10 and mine <= names


def test_each_delivered_sample_is_a_block(recorded):
    assert len(blocks(recorded["text"])) == recorded["summary"]["samples"]["delivered"]


def test_no_name_begins_a_line_or_passes_for_a_pid(recorded):
    heads = [head for head, _ in blocks(recorded["text"])]
    assert any(head[0] == "script_9?1/1_0" for head in heads)
    assert not [head for head in heads if head[1] == "1" and head[0].startswith("script")]


def test_stacks_are_those_of_the_folded_file(recorded):
    mine = collections.Counter()
    for head, frames in blocks(recorded["text"]):
        if head[0] == DEMO:
            mine[tuple(re.sub(r"\+0x[0-9a-f]+$", "", symbol) for _, symbol, _ in reversed(frames))] += 1
    theirs = collections.Counter()
    for stack, n in of_command(folded(recorded["folder"]), DEMO):
        names = [re.sub(r"_\[[kj]\]$", "", name) for name in stack[1:]]
        theirs[tuple("[unknown]" if re.search(r"\+0x[0-9a-f]+$", name) else name for name in names)] += n
    assert sum(mine.values()) > 100 and mine == theirs


def test_it_goes_to_standard_output_while_it_grows(hearth, load):
    load.demo()
    process = hearth.start("record", "-d", 30, "-o", os.path.join(hearth.tmp, "out"), "--set", "cpu-sampler.window=100ms",
                           "--sink", "script-writer:directory=-", "-p", load.processes[0].pid)
    try:
        first = process.stdout.readline()
        assert HEAD.fullmatch(first), first
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_a_file_that_is_there_is_not_replaced(hearth):
    hearth.write("perf-script.txt", "mine\n")
    process, _ = hearth.record("-d", 1, "--sink", "script-writer:directory=" + hearth.tmp)
    assert process.returncode != 0 and "perf-script.txt exists" in process.stderr
    assert read(hearth.tmp, "perf-script.txt") == "mine\n"
