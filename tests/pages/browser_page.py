"""A browser page that records console messages, requests, policy violations and layout shifts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.helpers.http_client import SECONDS
from tests.helpers.newsrooms import picture
from tests.pages.page_kinds import USER_AGENT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

_IMAGE = picture()
# Replaces the share function of mobile browsers; `shared` records its arguments.
SHARE_SCRIPT = """
window.shared = [];
navigator.share = async given => { shared.push(given); if ("REFUSAL") throw new DOMException("no", "REFUSAL"); };
"""
# Runs before any script of the page.
_LISTEN_SCRIPT = """
window.violations = []; window.shifts = [];
document.addEventListener("securitypolicyviolation", one => violations.push(one.violatedDirective + " " + one.blockedURI));
const moved = ({ node, previousRect, currentRect }) =>
  `${node?.outerHTML?.slice(0, 120) ?? node?.nodeValue} from ${JSON.stringify(previousRect)} to ${JSON.stringify(currentRect)}`;
new PerformanceObserver(list => list.getEntries().forEach(one => window.shifts.push(`${one.value}: ${one.sources.map(moved)}`)))
  .observe({ type: "layout-shift", buffered: true });
"""
_LOAD_IMAGES_SCRIPT = """
Promise.all([...document.images].map(one => {
  one.loading = "eager";
  return one.complete || new Promise(done => { one.onload = one.onerror = done; });
}))
"""


@dataclass
class PageRecorder:
    """A browser page with all its requests, and the errors and warnings of its console except for the status of the page."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def add_message(self, message: ConsoleMessage) -> None:
        own_status = message.text.startswith("Failed to load resource") and message.location.get("url") == self.page.url
        if message.type in ("error", "warning") and not own_status:
            self.messages.append(message.text)

    def violations(self) -> list[str]:
        directives: list[str] = self.page.evaluate("window.violations")
        return directives

    def layout_shifts(self) -> list[str]:
        """Return each layout shift until every image has loaded: its score and what moved."""
        load_images(self.page)
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shifts: list[str] = self.page.evaluate("window.shifts")
        return shifts


def load_images(page: Page) -> None:
    """Wait until every image has loaded or failed, also those that the browser would load only when they come into view."""
    page.evaluate(_LOAD_IMAGES_SCRIPT)


@contextlib.contextmanager
def open_page(browser: Browser, *, width: int = 1280, **options: Any) -> Iterator[PageRecorder]:
    """Open a page in a new browser context without cookies and caches of other pages."""
    context = browser.new_context(viewport={"width": width, "height": 900}, user_agent=USER_AGENT, **options)
    context.set_default_timeout(SECONDS * 1000)
    try:
        # No request leaves this machine; images of other sites are replaced with a small one.
        context.route(
            lambda url: not url.startswith("http://127.0.0.1:"),
            lambda route: route.fulfill(body=_IMAGE, content_type="image/jpeg"),
        )
        page = context.new_page()
        recorder = PageRecorder(page)
        page.on("console", recorder.add_message)
        page.on("pageerror", lambda error: recorder.messages.append(str(error)))
        page.on("request", lambda request: recorder.requests.append(request))  # noqa: PLW0108 - Playwright sets attributes of the function
        if options.get("java_script_enabled", True):
            page.add_init_script(_LISTEN_SCRIPT)
        yield recorder
    finally:
        context.close()
