"""Rules of redirects.yaml as maps of nginx's include file: from a requested address to "gone" or the value of Location.

$feedsvc_rule has the target of an exact rule, $feedsvc_rule_of_wildcard that of a rule with a "*", and $feedsvc_rule_of_query
that of a rule with a query; each is "" if there is none. A rule with a "*" counts only if the tree has $feedsvc_wildcard_file, or
the page in that folder. nginx-static.conf says which comes before a file or another redirect.

nginx compares addresses in exact rules without regard to letter case. Rules with a "*" match the address as the client sent it,
so that no decoded character gets into a header.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal
from urllib.parse import quote, unquote

from feedsvc.catalog import Catalog
from feedsvc.publication import exact_redirects, query_redirects, rule_target
from feedsvc.redirects import without_slash
from feedsvc.uris import mount_path, root_relative

_SEGMENT: Final = r"[^/?\\]+"  # a browser reads a backslash as a slash
# Pattern of what a "*" stands for -> what to append to a target.
_REST: Final = {
    rf"/(?<feedsvc_rest>(?:{_SEGMENT}/)*[^/?\\.]+)$": "${feedsvc_rest}/",
    f"/(?<feedsvc_rest>(?:{_SEGMENT}/)*{_SEGMENT})$": "$feedsvc_rest",
    "$": "",
}
_EXISTING_FILE: Final = "/404.html"
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_FORMS: Final[tuple[Literal["NFC", "NFD"], ...]] = ("NFC", "NFD")  # Unicode forms in which clients send addresses
Map = Callable[[str, str, Iterable[tuple[str, str]]], str]
Rows = list[tuple[str, str]]


class RuleMaps:
    """The maps for the rules of one catalog. `keys` are those of the exact rules, for nginx's sizes of hash tables."""

    def __init__(self, catalog: Catalog, default: str, write_map: Map) -> None:
        """Take `default`, the key of a map's default value, and `write_map`, which returns the text of a map of nginx.

        The arguments of `write_map` are the map's source, the name of its variable, and its rows (key, value).
        """
        self._catalog, self._default, self._write_map = catalog, default, write_map
        self._rules, self._base = catalog.content.redirects, catalog.site.base_url
        self._exact = unique_rows(self._exact_rows())
        rows = self._query_rows()
        self._sets = sorted(rows, key=lambda names: (-len(names), names))
        self._queries = [unique_rows(rows[names]) for names in self._sets]
        self.keys = [key for rows in (self._exact, *self._queries) for key, _ in rows]

    def text(self) -> str:
        """Return the maps of $feedsvc_rule, $feedsvc_rule_of_wildcard, $feedsvc_rule_of_query and of the variables in them."""
        raw_mount = re.escape(root_relative(self._base, "/").rstrip("/"))
        mount = re.escape(mount_path(self._base))
        end = r"(?:/(?:index\.html)?)?"
        parts = (
            self._map(
                "$uri", "$feedsvc_address", [(f"~^{mount}(?<feedsvc_decoded>(?:/.*?[^/])??){end}$", "$feedsvc_decoded")], "-"
            ),
            self._map(
                "$request_uri",
                "$feedsvc_raw_address",
                [(rf"~^{raw_mount}(?<feedsvc_raw>(?:/[^?]*?[^/?])??){end}(?:\?|$)", "$feedsvc_raw")],
                "-",
            ),
            self._map("$feedsvc_address", "$feedsvc_rule", self._exact, ""),
            *self._wildcard_maps(),
            *self._query_maps(),
        )
        return "\n".join(parts)

    def _map(self, source: str, name: str, rows: Iterable[tuple[str, str]], default: str) -> str:
        return self._write_map(source, name, [*rows, (self._default, default)])

    def _exact_rows(self) -> Iterator[tuple[str, str]]:
        for address, target in exact_redirects(self._catalog):
            if without_slash(address):
                yield from ((key, self._location(target)) for key in _spellings(without_slash(address)))

    def _query_rows(self) -> dict[tuple[str, ...], Rows]:
        """Return names of parameters -> map rows (key, "gone" or value of Location), for old addresses with a query."""
        rows: dict[tuple[str, ...], Rows] = {}
        for address, target in query_redirects(self._catalog):
            path, _, query = without_slash(address).partition("?")
            fields = [(name, unquote(value)) for name, _, value in (field.partition("=") for field in query.split("&"))]
            keys = dict.fromkeys(_query_keys(path, fields))
            rows.setdefault(tuple(name for name, _ in fields), []).extend((key, self._location(target)) for key in keys)
        return rows

    def _query_maps(self) -> Iterator[str]:
        """Yield the maps of rules with a query. The default of each is the variable of the next one, that of the last is "".

        There is one for each set of parameter names.
        """
        sets = self._sets
        variables = [f"$feedsvc_query_{index}" for index in range(len(sets))]
        following = [*variables[1:], ""]
        for index, names in enumerate(sets):
            source = "$feedsvc_address?" + _arguments(names)
            yield self._map(source, variables[index], self._queries[index], following[index])
        # Without a query, none of them is looked up.
        yield self._map("$args", "$feedsvc_rule_of_query", [("", "")], variables[0] if sets else "")

    def _wildcard_maps(self) -> Iterator[str]:
        """Yield the maps of rules with a "*", the longest address first: to the value of Location, and to the path of a file.

        What the "*" stands for has a slash at its end unless its last segment has a dot.
        """
        locations, files = Rows(), Rows()
        for address, target in sorted(self._rules.wildcards.items(), key=lambda rule: (-len(rule[0]), rule[0])):
            start = f"~^{_literal(address.rstrip('/'))}"
            if not target.endswith("*"):
                locations.append((f"{start}(?:/{_SEGMENT})*$", self._location(rule_target(self._catalog, target))))
                files.append((f"{start}(?:/{_SEGMENT})*$", _EXISTING_FILE))
                continue
            location, folder = self._location(target[:-1]), escape_dollar(target[:-1])
            for end, value in _REST.items():
                locations.append((f"{start}{end}", f"{location}{value}"))
                files.append((f"{start}{end}", f"{folder}{value}" if target.startswith("/") else _EXISTING_FILE))
        yield self._map("$feedsvc_raw_address", "$feedsvc_rule_of_wildcard", locations, "")
        yield self._map("$feedsvc_address", "$feedsvc_wildcard_file", files, _EXISTING_FILE)

    def _location(self, target: str) -> str:
        return escape_dollar(root_relative(self._base, target) if target.startswith("/") else target)


def _arguments(names: Sequence[str]) -> str:
    return "&".join(f"{name}=$arg_{name}" for name in names)


def _spellings(address: str) -> Iterator[str]:
    """Yield an address, which is in NFC, and its NFD if that differs: some systems send addresses in NFD."""
    yield address
    if not address.isascii() and (other := unicodedata.normalize("NFD", address)) != address:
        yield other


def _query_keys(path: str, fields: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield a path and decoded parameters in the forms that clients send: values in NFC and NFD, percent-encoded and not."""
    for form in _FORMS:
        values = [unicodedata.normalize(form, value) for _, value in fields]
        for texts in ([quote(value, safe="") for value in values], values):
            query = "&".join(f"{name}={text}" for (name, _), text in zip(fields, texts, strict=True))
            yield f"{path}?{query}"


def unique_rows(rows: Iterable[tuple[str, str]]) -> Rows:
    """Return map rows (key, value) without repeated keys; the last value of a key counts.

    A key that differs from another one only in case becomes a pattern, because nginx ignores case in keys that are no patterns.
    """
    listed = list(dict(rows).items())
    counts = Counter(key.lower() for key, _ in listed)
    return [(key if counts[key.lower()] == 1 else f"~^{re.escape(key)}$", value) for key, value in listed]


def _literal(text: str) -> str:
    """Return a regular expression that matches a text as it is or percent-encoded."""
    return "".join(
        re.escape(char) if char in _UNRESERVED else f"(?:{re.escape(char)}|(?i:{quote(char, safe='')}))" for char in text
    )


def escape_dollar(text: str) -> str:
    """Replace dollar signs, which begin names of variables, by a variable with the value "$"."""
    return text.replace("$", "${feedsvc_dollar}")
