# SPDX-License-Identifier: Apache-2.0
"""What `hearth doctor` and a plain recording say on this kernel."""
import collections
import os
import re
import shutil

from hearth import folded, summary
from recordings import record_named

COMM = "vm-demo"
RATE = 97  # see test_hotplug.py; here shares want more samples


def test_doctor_finds_nothing_broken(hearth):
    process = hearth.run("doctor")
    assert process.returncode == 0, process.stdout + process.stderr
    assert not re.findall(r"^  broken .*", process.stdout, re.M), process.stdout
    found = {m.group(2): (m.group(1), m.group(3)) for m in re.finditer(r"^  (OK|costs) +(\S+(?: \S+)*?)  +(.*)", process.stdout, re.M)}
    assert found["kernel"][0] == "OK" and os.uname().release in found["kernel"][1], found
    for subject in ("kernel BTF", "bpf(2)", "cap_bpf", "cap_perfmon", "kernel.perf_event_paranoid", "kernel.kptr_restrict"):
        assert found[subject][0] == "OK", found[subject]
    assert found["PMU"][0] == "costs", found["PMU"]


def test_command_that_is_recorded_has_the_demo_s_shares_and_whole_stacks(hearth):
    demo = shutil.copy(hearth.demo, os.path.join(hearth.tmp, COMM))
    _, folder = record_named(hearth, "-F", RATE, "--", "sh", "-c", "%s 6; times >times" % demo)
    with open(os.path.join(hearth.tmp, "times")) as f:
        spent = sum(int(m) * 60 + float(s) for m, s in re.findall(r"(\d+)m([\d.]+)s", f.read().splitlines()[1]))
    assert not summary(folder)["samples"]["lost"]
    leaves, n_deep, total, kernel = collections.Counter(), 0, 0, collections.Counter()
    for frames, n in folded(folder):
        assert frames[0] in (COMM, "sh", "exe", "hearth"), frames
        for f in frames:
            kernel[f] += n if f.endswith("_[k]") else 0
        user = [f for f in frames if not f.endswith("_[k]")]
        if frames[0] == COMM and "main" in user:
            leaves[user[-1]] += n
            n_deep += n if len(user) - user.index("main") == 20 else 0
            total += n
    # Emulation takes interrupts where code jumps to, often before a function has set up its frame.
    assert n_deep >= 0.9 * total, leaves
    for name, share in (("hash_block", .5), ("compare_prices", .3), ("scan_token", .2)):
        assert abs(leaves[name] / total - share) < 0.12, leaves  # 0.03 by chance
    unnamed = sum(n for f, n in kernel.items() if re.match(r"(0x|\[|kernel\+0x)", f))
    assert unnamed == 0, kernel.most_common(10)
    assert 0.2 * spent * RATE < total < 1.1 * spent * RATE + 3, (total, spent)
