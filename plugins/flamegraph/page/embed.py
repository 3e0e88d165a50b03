#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a C header of the page: embed.py OUT index.html page.css SCRIPT…

index.html has three marks, {style}, {script} and {data}, and in its content policy {style-hash}
and {script-hash}: nothing runs in the page but what stands here."""
import base64
import hashlib
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def without_licence(text):
    """The page carries the licence once, in index.html."""
    first, _, rest = text.partition("\n")
    return rest if "SPDX-License-Identifier" in first else text


def source_hash(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def c_string(name, text):
    out = ["static const char %s[] =" % name]
    data = text.encode()
    for i in range(0, len(data), 64):
        piece = data[i:i + 64]
        out.append('\t"%s"' % "".join(chr(c) if 32 <= c < 127 and chr(c) not in '"\\?' else "\\%03o" % c for c in piece))
    return "\n".join(out) + ";\n"


def main(out, html, css, *scripts):
    style = without_licence(read(css))
    script = '(() => {\n"use strict";\n%s})();\n' % "".join(without_licence(read(s)) for s in scripts)
    for name, text in (("style", style), ("script", script)):
        if "</" + name in text:
            sys.exit("%s: must not contain </%s" % (css if name == "style" else scripts, name))
    page = read(html)
    for mark, text in (("{style-hash}", source_hash(style)), ("{script-hash}", source_hash(script)),
                       ("{style}", style), ("{script}", script)):
        if page.count(mark) != 1:
            sys.exit("%s: %s must occur once" % (html, mark))
        page = page.replace(mark, text)
    before, data, after = page.partition("{data}")
    if not data:
        sys.exit("%s: {data} must occur once" % html)
    with open(out, "w", encoding="ascii") as f:
        f.write("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by embed.py; change its sources in page/. */\n")
        f.write("#pragma once\n\n" + c_string("page_before_data", before) + "\n" + c_string("page_after_data", after))


main(*sys.argv[1:])
