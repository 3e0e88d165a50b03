# SPDX-License-Identifier: Apache-2.0
"""Other people's tools read what Hearth writes and write what Hearth reads."""
import os
import shutil
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "e2e"), os.path.join(TESTS, "browser")]

from hearth import Hearth, Load, summary  # noqa: E402
from recording import Recording  # noqa: E402
from tools import Tools  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="build folder to test")


@pytest.fixture(scope="session")
def build(request):
    return os.path.abspath(request.config.getoption("--build"))


@pytest.fixture(scope="session")
def tools(build, record_testsuite_property):
    tools = Tools(build)
    yield tools
    for name, version in sorted(tools.versions.items()):
        record_testsuite_property(name, version)
    record_testsuite_property("seconds of installing", "%.0f" % tools.seconds)


@pytest.fixture(scope="session")
def recorded(build, tmp_path_factory):
    """One recording in every form that Hearth writes, of programs that are gone when it is read."""
    hearth = Hearth(build, tmp_path_factory.mktemp("recorded"))
    load = Load(hearth)
    try:
        for program, name, *args in Recording.PROGRAMS:
            path = shutil.copy(os.path.realpath(shutil.which(getattr(hearth, program, program))), os.path.join(hearth.tmp, name))
            load.start("sh", "-c", 'exec "$@" < /dev/zero', "sh", path, *args)
        folder = os.path.join(hearth.tmp, "out")
        process, folder = hearth.record("-d", 4, *Recording.sinks(folder))
    finally:
        load.stop()
    assert process.returncode == 0, process.stderr
    return Recording(hearth, folder, summary(folder))
