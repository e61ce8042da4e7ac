"""A browser's page that remembers what went wrong on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.helpers.newsrooms import picture
from tests.pages.page_kinds import PERSON

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

_PICTURE = picture()
# Heard from the first moment of a page on.
_LISTEN = """
window.violations = []; window.shift = 0;
document.addEventListener("securitypolicyviolation", one => violations.push(one.violatedDirective + " " + one.blockedURI));
new PerformanceObserver(list => { for (const one of list.getEntries()) window.shift += one.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
_LOAD_ALL = """
Promise.all([...document.images].map(one => {
  one.loading = "eager";
  return one.complete || new Promise(done => { one.onload = one.onerror = done; });
}))
"""


@dataclass
class Look:
    """`told` is what the console said, but for the status of the page itself; `asked` is what the page requested."""

    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        own_status = message.text.startswith("Failed to load resource") and message.location.get("url") == self.page.url
        if message.type in ("error", "warning") and not own_status:
            self.told.append(message.text)

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def shift(self) -> float:
        """What has moved of itself, after every picture has loaded."""
        self.page.evaluate(_LOAD_ALL)
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        moved: float = self.page.evaluate("window.shift")
        return moved


@contextlib.contextmanager
def looking(browser: Browser, *, width: int = 1280, **options: Any) -> Iterator[Look]:
    """A page of its own, without anything kept from another."""
    context = browser.new_context(viewport={"width": width, "height": 900}, user_agent=PERSON, **options)
    try:
        # Nothing outside this machine is asked; pictures of elsewhere are a small one of ours.
        context.route(
            lambda url: not url.startswith("http://127.0.0.1:"),
            lambda route: route.fulfill(body=_PICTURE, content_type="image/jpeg"),
        )
        page = context.new_page()
        look = Look(page)
        page.on("console", look.hear)
        page.on("pageerror", lambda error: look.told.append(str(error)))
        page.on("request", lambda request: look.asked.append(request))  # noqa: PLW0108 - it marks what it is given
        if options.get("java_script_enabled", True):
            page.add_init_script(_LISTEN)
        yield look
    finally:
        context.close()
