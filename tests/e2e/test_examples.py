# SPDX-License-Identifier: Apache-2.0
"""The example configuration beside each plugin is valid."""
import glob
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(ROOT, "plugins/*/*.yaml"))), ids=os.path.basename)
def test_example_of_a_plugin_is_valid(hearth, path):
    process = hearth.run("check", "--config", path)
    assert process.returncode == 0, process.stdout + process.stderr
