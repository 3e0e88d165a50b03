#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""agent/ keeps to the layers of the table in agent/README.md, and plugins know the agent only
through <hearth/*.h>.

A row of the table reads | `layer` | what it holds | `may` `include` `these` |; "everything" in the
last column lifts the limit; `route/batch` allows that one header. A layer may always include
itself. The layers that a row allows are not inherited: what is included is named."""
import os
import re

import lint

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
ROW = re.compile(r"^\|\s*`([\w./]+)`\s*\|[^|]*\|([^|]*)\|\s*$", re.M)
# Libraries that the host links, and libc's elf.h (the loader looks at a file before it loads it);
# every other include in angle brackets is libc, Linux, the sanitizers or hearth/.
LIBRARIES = {"yaml.h": ("config", "cli"), "elf.h": ("plugin",), "jansson.h": ("stat", "plugin", "run", "ctl", "config", "helper", "cli", "agent.c")}
SYSTEM = re.compile(r"^(hearth|sanitizer|sys|linux|asm|arpa|netinet|bits)/|^[a-z0-9_]+\.h$")
FOREIGN = re.compile(r"^(bpf|elfutils|perfmon|curl|openssl|sqlite|zstd)[/.]|^(libelf|gelf|dwarf|libdw|zlib|zstd|curl|archive)[\w/]*\.h$")


def table(root):
    text = lint.read(root, "agent/README.md")
    rows = {}
    for m in ROW.finditer(text):
        rows[m.group(1).rstrip("/")] = None if "everything" in m.group(2) else set(re.findall(r"`([\w/.]+)`", m.group(2)))
    return rows


def includes(root, path):
    text = lint.read(root, path)
    for m in INCLUDE.finditer(text):
        yield text.count("\n", 0, m.start(2)) + 1, m.group(1) == "<", m.group(2)


def layer_of(path):
    """agent/util/log.c → util; what lies in agent/ itself is main.c, or the wiring, agent.c."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 or parts[1] == "main.c" else "agent.c"


def is_allowed(target, own, allowed):
    folder = layer_of("agent/" + target)
    return allowed is None or folder == own or folder in allowed or target[:-2] in allowed


def check_agent(root):
    rows = table(root)
    seen = set()
    for path in lint.files(root, "*.c", "*.h"):
        if not path.startswith("agent/"):
            continue
        own = layer_of(path)
        seen.add(own)
        if own not in rows:
            yield "%s:1: agent/README.md has no row for layer %s" % (path, own)
            continue
        for line, is_angled, target in includes(root, path):
            if is_angled:
                if FOREIGN.search(target) or not SYSTEM.search(target):
                    yield "%s:%d: <%s>: the host links libyaml and jansson, nothing else" % (path, line, target)
                elif target in LIBRARIES and own not in LIBRARIES[target]:
                    yield "%s:%d: <%s> is not for layer %s" % (path, line, target, own)
            elif not os.path.exists(os.path.join(root, "agent", target)):
                yield "%s:%d: \"%s\": include by the path below agent/" % (path, line, target)
            elif not is_allowed(target, own, rows[own]):
                yield "%s:%d: layer %s may not include \"%s\"" % (path, line, own, target)
    for row in sorted(set(rows) - seen):
        yield "agent/README.md:1: the table has a row for %s, which does not exist" % row


def is_generated(root, own, target):
    """Meson makes it: a BPF skeleton, or a file that the plugin's meson.build names."""
    path = os.path.join(root, own, "meson.build")
    return target.endswith(".skel.h") or (os.path.exists(path) and target in lint.read(root, own + "/meson.build"))


def check_plugins(root):
    for path in lint.files(root, "*.c", "*.h"):
        parts = path.split("/")
        if parts[0] not in ("plugins", "sdk"):
            continue
        is_test = parts[-1].startswith("test_")
        own = "/".join(parts[:2])
        places = [os.path.dirname(path), own, "plugins", "plugins/common"]
        places += ["sdk/mock", "tests"] if is_test or parts[0] == "sdk" else []
        for line, is_angled, target in includes(root, path):
            if is_angled or is_generated(root, own, target):
                continue
            found = [p for p in places if os.path.exists(os.path.join(root, p, target))]
            resolved = os.path.normpath(os.path.join(found[0], target)) if found else ""
            if not resolved.startswith((own + "/", "plugins/common/", "sdk/mock/", "tests/")):
                yield "%s:%d: \"%s\": a plugin includes <hearth/…>, its own folder and plugins/common" % (path, line, target)


def check(root):
    yield from check_agent(root)
    yield from check_plugins(root)


README = "| layer | holds | may include |\n|---|---|---|\n| `util` | x | – |\n| `route` | x | `util` `plugin/a` |\n| `plugin` | x | `util` |\n"
OK = {"agent/README.md": README, "agent/util/log.h": "", "agent/plugin/a.h": "", "agent/plugin/b.h": "",
      "agent/route/r.c": '#include "route/q.h"\n#include <stdio.h>\n#include "util/log.h"\n#include "plugin/a.h"\n', "agent/route/q.h": "",
      "plugins/common/c.h": "", "plugins/p/p.h": "", "plugins/p/p.c": '#include <hearth/plugin.h>\n#include "p.h"\n#include "common/c.h"\n'}


def broken(path, text):
    return dict(OK, **{path: text})


lint.main(check,
          good=[OK],
          bad=[(broken("agent/route/r.c", '#include "plugin/b.h"\n'), "layer route may not include"),
               (broken("agent/util/log.h", '#include "route/q.h"\n'), "layer util may not include"),
               (broken("agent/route/r.c", '#include "core.h"\n') | {"agent/core.h": ""}, "layer route may not include"),
               (broken("agent/util/x.c", "#include <bpf/bpf.h>\n"), "nothing else"),
               (broken("agent/util/x.c", "#include <yaml.h>\n"), "not for layer util"),
               (broken("agent/new/x.c", ""), "no row for layer new"),
               (broken("plugins/p/p.c", '#include "../../agent/util/log.h"\n'), "plugins/p/p.c:1"),
               (broken("plugins/p/p.c", '#include "util/log.h"\n'), "plugins/p/p.c:1")])
