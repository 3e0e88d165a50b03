# SPDX-License-Identifier: Apache-2.0
"""speedscope itself, in a browser, reads our files; what it makes of them is what it exports."""
import base64
import collections
import json
import os
import re

import pytest

from chromium import Chromium, Page

CLICK_EXPORT = """(() => {
	window.saved = null;
	const make = URL.createObjectURL;
	URL.createObjectURL = blob => { blob.text().then(text => window.saved = text); return make(blob); };
	[...document.querySelectorAll('div')].filter(d => d.innerText && d.innerText.includes('Export') && d.children.length <= 1).pop().click();
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Chromium(str(tmp_path_factory.mktemp("chromium")))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def speedscope(tools, browser, recorded, tmp_path_factory):
    """speedscope(name): {name of a profile: Counter of weights of stacks, root first} of a file of the recording."""
    page = os.path.join(tools.node_module("speedscope"), "dist/release/index.html")
    folder = str(tmp_path_factory.mktemp("speedscope"))

    def read(name):
        with open(recorded.path(name), "rb") as f:
            data = base64.b64encode(f.read()).decode()
        script = os.path.join(folder, "profile.js")
        with open(script, "w") as f:
            f.write("speedscope.loadFileFromBase64(%s, '%s')\n" % (json.dumps(name), data))
        tab = Page(browser)
        try:
            tab.load("%s#localProfilePath=%s" % (page, script))
            tab.wait("document.body.innerText.includes('Export')", 60)
            tab.evaluate(CLICK_EXPORT)
            tab.wait("window.saved !== null", 60)
            return stacks_of(json.loads(tab.evaluate("window.saved")))
        finally:
            tab.close()
    return read


def stacks_of(exported):
    frames = [(f["name"], f.get("file")) for f in exported["shared"]["frames"]]
    return {p["name"]: evented(p, frames) for p in exported["profiles"]}


def evented(profile, frames):
    found, stack, since = collections.Counter(), [], profile["startValue"]
    for event in profile["events"]:
        if event["at"] > since:
            found[tuple(frames[i] for i in stack)] += event["at"] - since
            since = event["at"]
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            assert stack.pop() == event["frame"]
    return found


def test_it_reads_the_folded_stacks(speedscope, recorded):
    found, = speedscope("stacks.folded").values()
    theirs = collections.Counter({tuple(name for name, _ in stack): n for stack, n in found.items()})
    assert theirs == collections.Counter(dict(recorded.rows))


def seconds_of(samples):
    """What speedscope gives each stack of [(seconds, stack)]: from half way after the one before to half way to the next."""
    found = collections.Counter()
    start = samples[0][0]
    for (at, stack), (following, _) in zip(samples, samples[1:] + samples[-1:]):
        found[stack] += (at + following) / 2 - start
        start = (at + following) / 2
    return found


def our_timelines(recorded):
    """{name of a profile: [(seconds, stack)]}"""
    found = collections.defaultdict(list)
    with open(recorded.path("perf-script.txt"), newline="\n") as f:
        for block in f.read().strip("\n").split("\n\n"):
            head, *lines = block.split("\n")
            comm, pid, tid, seconds = re.match(r"(\S.*?) +(\d+)/(\d+) .* (\d+\.\d+): ", head).groups()
            frames = [re.fullmatch(r"\t *[0-9a-f]+ (.*) \((\S*)\)", line).groups() for line in lines]
            found["%s pid: %s tid: %s" % (comm, pid, tid)].append((float(seconds), tuple(shown(*f) for f in reversed(frames))))
    return found


def shown(symbol, file):
    symbol = re.sub(r"\+0x[0-9a-f]+$", "", symbol)
    return ("??? (%s)" % file if symbol == "[unknown]" else symbol, file)


def test_it_reads_the_perf_script_text(speedscope, recorded):
    theirs, ours = speedscope("perf-script.txt"), our_timelines(recorded)
    for name, samples in ours.items():
        if name.split(" pid: ")[0] in recorded.COMMS:
            mine = {stack: seconds for stack, seconds in seconds_of(samples).items() if seconds > 0}
            assert len(samples) > 100 and theirs[name].keys() == mine.keys()
            assert all(abs(theirs[name][stack] - seconds) < 1e-6 for stack, seconds in mine.items()), name


def test_it_reads_profile_proto(speedscope, recorded):
    found, = speedscope("profile.pb.gz").values()
    theirs, mine = collections.Counter(), collections.Counter()
    for stack, weight in found.items():
        for name in {name for name, _ in stack}:
            theirs[name] += weight
    period = round(1e9 / 997)
    for stack, n in recorded.rows:
        for name in {re.sub(r"_\[[kj]\]$", "", name) for name in stack[1:]}:
            mine[name] += n * period
    named = {name: n for name, n in mine.items() if re.fullmatch(r"\w+", name)}
    assert len(named) > 50 and {name: theirs[name] for name in named} == named
