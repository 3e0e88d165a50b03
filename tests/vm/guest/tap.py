# SPDX-License-Identifier: Apache-2.0
"""The port that results leave by, as lines of the Test Anything Protocol. Also a plugin of pytest."""
import os

PORT = "/dev/ttyS1"


class Tap:
    def __init__(self, path=PORT):
        self.port = os.open(path, os.O_WRONLY | os.O_NOCTTY)

    def say(self, text):
        os.write(self.port, (text + "\n").encode(errors="replace"))

    def note(self, text):
        for line in text.rstrip().splitlines()[-60:]:
            self.say("# " + line)

    def result(self, name, is_ok, skipped=None, text=""):
        self.say("%s - %s%s" % ("ok" if is_ok else "not ok", name, " # SKIP " + skipped if skipped else ""))
        if not is_ok:
            self.note(text)


class Reporter:
    """A plugin of pytest: says of each test when it begins and how it ended."""

    def __init__(self, tap):
        self.tap = tap
        self.bad, self.skipped = "", None

    @staticmethod
    def name(nodeid):
        file, _, test = nodeid.partition("::")
        return os.path.basename(file).removesuffix(".py") + "/" + test

    def pytest_collectreport(self, report):
        if report.failed:
            self.tap.result("collect/" + os.path.basename(report.nodeid), False, text=report.longreprtext)

    def pytest_runtest_logstart(self, nodeid, location):
        self.bad, self.skipped = "", None
        self.tap.note("running " + self.name(nodeid))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.bad += report.longreprtext + "\n"
        elif report.skipped:
            self.skipped = report.longrepr[2].removeprefix("Skipped: ")
        if report.when == "teardown":
            self.tap.result(self.name(report.nodeid), not self.bad, self.skipped, self.bad)
