"""Redirect rules: the valid rules of redirects.yaml, and look-ups in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Final
from urllib.parse import quote

from feedsvc import uris
from feedsvc.redirects.addresses import (
    check_segments,
    decode_part,
    join_parameters,
    normalize_path,
    other_spelling,
    request_parameters,
    without_slash,
)
from feedsvc.routes import PRIVATE_PREFIX, ListingKind
from feedsvc.support.digest import blake2b

GONE: Final = "gone"  # the target of an address that is answered with 410
# Kinds of listings whose number is small, however large the archive is.
BROAD_KINDS: Final[tuple[ListingKind, ...]] = ("site", "category", "custom", "language")
_MAX_NAME_BYTES: Final = 255  # of a file system
_RESERVED_ENDINGS: Final = (".br", ".gz", ".zst")  # of names of files and folders: compressed variants have them
_RESERVED_NAMES: Final = frozenset(("404.html", "410.html", "index.html"))  # in every folder of a tree
_RESERVED_STARTS: Final = ("/.feedsvc-", "/_redirects", "/_headers", "/views.json")


@dataclass(frozen=True)
class RedirectRules:
    """Rules of one redirects.yaml. Immutable.

    `exact` maps an old address (as `normalize_address` returns it) to its target: GONE, a decoded path of the site or an absolute
    address. `wildcards` maps an address without the "*" at its end to a target, in which a "*" at the end stands for what
    follows the address. `source_digest` is a digest of the file's bytes and of what else decides about its rules, b"" if it had
    problems.
    """

    exact: Mapping[str, str] = field(default_factory=dict)
    wildcards: Mapping[str, str] = field(default_factory=dict)
    source_digest: bytes = b""

    @classmethod
    def from_addresses(cls, rules: Mapping[str, str], source_digest: bytes = b"") -> RedirectRules:
        """Return the rules for a mapping from addresses, some with a "*" at the end, to targets."""
        exact = {address: target for address, target in rules.items() if not address.endswith("*")}
        wildcards = {address[:-1]: target for address, target in rules.items() if address.endswith("*")}
        return cls(exact, wildcards, source_digest)

    def __bool__(self) -> bool:
        return bool(self.exact or self.wildcards)

    def has_same_rules(self, other: RedirectRules) -> bool:
        """Return whether both have the same rules, in any order."""
        return self.exact == other.exact and self.wildcards == other.wildcards

    # --- requests

    def exact_target(self, path: str) -> str:
        """Return the target of the exact rule without a query for a requested (decoded) path; "" if there is no such rule.

        A rule holds for its address with and without the slash at its end. No rule holds for a path of a private feed, or for
        one with "//" or "?".
        """
        if not self.exact or not _can_match(path):
            return ""
        normal = normalize_path(path)
        return self.exact.get(normal) or self.exact.get(other_spelling(normal), "")

    def wildcard_target(self, path: str) -> str:
        """Return the target of the rule with a "*" that holds for a requested (decoded) path: that with the longest address.

        "" if there is none. What the "*" stands for has a slash at its end unless its last segment has a dot; it may be "".
        """
        if not self.wildcards or not _can_match(path):
            return ""
        address = normalize_path(path)
        end = len(address)
        while (end := address.rfind("/", 0, end)) >= 0:
            if target := self.wildcards.get(address[: end + 1]):
                return _expand(target, address[end + 1 :])
        return ""

    def query_targets(self, path: str, query: str) -> Iterator[str]:
        """Yield the targets of the rules with a query that hold for a requested path and its query.

        Other parameters of the request do not matter. Rules with more parameters come first.
        """
        if not self.parameter_sets or not _can_match(path):
            return
        parameters, stem = request_parameters(query), without_slash(normalize_path(path))
        for names in self.parameter_sets:
            if all(name in parameters for name in names):
                address = f"{stem}?{join_parameters({name: parameters[name] for name in names})}"
                yield from filter(None, (self._query_rules.get(address),))

    @cached_property
    def parameter_sets(self) -> tuple[tuple[str, ...], ...]:
        """Sets of parameter names of rules with a query, each once, with sorted names: larger sets first, equal sizes sorted."""
        queries = (address.partition("?")[2] for address in self._query_rules)
        names = {tuple(parameter.partition("=")[0] for parameter in query.split("&")) for query in queries}
        return tuple(sorted(names, key=lambda one: (-len(one), one)))

    @cached_property
    def _query_rules(self) -> Mapping[str, str]:
        """Exact rules with a query, by address without slash."""
        return {without_slash(address): target for address, target in self.exact.items() if "?" in address}

    # --- old addresses of a document

    @property
    def path_addresses(self) -> Iterator[str]:
        """Addresses of the exact rules without a query, in the order of the file."""
        return (address for address in self.exact if "?" not in address)

    def sources_of(self, path: str) -> Iterator[str]:
        """Yield the addresses without a query of exact rules that lead to a path, directly or through other old addresses.

        `path` must be decoded; a slash at its end does not matter.
        """
        sources: dict[str, None] = {}
        to_visit = [path]
        while to_visit:
            found = [source for source in self._exact_sources.get(to_visit.pop().rstrip("/"), ()) if source not in sources]
            sources |= dict.fromkeys(found)
            to_visit += found
        yield from sources

    @cached_property
    def _exact_sources(self) -> Mapping[str, Sequence[str]]:
        sources: dict[str, list[str]] = {}
        for address in self.path_addresses:
            target = self.exact[address]
            if target.startswith("/"):
                sources.setdefault(target.rstrip("/"), []).append(address)
        return sources

    @cached_property
    def digest(self) -> str:
        """Digest of the rules, whatever their order; "" without any."""
        return blake2b(repr((sorted(self.exact.items()), sorted(self.wildcards.items()))), size=8).hex() if self else ""

    def changed_addresses(self, other: RedirectRules) -> Iterator[str]:
        """Yield each address without a query whose exact rule has another target in `other`, or that only one of them has."""
        if self.exact is other.exact:
            return
        for address in dict.fromkeys(chain(self.exact, other.exact)):
            if "?" not in address and self.exact.get(address) != other.exact.get(address):
                yield address

    # --- hosts of files

    @property
    def plain_host_gaps(self) -> Iterator[str]:
        """Addresses that a host which only serves files cannot answer: those of `exact` without a file, then those with a "*".

        Such a host answers addresses with the target GONE with 404, so those without a query are left out.
        """
        for address, target in self.exact.items():
            if "?" in address or (target != GONE and (not can_be_file(address) or self.is_below_file(address))):
                yield address
        yield from (f"{address}*" for address, target in self.wildcards.items() if target != GONE)

    def is_below_file(self, address: str) -> bool:
        """Return whether a folder in an address is the address, and so the file, of an exact rule: /a.html of /a.html/b/."""
        folder = address.rstrip("/").rpartition("/")[0]
        while folder:
            if "." in folder[folder.rfind("/") :] and folder in self.exact:
                return True
            folder = folder.rpartition("/")[0]
        return False


def _can_match(path: str) -> bool:
    """Return False for a requested path that no rule holds for: with "//" or "?", or of a private feed.

    Paths of private feeds contain tokens, which no other site may get.
    """
    return "?" not in path and "//" not in path and not path.startswith(PRIVATE_PREFIX)


def _expand(target: str, rest: str) -> str:
    """Return a target with `rest` in place of the "*" at its end, if it has one."""
    if not target.endswith("*"):
        return target
    return target[:-1] + (rest if target.startswith("/") else quote(rest, safe="/"))


def can_be_file(address: str) -> bool:
    """Return whether a file of a tree may have an address: no query, no name that the tree needs, none above 255 bytes.

    Other rules and documents, which may need the same name, are not considered.
    """
    if "?" in address or address.startswith(_RESERVED_STARTS):
        return False
    names = address.split("/")
    return (
        _RESERVED_NAMES.isdisjoint(names)
        and not any(name.endswith(_RESERVED_ENDINGS) for name in names)
        and all(len(name.encode()) <= _MAX_NAME_BYTES for name in names)
    )


def parse_target(text: str, *, has_wildcard: bool = False) -> str:
    """Return the target of a rule: GONE, a decoded path of the site or an absolute http or https URI; the path need not exist.

    With `has_wildcard`, a "*" may be its last segment. Raises ValueError with a message for the editor; also for a path with a
    query or a fragment.
    """
    if text.endswith("*"):
        if not has_wildcard or not text.endswith("/*"):
            raise ValueError(f"'{text}' has a *; it may be the last part of a target, after a slash, if the old address has one")
        return f"{parse_target(text[:-1])}*"
    if "{" in text or "}" in text:
        raise ValueError(f"'{text}' has braces; write them as %7B and %7D")
    if text.startswith(("http://", "https://")):
        return _parse_absolute_target(text)
    return text if text == GONE else _parse_path_target(text)


def _parse_absolute_target(text: str) -> str:
    try:
        return uris.uri(text)
    except (ValueError, UnicodeError):
        raise ValueError(f"'{text}' is not a web address") from None


def _parse_path_target(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(
            f"'{text}' is no target; write a path of this site like /articles/a-title/, an https:// address, or gone"
        )
    if "?" in text or "#" in text:
        raise ValueError(f"'{text}' has a ? or #, but no address of this site has one; write the path only")
    path = decode_part(text)
    check_segments(path, text)
    return path
