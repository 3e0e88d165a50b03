#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Errors of a configuration leave through config_error() and config_warning() and no other way, and
every call of them is reached by a broken configuration whose exact messages a test knows.

`--list` prints the calls. With HEARTH_BUILD (a build with failpoints) the cases are run: those of
tests/unit/config/cases by the unit test, those of tests/e2e/cases/config, which need plugins, by
`hearth check` here. A case is a folder with hearth.yaml, `expected`, and maybe `args`."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import lint

CALL = re.compile(r"\b(config_error|config_warning)\s*\(")
DIRECT = re.compile(r"\b(config_error_add|config_warning_add)\s*\(")
PRINTS = re.compile(r"\b(v?f?printf|v?dprintf|f?puts|f?putc|putchar|perror|log_(?:error|warning|notice|info|write))\s*\(")
HOME = ("agent/config/error.c", "agent/config/error.h")
# (path, call): why it is no error of a configuration.
EXCEPTIONS = {
    ("agent/config/option.c", "log_error"): "a plugin asks for an option that is not in its table",
}
CASES = "tests/e2e/cases/config"


def sources(root):
    return [p for p in lint.files(root, "*.c", "*.h") if p.startswith("agent/") and p not in HOME]


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def call_end(code, start):
    """The offset of the parenthesis that ends the call whose arguments begin at start."""
    depth = 1
    for i in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return len(code) - 1


def calls(root):
    """(path, first line, last line): compilers differ in which of them __LINE__ is."""
    for path in sources(root):
        code = lint.code_of(lint.read(root, path))
        for m in CALL.finditer(code):
            yield path, line_of(code, m.start()), line_of(code, call_end(code, m.end()))


def other_ways(root):
    for path in sources(root):
        code = lint.code_of(lint.read(root, path))
        for m in DIRECT.finditer(code):
            yield "%s:%d: %s() is called by its macro only" % (path, line_of(code, m.start()), m.group(1))
        if not path.startswith("agent/config/"):
            continue
        for m in PRINTS.finditer(code):
            if (path, m.group(1)) not in EXCEPTIONS:
                yield "%s:%d: %s(): config/ reports by config_error(), others print" % (path, line_of(code, m.start()), m.group(1))


def run_case(build, folder, env):
    """What is wrong with the messages of one case, or None."""
    with tempfile.TemporaryDirectory() as tmp:
        work = shutil.copytree(folder, os.path.join(tmp, "case"))
        args = []
        if os.path.exists(os.path.join(work, "args")):
            with open(os.path.join(work, "args")) as f:
                args = f.read().split()
        dirs = ",".join((os.path.join(build, "plugins"), os.path.join(build, "tests/fake-plugins")))
        r = subprocess.run([os.path.join(build, "hearth"), "check", "--config", "hearth.yaml", "--set",
                            "plugin_dirs=" + dirs, *args], cwd=work, env=env, capture_output=True, text=True)
    with open(os.path.join(folder, "expected")) as f:
        expected = f.read()
    found = r.stderr.replace(os.path.join(build, "plugins"), "PLUGINS").replace(os.path.join(build, "tests/fake-plugins"), "FAKES")
    if os.environ.get("HEARTH_UPDATE_CASES"):
        with open(os.path.join(folder, "expected"), "w") as f:
            f.write(found)
        return None
    return None if found == expected else "expected\n%s\nbut got\n%s" % (expected, found)


def reached(root, build):
    """Yields ("site", path, line) and ("finding", text)."""
    with tempfile.NamedTemporaryFile(mode="r", prefix="hearth-sites-") as sites:
        os.chmod(sites.name, 0o666)
        env = {k: v for k, v in os.environ.items() if not k.startswith("HEARTH_")}
        env.update(HEARTH_CONFIG_SITES=sites.name)
        test = os.path.join(build, "tests/unit/test-config-errors")
        r = subprocess.run([test], env=dict(env, HEARTH_SOURCE_DIR=root), capture_output=True, text=True)
        if r.returncode:
            yield "finding", "%s:1: fails:\n%s" % (os.path.relpath(test, root), r.stdout[-2000:] + r.stderr[-2000:])
        for name in sorted(os.listdir(os.path.join(root, CASES))):
            wrong = run_case(build, os.path.join(root, CASES, name), env)
            if wrong:
                yield "finding", "%s/%s:1: %s" % (CASES, name, wrong)
        for line in sites:
            path, _, number = line.strip().rpartition(":")
            yield "site", path[path.rindex("agent/"):], int(number)


def unreached(root, build):
    seen = set()
    for what, *rest in reached(root, build):
        if what == "finding":
            yield rest[0]
        else:
            seen.add(tuple(rest))
    if not seen:
        yield "tests/lint/config_errors.py:1: no call was recorded: is this a build with failpoints?"
        return
    for path, first, last in calls(root):
        if not any((path, line) in seen for line in range(first, last + 1)):
            yield "%s:%d: no case reaches this error; see tests/unit/config/cases and %s" % (path, first, CASES)


def check(root):
    yield from other_ways(root)
    build = os.environ.get("HEARTH_BUILD")
    if root == lint.ROOT and build:
        yield from unreached(root, build)


if "--list" in sys.argv:
    for path, first, _ in calls(lint.ROOT):
        print("%s:%d" % (path, first))
    sys.exit(0)

lint.main(check,
          good=[{"agent/config/a.c": 'return config_error(e, o, "a (b");\n', "agent/cli/b.c": "puts(x);\n"}],
          bad=[({"agent/config/a.c": "config_error_add(e, s, o, f);\n"}, "agent/config/a.c:1: config_error_add()"),
               ({"agent/plugin/a.c": "\nconfig_warning_add(e, s, o, f);\n"}, "agent/plugin/a.c:2: config_warning_add()"),
               ({"agent/config/a.c": 'fprintf(stderr, "x");\n'}, "agent/config/a.c:1: fprintf()")])
