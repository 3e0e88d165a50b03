# SPDX-License-Identifier: Apache-2.0
"""The built hearth, an agent and load, for tests of this folder and of tests/vm/guest."""
import os

import pytest

from hearth import Agent, Hearth, Load


@pytest.fixture
def hearth(request, tmp_path):
    return Hearth(os.path.abspath(request.config.getoption("--build")), tmp_path)


@pytest.fixture
def agent(hearth):
    """Starts an agent with a config: `agent({'plugins': …})`; stops what still runs."""
    agents = []

    def start(config, **kwargs):
        agents.append(Agent(hearth, config, **kwargs))
        return agents[-1]

    yield start
    for a in agents:
        a.kill()


@pytest.fixture
def load(hearth):
    """Starts load: `load.demo()`, `load.gzip()`, …; all of it ends with the test."""
    loads = Load(hearth)
    yield loads
    loads.stop()
