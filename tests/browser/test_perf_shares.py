# SPDX-License-Identifier: Apache-2.0
"""The page's table, sandwich and inverted view say of a recording what perf says of it: perf's stacks,
one a sample, make the page, and `perf report --children` of the same file judges it."""
import collections
import decimal
import os

import pytest

import perf_data
import view
from hearth import Hearth


@pytest.fixture(scope="module")
def perf(request, tmp_path_factory):
    build = os.path.abspath(request.config.getoption("--build"))
    return perf_data.record_programs(Hearth(build, tmp_path_factory.mktemp("perf")))


@pytest.fixture(scope="module")
def ours(perf, record):
    return record(perf.stacks)


def shown_share(n, total):
    """A share as the page writes it; it rounds halves up."""
    p = n / total * 100
    if 0 < p < 0.01:
        return "<0.01 %"
    places = "1" if p >= 99.95 or p == 0 else "0.1" if p >= 0.1 else "0.01"
    return "%s %%" % decimal.Decimal(p).quantize(decimal.Decimal(places), decimal.ROUND_HALF_UP)


def test_recording_has_what_profilers_count_differently(perf, ours):
    assert ours.total == len(perf.stacks) > 1000
    assert len({pid for pid, _ in perf.processes()}) >= 4
    mains = [module for name, module in perf.rows if name == "main"]
    assert {"recurse", "hearth-demo"} <= set(mains)  # one name, several programs
    for function in ("descend", "ping", "pong"):
        often = [n for names, n in perf.rows[function, "recurse"][0].chains.items() if names.count(function) > 1]
        assert sum(often) > 100, function
    kernel = sum(row.samples for (_, module), rows in perf.rows.items() for row in rows if module == "[kernel.kallsyms]")
    assert perf.share(kernel) > 5
    assert sum(len(rows) == 1 for rows in perf.rows.values()) > 50


def test_table_has_every_function_of_perf_and_no_other(perf, ours, tab):
    shown = {(row[0], os.path.basename(row[1])): row for row in view.all_functions(tab(ours.page))}
    assert set(shown) == set(perf.rows)
    for function, row in shown.items():
        own, total = view.number(row[3]), view.number(row[5])
        perf.check(function, own, total)
        assert (row[4], row[6]) == (shown_share(own, ours.total), shown_share(total, ours.total)), function


def some_functions(perf):
    """Those that call themselves, and the heaviest, as far as their names say which they are."""
    names = collections.Counter(name for name, _ in perf.rows)
    by_total = sorted((f for f in perf.rows if names[f[0]] == 1 and f[0] != perf_data.UNKNOWN), key=lambda f: -perf.rows[f][0].total)
    leaves = sorted(by_total, key=lambda f: -perf.rows[f][0].own)
    return list(dict.fromkeys([("descend", "recurse"), ("ping", "recurse"), ("pong", "recurse"), *by_total[:25], *leaves[:15]]))


def side(page, selector, comms):
    """{name: samples} of a side of the sandwich, the programs at its end together as None."""
    found = collections.Counter()
    for name, samples, _ in view.rows(page, selector):
        found[None if name in comms else name] += view.number(samples)
    return found


def test_sandwich_has_the_callers_and_callees_of_perf(perf, ours, tab):
    page, comms = tab(ours.page), {comm for _, comm in perf.processes()}
    functions = [f for f in some_functions(perf) if f[0] not in comms]
    assert len(functions) > 25
    for function in functions:
        view.open_sandwich(page, function[0])
        row = perf.rows[function][0]
        total, own = sum(row.chains.values()), row.samples
        assert page.text("#focus-numbers").startswith("{:,} sample{} · {} total · {:,} · {} self".format(
            total, "s" * (total != 1), shown_share(total, ours.total), own, shown_share(own, ours.total))), function
        assert side(page, "#callers", comms) == perf.callers(function), function
        assert side(page, "#callees", ()) == perf.callees(function), function


def test_inverted_view_begins_with_what_perf_says_ran(perf, ours, tab):
    page = tab(ours.page)
    own = sorted(((sum(row.samples for row in rows), name) for (name, _), rows in perf.rows.items()), reverse=True)
    heavy = [(n, name) for n, name in own if perf.share(n) > 0.25]  # what is lighter is drawn as one sliver
    assert len(heavy) >= 8
    view.open_view(page, "inverted")
    view.focus(page, "#canvas")
    boxes = [view.press(page, "ArrowDown", "ArrowDown")]
    while len(boxes) < len(heavy):
        boxes.append(view.press(page, "ArrowRight"))
    assert [box.samples for box in boxes] == [n for n, _ in heavy]
    assert sorted((box.samples, box.name) for box in boxes) == sorted(heavy)


def test_programs_have_the_samples_of_perf(perf, ours, tab):
    page, samples = tab(ours.page), collections.Counter()
    for (_, comm), n in perf.processes().items():
        samples[comm] += n
    heavy = [(comm, n) for comm, n in samples.most_common() if perf.share(n) > 0.5]
    assert len(heavy) >= 3
    view.split(page, "program")
    view.focus(page, "#canvas")
    boxes = [view.press(page, "ArrowDown", "ArrowDown")]
    while len(boxes) < len(heavy):
        boxes.append(view.press(page, "ArrowRight"))
    assert sorted(boxes) == sorted(heavy)
