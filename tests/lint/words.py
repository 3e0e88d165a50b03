#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No promises of later work, no paths of one developer's machine, no conflict markers, no blanks
at the ends of lines."""
import re

import lint

# Spelt in pieces, so that this file does not find itself.
RULES = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"), "a promise of later work: do it, or open an issue"),
    (re.compile(r"(?i)\b(not|un)[ -]?implem" r"ented\b"), "say what the user gets instead"),
    (re.compile(r"(?<![\w.$}])/(home|root|Users|work)/[\w.-]"), "a path of one machine"),
    (re.compile(r"^(<{7}|>{7}|={7})( |$)"), "a conflict marker"),
    (re.compile(r"[ \t]+$"), "blanks at the end of the line"),
]
INPUTS = re.compile(r"^tests/fuzz/corpus/|/(data|golden|bad|cases)/")


def check(root):
    for path in lint.files(root):
        if lint.is_binary(root, path) or INPUTS.search(path):
            continue
        rules = RULES[:-1] if path.endswith(".md") else RULES  # two blanks break a line there
        for i, line in enumerate(lint.read(root, path).split("\n"), 1):
            for pattern, why in rules:
                if pattern.search(line):
                    yield "%s:%d: %s" % (path, i, why)


lint.main(check,
          good=[{"a.c": "int x; /* todo list of the shop */\n", "b.md": "two blanks  \n"}],
          bad=[({"a.c": "\n// TO" "DO later\n"}, "a.c:2: a promise"),
               ({"a.md": "see /home/" "jane/x\n"}, "a.md:1: a path"),
               ({"a.c": "int x; \n"}, "a.c:1: blanks")])
