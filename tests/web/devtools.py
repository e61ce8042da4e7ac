"""Control Chromium with its debugging pipe (--remote-debugging-pipe): JSON over two descriptors, without a port or library."""

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
# XML elements have no innerText: collect each visible element's own text, and the text of its ::before and ::after.
_VISIBLE_TEXTS_SCRIPT: Final = """
[...document.querySelectorAll("*")].filter(one => one.checkVisibility()).flatMap(one => {
  const made = part => {
    const content = getComputedStyle(one, part).content;
    if (content === "none" || content === "normal" || content.endsWith(' / ""')) return "";
    return content.startsWith("attr(") ? one.getAttribute(content.slice(5, -1)) : JSON.parse(content);
  };
  const own = [...one.childNodes].filter(node => node.nodeType === 3 || node.nodeType === 4).map(node => node.data).join("");
  return [made("::before"), own.trim(), made("::after")];
}).filter(text => text)
"""


class Browser:
    """One page of one browser process."""

    def __init__(self, program: str, profile: Path) -> None:
        browser_in, self._out = os.pipe()
        self._in, browser_out = os.pipe()
        # Chromium reads from 3 and writes to 4. Copies with higher numbers first, so that dup2 overwrites neither of the two.
        copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10) for descriptor in (browser_in, browser_out)]
        discard_stderr = (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)
        actions = [(os.POSIX_SPAWN_DUP2, copies[0], 3), (os.POSIX_SPAWN_DUP2, copies[1], 4), discard_stderr]
        arguments = [program, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self._pid = os.posix_spawn(program, arguments, {**os.environ, "HOME": str(profile)}, file_actions=actions)
        for descriptor in (browser_in, browser_out, *copies):
            os.close(descriptor)
        # Not select(), which supports only the first 1024 descriptors.
        self._poll = select.poll()
        self._poll.register(self._in, select.POLLIN)
        self._buffer = b""
        self._last_id = 0
        self._session = ""
        self._session = self._open()

    def _open(self) -> str:
        target = self.send_command("Target.createTarget", url="about:blank")["targetId"]
        session: str = self.send_command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return session

    def send_command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol and return its result."""
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": parameters}
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(command | session).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == self._last_id:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert self._poll.poll(SECONDS * 1000), "the browser says nothing"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has gone"
            self._buffer += part
        first, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        return message

    def set_viewport(self, width: int, height: int, scheme: str = "light") -> None:
        self.send_command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send_command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url: str) -> None:
        """Load the URL as from the address bar, and wait until the document is complete."""
        self.send_command("Page.navigate", url=url)
        end = time.monotonic() + SECONDS
        while self.evaluate("document.readyState + location.href") != f"complete{url}":
            assert time.monotonic() < end, f"{url} does not load"
            time.sleep(0.01)

    def evaluate(self, script: str) -> Any:
        return self.send_command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get(
            "value"
        )

    def visible_texts(self) -> list[str]:
        """Return the visible texts of the page in document order."""
        texts: list[str] = self.evaluate(_VISIBLE_TEXTS_SCRIPT)
        return texts

    def screenshot(self) -> bytes:
        return base64.b64decode(self.send_command("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        self._session = ""
        with contextlib.suppress(OSError, AssertionError):
            self.send_command("Browser.close")
        os.close(self._out)
        os.close(self._in)
        end = time.monotonic() + SECONDS
        while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                os.kill(self._pid, 9)
                end += SECONDS
            time.sleep(0.01)


@contextlib.contextmanager
def open_browser(program: str, profile: Path) -> Iterator[Browser]:
    browser = Browser(program, profile)
    try:
        yield browser
    finally:
        browser.close()
