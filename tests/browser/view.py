# SPDX-License-Identifier: Apache-2.0
"""The flame graph page as its user has it: what is on screen, and what can be pressed."""
import collections
import json
import re

Box = collections.namedtuple("Box", "name samples")


def details(page):
    """Name and weight of the selected box, as the line below says."""
    name, samples = re.match(r"(.*?) · ([\d,]+) samples? · ", page.text("#details"), re.S).groups()
    return Box(name, int(samples.replace(",", "")))


def press(page, *keys):
    for key in keys:
        page.key(key)
    return details(page)


def rows(page, selector):
    """The cells of a table's rows."""
    return page.evaluate("[...document.querySelectorAll(%s)].map(r => [...r.cells].map(c => c.textContent))"
                         % json.dumps(selector + " tr"))


def number(text):
    return int(text.replace(",", ""))


def matched(page):
    return " ".join(page.text("#matched").split())


def search(page, text):
    """Types into the search field; answers what it says."""
    page.evaluate("document.getElementById('search').value = ''")
    page.key("/")
    page.type(text)
    return matched(page)


def split(page, name):
    page.evaluate("(e => { e.value = %s; e.dispatchEvent(new Event('change')); })(document.getElementById('split'))"
                  % json.dumps(name))


def open_view(page, name):
    page.click("#tab-" + name)
    assert page.evaluate("document.getElementById('tab-%s').getAttribute('aria-selected')" % name) == "true"


def all_functions(page):
    """The rows of the table, all of them: 100, 400, 1600, 6400 …"""
    open_view(page, "table")
    while page.evaluate("!document.getElementById('more').hidden"):
        page.click("#more")
    return rows(page, "#rows")


def open_sandwich(page, function):
    """By a click on the function's name in the table."""
    open_view(page, "table")
    search(page, function)
    page.evaluate("[...document.querySelectorAll('#rows button')].find(b => b.textContent === %s).click()" % json.dumps(function))
    assert page.text("#focus") == function


def focus(page, selector):
    page.evaluate("document.querySelector(%s).focus()" % json.dumps(selector))
