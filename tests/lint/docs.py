#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links in documents lead somewhere, and the files that they quote by path exist."""
import os
import re

import lint

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)")
QUOTED = re.compile(r"`((?:agent|plugins|sdk|tests|docs|packaging|etc)/[\w./<>*{},-]+)`")


def check(root):
    for path in lint.files(root, "*.md"):
        text = lint.read(root, path)
        folder = os.path.join(root, os.path.dirname(path))
        for i, line in enumerate(text.split("\n"), 1):
            for target in LINK.findall(line):
                if "://" not in target and not os.path.exists(os.path.join(folder, target)):
                    yield "%s:%d: the link %s leads nowhere" % (path, i, target)
            for target in QUOTED.findall(line):
                if not re.search(r"[<>*{}]", target) and not os.path.exists(os.path.join(root, target.rstrip("."))):
                    yield "%s:%d: there is no %s" % (path, i, target)


lint.main(check,
          good=[{"a.md": "[b](b.md) [web](https://example.org) `agent/<layer>/x.c`\n", "b.md": ""}],
          bad=[({"a.md": "x\n[b](c.md)\n"}, "a.md:2: the link c.md"),
               ({"a.md": "`tests/no.c`\n"}, "there is no tests/no.c")])
