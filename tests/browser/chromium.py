# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, spoken to over a pipe (--remote-debugging-pipe): no port, no driver.

https://chromedevtools.github.io/devtools-protocol/"""
import base64
import json
import os
import select
import shutil
import subprocess
import time

TIMEOUT = 60
ARGUMENTS = ("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--disable-extensions", "--disable-component-update",
             "--force-color-profile=srgb", "--disable-dev-shm-usage")
KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


class Chromium:
    def __init__(self, profile_folder):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        assert program, "no chromium here; packaging/install-deps test installs it"
        to_read, self.to_write = os.pipe()
        self.to_read, to_write = os.pipe()
        self.log = open(os.path.join(profile_folder, "chromium.log"), "wb")
        # It reads from descriptor 3 and writes to 4. Other work on the machine is not to be measured.
        self.process = subprocess.Popen(
            ["bash", "-c", 'r=$1 w=$2; shift 2; exec nice -n -10 "$@" 3<&"$r" 4>&"$w"', "bash", str(to_read), str(to_write),
             program, *ARGUMENTS, "--user-data-dir=" + os.path.join(profile_folder, "chromium")],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.last_id, self.events = b"", 0, []

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.to_read], [], [], left)[0], "Chromium does not answer"
            piece = os.read(self.to_read, 1 << 20)
            assert piece, "Chromium has ended with %s; see %s" % (self.process.wait(), self.log.name)
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        """The result of a command; events that come meanwhile are kept."""
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to_write, data):]
        deadline = time.monotonic() + TIMEOUT
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.last_id:
                assert "error" not in answer, "%s: %s" % (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def wait_event(self, method, session):
        deadline = time.monotonic() + TIMEOUT
        while True:
            for i, event in enumerate(self.events):
                if event.get("method") == method and event.get("sessionId") == session:
                    return self.events.pop(i)["params"]
            self.events.append(self.receive(deadline))

    def close(self):
        self.process.kill()
        self.process.wait()
        for fd in (self.to_read, self.to_write):
            os.close(fd)
        self.log.close()


class Page:
    """One tab. Whatever a page says on the console or throws is in messages()."""

    def __init__(self, chromium, width=1280, height=720, is_dark=False):
        self.chromium = chromium
        self.target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = chromium.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])

    def call(self, method, **parameters):
        return self.chromium.call(method, self.session, **parameters)

    def load(self, path):
        self.chromium.events = [e for e in self.chromium.events if e.get("sessionId") != self.session]
        self.call("Page.navigate", url="file://" + path)
        self.chromium.wait_event("Page.loadEventFired", self.session)
        return self

    def open(self, path):
        """Loads a page of Hearth; answers when it has painted."""
        self.load(path)
        self.wait("performance.getEntriesByName('hearth:painted').length > 0")
        return self

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition, timeout=20):
        end = time.monotonic() + timeout
        while not self.evaluate(condition):
            assert time.monotonic() < end, "waited %d s for %s" % (timeout, condition)
            time.sleep(0.02)

    def text(self, selector):
        return self.evaluate("document.querySelector(%s).innerText" % json.dumps(selector))

    def box(self, selector):
        return self.evaluate("(r => [r.x, r.y, r.width, r.height])(document.querySelector(%s).getBoundingClientRect())"
                             % json.dumps(selector))

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click_at(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def click(self, selector):
        self.evaluate("document.querySelector(%s).scrollIntoView({block: 'center'})" % json.dumps(selector))
        x, y, width, height = self.box(selector)
        self.click_at(x + width / 2, y + height / 2)

    def key(self, key, modifiers=0):
        code = KEYS.get(key, ord(key[0].upper()))
        text = {} if key in KEYS and key != "Enter" or modifiers else {"text": "\r" if key == "Enter" else key}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, modifiers=modifiers, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code, modifiers=modifiers)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def messages(self):
        """What the page complained of: console lines above "info", exceptions, refused requests."""
        self.evaluate("0")  # what came before it has arrived by now
        found = []
        for event in self.chromium.events:
            if event.get("sessionId") != self.session:
                continue
            p = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(p["exceptionDetails"])
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(p)
            elif event["method"] == "Log.entryAdded" and p["entry"]["level"] in ("warning", "error"):
                found.append(p["entry"])
        return found

    def urls(self):
        """What was asked for, the page itself included."""
        self.evaluate("0")
        return [e["params"]["request"]["url"] for e in self.chromium.events
                if e.get("sessionId") == self.session and e.get("method") == "Network.requestWillBeSent"]

    def measured(self, name, action):
        """How long the page says that it took from an action to the painted answer, in ms."""
        entries = "performance.getEntriesByName('hearth:%s')" % name
        before = self.evaluate(entries + ".length")
        action()
        self.wait(entries + ".length > %d" % before)
        return self.evaluate(entries + ".at(-1).duration")

    def close(self):
        self.chromium.call("Target.closeTarget", targetId=self.target)
