"""Chromium over its debugging pipe (--remote-debugging-pipe): JSON between two descriptors, no port and no library."""

import base64
import contextlib
import fcntl
import json
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.helpers.http_client import SECONDS

_OPTIONS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# XML elements have no innerText: every shown element's own text, and what the stylesheet puts before and after it.
_SHOWN: Final = """
[...document.querySelectorAll("*")].filter(one => one.checkVisibility()).flatMap(one => {
  const made = part => {
    const content = getComputedStyle(one, part).content;
    if (content === "none" || content === "normal") return "";
    return content.startsWith("attr(") ? one.getAttribute(content.slice(5, -1)) : JSON.parse(content);
  };
  const own = [...one.childNodes].filter(node => node.nodeType === 3 || node.nodeType === 4).map(node => node.data).join("");
  return [made("::before"), own.trim(), made("::after")];
}).filter(text => text)
"""


class Browser:
    """One page of one browser."""

    def __init__(self, program: str, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # Chromium reads from 3 and writes to 4; from higher numbers neither is overwritten on the way.
        high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in (theirs_in, theirs_out)]
        null = (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)
        actions = [(os.POSIX_SPAWN_DUP2, high[0], 3), (os.POSIX_SPAWN_DUP2, high[1], 4), null]
        arguments = [program, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self._pid = os.posix_spawn(program, arguments, {**os.environ, "HOME": str(profile)}, file_actions=actions)
        for one in (theirs_in, theirs_out, *high):
            os.close(one)
        # Not select(), which knows the first 1024 descriptors alone.
        self._heard = select.poll()
        self._heard.register(self._in, select.POLLIN)
        self._left = b""
        self._number = 0
        self._session = ""
        self._session = self._open()

    def _open(self) -> str:
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        session: str = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return session

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Its answer to one command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message | session).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            assert self._heard.poll(SECONDS * 1000), "the browser says nothing"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has gone"
            self._left += part
        first, _, self._left = self._left.partition(b"\0")
        heard: dict[str, Any] = json.loads(first)
        return heard

    def look(self, width: int, height: int, scheme: str = "light") -> None:
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url: str) -> None:
        """Go there as one does by the address bar, and wait until it stands."""
        self.tell("Page.navigate", url=url)
        end = time.monotonic() + SECONDS
        while self.evaluate("document.readyState + location.href") != f"complete{url}":
            assert time.monotonic() < end, f"{url} does not load"
            time.sleep(0.01)

    def evaluate(self, script: str) -> Any:
        return self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get("value")

    def shown(self) -> list[str]:
        """The texts that the page shows, in the document's order."""
        texts: list[str] = self.evaluate(_SHOWN)
        return texts

    def screenshot(self) -> bytes:
        return base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        self._session = ""
        with contextlib.suppress(OSError, AssertionError):
            self.tell("Browser.close")
        os.close(self._out)
        os.close(self._in)
        end = time.monotonic() + SECONDS
        while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                os.kill(self._pid, 9)
                end += SECONDS
            time.sleep(0.01)


@contextlib.contextmanager
def browsing(program: str, profile: Path) -> Iterator[Browser]:
    browser = Browser(program, profile)
    try:
        yield browser
    finally:
        browser.close()
