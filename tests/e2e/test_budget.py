# SPDX-License-Identifier: Apache-2.0
"""An overhead budget is kept by sampling less, and whoever reads the samples is told."""
import json
import os

from hearth import wait_for, whole_lines

RATE = 9973


def windows(path):
    return [batch for batch in map(json.loads, whole_lines(path)) if batch["instance"] == "cpu-sampler"]


def test_budget_lowers_the_rate(agent, hearth, load):
    kept = os.path.join(hearth.tmp, "o.json")
    for _ in range(os.cpu_count()):
        load.demo()
    with open("/proc/sys/kernel/perf_event_max_sample_rate") as f:
        rate = min(RATE, int(f.read()))
    a = agent({"overhead": {"max_cpu": "0.5%"},
               "plugins": {"cpu-sampler": {"frequency": rate, "window": "1s"}, "debug-json": {"output": kept}}})
    a.wait_log("the budget is 0.50 %: sources run at 50.0 % of their rate", 40)
    wait_for("windows at the lower rate", lambda: sum(w["reduced"] for w in windows(kept)) > 4, 20)
    full = [w for w in windows(kept) if not w["reduced"]][1:]
    low = [w for w in windows(kept) if w["reduced"]][1:4]
    per_window = [sum(w["samples_taken"] for w in some) / len(some) for some in (full, low)]
    assert 0.4 * per_window[0] < per_window[1] < 0.6 * per_window[0], per_window
