#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shell scripts parse, and shellcheck finds nothing in them."""
import os
import re
import shutil
import subprocess

import lint


def scripts(root):
    for path in lint.files(root):
        if not lint.is_binary(root, path) and re.match(r"#!.*\b(ba)?sh\b", lint.read(root, path)[:80]):
            yield path


def check(root):
    if not shutil.which("shellcheck"):
        yield "shellcheck is missing: packaging/install-deps test"
        return
    for path in scripts(root):
        full = os.path.join(root, path)
        for command in (["bash", "-n", full], ["shellcheck", "-x", "-f", "gcc", full]):
            r = subprocess.run(command, capture_output=True, text=True, cwd=root)
            if r.returncode:
                yield (r.stdout + r.stderr).replace(root + "/", "").strip()
                break


lint.main(check,
          good=[{"ok": "#!/bin/sh\necho \"$1\"\n"}],
          bad=[({"s": "#!/bin/bash\nif true; then\n"}, "syntax error"),
               ({"s": "#!/bin/sh\nrm $1\n"}, "SC2086")])
