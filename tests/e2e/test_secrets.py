# SPDX-License-Identifier: Apache-2.0
"""A secret reaches its plugin and nobody else."""
import json
import os
import re

import pytest

from hearth import wait_for

SECRET, ROTATED = "correct-horse-battery", "staple-42"


def keep(hearth, content, mode=0o600):
    path = hearth.write("token", content)
    os.chmod(path, mode)
    return path


def config(hearth, token):
    return {"plugins": {"fake-source": {"rate": 100},
                        "fake-recorder": {"path": os.path.join(hearth.tmp, "out"), "token_file": token}}}


def told(hearth):
    with open(os.path.join(hearth.tmp, "out")) as f:
        return [row["token"] for row in map(json.loads, f) if "call" in row]


def test_secret_reaches_its_plugin_and_no_output(agent, hearth):
    a = agent(config(hearth, keep(hearth, SECRET + "\n")))
    wait_for("the sink to start", lambda: os.path.exists(os.path.join(hearth.tmp, "out")))
    assert told(hearth) == [SECRET]
    shown = hearth.run("config", "show", "--config", a.config_path)
    assert shown.returncode == 0 and "token" in shown.stdout, shown.stderr
    for text in (shown.stdout, json.dumps(a.status()), a.log(), hearth.run("config", "graph", "--config", a.config_path).stdout):
        assert SECRET not in text
    with open("/proc/%d/environ" % a.pid) as f:
        assert SECRET not in f.read()


def test_rotated_secret_arrives_with_a_reload(agent, hearth):
    path = keep(hearth, SECRET)
    a = agent(config(hearth, path))
    wait_for("the sink to start", lambda: os.path.exists(os.path.join(hearth.tmp, "out")))
    thread = a.instance("fake-recorder")["thread"]
    keep(hearth, ROTATED)
    assert a.reload().returncode == 0
    assert told(hearth) == [SECRET, ROTATED]
    assert a.instance("fake-recorder")["thread"] == thread


def test_credential_of_systemd_is_found_by_name(agent, hearth):
    folder = os.path.join(hearth.tmp, "credentials")
    os.mkdir(folder)
    os.rename(keep(hearth, SECRET), os.path.join(folder, "token"))
    agent(config(hearth, "token"), env={"CREDENTIALS_DIRECTORY": folder})
    wait_for("the sink to start", lambda: os.path.exists(os.path.join(hearth.tmp, "out")))
    assert told(hearth) == [SECRET]


@pytest.mark.parametrize("mode,content,answer", [
    (0o644, SECRET, r"token is open to every user \(mode 0644\); run: chmod 600 "),
    (0o600, "", r"token is empty"),
    (None, None, r"there is no file .*/token"),
])
def test_file_that_will_not_do_is_refused(hearth, mode, content, answer):
    path = os.path.join(hearth.tmp, "token") if mode is None else keep(hearth, content, mode)
    cfg = hearth.write("c.yaml", {"plugin_dirs": [hearth.fakes], **config(hearth, path)})
    r = hearth.run("check", "--config", cfg)
    assert r.returncode == 3
    assert re.search(r"c\.yaml:\d+:\d+: .*" + answer, r.stderr), r.stderr
    assert SECRET not in r.stderr


def test_secret_written_in_place_of_its_path_is_not_repeated(hearth):
    cfg = hearth.write("c.yaml", {"plugin_dirs": [hearth.fakes], **config(hearth, SECRET)})
    r = hearth.run("check", "--config", cfg)
    assert r.returncode == 3 and "may be the secret itself" in r.stderr, r.stderr
    assert SECRET not in r.stdout + r.stderr
