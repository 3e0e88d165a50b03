# SPDX-License-Identifier: Apache-2.0
"""Symbols that were read once come from disk the next time: for the very file that they were read from, whoever
else claims its build id, and never at the price of a wrong name. Programs are built here; what they are called is
known, and what is on disk is looked at by the file system's own tools."""
import os
import shutil
import struct
import subprocess
import time

import pytest

from hearth import children_of, folded, helper_pid, wait_for

CACHE = "/var/cache/hearth/symbols"
USER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]
FUNCTIONS = 1500  # enough for a table to be worth keeping


def sh(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def make(folder, name, function, build_id=None):
    """`name`, stripped, which runs in `function`, and beside it its debug file; at rest when this returns."""
    path, code = os.path.join(folder, name), os.path.join(folder, name + ".c")
    with open(code, "w") as f:
        f.write("__attribute__((noinline)) int %s(void) { volatile int n = 0; for (int i = 0; i < 100000; i++) n = n + i; return n; }\n"
                "int main(void) { for (;;) %s(); }\n" % (function, function))
        for i in range(FUNCTIONS):
            f.write("__attribute__((used)) static int %s_%d(int x) { return x + %d; }\n" % (function, i, i))
    sh("gcc", "-g0", "-O1", "-fno-omit-frame-pointer", "-Wl,--build-id=%s" % (build_id or "sha1"), "-o", path, code)
    sh("objcopy", "--only-keep-debug", path, path + ".debug")
    sh("strip", path)
    sh("objcopy", "--add-gnu-debuglink=" + path + ".debug", path)
    return path


def wait_at_rest(path):
    """Hearth keeps no table of a file that changed within the last two seconds."""
    wait_for("%s to be at rest" % path, lambda: time.time() - os.stat(path).st_ctime > 2.2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Programs at rest, each in a folder that a test may copy with its times but not write to."""
    folder = str(tmp_path_factory.mktemp("programs"))
    make(folder, "shop", "count_prices", "0x" + "ab" * 20)
    make(folder, "evil", "steal_prices", "0x" + "ab" * 20)
    wait_at_rest(os.path.join(folder, "evil"))
    return folder


@pytest.fixture(autouse=True)
def cache():
    """An empty cache; what is mounted there goes with the test."""
    shutil.rmtree(CACHE, ignore_errors=True)
    yield
    while os.path.ismount(CACHE):
        sh("umount", "-l", CACHE)


def build_id(path):
    for line in sh("readelf", "-n", path).splitlines():
        if "Build ID:" in line:
            return line.split()[-1]
    raise AssertionError(path)


def tables(path=None, folder=CACHE):
    """{name: content} of the tables of one file, or of all."""
    prefix = build_id(path) if path else ""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {n: open(os.path.join(folder, n), "rb").read() for n in names if n.startswith(prefix)}


def functions_of(hearth, load, program, *args, seconds=1, **kwargs):
    """{function: samples}, the recording's stderr; of a program that the test starts."""
    process = load.start(program)
    done, folder = hearth.record("-d", seconds, "-p", process, "--force", *args, **kwargs)
    load.stop()
    assert done.returncode == 0, done.stderr
    counts = {}
    for frames, n in folded(folder):
        for frame in set(frames[1:]):
            counts[frame] = counts.get(frame, 0) + n
    return counts, done.stderr


def keep(hearth, load, program):
    """Has a table of the program made; {name: content}. A busy machine may have no time for it at once."""
    for _ in range(5):
        counts, _ = functions_of(hearth, load, program)
        if tables(program):
            return tables(program)
    raise AssertionError("no table of %s: %s" % (program, counts))


def assert_named(counts, function):
    assert counts.get(function, 0) > 10 and counts[function] >= 0.8 * counts.get("main", 0), counts


def test_names_outlive_the_debug_file_and_the_agent(hearth, load, made):
    program, debug = os.path.join(made, "shop"), os.path.join(made, "shop.debug")
    assert_named(functions_of(hearth, load, program)[0], "count_prices")
    (table,) = keep(hearth, load, program).values()
    assert b"count_prices_%d\0" % (FUNCTIONS - 1) in table
    os.rename(debug, debug + ".away")
    try:
        counts, _ = functions_of(hearth, load, program)
        assert_named(counts, "count_prices")
        shutil.rmtree(CACHE)
        counts, _ = functions_of(hearth, load, program)
        assert "count_prices" not in counts and any(f.startswith("shop+0x") for f in counts), counts
    finally:
        os.rename(debug + ".away", debug)


def test_a_program_in_the_place_of_another_with_its_build_id_keeps_its_own_names(hearth, load, made):
    """As an upgrade, or an attacker, would: the same path, build id, size and time of the last write."""
    program = os.path.join(hearth.tmp, "shop")
    for suffix in ("", ".debug"):
        shutil.copy2(os.path.join(made, "shop" + suffix), program + suffix)
    wait_at_rest(program)
    assert len(keep(hearth, load, program)) == 1
    before = os.stat(program)
    for suffix in ("", ".debug"):
        shutil.copy(os.path.join(made, "evil" + suffix), program + suffix + ".new")
        os.rename(program + suffix + ".new", program + suffix)
    os.truncate(program, before.st_size)
    os.utime(program, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.rename(program + ".debug", os.path.join(hearth.tmp, "evil.debug"))  # the name that it is linked to
    wait_at_rest(program)
    for _ in range(5):
        counts, _ = functions_of(hearth, load, program)
        assert_named(counts, "steal_prices")
        assert not [f for f in counts if "count_prices" in f], counts
        if len(tables(program)) == 2:
            break
    assert len(tables(program)) == 2, "no table of its own"
    assert_named(functions_of(hearth, load, program)[0], "steal_prices")


def test_a_file_that_claims_the_build_id_of_another_names_nothing_of_it(hearth, load, made):
    """What the impostor had stored must not stand in for the debug file that its victim lacks."""
    shop, evil = os.path.join(made, "shop"), os.path.join(made, "evil")
    assert build_id(shop) == build_id(evil)
    assert len(keep(hearth, load, evil)) == 1
    os.rename(shop + ".debug", shop + ".away")
    try:
        counts, _ = functions_of(hearth, load, shop)
    finally:
        os.rename(shop + ".away", shop + ".debug")
    assert any(f.startswith("shop+0x") for f in counts), counts
    assert not [f for f in counts if "steal_prices" in f], counts
    assert_named(functions_of(hearth, load, shop)[0], "count_prices")
    assert_named(functions_of(hearth, load, evil)[0], "steal_prices")


DAMAGES = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:len(data) // 2],
    "one byte of the names": lambda data: data[:300] + bytes([data[300] ^ 0x20]) + data[301:],
    "one byte of the rows": lambda data: data[:-5000] + bytes([data[-5000] ^ 1]) + data[-4999:],
    "another version": lambda data: data[:-16] + b"\x02" + data[-15:],
    "something else": lambda data: os.urandom(len(data)),
}


def test_a_damaged_table_costs_no_name_and_is_replaced(hearth, load, made):
    program = os.path.join(made, "shop")
    (name, whole), = keep(hearth, load, program).items()
    path = os.path.join(CACHE, name)
    for what, damage in DAMAGES.items():
        with open(path, "r+b") as f:
            f.truncate(0)
            f.write(damage(whole))
        for _ in range(5):  # a busy machine may leave no time to replace it
            counts, text = functions_of(hearth, load, program)
            assert_named(counts, "count_prices")
            assert "warning" not in text, text
            if tables(program) == {name: whole}:
                break
        assert tables(program) == {name: whole}, "%s: not replaced" % what


def test_the_limit_holds_and_the_table_used_last_stays(hearth, load, made):
    shop, evil = os.path.join(made, "shop"), os.path.join(made, "evil")
    keep(hearth, load, shop)
    limit = sum(map(len, tables().values())) + 1000
    for _ in range(5):
        functions_of(hearth, load, evil, "--set", "symbols.cache_size=%d" % limit)
        assert sum(map(len, tables().values())) <= limit
        if any(b"steal_prices_0\0" in data for data in tables().values()):
            break
    assert any(b"steal_prices_0\0" in data for data in tables().values())
    shutil.rmtree(CACHE)
    functions_of(hearth, load, shop, "--set", "symbols.cache_size=0")
    assert not os.path.exists(CACHE)


def test_everybody_has_a_cache_of_his_own(hearth, load, made):
    there = hearth.public()
    program = os.path.join(there.tmp, "shop")
    for suffix in ("", ".debug"):
        shutil.copy2(os.path.join(made, "shop" + suffix), program + suffix)
        os.chown(program + suffix, 65534, 65534)
    wait_at_rest(program)
    home = os.path.join(there.tmp, "caches")
    os.makedirs(home)
    os.chown(home, 65534, 65534)
    mine = os.path.join(home, "hearth", "symbols")
    for _ in range(5):
        done, folder = there.record("--force", "--", "timeout", "2", program, prefix=USER, env={"XDG_CACHE_HOME": home})
        assert "count_prices" in {f for frames, _ in folded(folder) for f in frames}, done.stderr
        if tables(program, mine) and os.path.exists(program + ".debug"):
            os.unlink(program + ".debug")
        elif tables(program, mine):
            break
    assert not os.path.exists(program + ".debug")
    names = tables(program, mine)
    assert len(names) == 1
    found = os.stat(os.path.join(mine, list(names)[0]))
    assert (found.st_uid, found.st_mode & 0o777, os.stat(mine).st_mode & 0o777) == (65534, 0o600, 0o700)
    assert not tables(program), "a user wrote to the system's cache"


def unwritable():
    sh("mount", "-t", "tmpfs", "-o", "ro,mode=700", "none", CACHE)


def full():
    sh("mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "none", CACHE)


def of_somebody_else():
    os.chown(CACHE, 65534, 65534)


def open_to_all():
    os.chmod(CACHE, 0o777)


@pytest.mark.parametrize("spoil", [unwritable, full, of_somebody_else, open_to_all])
def test_a_folder_that_cannot_be_used_costs_one_line_and_no_name(hearth, load, made, spoil):
    os.makedirs(CACHE, 0o700)
    spoil()
    counts, text = functions_of(hearth, load, os.path.join(made, "shop"), seconds=2)
    assert_named(counts, "count_prices")
    assert text.count("symbol cache") == 1 and CACHE in text, text
    assert not os.listdir(CACHE), "half a table was left behind"
    if spoil != full:  # which the doctor would have to fill to know
        lines = [line for line in hearth.run("doctor").stdout.splitlines() if "symbol cache" in line]
        assert len(lines) == 1 and "costs" in lines[0] and CACHE in lines[0], lines


def test_the_status_counts_what_the_cache_did(hearth, agent, load, made):
    program = os.path.join(made, "shop")
    config = {"cache_dir": os.path.join(hearth.tmp, "cache"),
              "plugins": {"cpu-sampler": {"pids": [load.start(program)], "window": "200ms"}, "symbolizer": {},
                          "debug-json": {"output": os.path.join(hearth.tmp, "out.json")}}}
    first = agent(config)
    wait_for("a stored table", lambda: first.status()["symbol_cache"]["stored"])
    was = first.status()["symbol_cache"]
    assert (was["hits"], was["damaged"], was["evicted"], was["max_bytes"]) == (0, 0, 0, 512 << 20)
    wait_for("the archivist to be gone", lambda: len(children_of(first.pid)) <= 2)
    assert helper_pid(first.pid, "opener") and helper_pid(first.pid, "inspector")
    assert first.stop()[0] == 0
    on_disk = sum(map(len, tables(folder=config["cache_dir"] + "/symbols").values()))
    second = agent(config)
    wait_for("a table to be used", lambda: second.status()["symbol_cache"]["hits"])
    now = second.status()["symbol_cache"]
    assert now["stored"] == 0 and now["bytes"] == on_disk, now
    text = hearth.run("status", "--config", second.config_path).stdout
    assert "symbols      %d tables from disk" % second.status()["symbol_cache"]["hits"] in text, text


WITH_DEBUG, OF_SYSTEM = 1, 2


WAYS = {  # [of the mount, of the program, of its debug file, started by], what its table may stand for
    "of root": ("", None, None, [], OF_SYSTEM),
    "of a user": ("", lambda p: os.chown(p, 65534, 65534), lambda p: os.chown(p, 65534, 65534), [], 0),
    "that all may write": ("", lambda p: os.chmod(p, 0o777), None, [], 0),
    "with a debug file that all may write": ("", None, lambda p: os.chmod(p, 0o666), [], 0),
    "on a user's medium": (",nosuid", None, None, [], 0),
    "in a container": ("", None, None, ["unshare", "-m"], 0),
}


def test_only_what_the_administrator_put_there_may_stand_for_its_build(hearth, load, made):
    """What a look-up by build id alone would trust. The container is a mount namespace of its own."""
    programs = {}
    try:
        for how, (options, own, own_debug, prefix, _) in WAYS.items():
            programs[how] = os.path.join(hearth.tmp, how, "shop")
            os.mkdir(os.path.dirname(programs[how]))
            sh("mount", "-t", "tmpfs", "-o", "mode=755" + options, "medium", os.path.dirname(programs[how]))
            for suffix, change in (("", own), (".debug", own_debug)):
                shutil.copy2(os.path.join(made, "shop" + suffix), programs[how] + suffix)
                if change:
                    change(programs[how] + suffix)
        wait_at_rest(list(programs.values())[-1])
        pids = [load.start(*WAYS[how][3], path) for how, path in programs.items()]
        for pid, path in zip(pids, programs.values()):
            wait_for(path, lambda: os.readlink("/proc/%d/exe" % pid) == path)
        inodes = {(os.stat(path).st_dev, os.stat(path).st_ino): how for how, path in programs.items()}
        for _ in range(5):
            done, _ = hearth.record("-d", 2, "-p", ",".join(map(str, pids)), "--force")
            assert done.returncode == 0, done.stderr
            if len(tables(programs["of root"])) == len(programs):
                break
        found = {inodes[struct.unpack_from("<QQ", t, 16)]: struct.unpack_from("<I", t, 12)[0] for t in tables(programs["of root"]).values()}
    finally:
        load.stop()
        for path in programs.values():
            sh("umount", "-l", os.path.dirname(path))
    assert found == {how: WITH_DEBUG | way[-1] for how, way in WAYS.items()}
