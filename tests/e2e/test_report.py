# SPDX-License-Identifier: Apache-2.0
"""`hearth report` and the sink behind it; `perf report` of the same file says what is right."""
import collections
import json
import os
import re
import subprocess

import jsonschema
import pytest

import perf_data
from hearth import folded, summary

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNEL = re.compile(r"\[kernel\..*\]")
ROW = re.compile(r" *([\d.]+)% *; *([\d.]+)% *; *(\d+) *; *([^;]*?) *; *([^;]*?) *; *\[(.)\] ([^;]*?) *(?:;.*)?")
CHAIN = re.compile(r"(\d+) (.*)")
TABLE_ROW = re.compile(r" +([\d.]+)% +([\d.]+)% +(\d+)  (\S.*?) +(\S+) +(\[.\]) (.*?) *(?: - +- *)?$", re.M)
HEAD = re.compile(r"# Samples: \d+[KM]? of event '.*'|# Event count \(approx\.\): \d+")

Row = collections.namedtuple("Row", "own total")


def function_of(comm, module, mark, symbol):
    """What perf's row is called here; see the table of plugins/hotspots/README.md."""
    return comm, "[kernel]" if KERNEL.fullmatch(module) else module, perf_data.name_of(symbol), mark == "k"


class PerfReport:
    """{event: {function: rows of samples, self and total}}, and the head lines as perf prints them."""

    def __init__(self, path, home):
        env = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
        env.update(HOME=home, LC_ALL="C")
        r = subprocess.run(
            ["perf", "report", "-i", path, "--stdio", "--children", "--no-inline", "--sort", "comm,dso,symbol",
             "-F", "overhead_children,overhead,sample,comm,dso,symbol", "-g", "folded,0,0,callee,function,count",
             "--field-separator", ";"], capture_output=True, text=True, env=env)
        assert r.returncode == 0, r.stderr
        # Below a thousand, perf has a blank for the unit.
        self.head = [line for line in r.stdout.replace("  of event", " of event").splitlines() if HEAD.fullmatch(line)]
        self.events, rows, last = {}, None, None
        for line in r.stdout.splitlines():
            row, chain = ROW.fullmatch(line), CHAIN.fullmatch(line)
            if line.startswith("# Samples"):
                rows = self.events[line.split("'")[1]] = collections.defaultdict(list)
            elif row:
                last = rows[function_of(*row.groups()[3:])]
                last.append(Row(int(row[3]), 0))
            elif chain:
                last[-1] = Row(last[-1].own, last[-1].total + int(chain[1]))

    def check(self, report):
        """All of the report's events, row by row."""
        mine = {e["event"]: e["rows"] for e in report["events"]}
        assert set(mine) == set(self.events)
        for event, rows in self.events.items():
            check_rows(weights_of(mine[event]), rows)


def weights_of(rows):
    """{function: (self, total)}; a function of the kernel that was interrupted at its first byte has
    its padding's name where what precedes a return address is looked up."""
    weights = {}
    for row in rows:
        key = row["comm"], row["dso"], re.sub("^__pfx_", "", row["symbol"]), row["is_kernel"]
        own, total = weights.get(key, (0, 0))
        weights[key] = own + row["self"]["samples"], total + row["total"]["samples"]
    return weights


def check_rows(mine, theirs):
    """A function with several names at one address may have another one here, and one of the two may
    have no name for what the other knows: what no name pairs up is paired up by its weight, binary by
    binary. A sample in the middle of an exec may have its callers in either image."""
    left = collections.defaultdict(lambda: (collections.Counter(), collections.Counter()))
    nameless = {function[:2] for function in set(mine) | set(theirs) if function[2] == perf_data.UNKNOWN}
    n_paired = 0
    for function in set(mine) | set(theirs):
        rows = theirs.get(function, [])
        # perf tells equal names apart by their addresses; a sample may be in several of them.
        own, totals = sum(row.own for row in rows), [max(row) for row in rows]  # no stack, no chain
        if function[2] != perf_data.UNKNOWN and function in mine and rows:
            assert mine[function][0] == own and max(totals) <= mine[function][1] <= sum(totals), (function, mine[function], rows)
            n_paired += 1
            continue
        if function in mine:
            left[function[:2]][0][mine[function]] += 1
        if rows:
            left[function[:2]][1][own, sum(totals)] += 1
    assert n_paired > len(mine) * 2 / 3
    for place, (ours, perfs) in left.items():
        assert sum(own * n for (own, _), n in ours.items()) == sum(own * n for (own, _), n in perfs.items()), place
        odd = [total for _, total in (ours - perfs) + (perfs - ours)]
        assert place in nameless or max(odd, default=0) <= 2, (place, ours, perfs)


@pytest.fixture(scope="module")
def schema():
    with open(os.path.join(ROOT, "docs/schemas/report.schema.json")) as f:
        document = json.load(f)
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def read_json(hearth, path, schema, *args):
    r = hearth.run("report", path, "--json", *args)
    assert r.returncode == 0, r.stderr
    report = json.loads(r.stdout)
    schema.validate(report)
    return report


@pytest.fixture
def programs(hearth):
    return perf_data.record_programs(hearth)


def test_rows_of_perfs_recording_are_those_of_perf_report(hearth, programs, schema):
    theirs = PerfReport(programs.path, hearth.tmp)
    report = read_json(hearth, programs.path, schema)
    theirs.check(report)
    event, = report["events"]
    assert event["samples"] == len(programs.stacks)
    known = {row["symbol"] for row in event["rows"]}
    assert {"descend", "ping", "hash_block", "entry_SYSCALL_64_after_hwframe"} <= known  # recursion, and the kernel
    # The table in words and numbers: shares to the last digit that perf prints.
    ours = hearth.run("report", programs.path, "-n", "--percent-limit", "1")
    perf = programs.perf("report", "--stdio", "--children", "--no-inline", "-g", "none", "--percent-limit", "1",
                         "--sort", "comm,dso,symbol", "-F", "overhead_children,overhead,sample,comm,dso,symbol")
    tables = [sorted((a, b, n, comm, dso, mark, symbol) for a, b, n, comm, dso, mark, symbol in TABLE_ROW.findall(text)
                     if dso in ("hearth-demo", "recurse")) for text in (ours.stdout, perf)]
    assert len(tables[0]) > 10 and tables[0] == tables[1]
    assert [line for line in ours.stdout.splitlines() if HEAD.fullmatch(line)] == theirs.head
    # By self: the same order of weights.
    ours = hearth.run("report", programs.path, "--no-children")
    shares = [float(m) for m in re.findall(r"^ +([\d.]+)%  ", ours.stdout, re.M)]
    assert len(shares) > 10 and shares == sorted(shares, reverse=True) and abs(sum(shares) - 100) < 0.005 * len(shares) + 0.01


def test_each_event_is_ranked_by_what_its_samples_stand_for(hearth, schema):
    path = os.path.join(hearth.tmp, "perf.data")
    script = 'dd if=/dev/zero of=/dev/null bs=8M count=60; "$1" 300'
    recurse = os.path.join(hearth.build, "tests", "workloads", "recurse")
    subprocess.run(["perf", "record", "-q", "-N", "-e", "cpu-clock/period=1000000/", "-e", "page-faults/period=7/", "-g", "-o", path,
                    "--", "sh", "-c", script, "sh", recurse], check=True, capture_output=True)
    theirs = PerfReport(path, hearth.tmp)
    assert len(theirs.events) == 2
    theirs.check(read_json(hearth, path, schema))
    text = hearth.run("report").stdout  # perf.data in this folder
    assert [line for line in text.splitlines() if HEAD.fullmatch(line)] == theirs.head
    only = read_json(hearth, path, schema, "--event", "page-faults/period=7/")
    assert [e["event"] for e in only["events"]] == ["page-faults/period=7/"]


def test_call_graphs_are_those_of_perf(hearth, programs, schema):
    report = read_json(hearth, programs.path, schema, "--sort", "dso,symbol", "--callers", "--callees", "--percent-limit", "0")
    event, = report["events"]
    rows = {(perf_data.name_of(r["symbol"]), r["dso"]): r for r in event["rows"]}
    for function in ("descend", "recurse"), ("ping", "recurse"), ("hash_block", "hearth-demo"), ("charge_card", "hearth-demo"):
        row = rows[function]
        for key, wanted in (("callers", programs.callers(function)), ("callees", programs.callees(function))):
            found = {entry["symbol"]: entry["samples"] for entry in row[key] if entry["dso"] == function[1]}
            # Names of other binaries may be aliases.
            wanted = {name: n for name, n in wanted.items() if (name, function[1]) in rows}
            assert found == wanted and sum(e["samples"] for e in row[key]) <= row["total"]["samples"], (function, key)
    text = hearth.run("report", programs.path, "-S", "hash_block", "--callers").stdout
    assert re.search(r"\[\.\] hash_block\n +called by:\n +[\d.]+%  \[\.\] hash_update\n +\[\.\] hash_signature\n", text), text


def test_a_recording_reports_itself_and_its_perf_data_reports_the_same(hearth, load, schema):
    load.demo()
    load.system_calls()
    r, folder = hearth.record("-d", "2", "-F", "499", *[a for p in load.processes for a in ("-p", p.pid)],
                              "--sink", "hotspots:directory=%s,title=live" % os.path.join(hearth.tmp, "live"),
                              "--sink", "perfdata-writer:directory=%s,name=copy.perf.data" % hearth.tmp)
    load.stop()  # whatever was recorded is gone
    assert r.returncode == 0, r.stderr
    with open(os.path.join(hearth.tmp, "live", "report.json")) as f:
        live = json.load(f)
    schema.validate(live)
    path = next(os.path.join(f, n) for f in (hearth.tmp, folder) for n in os.listdir(f) if n.endswith("perf.data"))
    again = read_json(hearth, path, schema)
    theirs = PerfReport(path, hearth.tmp)
    assert again["title"] == path and live["title"] == "live"
    for report in live, again:
        theirs.check(report)
    assert live["events"][0]["samples"] == summary(folder)["samples"]["delivered"] == sum(n for _, n in folded(folder))
    assert "report.json" in [os.path.basename(a["path"]) for a in summary(folder)["artifacts"]]


def test_output_goes_where_it_is_told(hearth, programs):
    path = os.path.join(hearth.tmp, "hot.txt")
    first = hearth.run("report", programs.path, "-o", path)
    assert (first.returncode, first.stdout) == (0, "")
    with open(path) as f:
        assert f.read() == hearth.run("report", programs.path).stdout
    again = hearth.run("report", programs.path, "-o", path)
    assert again.returncode == 1 and "hot.txt exists; use --force" in again.stderr
    assert hearth.run("report", programs.path, "-o", path, "--json", "--force").returncode == 0
    with open(path) as f:
        assert json.load(f)["schema"] == "hearth.report/1"
    process = hearth.start("report", programs.path)  # whose reader has seen enough
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 0, process.stderr.read()


@pytest.mark.parametrize("args, status, says", [
    (("nowhere.data",), 1, "nowhere.data"),
    (("--sort", "colour"), 2, "comm, pid, tid, cpu, dso"),
    (("--percent-limit", "lots"), 2, "--percent-limit 0.5"),
    (("--callers", "--sort", "comm"), 2, "needs symbol"),
    (("a", "b"), 2, "one file at a time"),
])
def test_what_cannot_be_done_is_said(hearth, args, status, says):
    r = hearth.run("report", *args)
    assert (r.returncode, r.stdout) == (status, "") and says in r.stderr, r.stderr
