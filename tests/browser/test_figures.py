# SPDX-License-Identifier: Apache-2.0
"""Every number of the page against a count of stacks.folded that shares no code with it."""
import collections
import re

import pytest

import stacks as made
import view


@pytest.fixture(scope="module")
def weights(big):
    return made.weigh(big.rows)


def test_recording_is_as_large_as_promised(big):
    assert len(big.rows) >= 100000
    assert sum(len(frames) - 1 for frames, _ in big.rows) / len(big.rows) >= 20
    assert big.total == sum(s.count for s in big.stacks)


def test_table_has_every_function_with_its_self_and_total(big, tab, weights):
    shown = {row[0]: (view.number(row[3]), view.number(row[5])) for row in view.all_functions(tab(big.page))}
    assert shown == weights


@pytest.mark.parametrize("column,key", [("self", 3), ("total", 5)])
def test_table_sorts_by_weight_both_ways(big, tab, column, key):
    page = tab(big.page)
    view.open_view(page, "table")
    button = "th button[data-sort=%s]" % column
    if page.evaluate("!document.querySelector('%s').parentElement.hasAttribute('aria-sort')" % button):
        page.click(button)
    falling = [view.number(row[key]) for row in view.rows(page, "#rows")]
    assert falling == sorted(falling, reverse=True) and falling[0] > falling[-1]
    page.click(button)
    rising = [view.number(row[key]) for row in view.rows(page, "#rows")]
    assert rising == sorted(rising) and rising[0] < falling[0]


def some_functions(weights):
    """The heaviest by self and by total, and some that are neither."""
    by_total = sorted(weights, key=lambda f: (-weights[f][1], f))
    return [max(weights, key=lambda f: weights[f][0]), by_total[2], by_total[40], made.SCATTERED, made.RAREST]


def side(page, selector):
    return {row[0]: view.number(row[1]) for row in view.rows(page, selector)}


def test_sandwich_has_the_shares_of_callers_and_callees(big, tab, weights):
    page = tab(big.page)
    for function in some_functions(weights):
        view.open_sandwich(page, function)
        own, total = weights[function]
        assert page.text("#focus-numbers").startswith("{:,} sample{} · ".format(total, "s" * (total > 1)))
        assert " {:,} · ".format(own) in page.text("#focus-numbers")
        above = collections.Counter({frames[0]: n for frames, n in made.callers(big.rows, function).items()})
        below = made.callees(big.rows, function)
        for shown, counted in ((side(page, "#callers"), above), (side(page, "#callees"), below)):
            assert len(shown) == min(len(counted), 100)
            assert shown == {name: counted[name] for name in shown}
            assert sorted(shown.values(), reverse=True)[:20] == [n for _, n in counted.most_common(20)]


def test_sandwich_goes_up_to_the_programs(big, tab):
    page = tab(big.page)
    view.search(page, made.SCATTERED)
    view.open_view(page, "table")
    page.click("#rows button")
    view.focus(page, "#canvas-up")
    chain, box = [], view.press(page, "ArrowUp")
    assert box == (made.SCATTERED, made.N_SCATTERED)
    while not chain or chain[-1] not in made.TOOLS:
        assert len(chain) < 60
        box = view.press(page, "ArrowUp")
        chain.append(box.name)
        assert box.samples == made.callers(big.rows, made.SCATTERED, len(chain))[tuple(chain)]
    assert chain[-3:-1] == ["toplev", "main"]


def test_inverted_view_begins_with_what_ran(big, tab, weights):
    page = tab(big.page)
    view.open_view(page, "inverted")
    view.focus(page, "#canvas")
    assert view.press(page, "ArrowDown") == ("all", big.total)
    box = view.press(page, "ArrowDown")
    by_self = sorted(weights.items(), key=lambda item: (-item[1][0], item[0]))
    for function, (own, _) in by_self[:8]:
        assert box == (function, own)
        path = [box.name]
        for _ in range(3):
            inner = view.press(page, "ArrowDown")
            path.append(inner.name)
            assert inner.samples == made.inverted(big.rows, path), path
        view.press(page, *["ArrowUp"] * 3)
        box = view.press(page, "ArrowRight")


def top_row(page, n):
    """The first n boxes below "all"."""
    view.focus(page, "#canvas")
    boxes = [view.press(page, "ArrowDown", "ArrowDown")]
    while len(boxes) < n:
        boxes.append(view.press(page, "ArrowRight"))
    return boxes


def owners(big, name_of, n):
    count = collections.Counter()
    for s in big.stacks:
        count[name_of(s)] += s.count
    return sorted(count.items(), key=lambda item: (-item[1], item[0]))[:n]


@pytest.mark.parametrize("split,name_of,n", [
    ("program", lambda s: s.comm, 6),
    ("process", lambda s: "%s (%d)" % (s.comm, s.pid), 12),
    ("thread", lambda s: "%s (%d)" % (s.comm, s.tid) if s.pid == s.tid else
     "%s (%d) · %s (%d)" % (s.thread, s.tid, s.comm, s.pid), 12),
    ("container", lambda s: "container " + s.container[:12] if s.container else "no container", 3),
], ids=["program", "process", "thread", "container"])
def test_split_parts_the_samples_among_their_owners(big, tab, split, name_of, n):
    page = tab(big.page)
    view.split(page, split)
    shown, counted = top_row(page, n), owners(big, name_of, n)
    assert sorted(shown, key=lambda b: (-b.samples, b.name)) == counted
    assert [b.samples for b in shown] == [samples for _, samples in counted]


def test_split_keeps_every_stack_of_a_process(big, tab):
    page = tab(big.page)
    view.split(page, "process")
    name = top_row(page, 1)[0].name
    rows = [(s.frames, s.count) for s in big.stacks if "%s (%d)" % (s.comm, s.pid) == name]
    path = []
    for _ in range(6):
        box = view.press(page, "ArrowDown")
        path.append(box.name)
        flat = [([part for frame in frames for part in made.parts(frame)], n) for frames, n in rows]
        assert box.samples == sum(n for frames, n in flat if frames[:len(path)] == path)


def test_all_together_merges_the_programs(big, tab):
    page = tab(big.page)
    view.split(page, "none")
    assert top_row(page, 1) == [("main", big.total)]


def test_what_is_too_narrow_to_be_drawn_is_found_with_its_true_share(big, tab):
    page = tab(big.page)
    for function, n in ((made.RAREST, 1), (made.SCATTERED, made.N_SCATTERED)):
        widest = max(count for frames, count in big.rows if function in frames)
        assert widest / big.total * 1280 < 0.5  # no box of it is wide enough to be drawn
        share = "%.1f" % (n / big.total * 100) if n / big.total >= 0.001 else "<0.01"
        assert view.search(page, function) == "%s %% · %d sample%s matched" % (share, n, "s" * (n > 1))
        page.key("Enter")
        assert view.details(page) == (function, 1)
        page.key("Escape")


def test_search_counts_each_sample_once(big, tab, weights):
    page = tab(big.page)
    for text, matches in (("parse_", lambda f: "parse_" in f), ("/^gcc::.*_1[0-9]*</", None)):
        match = matches or re.compile(text.strip("/")).search
        n = sum(count for frames, count in big.rows if any(match(f) for f in frames))
        assert view.search(page, text).endswith(" · {:,} samples matched".format(n))
        page.key("Escape")
