#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that nobody may make: without a bound (strcpy, sprintf, gets), through a shell (system,
popen), without an error (atoi), without CLOEXEC, or with hidden state (strtok, signal)."""
import re

import lint

ANYWHERE = {
    "strcpy": "use a struct buf, or snprintf",
    "strcat": "use a struct buf, or snprintf",
    "stpcpy": "use a struct buf, or snprintf",
    "sprintf": "use snprintf",
    "vsprintf": "use vsnprintf",
    "gets": "use getline",
    "strtok": "it keeps state; use strtok_r or strcspn",
    "system": "spawn with exec, never through a shell",
    "popen": "spawn with exec, never through a shell",
    "alloca": "the stack has no bound; allocate",
    "strdupa": "the stack has no bound; allocate",
    "atoi": "it cannot fail; use a checked parser",
    "atol": "it cannot fail; use a checked parser",
    "atoll": "it cannot fail; use a checked parser",
    "atof": "it cannot fail; use a checked parser",
    "signal": "a handler goes through sigaction or the loop (SIG_IGN and SIG_DFL may be set so)",
    "tmpnam": "use mkostemp",
    "mktemp": "use mkostemp",
    "rand": "use getrandom",
}
# Only in code that ships: tests may fork and may open as they like.
SHIPPED = {
    "setenv": "threads may read the environment at any time",
    "putenv": "threads may read the environment at any time",
    "vfork": "spawn through the helper of agent/util",
    "dup": "use fcntl(F_DUPFD_CLOEXEC)",
    "dup2": "use dup3 with O_CLOEXEC, or say why in EXCEPTIONS",
    "pipe": "use pipe2(O_CLOEXEC)",
    "accept": "use accept4(SOCK_CLOEXEC)",
    "creat": "use open with O_CLOEXEC",
    "epoll_create": "use epoll_create1(EPOLL_CLOEXEC)",
}
# (path, call): why it is right there.
EXCEPTIONS = {
    ("agent/cli/launch.c", "dup2"): "the command is to inherit these descriptors",
}
CALL = re.compile(r"(?<![\w.>])([a-z_0-9]+)\s*\(")
OPENS = {"open": "O_CLOEXEC", "openat": "O_CLOEXEC", "socket": "SOCK_CLOEXEC", "socketpair": "SOCK_CLOEXEC",
         "eventfd": "EFD_CLOEXEC", "timerfd_create": "TFD_CLOEXEC", "signalfd": "SFD_CLOEXEC",
         "memfd_create": "MFD_CLOEXEC", "epoll_create1": "EPOLL_CLOEXEC", "mkostemp": "O_CLOEXEC"}


def is_shipped(path):
    return path.startswith(("agent/", "plugins/", "sdk/")) and "/test_" not in path and "/mock/" not in path


def arguments(code, start):
    """The text between the parenthesis that ends at `start` and its partner."""
    depth = 1
    for i in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[i], 0)
        if depth == 0:
            return code[start:i]
    return code[start:]


def is_declaration(code, start):
    """`static int open(…)` or a struct member `(*open)(…)`: a name, not a call."""
    before = code[max(0, start - 40):start].rstrip(" *")
    return bool(re.search(r"\b(int|void|char|long|static|struct \w+|ssize_t|size_t)$", before))


def check(root):
    for path in lint.files(root, "*.c", "*.h"):
        if path.endswith(".bpf.c"):
            continue
        code = lint.code_of(lint.read(root, path))
        for m in CALL.finditer(code):
            name = m.group(1)
            why = ANYWHERE.get(name) or (SHIPPED.get(name) if is_shipped(path) else None)
            if name in OPENS and is_shipped(path) and OPENS[name] not in (args := arguments(code, m.end())):
                if "|" in args or not re.search(r"\bflags?\b", args):
                    why = "pass %s" % OPENS[name]
            if name == "signal" and re.search("SIG_(IGN|DFL)", arguments(code, m.end())):
                why = None
            if why and (path, name) not in EXCEPTIONS and not is_declaration(code, m.start()):
                yield "%s:%d: %s(): %s" % (path, code.count("\n", 0, m.start()) + 1, name, why)


lint.main(check,
          good=[{"agent/a.c": "int f(void) { /* system(x) */ return open(p, O_RDONLY | O_CLOEXEC); }\n"
                              "static const char *s = \"strcpy(\"; x->signal(1); my_system(2); signal(SIGPIPE, SIG_IGN);\n"},
                {"tests/a.c": "int f(void) { return dup(1); }\n"}],
          bad=[({"agent/a.c": "\n\tstrcpy (a, b);\n"}, "agent/a.c:2: strcpy()"),
               ({"tests/a.c": "x = system(\"ls\");\n"}, "system()"),
               ({"agent/a.c": "signal(SIGHUP, on_hup);\n"}, "signal()"),
               ({"agent/a.c": "fd = open(path, O_RDONLY);\n"}, "pass O_CLOEXEC"),
               ({"plugins/p/a.c": "r = dup(1);\n"}, "dup()")])
