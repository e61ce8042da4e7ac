"""Types of extensions: formats, namespaces and their elements. Plug-ins create them; errors in them name the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from feedsvc.feed_model import Entry, Feed
from feedsvc.routes import ListingKind, ListingRef

_PREFIX: Final = re.compile(r"(?!xml)[a-z][a-z0-9]{0,31}")
# ASCII names are a subset of XML's (Namespaces in XML 1.0 section 4).
_QUALIFIED_NAME: Final = re.compile(r"\A[A-Za-z_][A-Za-z0-9_.-]*:[A-Za-z_][A-Za-z0-9_.-]*")
_ATTRIBUTE: Final = re.compile(r"(?!xmlns)[A-Za-z_][A-Za-z0-9_.-]*|xml:lang")
ABSOLUTE_URI: Final = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_SUFFIX: Final = re.compile(r"[a-z][a-z0-9]{0,15}")
MEDIA_TYPE: Final = re.compile(r"\A[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*")
# feed.xml is a former address of the RSS feed; feed.html would be a page; the others are names of compressed files.
_RESERVED_SUFFIXES: Final = frozenset({"xml", "html", "gz", "br", "zst"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """Feed format: `name` is shown to readers; a feed's path ends in `feed.` + `suffix`.

    `listings` are the kinds of listings that have feeds in this format, or listings as KIND:ID, such as "category:business"; ()
    means all. With `is_linked` False, no page names these feeds.
    `render` must return equal bytes (text in UTF-8) for equal Feeds, and be thread-safe. The constructor raises ValueError or
    TypeError for a bad field.
    """

    suffix: str
    name: str
    media_type: str
    render: Callable[[Feed], bytes]
    listings: tuple[str, ...] = ()
    is_linked: bool = True

    def __post_init__(self) -> None:
        _check("Format.suffix", self.suffix, _SUFFIX, "lower-case letters and digits that begin with a letter, such as 'csv'")
        if self.suffix in _RESERVED_SUFFIXES:
            raise ValueError(f"Format.suffix: '{self.suffix}' is not available; choose another suffix")
        _check("Format.name", self.name, re.compile(r"\S(?:.*\S)?"), "a name on one line, such as 'CSV'")
        _check("Format.media_type", self.media_type, MEDIA_TYPE, "a media type without parameters, such as 'text/csv'")
        _check_function("Format.render", self.render)
        names: object = self.listings
        if not isinstance(names, tuple) or not {str(name).partition(":")[0] for name in names} <= {*get_args(ListingKind)}:
            raise ValueError(f"Format.listings: expected a tuple of {', '.join(get_args(ListingKind))} or KIND:ID, not {names!r}")

    def has_listing(self, ref: ListingRef) -> bool:
        """Return whether a listing has a feed in this format."""
        return not self.listings or ref.kind in self.listings or f"{ref.kind}:{ref.id}" in self.listings


@dataclass(frozen=True, slots=True)
class Element:
    """XML element of a namespace: `name` with its prefix ("acme:rating"), and either a text or children, or neither.

    Names of attributes have no prefix; "xml:lang" is the exception. The constructor raises ValueError or TypeError for a bad
    field.
    """

    name: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()

    def __post_init__(self) -> None:
        _check("Element.name", self.name, _QUALIFIED_NAME, "a prefix and a name, such as 'acme:rating'")
        for name, value in (("text", self.text), *((f"attributes['{key}']", value) for key, value in self.attributes.items())):
            if not isinstance(value, str):
                raise TypeError(f"Element.{name} of {self.name}: expected str, not {type(value).__name__}; convert it with str()")
        for key in self.attributes:
            _check(f"Element.attributes of {self.name}", key, _ATTRIBUTE, "names of attributes without a prefix, or 'xml:lang'")
        if self.text and self.children:
            raise ValueError(f"Element {self.name}: has both a text and children; give one of them")


@dataclass(frozen=True, kw_only=True, slots=True)
class Namespace:
    """Namespace that adds elements to XML feeds, and an object to JSON Feed.

    `entry_elements` and `feed_elements` return the elements of an RSS item or Atom entry, and of an RSS channel or Atom feed;
    `entry_json` and `feed_json` the object that JSON Feed has below the key "_" + `prefix`, {} for none. A function that is
    None adds nothing. `formats` are the suffixes of the XML formats that get the elements. The functions must be thread-safe
    and return equal results for equal arguments. The constructor raises ValueError or TypeError for a bad field.
    """

    prefix: str
    uri: str
    entry_elements: Callable[[Entry], Iterable[Element]] | None = None
    feed_elements: Callable[[Feed], Iterable[Element]] | None = None
    entry_json: Callable[[Entry], Mapping[str, Any]] | None = None
    feed_json: Callable[[Feed], Mapping[str, Any]] | None = None
    formats: tuple[str, ...] = ("rss", "atom")

    def __post_init__(self) -> None:
        _check("Namespace.prefix", self.prefix, _PREFIX, "lower-case letters and digits that do not begin with xml")
        _check("Namespace.uri", self.uri, ABSOLUTE_URI, "an absolute URI")
        for name in ("entry_elements", "feed_elements", "entry_json", "feed_json"):
            if getattr(self, name) is not None:
                _check_function(f"Namespace.{name}", getattr(self, name))
        formats: object = self.formats
        if not isinstance(formats, tuple) or not {*formats} <= {"rss", "atom"}:
            raise ValueError(f"Namespace.formats: expected some of 'rss' and 'atom' in a tuple, not {self.formats!r}")


def _check(name: str, value: object, pattern: re.Pattern[str], expectation: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{name}: expected {expectation}, not {value!r}")


def _check_function(name: str, value: object) -> None:
    if not callable(value):
        raise TypeError(f"{name}: expected a function, not {type(value).__name__}")
