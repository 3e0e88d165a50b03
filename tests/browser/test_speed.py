# SPDX-License-Identifier: Apache-2.0
"""How fast a page of 100,000 stacks is, by its own marks on the browser's performance timeline: from
the input until the answer has been painted.

Medians of five; where the first five are over the limit, five more decide, because the machine may
just have been busy with something else."""
import os
import statistics

import view

MIB = 1 << 20


def hold(limit_ms, measure):
    """measure() answers five durations."""
    medians = []
    while len(medians) < 2 and (not medians or medians[-1] > limit_ms):
        times = measure()
        assert len(times) == 5 and all(t > 0 for t in times), times
        medians.append(statistics.median(times))
    print("median %.0f ms, limit %d ms" % (medians[-1], limit_ms))
    assert medians[-1] <= limit_ms, medians


def test_page_can_be_mailed(big):
    assert os.path.getsize(big.page) <= 15 * MIB
    assert os.path.getsize(big.svg) <= 4 * MIB


def test_first_paint_comes_within_one_and_a_half_seconds(big, tab):
    page = tab(big.page)

    def measure():
        return [page.open(big.page).evaluate("performance.getEntriesByName('hearth:painted')[0].startTime") for _ in range(5)]

    hold(1500, measure)


def zoom_five_times(page):
    """Into boxes of the third row and out again; only the ways in are counted."""
    x, y, width, _ = page.box("#canvas")
    times = []
    for i in range(5):
        times.append(page.measured("zoom", lambda: page.click_at(x + width * (0.05 + 0.19 * i), y + 50)))
        assert page.text("#path").endswith("Show all")
        page.key("Escape")
    return times


def test_zoom_answers_within_150_ms(big, tab):
    page = tab(big.page)
    hold(150, lambda: zoom_five_times(page))


def test_zoom_of_the_inverted_view_answers_within_150_ms(big, tab):
    page = tab(big.page)
    view.open_view(page, "inverted")
    hold(150, lambda: zoom_five_times(page))


def search_five_times(page):
    times = []
    for text in ("parse", "gcc::", "emit_walk_1", "/allocator.*[13579]\\)$/", "the_rarest_function"):
        page.evaluate("document.getElementById('search').focus()")
        times.append(page.measured("search", lambda: page.type(text)))
        assert "matched" in view.matched(page)
        page.key("Escape")
    return times


def test_search_answers_within_150_ms(big, tab):
    page = tab(big.page)
    hold(150, lambda: search_five_times(page))


def test_search_of_the_inverted_view_answers_within_150_ms(big, tab):
    page = tab(big.page)
    view.open_view(page, "inverted")
    hold(150, lambda: search_five_times(page))


def test_other_views_are_there_within_five_seconds(big, tab):
    page = tab(big.page)

    def measure():
        page.open(big.page)  # none of the views has been made yet
        times = [page.measured("view", lambda: view.open_view(page, name)) for name in ("inverted", "sandwich")]
        return times + [page.measured("split", lambda: view.split(page, name)) for name in ("process", "thread", "none")]

    hold(5000, measure)
