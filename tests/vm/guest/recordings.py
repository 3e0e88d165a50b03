# SPDX-License-Identifier: Apache-2.0
"""Recordings on a machine that may stand still for seconds."""
import os
import re

from hearth import summary

LATE = re.compile("no answer|within 2 s|busy for 2 s")


def record_named(hearth, *args, appends_to=None):
    """Records until all who were asked for names have answered in their two seconds; thrice at most,
    then with what there is. What it appends to is what this recording wrote."""
    for attempt in range(3):
        if appends_to and os.path.exists(appends_to):
            os.unlink(appends_to)
        process, folder = hearth.record(*args, out="out-%d" % attempt)
        assert process.returncode == 0, process.stderr
        if not any(LATE.search(cause) for cause in summary(folder)["frames"]["unnamed"]):
            break
    return process, folder
