#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file of 400 lines or more stands in EXCEPTIONS with its reason; a file that shrank below 400,
or is gone, may not stay there."""
import lint

LIMIT = 400
EXCEPTIONS = {
}


def check(root, exceptions=EXCEPTIONS):
    long = {}
    for path in lint.files(root, "*.c", "*.h", "*.py"):
        n = lint.read(root, path).count("\n")
        if n >= LIMIT:
            long[path] = n
    for path, n in long.items():
        if path not in exceptions:
            yield "%s:%d: %d lines; split it by noun, or list it in tests/lint/size.py with a reason" % (path, n, n)
    for path in exceptions:
        if path not in long and root == lint.ROOT:
            yield "%s:1: under %d lines by now; strike it from tests/lint/size.py" % (path, LIMIT)


lint.main(check,
          good=[{"a.c": "\n" * 399}],
          bad=[({"dir/a.c": "\n" * 400}, "dir/a.c:400: 400 lines")])
