# SPDX-License-Identifier: Apache-2.0
"""docs/first-profile does what it says: its commands run as they stand, in a clone, and print what it shows."""
import os
import re
import shutil
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs/first-profile/README.md")
URL = "https://example.org/hearth.git"
END = "end of command, status "


def transcript():
    """[(command, lines shown)] of the page."""
    with open(PAGE) as f:
        blocks = re.findall(r"^```console\n(.*?)^```", f.read(), re.M | re.S)
    steps = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def pattern(shown):
    """A line of the page: figures are those of another day, and an ellipsis is anything."""
    parts = re.split(r"(\d[\d.,]*|\s+|…)", shown)
    masks = {"…": ".*"}
    return "".join(masks.get(p) or (r"\d[\d.,]*" if p[:1].isdigit() else r"\s+" if p.isspace() else re.escape(p)) for p in parts)


def assert_shown(command, shown, printed):
    """Line by line; a line of only an ellipsis stands for any number of lines."""
    text = "".join("(?:.*\n)*?" if line == "…" else pattern(line) + "\n" for line in shown)
    assert re.fullmatch(text, printed), "$ %s\nshown:\n%s\nprinted:\n%s" % (command, "\n".join(shown), printed)


class Shell:
    """A bash that remembers where it is, as somebody who types would have it."""

    def __init__(self, folder, env):
        self.bash = subprocess.Popen(["bash", "--noprofile", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, cwd=folder, env=env)

    def type(self, command):
        self.bash.stdin.write("%s\nprintf '\\n%s%%d\\n' $?\n" % (command, END))
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line.startswith(END):
                assert int(line[len(END):]) == 0, "$ %s\n%s" % (command, "".join(lines))
                return "".join(lines)[:-1]
            lines.append(line)
        raise AssertionError("the shell ended in $ %s\n%s" % (command, "".join(lines)))

    def close(self):
        self.bash.stdin.close()
        self.bash.wait(10)


@pytest.fixture
def newcomer(tmp_path, hearth):
    """A shell with nothing but git, sudo and a network that has this tree."""
    origin, tools = tmp_path / "origin", tmp_path / "tools"
    tools.mkdir()
    (tools / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tools / "sudo").chmod(0o755)
    settings = {"safe.directory": "*", "url.file://%s.insteadOf" % origin: URL, "user.name": "test", "user.email": "test@example.org",
                "advice.detachedHead": "false"}
    env = hearth.environment(PATH="%s:%s" % (tools, os.environ["PATH"]), HOME=str(tmp_path), GIT_CONFIG_COUNT=str(len(settings)))
    for i, (key, value) in enumerate(settings.items()):
        env.update({"GIT_CONFIG_KEY_%d" % i: key, "GIT_CONFIG_VALUE_%d" % i: value})
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], env=env, capture_output=True,
                            text=True, check=True).stdout
    for name in listed.rstrip("\0").split("\0"):
        if os.path.lexists(os.path.join(ROOT, name)):
            os.makedirs(origin / os.path.dirname(name), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), origin / name, follow_symlinks=False)
    for args in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "the tree"]):
        subprocess.run(["git", "-C", str(origin), *args], env=env, check=True)
    shell = Shell(tmp_path, env)
    yield shell
    shell.close()


def seconds(printed):
    minutes, rest = re.search(r"^real\s+(\d+)m([\d.]+)s$", printed, re.M).groups()
    return 60 * int(minutes) + float(rest)


def share(printed, function):
    found = re.search(r"([\d.]+) %%  %s$" % function, printed, re.M)
    return float(found.group(1)) if found else 0


@pytest.mark.slow
def test_the_way_from_a_clone_to_the_cause_is_as_shown(newcomer):
    began = time.monotonic()
    printed = []
    for command, shown in transcript():
        printed.append(newcomer.type(command))
        assert_shown(command, shown, printed[-1])
    assert time.monotonic() - began < 600

    slow, fast = [text for text in printed if "\nreal" in text]
    assert seconds(fast) < seconds(slow) / 10
    before, callers, after = [text for text in printed if "look first" in text][1:]
    assert share(before, "find_word") > 90 and share(callers, "find_word") > 90
    assert share(after, "find_word") < 50
