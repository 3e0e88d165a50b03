# SPDX-License-Identifier: Apache-2.0
"""What the lints share: the files of the tree, and a proof that each lint can fail.

A lint is a script that exits 1 when it finds something and prints `path:line: what is wrong` for
each. `--self-test` runs it over small trees that must, or must not, be complained about.
"""
import fnmatch
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP_DIRS = ("build*", ".git", ".cache", "__pycache__", "hearth-*", ".pytest_cache")


def files(root, *patterns):
    """Paths below root that match one of the patterns (by base name), sorted."""
    for folder, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if not any(fnmatch.fnmatch(d, s) for s in SKIP_DIRS))
        for name in sorted(names):
            if any(fnmatch.fnmatch(name, p) for p in patterns or ("*",)):
                yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), errors="replace") as f:
        return f.read()


def code_of(text):
    """C text with comments, strings and characters blanked; lines stay where they are."""
    out, i, n = [], 0, len(text)
    while i < n:
        two = text[i:i + 2]
        if two == "/*":
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
        elif two == "//":
            end = text.find("\n", i)
            end = n if end < 0 else end
        elif text[i] in "\"'":
            end = i + 1
            while end < n and text[end] != text[i] and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            end = min(n, end + 1)
        else:
            out.append(text[i])
            i += 1
            continue
        out.append("".join(c if c == "\n" else " " for c in text[i:end]))
        i = end
    return "".join(out)


def is_binary(root, path):
    with open(os.path.join(root, path), "rb") as f:
        return b"\0" in f.read(8192)


def _plant(root, tree):
    for path, text in tree.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)


def _self_test(check, good, bad):
    failures = 0
    for tree, expected in [(g, None) for g in good] + list(bad):
        with tempfile.TemporaryDirectory() as root:
            _plant(root, tree)
            found = list(check(root))
        if expected is None and found:
            print("self-test: complained about a good tree: %s" % found)
            failures += 1
        if expected is not None and not any(expected in f for f in found):
            print("self-test: %r not among the findings: %s" % (expected, found))
            failures += 1
    return failures


def main(check, good, bad):
    """check(root) yields findings; good: trees {path: text}; bad: (tree, part of a finding)."""
    if "--self-test" in sys.argv:
        sys.exit(1 if _self_test(check, good, bad) else 0)
    found = list(check(ROOT))
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
