# SPDX-License-Identifier: Apache-2.0
"""Someone else's plugin: built out of tree against an installed SDK, then loaded and run."""
import json
import os
import shutil
import subprocess

import pytest

from hearth import wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = {"source": "load_average.c", "processor": "only_comm.c", "sink": "samples_csv.c"}


def run(*argv, **kwargs):
    r = subprocess.run(argv, capture_output=True, text=True, **kwargs)
    assert r.returncode == 0, "%s\n%s%s" % (" ".join(argv), r.stdout, r.stderr)
    return r.stdout.strip()


@pytest.fixture(scope="module")
def sdk(request, tmp_path_factory):
    """Environment of a shell in which the SDK is installed."""
    build = os.path.abspath(request.config.getoption("--build"))
    root = str(tmp_path_factory.mktemp("root"))
    run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
    found = [folder for folder, _, files in os.walk(root) if "hearth-plugin.pc" in files]
    assert len(found) == 1, found
    return dict(os.environ, PKG_CONFIG_PATH=found[0])


def variable(sdk, name):
    return run("pkg-config", "--variable=" + name, "hearth-plugin", env=sdk)


def exports(path):
    return [line.split()[-1] for line in run("nm", "-D", "--defined-only", path).splitlines()]


@pytest.fixture(scope="module")
def template(sdk, tmp_path_factory):
    source = str(tmp_path_factory.mktemp("template") / "hello")
    shutil.copytree(os.path.join(ROOT, "sdk/template"), source)
    build = os.path.join(source, "build")
    run("meson", "setup", build, source, env=sdk)
    run("meson", "compile", "-C", build, env=sdk)
    run("meson", "test", "-C", build, env=sdk)
    return os.path.join(build, "hello.so")


def test_installed_sdk_says_where_things_are(sdk):
    assert variable(sdk, "abi") == "0"
    assert os.path.isfile(variable(sdk, "version_script"))
    assert os.path.isfile(os.path.join(variable(sdk, "plugindir"), "symbolizer.so"))
    assert run("pkg-config", "--modversion", "hearth-plugin", env=sdk)


def test_template_builds_and_its_test_passes(template):
    assert exports(template) == ["hearth_plugin_v0"]


def test_template_runs_in_a_host(template, hearth, agent):
    output = os.path.join(hearth.tmp, "debug.json")
    agent({"plugin_dirs": [os.path.dirname(template), os.path.join(hearth.build, "plugins")],
           "plugins": {"hello": {"interval": "100ms"}, "debug-json": {"output": output}}})

    def points():
        with open(output) as f:
            return [p for line in f for p in json.loads(line)["points"]]

    wait_for("three points", lambda: os.path.exists(output) and len(points()) >= 3)
    assert [p["value"] for p in points()[:3]] == [1, 2, 3]
    assert points()[0]["name"] == "hello.count"


@pytest.fixture(scope="module")
def examples(sdk, tmp_path_factory):
    """The examples, built as C; a folder."""
    folder = str(tmp_path_factory.mktemp("examples"))
    flags = run("pkg-config", "--cflags", "hearth-plugin", env=sdk).split()
    for kind, name in EXAMPLES.items():
        source = os.path.join(ROOT, "sdk/examples", kind, name)
        plugin = name[:-2].replace("_", "-")
        for compiler, standard in (("gcc", "c11"), ("clang", "c11"), ("g++", "c++17"), ("clang++", "c++17")):
            language = ["-x", "c++"] if compiler.endswith("++") else []
            out = os.path.join(folder, "%s.so" % plugin if compiler == "gcc" else "%s-%s.so" % (plugin, compiler))
            run(compiler, *language, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-fPIC",
                "-shared", *flags, "-Wl,--version-script=" + variable(sdk, "version_script"), source, "-o", out)
            assert exports(out) == ["hearth_plugin_v0"], out
    return folder


def test_examples_are_short():
    for kind, name in EXAMPLES.items():
        with open(os.path.join(ROOT, "sdk/examples", kind, name)) as f:
            assert len(f.readlines()) <= 120, name


def test_example_source_emits_metrics(examples, hearth, agent):
    output = os.path.join(hearth.tmp, "debug.json")
    agent({"plugin_dirs": [examples, os.path.join(hearth.build, "plugins")],
           "plugins": {"load-average": {"interval": "1s"}, "debug-json": {"output": output}}})
    wait_for("a line", lambda: os.path.exists(output) and os.path.getsize(output))
    with open(output) as f:
        points = json.loads(f.readline())["points"]
    assert [p["attributes"] for p in points] == [{"over": "1m"}, {"over": "5m"}, {"over": "15m"}]


def test_example_processor_and_sink_work_in_a_pipeline(examples, hearth, agent, load):
    load.demo()
    load.shell_loop()
    output, lines = os.path.join(hearth.tmp, "samples.csv"), os.path.join(hearth.tmp, "debug.json")
    a = agent({"plugin_dirs": [examples, os.path.join(hearth.build, "plugins")],
               "plugins": {"cpu-sampler": {"frequency": 99, "window": "1s"}, "only-comm": {"comm": "hearth-demo"},
                           "samples-csv": {"output": output}, "debug-json": {"output": lines}}})
    wait_for("two windows", lambda: os.path.exists(lines) and open(lines).read().count("\n") >= 2, 20)
    a.stop()
    with open(output) as f:
        rows = [line.rstrip("\n").split(",") for line in f]
    assert rows and {row[2] for row in rows} == {"hearth-demo"}
    with open(lines) as f:
        for line in map(json.loads, f):
            lost = sum(loss["count"] for loss in line["losses"] if loss["kind"] == "samples")
            assert {loss["cause"] for loss in line["losses"]} >= {"left out by only-comm"}
            assert line["counts"]["samples"] == line["samples_taken"] - lost
