# SPDX-License-Identifier: Apache-2.0
"""Tests of the pages that Hearth writes: a real Chromium opens what the real plugin made."""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

import fake_stacks  # noqa: E402
import stacks as made  # noqa: E402
from chromium import Chromium, Page  # noqa: E402
from hearth import Hearth  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="build folder to test")


class Recording:
    """What `hearth record` made of stacks."""

    def __init__(self, build, tmp, stacks, *args):
        self.hearth, self.stacks = Hearth(build, tmp), stacks
        path = fake_stacks.write(os.path.join(self.hearth.tmp, "stacks.txt"), stacks)
        process, self.folder = self.hearth.record(
            "--source", "fake-stacks:path=" + path, *args,
            "--set", "plugin_dirs=%s/plugins,%s" % (self.hearth.build, self.hearth.fakes))
        assert process.returncode == 0, process.stderr
        self.page = os.path.join(self.folder, "flamegraph.html")
        self.svg = os.path.join(self.folder, "flamegraph.svg")
        self.rows = made.read_folded(os.path.join(self.folder, "stacks.folded"))
        self.total = sum(n for _, n in self.rows)


@pytest.fixture(scope="session")
def record(request, tmp_path_factory):
    """record(stacks, arguments…) of `hearth record`."""
    build = os.path.abspath(request.config.getoption("--build"))
    return lambda stacks, *args: Recording(build, tmp_path_factory.mktemp("recording"), stacks, *args)


@pytest.fixture(scope="session")
def big(record):
    """A recording as large as a minute of a compile may be."""
    return record(made.compile_like(), "--title", "make -j2")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    browser = Chromium(str(tmp_path_factory.mktemp("chromium")))
    yield browser
    browser.close()


@pytest.fixture
def tab(chromium):
    """Opens pages: tab(path, width, height, is_dark), and tab.plain(path) what is no page of Hearth.
    None may have complained or asked for anything at the end."""
    pages = []

    def start(path, **kwargs):
        pages.append(Page(chromium, **kwargs))
        return pages[-1].open(path)

    def plain(path):
        pages.append(Page(chromium))
        return pages[-1].load(path)

    start.plain = plain

    yield start
    for page in pages:
        messages, urls = page.messages(), page.urls()
        page.close()
        assert messages == []
        assert [url for url in urls if not url.startswith(("file:///", "data:,"))] == []
