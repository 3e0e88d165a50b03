# SPDX-License-Identifier: Apache-2.0
"""Files of stacks for fake-stacks, tests/fake-plugins/stacks.c."""
import collections

# Its columns; frames is a tuple, root first.
Stack = collections.namedtuple("Stack", "pid tid comm thread container count frames")


def write(path, stacks):
    with open(path, "w", encoding="utf-8") as f:
        for s in stacks:
            f.write("\t".join(map(str, s[:6])) + "\t" + ";".join(s.frames) + "\n")
    return path
