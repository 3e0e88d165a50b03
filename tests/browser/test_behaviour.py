# SPDX-License-Identifier: Apache-2.0
"""What the page does with hostile names, keys, small windows, options; and the SVG beside it."""
import json
import math
import re
import xml.etree.ElementTree as xml

import pytest

import stacks as made
import view
from fake_stacks import Stack

PWN = "window.pwned=1"
EVIL = [
    "<img src=x onerror=%s>" % PWN,
    "</script><script>%s</script>" % PWN,
    "\"><svg onload=%s>" % PWN,
    "<!--<script>",
    "]]><script>%s</script>" % PWN,
    "&lt &#x3c &amp &gt",
    "javascript:%s" % PWN,
    "constructor",
    "__proto__",
    "\u202egnirts\u202c \U0001f525 naïve",
    "x" * 4000,
]


def stack(frames, count=100, comm="app", pid=7, tid=None, thread=None, container=""):
    return Stack(pid, tid or pid, comm, thread or comm, container, count, tuple(frames))


@pytest.fixture(scope="module")
def evil(record):
    stacks = [stack(["main", name, "leaf"], comm=name[:15].replace(";", ""), container=name[:60], pid=10 + i)
              for i, name in enumerate(EVIL)]
    return record(stacks, "--title", EVIL[1])


def assert_unharmed(page):
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.querySelectorAll('img, svg, iframe, object, embed, b b, #tip *:not(span)').length") == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 2


def test_names_stay_text_in_every_view(evil, tab):
    page = tab(evil.page)
    assert evil.rows
    for split in ("program", "process", "thread", "container", "none"):
        if page.evaluate("[...document.getElementById('split').options].some(o => o.value === %s)" % json.dumps(split)):
            view.split(page, split)
        for name in ("flame", "inverted", "sandwich", "table"):
            view.open_view(page, name)
            assert_unharmed(page)
    view.open_view(page, "flame")
    x, y, width, _ = page.box("#canvas")
    for i in range(len(EVIL)):
        page.mouse("mouseMoved", x + width * (i + 0.5) / len(EVIL), y + 70)
        assert page.text("#tip")
        assert_unharmed(page)


def test_names_come_through_as_they_are(evil, tab):
    page = tab(evil.page)
    view.open_view(page, "table")
    assert {row[0] for row in view.rows(page, "#rows")} == {"main", "leaf", *EVIL}
    for name in EVIL[:8]:
        assert view.search(page, name).endswith("· 100 samples matched"), name
        page.key("Escape")


def test_svg_is_well_formed_and_inert_whatever_names_hold(evil, tab):
    tree = xml.parse(evil.svg)
    tags = {e.tag.rpartition("}")[2] for e in tree.iter()}
    assert tags == {"svg", "title", "style", "rect", "g", "text", "tspan"}
    assert not [k for e in tree.iter() for k in e.attrib if k.startswith("on") or "href" in k]
    titles = [t.text for t in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert any(t.startswith(EVIL[0] + " · 100 samples") for t in titles)
    page = tab.plain(evil.svg)
    assert page.evaluate("window.pwned") is None


@pytest.fixture(scope="module")
def kinds(record):
    frames = ("native_one", "kernel_one_[k]", "jit_one_[j]", "interpreted_one_[i]", "unknown_one_[u]", "outer|inlined_one", "größe")
    return record([stack(["main", f]) for f in frames])


def oklch(colour):
    """(lightness, chroma, hue) of "#rrggbb"."""
    def linear(v):
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4

    r, g, b = (linear(int(colour[i:i + 2], 16) / 255) for i in (1, 3, 5))
    l, m, s = (v ** (1 / 3) for v in (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
                                      0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
                                      0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b))
    a, b = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
    return 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def svg_fills(path):
    """{function: fill} of the boxes."""
    ns = "{http://www.w3.org/2000/svg}"
    return {g.find(ns + "title").text.split(" · ")[0]: g.find(ns + "rect").get("fill")
            for g in xml.parse(path).iter(ns + "g") if g.find(ns + "title") is not None}


def test_colour_says_the_kind(kinds):
    fills = svg_fills(kinds.svg)
    for name, hue in (("native_one", 28), ("kernel_one", 62), ("jit_one", 152), ("interpreted_one", 240), ("inlined_one", 28)):
        light, chroma, angle = oklch(fills[name])
        assert 0.75 <= light <= 0.85 and abs(angle - hue) <= 14, (name, fills[name])
        assert chroma < 0.05 if name == "inlined_one" else chroma > 0.08
    assert oklch(fills["unknown_one"])[1] < 0.01


def test_page_and_svg_have_the_same_colours(kinds, tab):
    page = tab(kinds.page)
    fills = svg_fills(kinds.svg)
    x, y, width, _ = page.box("#canvas")
    names = []
    for i in range(7):
        page.mouse("mouseMoved", x + width * (i + 0.5) / 7, y + 70)
        names.append(page.text("#tip").split("\n")[0])
    page.mouse("mouseMoved", x, y + 500)  # no box has an outline any more
    page.evaluate("new Promise(requestAnimationFrame)")
    pixels = page.evaluate("[...document.getElementById('canvas').getContext('2d').getImageData(0, 76, %d, 1).data]" % width)
    assert len(set(names)) == 7
    for i, name in enumerate(names):
        at = int(width * (i + 1) / 7) - 6  # behind the text
        fill = [int(fills[name][k:k + 2], 16) for k in (1, 3, 5)]
        pixel = pixels[4 * at:4 * at + 3]
        assert max(abs(a - b) for a, b in zip(pixel, fill)) <= 2, (name, pixel, fill)


def test_legend_names_the_kinds_that_occur(kinds, evil, tab):
    assert tab(kinds.page).text("#legend").split() == ["kernel", "native", "inlined", "jit", "interpreted", "unknown"]
    assert tab(evil.page).text("#legend").split() == ["native"]


def is_open(page):
    return page.evaluate("document.getElementById('help').open")


def view_of(page):
    return page.evaluate("document.querySelector('[role=tab][aria-selected=true]').id")


def test_keys_do_what_the_help_says(kinds, tab):
    page = tab(kinds.page)
    for key, name in (("t", "table"), ("i", "inverted"), ("f", "flame"), ("s", "sandwich")):
        page.key(key)
        assert view_of(page) == "tab-" + name
        page.evaluate("document.activeElement.blur()")
    page.key("?")
    assert is_open(page)
    told = page.evaluate("[...document.querySelectorAll('#help kbd')].map(k => k.textContent)")
    assert set(told) == {"click", "Enter", "Esc", "↑", "↓", "←", "→", "/", "Ctrl", "F", "f", "i", "t", "s", "?"}
    page.key("Escape")
    assert not is_open(page)
    page.key("f")
    page.key("f", modifiers=2)
    assert page.evaluate("document.activeElement.id") == "search"
    page.type("kernel_one")
    assert view.matched(page) == "14.3 % · 100 samples matched"
    page.key("Enter")
    assert page.text("#path").startswith("kernel_one · 14.3 %")
    page.key("Escape")
    assert view.matched(page) == "" and page.text("#path") == ""


def test_sandwich_goes_from_function_to_function(kinds, tab):
    page = tab(kinds.page)
    view.open_view(page, "sandwich")
    page.evaluate("[...document.querySelectorAll('#callers button')].find(b => b.textContent === 'main').click()")
    assert page.text("#focus") == "main"
    assert [row[0] for row in view.rows(page, "#callers")] == ["app"]
    assert page.evaluate("document.querySelectorAll('#callers button').length") == 0  # a program is no function
    assert len(view.rows(page, "#callees")) == 7


def test_escape_leads_back_to_the_flame_graph(kinds, tab):
    page = tab(kinds.page)
    for key in "ts":
        page.key(key)
        assert view_of(page) != "tab-flame"
        page.key("Escape")
        assert view_of(page) == "tab-flame"
    x, y, _, _ = page.box("#canvas")
    page.click_at(x + 20, y + 70)
    assert page.text("#path").endswith("Show all")
    page.key("Escape")
    assert page.text("#path") == ""


def test_search_finds_a_process_once_it_is_split_off(evil, tab):
    page = tab(evil.page)
    assert view.search(page, "(17)") == "0 % · 0 samples matched"
    page.evaluate("document.activeElement.blur()")
    view.split(page, "process")
    assert view.matched(page) == "9.1 % · 100 samples matched"
    view.open_view(page, "table")  # nothing to zoom to there
    page.key("/")
    page.key("Enter")
    assert view_of(page) == "tab-table"


def test_bad_expression_is_said(kinds, tab):
    page = tab(kinds.page)
    assert view.search(page, "/(/") == "not a regular expression"


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(big, tab, is_dark):
    page = tab(big.page, width=390, height=844, is_dark=is_dark)
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if is_dark else "light")
    for name in ("flame", "inverted", "sandwich", "table"):
        view.open_view(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
        assert page.evaluate("Math.max(...[...document.querySelectorAll('header button')].map(b => b.getBoundingClientRect().right))") <= 390
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == ("light" if is_dark else "dark")


def test_options_reach_page_and_svg(record, tab):
    r = record([stack(["main", "leaf"])], "--sink",
               "flamegraph:width=640,frame_height=32,palette=green,inverted=true,count_unit=slices,min_width=4")
    page = tab(r.page)
    assert view_of(page) == "tab-inverted"
    assert page.box("#canvas")[2:] == [640, 4 * 32]
    x, y, _, _ = page.box("#canvas")
    page.mouse("mouseMoved", x + 5, y + 40)
    assert page.text("#tip").split("\n")[:2] == ["leaf", "100 slices · 100 % total · 0 % self"]
    root = xml.parse(r.svg).getroot()
    assert root.get("width") == "640"
    fill = svg_fills(r.svg)
    assert list(fill) == ["all", "leaf", "main", "app"]
    assert abs(oklch(fill["leaf"])[2] - 150) <= 22
    rects = [g.find("{http://www.w3.org/2000/svg}rect") for g in root.iter("{http://www.w3.org/2000/svg}g")][1:]
    assert {rect.get("height") for rect in rects} == {"31"}
    assert "leaf · 100 slices" in open(r.svg, encoding="utf-8").read()


def test_threads_that_memory_had_no_room_for_are_not_passed_off_as_others(record, tab):
    r = record([stack(["main"], pid=pid, count=1) for pid in range(1, 30001)], "--sink", "flamegraph:max_memory=1MiB")
    assert r.rows == [(("app", "main"), 30000)]
    page = tab(r.page)
    for split in ("process", "none"):
        view.split(page, split)
        view.focus(page, "#canvas")
        box = view.press(page, "ArrowDown", "ArrowDown")
        if split == "process":
            assert box.name == "[not known]" and 10000 < box.samples < 30000
            assert view.press(page, "ArrowRight").samples == 1
        else:
            assert box == ("main", 30000)


def test_recording_without_samples_says_so(record, tab):
    page = tab(record([]).page)
    assert re.match("No samples: ", page.text("#empty"))
    for key in ("t", "s", "i", "f", "/"):
        page.key(key)
