#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents agree with the tree: links lead somewhere, the exit statuses are those of
agent/cli/exit.c, and the lines of code that documents quote by path exist."""
import os
import re

import lint

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)")
QUOTED = re.compile(r"`((?:agent|plugins|sdk|tests|docs|packaging|etc)/[\w./<>*{},-]+)`")
EXIT_ROW = re.compile(r'\{(EXIT_\w+), "([^"]+)"\}')
EXIT_CODE = re.compile(r"\b(EXIT_\w+) = (\d+)")
DOCUMENTED = re.compile(r"^\| (\d+) \| (.+?) \|$", re.M)


def check_links(root):
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


def check_exit_statuses(root):
    source, page = "agent/cli/exit.c", "docs/exit-codes.md"
    if not os.path.exists(os.path.join(root, source)):
        return
    numbers = dict(EXIT_CODE.findall(lint.read(root, "agent/cli/exit.h")))
    in_code = [(numbers.get(name), text) for name, text in EXIT_ROW.findall(lint.read(root, source))]
    if DOCUMENTED.findall(lint.read(root, page)) != in_code:
        yield "%s:1: the table is not that of %s" % (page, source)


def check(root):
    yield from check_links(root)
    yield from check_exit_statuses(root)


EXITS = {"agent/cli/exit.h": "enum { EXIT_OK = 0 };\n", "agent/cli/exit.c": '{EXIT_OK, "success"},\n', "docs/exit-codes.md": "| 0 | success |\n"}
lint.main(check,
          good=[{"a.md": "[b](b.md) [web](https://example.org) `agent/<layer>/x.c`\n", "b.md": ""}, EXITS],
          bad=[({"a.md": "x\n[b](c.md)\n"}, "a.md:2: the link c.md"),
               ({"a.md": "`tests/no.c`\n"}, "there is no tests/no.c"),
               (dict(EXITS, **{"docs/exit-codes.md": "| 0 | fine |\n"}), "docs/exit-codes.md:1")])
