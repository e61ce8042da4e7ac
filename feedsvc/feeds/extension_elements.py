"""Elements and objects of namespaces, inserted into rendered feeds: those of plug-ins, or those that a caller gives."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

from feedsvc.content.text import remove_forbidden_characters
from feedsvc.extensions import Element, Namespace, PluginNamespace, load_extensions
from feedsvc.feed_model import Entry, Feed, Tombstone
from feedsvc.feeds.entry_cache import RenderedEntry, RenderedEntryCache
from feedsvc.feeds.escaping import escape_plain_text, quote_attribute

_T = TypeVar("_T")
_Objects = dict[str, Any]  # member of JSON Feed -> its object


@dataclass(frozen=True, kw_only=True, slots=True)
class XmlFormat:
    """XML format whose documents can be extended.

    `namespaces` are the URIs of those that it declares itself, by prefix. `feed_indent` and `entry_indent` are the numbers of
    spaces before a child of the feed (of the channel) and of an entry. `plain_entries` renders entries without the elements of
    other namespaces.
    """

    suffix: str
    namespaces: Mapping[str, str]
    feed_indent: int
    entry_indent: int
    plain_entries: RenderedEntryCache[Any]


class XmlExtenders:
    """Extenders of one format: one for the namespaces of plug-ins, which caches entries, and new ones for given namespaces."""

    def __init__(self, xml_format: XmlFormat) -> None:
        self._format = xml_format

    def get(self, namespaces: Iterable[Namespace] | None) -> XmlExtender:
        """Return the extender for the namespaces that a caller gave; for None, that for the namespaces of plug-ins.

        Namespaces whose `formats` do not name this format are left out. Raises ValueError if a given namespace has the prefix
        or the URI, but not both, of another one or of one of the format; PluginError for such a namespace of a plug-in, or a
        plug-in that could not be loaded.
        """
        if namespaces is None:
            return self._for_plugins
        return XmlExtender(self._of_format(map(PluginNamespace, namespaces)), self._format, caches_entries=False)

    def enlarge_cache(self) -> None:
        self._for_plugins.enlarge_cache()

    @cached_property
    def _for_plugins(self) -> XmlExtender:
        extensions = self._of_format(load_extensions().namespaces)
        for one in extensions:
            one.call("cannot be used", partial(_declarations, self._format.namespaces, [one.namespace]))
        return XmlExtender(extensions, self._format, caches_entries=True)

    def _of_format(self, extensions: Iterable[PluginNamespace]) -> list[PluginNamespace]:
        return [extension for extension in extensions if self._format.suffix in extension.namespace.formats]


class XmlExtender:
    """Extender of one XML format: inserts elements of namespaces into rendered entries, and renders those of the feed.

    Thread-safe. `namespaces` are all that a document may use: prefix -> URI.
    """

    def __init__(self, extensions: Sequence[PluginNamespace], xml_format: XmlFormat, *, caches_entries: bool) -> None:
        """Take the namespaces of one format.

        Raises ValueError if one has the prefix or the URI, but not both, of another one or of one of the format.
        """
        self._extensions, self._format = extensions, xml_format
        self.namespaces = _declarations(xml_format.namespaces, [extension.namespace for extension in extensions])
        self._extended_entries = RenderedEntryCache(self._extend_entry) if caches_entries and extensions else None

    def render_items(self, feed: Feed, items: Iterable[Entry | Tombstone]) -> list[RenderedEntry]:
        """Return `items` rendered, in the same order, entries with the elements of the namespaces in them.

        Before these are the elements for the feed, one RenderedEntry for each namespace that has some. Exceptions of the
        functions of given namespaces are passed on, and faults in their elements raise ValueError or TypeError; for those of
        plug-ins, PluginError is raised.
        """
        plain = self._format.plain_entries
        if not self._extensions:
            return [plain.get(item) for item in items]
        elements = [RenderedEntry(*element) for element in self._render(feed, self._format.feed_indent, "feed_elements")]
        extend = self._extended_entries.get if self._extended_entries else self._extend_entry
        return elements + [extend(item) if isinstance(item, Entry) else plain.get(item) for item in items]

    def enlarge_cache(self) -> None:
        if self._extended_entries:
            self._extended_entries.enlarge()

    def _extend_entry(self, entry: Entry) -> RenderedEntry:
        plain = self._format.plain_entries.get(entry)
        elements = [*self._render(entry, self._format.entry_indent, "entry_elements")]
        if not elements:
            return plain
        end = plain.data.rindex(b"\n", 0, len(plain.data) - 1) + 1  # the line of the end tag
        data = b"".join((plain.data[:end], *(data for data, _ in elements), plain.data[end:]))
        return RenderedEntry(data, plain.prefixes.union(*(prefixes for _, prefixes in elements)))

    def _render(self, subject: Entry | Feed, indent: int, function_name: str) -> Iterator[tuple[bytes, frozenset[str]]]:
        """Yield (elements as bytes, prefixes that they use) for each namespace that has elements for `subject`."""
        for extension in self._extensions:
            function = getattr(extension.namespace, function_name)
            if function is None:
                continue
            render = partial(self._render_elements, function, subject, indent)
            text, prefixes = _call(extension, subject, render)
            if text:
                yield text.encode(), prefixes

    def _render_elements(
        self, function: Callable[[Any], Iterable[Element]], subject: Entry | Feed, indent: int
    ) -> tuple[str, frozenset[str]]:
        prefixes: set[str] = set()
        lines = [line for element in function(subject) for line in self._lines(element, indent, prefixes)]
        return "".join(f"{line}\n" for line in lines), frozenset(prefixes)

    def _lines(self, element: Element, indent: int, prefixes: set[str]) -> Iterator[str]:
        """Yield the lines of an element and add the prefixes that they use to `prefixes`.

        Raises ValueError for a prefix that is not in `namespaces`, TypeError for an object that is no Element.
        """
        if not isinstance(element, Element):
            raise TypeError(f"expected Element, not {type(element).__name__}")
        prefix = element.name.partition(":")[0]
        if prefix not in self.namespaces:
            raise ValueError(f"Element.name: '{element.name}' has the prefix of no namespace")
        prefixes.add(prefix)
        attributes = "".join(f" {name}={quote_attribute(_clean(value))}" for name, value in element.attributes.items())
        start, space = f"{element.name}{attributes}", " " * indent
        if element.children:
            yield f"{space}<{start}>"
            for child in element.children:
                yield from self._lines(child, indent + 2, prefixes)
            yield f"{space}</{element.name}>"
        elif element.text:
            yield f"{space}<{start}>{escape_plain_text(_clean(element.text))}</{element.name}>"
        else:
            yield f"{space}<{start}/>"


class JsonExtender:
    """Extender of JSON Feed: inserts the objects of namespaces into items, and returns those of the feed. Thread-safe.

    Exceptions of the functions of given namespaces are passed on, and TypeError or ValueError is raised if the result is no
    object of JSON values; for plug-ins, PluginError is raised.
    """

    def __init__(self, namespaces: Iterable[Namespace] | None) -> None:
        """Take the namespaces that a caller gave, None for those of plug-ins.

        Namespaces without functions for JSON are ignored. Raises ValueError if two others that the caller gave have the same
        prefix, PluginError for a plug-in that could not be loaded.
        """
        extensions: Iterable[PluginNamespace]
        extensions = load_extensions().namespaces if namespaces is None else map(PluginNamespace, namespaces)
        self._extensions = [one for one in extensions if one.namespace.entry_json or one.namespace.feed_json]
        prefixes = Counter(one.namespace.prefix for one in self._extensions)
        if repeated := next((prefix for prefix, count in prefixes.items() if count > 1), ""):
            raise ValueError(
                f"Namespace.prefix: '{repeated}' belongs to two namespaces, but JSON Feed has one object '_{repeated}'"
            )

    def feed_members(self, feed: Feed) -> _Objects:
        """Return the members of the namespaces for the feed: "_" and prefix -> object. Empty objects are left out."""
        return self._members(feed, "feed_json")

    def extend_item(self, entry: Entry, data: bytes) -> bytes:
        """Return `data`, the rendered item of `entry`, with the members of the namespaces for the entry added at its end."""
        members = self._members(entry, "entry_json")
        if not members:
            return data
        end = data.rindex(b"\n")  # the line of the closing brace
        added = json.dumps(members, ensure_ascii=False, indent=1)[1:-2].encode().replace(b"\n", b"\n  ")
        return b"".join((data[:end], b",", added, data[end:]))

    def _members(self, subject: Entry | Feed, function_name: str) -> _Objects:
        members: _Objects = {}
        for extension in self._extensions:
            if function := getattr(extension.namespace, function_name):
                value = _call(extension, subject, partial(_json_object, function, subject))
                members |= {f"_{extension.namespace.prefix}": value} if value else {}
        return members


def _json_object(function: Callable[[Any], Mapping[str, Any]], subject: Entry | Feed) -> _Objects:
    """Return the result of `function` as parsed JSON. Raises TypeError or ValueError if it is no object of JSON values."""
    value = json.loads(json.dumps(function(subject), allow_nan=False))
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, not {type(value).__name__}")
    return value


def _call(extension: PluginNamespace, subject: Entry | Feed, function: Callable[[], _T]) -> _T:
    kind = "entry" if isinstance(subject, Entry) else "feed"
    return extension.call(f"cannot extend the {kind} {subject.id}", function)


def _clean(text: str) -> str:
    """Return a text without characters that XML 1.0 forbids, and with line ends as in XML (section 2.11)."""
    return remove_forbidden_characters(text.replace("\r\n", "\n").replace("\r", "\n"))


def _declarations(known: Mapping[str, str], added: Iterable[Namespace]) -> Mapping[str, str]:
    """Return prefix -> URI of all namespaces. Raises ValueError if two have the same prefix or the same URI, but not both."""
    declarations = dict(known)
    for namespace in added:
        pair = namespace.prefix, namespace.uri
        is_taken = namespace.prefix in declarations or namespace.uri in declarations.values()
        if is_taken and pair not in declarations.items():
            raise ValueError(f"Namespace.prefix: '{pair[0]}' or its URI {pair[1]} belongs to another namespace")
        declarations[namespace.prefix] = namespace.uri
    return declarations
