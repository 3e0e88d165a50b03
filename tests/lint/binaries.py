#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was built: a plugin exports hearth_plugin_v0 and nothing else, has no text relocations and
no static TLS (dlopen would fail when its space is used up); the host links libc, libyaml and
jansson; a release build holds no failpoints.

Looks at the build folder in HEARTH_BUILD, default build/."""
import glob
import os
import re
import subprocess
import sys
import tempfile

import lint

HOST_MAY_LINK = re.compile(r"^(libc|libyaml-0|libjansson|libdl|libpthread|ld-linux[\w-]*|linux-vdso)\.so")


def readelf(*args):
    return subprocess.run(["readelf", "-W", *args], capture_output=True, text=True, check=True).stdout


def exports(path):
    for line in readelf("--dyn-syms", path).splitlines():
        f = line.split()
        if len(f) >= 8 and f[4] in ("GLOBAL", "WEAK") and f[6] != "UND":
            yield f[7], f[3]


def check_plugin(path):
    found = sorted(exports(path))
    if found != [("hearth_plugin_v0", "OBJECT")]:
        yield "%s: exports %s, not the one data symbol hearth_plugin_v0" % (path, found or "nothing")
    dynamic = readelf("-d", path)
    for flag in ("TEXTREL", "STATIC_TLS"):
        if flag in dynamic:
            yield "%s: %s" % (path, flag)


def check_host(path):
    for library in re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", path)):
        if not HOST_MAY_LINK.search(library):
            yield "%s: links %s; the host links libc, libyaml and jansson" % (path, library)


def check_failpoints(build):
    options = subprocess.run(["meson", "introspect", "--buildoptions", build], capture_output=True, text=True)
    has = re.search(r'"name": "failpoints", "value": true', options.stdout)
    symbols = readelf("-s", os.path.join(build, "hearth"))
    if bool(has) != (" fail_point\n" in symbols):
        yield "%s/hearth: failpoints in the symbol table do not match the build option" % build


def check(build):
    plugins = glob.glob(os.path.join(build, "plugins", "*.so"))
    if not plugins or not os.path.exists(os.path.join(build, "hearth")):
        yield "%s: no plugins or no hearth; build first" % build
        return
    for path in sorted(plugins):
        yield from check_plugin(path)
    yield from check_host(os.path.join(build, "hearth"))
    yield from check_failpoints(build)


def self_test():
    def shared(source, *flags):
        path = os.path.join(folder, "p.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", path, *flags], input=source, text=True, check=True)
        return list(check_plugin(path))

    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for source, flags, expected in (
                ("int hearth_plugin_v0;", (), None),
                ("int hearth_plugin_v0, other;", (), "other"),
                ("int hearth_plugin_v0(void){return 0;}", (), "FUNC"),
                ("extern __thread int t; int hearth_plugin_v0; __thread int t; static int f(void){return t;} int (*p)(void) __attribute__((visibility(\"hidden\"))) = f;",
                 ("-ftls-model=initial-exec", "-Wl,--version-script=" + os.path.join(lint.ROOT, "sdk/plugin.map")), "STATIC_TLS")):
            found = shared(source, *flags)
            if bool(found) != bool(expected) or (expected and expected not in " ".join(found)):
                print("self-test: expected %s, found %s" % (expected, found))
                failures += 1
        host = os.path.join(folder, "h")
        subprocess.run(["gcc", "-x", "c", "-", "-o", host, "-Wl,--no-as-needed", "-lm"], input="int main(void){return 0;}", text=True, check=True)
        if not any("libm" in f for f in check_host(host)):
            print("self-test: a host that links libm passed")
            failures += 1
    sys.exit(1 if failures else 0)


if "--self-test" in sys.argv:
    self_test()
findings = list(check(os.environ.get("HEARTH_BUILD", os.path.join(lint.ROOT, "build"))))
print("\n".join(findings), end="\n" if findings else "")
sys.exit(1 if findings else 0)
