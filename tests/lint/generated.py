#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stands in documents between `<!-- generated: NAME -->` and `<!-- end -->` is what
`hearth version --tables NAME` prints. `--update` writes it there.

Uses the hearth of the build folder in HEARTH_BUILD, default build/."""
import os
import re
import subprocess
import sys
import tempfile

import lint

PART = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.S)


def printed(name):
    build = os.environ.get("HEARTH_BUILD", os.path.join(lint.ROOT, "build"))
    # An empty configuration, so that the machine's own does not matter.
    with tempfile.NamedTemporaryFile(suffix=".yaml") as empty:
        r = subprocess.run([os.path.join(build, "hearth"), "version", "--config", empty.name, "--tables", name],
                           capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError("hearth version --tables %s: %s" % (name, r.stderr.strip()))
    return r.stdout


def renewed(text, source):
    """The text with each generated part as source(name) gives it, set off by blank lines."""
    return PART.sub(lambda m: "%s\n%s\n%s" % (m.group(1), source(m.group(2)).strip() + "\n", m.group(4)), text)


def check(root, source=printed, is_update=False):
    for path in lint.files(root, "*.md"):
        text = lint.read(root, path)
        try:
            new = renewed(text, source)
        except (OSError, RuntimeError) as e:
            yield "%s:1: %s" % (path, e)
            continue
        if new != text and is_update:
            with open(os.path.join(root, path), "w") as f:
                f.write(new)
        elif new != text:
            line = next(i for i, (a, b) in enumerate(zip(text.split("\n"), new.split("\n") + [None]), 1) if a != b)
            yield "%s:%d: stale; run tests/lint/generated.py --update" % (path, line)


if "--update" in sys.argv:
    sys.exit("\n".join(check(lint.ROOT, is_update=True)) or 0)
if "--self-test" in sys.argv:
    lint.main(lambda root: check(root, lambda name: "| %s |\n" % name),
              good=[{"a.md": "x\n<!-- generated: host -->\n\n| host |\n\n<!-- end -->\n"}],
              bad=[({"a.md": "x\n<!-- generated: host -->\n\n| old |\n\n<!-- end -->\n"}, "a.md:4: stale")])
lint.main(check, [], [])
