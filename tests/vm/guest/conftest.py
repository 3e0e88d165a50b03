# SPDX-License-Identifier: Apache-2.0
"""Tests of what only these machines have: modules to load, CPUs to take away, other kernels."""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "e2e"))

from fixtures import agent, hearth  # noqa: E402, F401
from hearth import Load  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--build", default="build", help="build folder to test")


@pytest.fixture
def load(hearth):  # noqa: F811
    """As everywhere, but it leaves an emulated CPU to whoever looks up names: these have two seconds."""
    loads = Load(hearth, ("nice", "-n", "19"))
    yield loads
    loads.stop()
