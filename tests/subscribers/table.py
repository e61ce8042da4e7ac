"""A row for each program."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from tests.subscribers.email_programs import feed2exec, rss2email
from tests.subscribers.library import library
from tests.subscribers.miniflux import miniflux
from tests.subscribers.newsboat import newsboat
from tests.subscribers.program import Subscriber
from tests.subscribers.sfeed import sfeed

_XML: Final = ("rss", "atom")


def _programs(*names: str) -> Callable[[], bool]:
    return lambda: all(map(shutil.which, names))


def _modules(*names: str) -> Callable[[], bool]:
    return lambda: all(find_spec(name) is not None for name in names)


def _debian(package: str) -> Callable[[], str]:
    query = ("dpkg-query", "--show", "--showformat", "${Version}", package)
    return lambda: subprocess.run(query, capture_output=True, text=True, check=False).stdout or "of unknown version"


SUBSCRIBERS: Final[Mapping[str, Subscriber]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Subscriber(
                name="newsboat",
                installed=_programs("newsboat"),
                install="apt-get install newsboat",
                formats=_XML,
                set_up="a cache for each feed",
                version=_debian("newsboat"),
                opened=newsboat,
            ),
            Subscriber(
                name="rss2email",
                installed=_programs("r2e"),
                install="apt-get install rss2email",
                formats=_XML,
                set_up="`date-header` and `reply-changes` on",
                version=_debian("rss2email"),
                opened=rss2email,
            ),
            Subscriber(
                name="feed2exec",
                installed=_programs("feed2exec", "faketime"),
                install="apt-get install feed2exec faketime",
                formats=_XML,
                set_up="as it comes",
                version=_debian("feed2exec"),
                opened=feed2exec,
            ),
            Subscriber(
                name="sfeed",
                installed=_programs("sfeed_update", "curl"),
                install="apt-get install sfeed curl",
                formats=_XML,
                set_up="as it comes",
                version=_debian("sfeed"),
                opened=sfeed,
                asks_if_changed=False,
                follows=False,
                doubles=True,
            ),
            Subscriber(
                name="miniflux",
                installed=_programs("miniflux"),
                install="apt-get install dbconfig-no-thanks miniflux",
                formats=(*_XML, "json"),
                set_up="as it comes",
                version=_debian("miniflux"),
                opened=miniflux,
            ),
            Subscriber(
                name="reader",
                installed=lambda: _modules("reader", "sgmllib")() and _programs("faketime")(),
                install="pip install -e '.[dev]'; apt-get install faketime",
                formats=(*_XML, "json"),
                set_up="as it comes",
                version=lambda: metadata.version("reader"),
                opened=library,
            ),
        )
    }
)
