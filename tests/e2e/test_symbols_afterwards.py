# SPDX-License-Identifier: Apache-2.0
"""A recording is given its names on another day, by build id: from the file at its path, from a debug file, from the
cache, and never from another build. What the recorder itself said, while the program ran, is the truth; perf, with a
store of its own, is asked as well. /usr/lib/debug is a folder of the test's, in a mount namespace of its own."""
import collections
import json
import os
import shutil
import subprocess
import tempfile

import pytest

from hearth import Hearth, Load, folded, summary, wait_for
from test_symbol_cache import build_id, wait_at_rest

FUNCTIONS = 1500  # enough for a table to be worth keeping
PROGRAM = """
#include <fcntl.h>
#include <unistd.h>
static char page[65536];
__attribute__((noinline)) int %(name)s_count(void) { volatile int n = 0; for (int i = 0; i < %(rounds)d; i++) n = n + i; return n; }
__attribute__((noinline)) int %(name)s_read(int fd) { int n = 0; for (int i = 0; i < 8; i++) n += read(fd, page, sizeof(page)); return n; }
int main(void) { int fd = open("/dev/zero", O_RDONLY); for (;;) { %(name)s_count(); %(name)s_read(fd); } }
"""


def sh(*argv, **kwargs):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **kwargs).stdout


def make(path, name):
    """A program whose functions are called NAME_count, NAME_read and NAME_0 to NAME_1499."""
    code = PROGRAM % {"name": name, "rounds": 300000 + ord(name[0])}  # ld's build id is of the code, not of names
    code += "".join("__attribute__((used)) static int %s_%d(int x) { return x + %d; }\n" % (name, i, i) for i in range(FUNCTIONS))
    with open(path + ".c", "w") as f:
        f.write(code)
    sh("gcc", "-g0", "-O1", "-fno-omit-frame-pointer", "-Wl,--build-id=sha1", "-o", path, path + ".c")
    return path


@pytest.fixture(scope="module")
def recorded(request, tmp_path_factory):
    """A recording of a program that is stripped, has its debug file beside it, and has ended since."""
    hearth = Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path_factory.mktemp("afterwards"))
    load = Load(hearth)
    place = tempfile.mkdtemp(prefix="hearth-") # a short path: what is said of it is cut where it gets long
    path = make(os.path.join(place, "afterwards"), "shop")
    shutil.copy2(path, path + ".whole")
    sh("objcopy", "--only-keep-debug", path, path + ".debug")
    sh("strip", path)
    sh("objcopy", "--add-gnu-debuglink=" + path + ".debug", path)
    wait_at_rest(path)
    try:
        done, folder = hearth.record("-d", 3, "-p", load.start(path), "--set", "cache_dir=" + os.path.join(hearth.tmp, "cache"))
    finally:
        load.stop()
    assert done.returncode == 0, done.stderr
    yield {"hearth": hearth, "path": path, "folder": folder, "stacks": merged(folded(folder))}
    shutil.rmtree(place)


def merged(rows):
    """Stacks from main() on, each with how many: what is before it is libc's, whose debug files are hidden here."""
    counts = collections.Counter()
    for frames, n in rows:
        counts[frames[frames.index("main"):] if "main" in frames else frames[-1:]] += n
    return counts


@pytest.fixture
def elsewhere(recorded, tmp_path):
    """The recording alone, and nothing else of what was there: `elsewhere(debug=…)` reads it."""
    class Elsewhere:
        hearth, path, out = Hearth(recorded["hearth"].build, tmp_path), recorded["path"], str(tmp_path / "out")
        debug, cache = str(tmp_path / "debug"), str(tmp_path / "cache")
        home = str(tmp_path / "home")

        def put_in_perfs_store(self, path):
            sh("perf", "--buildid-dir", os.path.join(self.home, ".debug"), "buildid-cache", "-a", path)

        def put_debug_file(self, source, name=None):
            name = name or build_id(recorded["path"] + ".whole")
            folder = os.path.join(self.debug, ".build-id", name[:2])
            os.makedirs(folder, exist_ok=True)
            shutil.copy2(source, os.path.join(folder, name[2:] + ".debug"))

        def read(self):
            os.makedirs(self.debug, exist_ok=True)
            os.makedirs("/usr/lib/debug", exist_ok=True)
            done = self.hearth.run("flamegraph", os.path.join(recorded["folder"], "perf.data"), "-o", self.out, "--force",
                                   "--set", "cache_dir=" + self.cache, env={"HOME": self.home},
                                   prefix=("unshare", "-m", "sh", "-c", 'mount --bind "$0" /usr/lib/debug && exec "$@"', self.debug))
            assert done.returncode == 0, done.stderr
            return merged(folded(self.out))

        def causes(self):
            return json.dumps(summary(self.out), ensure_ascii=False)

    away = [(recorded["path"] + suffix, recorded["path"] + suffix + ".away") for suffix in ("", ".debug")]
    for here, there in away:
        os.rename(here, there)
    yield Elsewhere()
    for here, there in away:
        os.rename(there, here)


def functions(stacks):
    return {f for frames in stacks for f in frames if f.startswith("shop_")}


def test_a_recording_is_read_as_it_was_recorded(recorded, elsewhere):
    shutil.copy2(recorded["path"] + ".whole", recorded["path"])
    stacks = elsewhere.read()
    os.unlink(recorded["path"])
    assert "shop_count" in functions(stacks)
    assert any(f.endswith("_[k]") for frames in stacks for f in frames), stacks
    assert stacks == recorded["stacks"]


def test_a_program_that_is_gone_is_said_to_be(recorded, elsewhere):
    stacks = elsewhere.read()
    assert not functions(stacks) and sum(stacks.values()) == sum(recorded["stacks"].values())
    cause = "%s is not on this machine and nothing has its build id %s…" % (recorded["path"], build_id(recorded["path"] + ".whole")[:12])
    assert cause in elsewhere.causes()


@pytest.mark.parametrize("tool", ["objcopy", "eu-strip"])
def test_a_debug_file_stands_for_a_program_that_is_gone(recorded, elsewhere, tool):
    whole, debug = recorded["path"] + ".whole", str(os.path.join(elsewhere.hearth.tmp, "made.debug"))
    if tool == "objcopy":
        sh("objcopy", "--only-keep-debug", whole, debug)
    else:
        sh("eu-strip", "-f", debug, "-o", debug + ".rest", whole)
    elsewhere.put_debug_file(debug)
    assert elsewhere.read() == recorded["stacks"]


def test_what_perf_keeps_of_a_program_stands_for_it(recorded, elsewhere):
    """`perf archive` on one machine and unpacking it on another leaves the same."""
    elsewhere.put_in_perfs_store(recorded["path"] + ".whole")
    assert elsewhere.read() == recorded["stacks"]


def test_perf_names_the_same_functions_as_often(recorded, elsewhere):
    store = os.path.join(elsewhere.hearth.tmp, "store")
    sh("perf", "--buildid-dir", store, "buildid-cache", "-a", recorded["path"] + ".whole")
    # By the recording's own build ids: its path leads nowhere on this root.
    theirs = collections.Counter(line.split("+")[0].split()[-1] for line in sh(
        "perf", "--buildid-dir", store, "script", "-i", os.path.join(recorded["folder"], "perf.data"), "-G", "-F", "ip,sym").splitlines()
        if line.strip().endswith(("shop_count", "shop_read")))
    elsewhere.put_debug_file(recorded["path"] + ".debug.away")
    mine = collections.Counter()
    for frames, n in elsewhere.read().items():
        if frames[-1].startswith("shop_"):
            mine[frames[-1]] += n
    assert mine == theirs and mine["shop_count"] > 100, (mine, theirs)


def test_another_build_at_the_path_is_refused(recorded, elsewhere):
    make(recorded["path"], "evil")
    stacks = elsewhere.read()
    theirs = build_id(recorded["path"])
    os.unlink(recorded["path"])
    assert not any("evil" in f or "shop" in f for frames in stacks for f in frames), stacks
    assert "%s is of another build (%s…, recorded was %s…)" % (
        recorded["path"], theirs[:12], build_id(recorded["path"] + ".whole")[:12]) in elsewhere.causes()


def test_a_debug_file_of_another_build_is_passed_over(recorded, elsewhere):
    other = make(os.path.join(elsewhere.hearth.tmp, "other"), "evil")
    elsewhere.put_debug_file(other, name=build_id(recorded["path"] + ".whole"))
    stacks = elsewhere.read()
    assert not any("evil" in f for frames in stacks for f in frames), stacks


def test_the_cache_of_the_recorder_names_what_is_gone(recorded, elsewhere):
    """The recorder asked for names, so its machine has a table of them, which outlives program and debug file."""
    tables = os.path.join(recorded["hearth"].tmp, "cache", "symbols")
    wait_for("a table of the program", lambda: [name for name in os.listdir(tables) if name.startswith(build_id(recorded["path"] + ".whole"))])
    elsewhere.cache = os.path.dirname(tables)
    assert elsewhere.read() == recorded["stacks"]
    elsewhere.put_in_perfs_store(recorded["path"] + ".away")  # which is stripped, and knows less
    assert elsewhere.read() == recorded["stacks"]
