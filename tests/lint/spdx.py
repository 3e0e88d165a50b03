#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file states its licence in its first line (second, below a #! line). BPF programs
are GPL-2.0-only OR BSD-2-Clause, because kernel helpers demand it; everything else is Apache-2.0."""
import os
import re

import lint

SOURCES = ("*.c", "*.h", "*.py", "*.sh", "*.yaml", "*.yml", "*.build", "*.js", "*.css", "*.conf",
           "*.service", "meson_options.txt", "*.map")
# Formats without comments, test inputs, and files whose first line means something.
EXEMPT = re.compile(r"^tests/fuzz/corpus/|^tests/.*/(data|golden|bad|cases)/|\.json$")
LINE = re.compile(r"SPDX-License-Identifier: (.+?)(?: \*/| -->)?$")


def expected(path):
    return "GPL-2.0-only OR BSD-2-Clause" if path.endswith(".bpf.c") else "Apache-2.0"


def scripts(root):
    for path in lint.files(root):
        full = os.path.join(root, path)
        if "." not in os.path.basename(path) and os.access(full, os.X_OK) and not lint.is_binary(root, path):
            yield path


def check(root):
    for path in sorted({*lint.files(root, *SOURCES), *scripts(root)}):
        if EXEMPT.search(path):
            continue
        head = lint.read(root, path).split("\n")[:2]
        line = head[1] if head[0].startswith("#!") and len(head) > 1 else head[0]
        m = LINE.search(line)
        if not m:
            yield "%s:1: no SPDX-License-Identifier line" % path
        elif m.group(1) != expected(path):
            # Headers that BPF programs and the agent both include may carry either.
            if not (path.endswith(".h") and m.group(1) == "GPL-2.0-only OR BSD-2-Clause"):
                yield "%s:1: licence %s, not %s" % (path, m.group(1), expected(path))


APACHE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
lint.main(check,
          good=[{"a.c": APACHE, "t.py": "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n"}],
          bad=[({"a.c": "int x;\n"}, "a.c:1: no SPDX"),
               ({"p.bpf.c": APACHE}, "p.bpf.c:1: licence Apache-2.0"),
               ({"a.h": "/* SPDX-License-Identifier: MIT */\n"}, "licence MIT")])
