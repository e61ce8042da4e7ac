"""Every reader the tests ask, in one table, with what each is known not to tell.

`silent` was found by reading documents that hold every field; a reader that learns to speak makes its row shorter.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from tests.readers import libraries, programs
from tests.readers.result import ReadFeed
from tests.readers.tool import Reader, Tool


def _module(name: str) -> Callable[[], bool]:
    return lambda: find_spec(name) is not None


def _one_by_one(read: Callable[[bytes, str], ReadFeed]) -> Callable[[Sequence[bytes], str], list[ReadFeed]]:
    return lambda documents, fmt: [read(document, fmt) for document in documents]


_DEV: Final = "pip install -e '.[dev]'"
_NPM: Final = "npm ci --prefix tests/node"
_NOTHING: Final[frozenset[str]] = frozenset()
_MEDIA: Final = frozenset({"entry.image", "entry.credit"})
# The first author only; among the links no self, no hub, no JSON next_url (but prev-archive and its like).
_FAST: Final = frozenset({"entry.authors", "entry.language", "feed.links", "feed.rights"})
_FAST_SILENT: Final = {
    "rss": _FAST | {"feed.language", "entry.content"},  # no language but xml:lang; content falls back to description
    "atom": _FAST | {"entry.enclosures"},  # without their length
    "json": _FAST | {"entry.summary"},  # falls back to content
}
_RUBY_SILENT: Final = {
    "rss": _MEDIA | {"feed.links", "entry.updated"},  # nothing of Atom inside RSS
    "atom": _MEDIA,
}

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        reader.name: reader
        for reader in (
            Reader(
                name="feedparser",
                installed=_module("feedparser"),
                install=_DEV,
                read_each=_one_by_one(libraries.feedparser),
                silent={"rss": _NOTHING, "atom": _NOTHING},
            ),
            Reader(
                name="fastfeedparser",
                installed=_module("fastfeedparser"),
                install=_DEV,
                read_each=_one_by_one(libraries.fastfeedparser),
                silent=_FAST_SILENT,
            ),
            Reader(
                name="feedsmith",
                installed=lambda: programs.has_node_package("feedsmith"),
                install=_NPM,
                read_each=programs.feedsmith,
                silent={"rss": _NOTHING, "atom": _NOTHING, "json": _NOTHING},
            ),
            Reader(
                name="ruby-rss",
                installed=programs.has_ruby_rss,
                install="apt-get install ruby ruby-rss",
                read_each=programs.ruby_rss,
                silent=_RUBY_SILENT,
            ),
        )
    }
)

JSON_FEED_SCHEMA: Final = Tool(
    name="jsonfeed-schema", installed=lambda: programs.has_node_package("jsonfeed-schema"), install=_NPM
)
LISTPARSER: Final = Tool(name="listparser", installed=_module("listparser"), install=_DEV)
