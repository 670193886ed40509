"""Firefox and WebKitGTK as phones, each by its own way to speak W3C WebDriver, with or without JavaScript.

Firefox is asked on a socket of its own (Marionette), since Debian has no geckodriver; WebKitGTK has WebKitWebDriver,
which wants a screen: a virtual one.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import requests

from tests.helpers import eventually
from tests.system_tools import find

WIDTH = 390
# Without a script the driver cannot scroll anything out from under the bar at the bottom: there is room for all of it.
HEIGHT = {True: 844, False: 2000}
STARTS = 60.0  # seconds: a slow machine

# WebDriver's commands, as they are called on Firefox's socket, and where they are over HTTP.
OVER_HTTP = {
    "Navigate": ("POST", "url"),
    "Refresh": ("POST", "refresh"),
    "GetCurrentURL": ("GET", "url"),
    "FindElement": ("POST", "element"),
    "ElementClick": ("POST", "element/{id}/click"),
    "GetElementText": ("GET", "element/{id}/text"),
    "ExecuteScript": ("POST", "execute/sync"),
    "SetWindowRect": ("POST", "window/rect"),
}
# A part of the page that was not there yet, or was just replaced: looked for again.
PASSING = ("no such element", "stale element reference")

FIREFOX_PREFERENCES = {
    "marionette.port": 0,  # any free one, told in a file of the profile
    "browser.startup.page": 0,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processCount": 1,
    "dom.ipc.processPrelaunch.enabled": False,
    "extensions.update.enabled": False,
    "general.smoothScroll": False,
    "intl.accept_languages": "fr",
    "layers.async-pan-zoom.enabled": False,  # else a tap may fall where the page was before it scrolled
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "nimbus.rollouts.enabled": False,
    "toolkit.legacyUserProfileCustomizations.stylesheets": True,
    "ui.prefersReducedMotion": 1,
    "ui.useOverlayScrollbars": 1,
}
# A window as narrow as a phone, which neither of the two would be by itself.
FIREFOX_STYLE = "#main-window, #main-window > body { min-width: 0 !important }"
GTK_STYLE = "window * { min-width: 0; margin: 0; padding: 0 }"
GTK_SETTINGS = "[Settings]\ngtk-enable-animations=false\n"  # as of one who wants no motion


class DriverError(Exception):
    """What a browser answered instead of doing it, by WebDriver's own word, such as "no such element"."""

    def __init__(self, command: str, answer: dict[str, Any]):
        self.word = answer["error"]
        super().__init__(f"{command}: {self.word}: {answer['message']}")


class Driven:
    """A page in a browser that is driven. What it waits for is there within ten seconds, or the test fails."""

    script: bool  # whether pages may run theirs

    def ask(self, command: str, **parameters: Any) -> Any:
        """Give one of WebDriver's commands: its value. Raises DriverError."""
        raise NotImplementedError

    def open(self, address: str) -> None:
        self.ask("Navigate", url=address)

    @property
    def address(self) -> str:
        return self.ask("GetCurrentURL")

    def _at(self, selector: str, command: str) -> Any:
        """The command's value at the first element that matches; None where there is none at the moment."""
        try:
            found = self.ask("FindElement", using="css selector", value=selector)
            return self.ask(command, id=next(iter(found.values())))
        except DriverError as error:
            if error.word not in PASSING:
                raise
            return None

    def text(self, selector: str) -> str:
        """What a reader sees there, no-break spaces as spaces; empty where it is not."""
        return " ".join((self._at(selector, "GetElementText") or "").split())

    def wait_for(self, selector: str, text: str) -> None:
        try:
            eventually(lambda: text in self.text(selector))
        except AssertionError:
            raise AssertionError(f"{selector} says “{self.text(selector)}”, not “{text}”") from None

    def wait_for_address(self, pattern: str) -> None:
        try:
            eventually(lambda: re.search(pattern, self.address))
        except AssertionError:
            raise AssertionError(f"still at {self.address}, not at {pattern}") from None

    def click(self, selector: str) -> None:
        self.wait_for_element(selector)
        if self.script:
            # As a thumb does, out from under the bar at the bottom.
            place = f"document.querySelector({json.dumps(selector)})"
            self.run(f"{place}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        self._at(selector, "ElementClick")

    def wait_for_element(self, selector: str) -> None:
        try:
            eventually(lambda: self._at(selector, "GetElementText") is not None)
        except AssertionError:
            raise AssertionError(f"no {selector} at {self.address}") from None

    def run(self, script: str) -> Any:
        """What the page's own script returns; only with JavaScript."""
        return self.ask("ExecuteScript", script=script, args=[])


class Marionette(Driven):
    """Firefox's socket: `length:[0, number, command, parameters]`, answered by `length:[1, number, error, value]`."""

    def __init__(self, connection: socket.socket, *, script: bool):
        self.script = script
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._number = 0
        self._read()  # who it is
        self.ask("NewSession")

    def _read(self) -> Any:
        length = b""
        while (byte := self._answers.read(1)) != b":":
            assert byte, "Firefox has gone"
            length += byte
        return json.loads(self._answers.read(int(length)))

    def ask(self, command: str, **parameters: Any) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, f"WebDriver:{command}", parameters]).encode()
        self._connection.sendall(b"%d:%b" % (len(message), message))
        _, _, error, answer = self._read()
        if error:
            raise DriverError(command, error)
        # Some values come bare.
        return answer["value"] if answer.keys() == {"value"} else answer


class OverHttp(Driven):
    """A session of WebKitWebDriver's at this address."""

    def __init__(self, address: str, browser: dict[str, Any], *, script: bool):
        self.script = script
        self._http = requests.Session()
        self._http.trust_env = False
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": browser}}}
        made = self._said("NewSession", self._http.post(f"{address}/session", json=wanted))
        self._session = f"{address}/session/{made['sessionId']}"

    def _said(self, command: str, response: requests.Response) -> Any:
        value = response.json()["value"]
        if not response.ok:
            raise DriverError(command, value)
        return value

    def ask(self, command: str, **parameters: Any) -> Any:
        method, path = OVER_HTTP[command]
        address = f"{self._session}/{path.format(**parameters)}"
        body = parameters if method == "POST" else None
        return self._said(command, self._http.request(method, address, json=body, timeout=60))

    def close(self) -> None:
        self._http.delete(self._session, timeout=60)


@contextlib.contextmanager
def _process(
    command: Sequence[str], log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **environment},
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=STARTS)


def _program(tool: str) -> str:
    path = find(tool)
    assert path, f"not here: python3 tests/system_tools.py {tool}"
    return path


@contextlib.contextmanager
def firefox(folder: Path, *, script: bool) -> Iterator[Driven]:
    """A new Firefox without a window, with its profile in the folder."""
    profile = folder / "profile"
    (profile / "chrome").mkdir(parents=True)
    (profile / "chrome" / "userChrome.css").write_text(FIREFOX_STYLE)
    preferences = {**FIREFOX_PREFERENCES, "javascript.enabled": script}
    lines = (
        f"user_pref({json.dumps(key)}, {json.dumps(preferences[key])});" for key in preferences
    )
    (profile / "user.js").write_text("\n".join(lines))
    told = profile / "MarionetteActivePort"
    command = [_program("firefox"), "--headless", "--marionette", "--profile", str(profile)]
    with _process(command, folder / "firefox.log", HOME=str(folder)) as process:
        eventually(
            lambda: process.poll() is not None or (told.exists() and told.read_text()), STARTS
        )
        assert process.poll() is None, (folder / "firefox.log").read_text()
        with socket.create_connection(("127.0.0.1", int(told.read_text())), STARTS) as connection:
            page = Marionette(connection, script=script)
            page.ask("SetWindowRect", width=WIDTH, height=HEIGHT[script])
            yield page


@contextlib.contextmanager
def webkit(folder: Path, *, script: bool) -> Iterator[Driven]:
    """A new MiniBrowser of WebKitGTK on a screen of its own."""
    settings = folder / "gtk-3.0"
    settings.mkdir()
    (settings / "gtk.css").write_text(GTK_STYLE)
    (settings / "settings.ini").write_text(GTK_SETTINGS)
    screen = [_program("xvfb"), "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT[script]}x24"]
    with _process([*screen, "-nolisten", "tcp"], folder / "xvfb.log") as shown:
        assert shown.stdout
        number = shown.stdout.readline().decode().strip()
        assert number, (folder / "xvfb.log").read_text()
        port = _free_port()
        command = [_program("webkit"), "--host=127.0.0.1", f"--port={port}"]
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_AT_BRIDGE": "1"}
        log = folder / "webkit.log"
        with _process(command, log, DISPLAY=f":{number}", GDK_BACKEND="x11", **home) as driver:
            eventually(lambda: driver.poll() is not None or _listens(port), STARTS)
            assert driver.poll() is None, log.read_text()
            options = ["--automation", f"--enable-javascript={str(script).lower()}"]
            page = OverHttp(f"http://127.0.0.1:{port}", {"args": options}, script=script)
            try:
                page.ask("SetWindowRect", x=0, y=0, width=WIDTH, height=HEIGHT[script])
                yield page
            finally:
                page.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
