"""The programs under test."""

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

_XML_FORMATS: Final = ("rss", "atom")


def _has_programs(*names: str) -> Callable[[], bool]:
    return lambda: all(map(shutil.which, names))


def _has_modules(*names: str) -> Callable[[], bool]:
    return lambda: all(find_spec(name) is not None for name in names)


def _debian_version(package: str) -> Callable[[], str]:
    query = ("dpkg-query", "--show", "--showformat", "${Version}", package)
    return lambda: subprocess.run(query, capture_output=True, text=True, check=False).stdout or "of unknown version"


SUBSCRIBERS: Final[Mapping[str, Subscriber]] = MappingProxyType(
    {
        subscriber.name: subscriber
        for subscriber in (
            Subscriber(
                name="newsboat",
                installed=_has_programs("newsboat"),
                install="apt-get install newsboat",
                formats=_XML_FORMATS,
                set_up="a cache for each feed",
                version=_debian_version("newsboat"),
                open_program=newsboat,
            ),
            Subscriber(
                name="rss2email",
                installed=_has_programs("r2e"),
                install="apt-get install rss2email",
                formats=_XML_FORMATS,
                set_up="`date-header` and `reply-changes` on",
                version=_debian_version("rss2email"),
                open_program=rss2email,
            ),
            Subscriber(
                name="feed2exec",
                installed=_has_programs("feed2exec", "faketime"),
                install="apt-get install feed2exec faketime",
                formats=_XML_FORMATS,
                set_up="as it comes",
                version=_debian_version("feed2exec"),
                open_program=feed2exec,
            ),
            Subscriber(
                name="sfeed",
                installed=_has_programs("sfeed_update", "curl"),
                install="apt-get install sfeed curl",
                formats=_XML_FORMATS,
                set_up="as it comes",
                version=_debian_version("sfeed"),
                open_program=sfeed,
                is_conditional=False,
                follows_redirects=False,
                duplicates_renamed=True,
            ),
            Subscriber(
                name="miniflux",
                installed=_has_programs("miniflux"),
                install="apt-get install dbconfig-no-thanks miniflux",
                formats=(*_XML_FORMATS, "json"),
                set_up="as it comes",
                version=_debian_version("miniflux"),
                open_program=miniflux,
            ),
            Subscriber(
                name="reader",
                installed=lambda: _has_modules("reader", "sgmllib")() and _has_programs("faketime")(),
                install="pip install --group dev; apt-get install faketime",
                formats=(*_XML_FORMATS, "json"),
                set_up="as it comes",
                version=lambda: metadata.version("reader"),
                open_program=library,
            ),
        )
    }
)
