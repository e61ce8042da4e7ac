"""Redirect rules: the valid rules of redirects.yaml, and look-ups in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from feedsvc.redirects.addresses import join_parameters, normalize_path, other_spelling, request_parameters, without_slash
from feedsvc.redirects.patterns import RedirectPattern
from feedsvc.routes import PRIVATE_PREFIX
from feedsvc.support.digest import blake2b


@dataclass(frozen=True)
class RedirectRules:
    """Rules of one redirects.yaml. Immutable.

    `exact` maps an old address (as `normalize_address` returns it) to its target: GONE, a decoded path of the site or an absolute
    address. `source_digest` is a digest of the file's bytes and of what else decides about its rules, b"" if it had problems.
    """

    exact: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[RedirectPattern, ...] = ()
    source_digest: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.exact or self.patterns)

    def has_same_rules(self, other: RedirectRules) -> bool:
        """Return whether both have the same exact rules, in any order, and the same patterns in the same order."""
        return self.exact == other.exact and self.patterns == other.patterns

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

    def pattern_targets(self, path: str) -> Iterator[str]:
        """Yield the targets of the patterns without a query that match a requested (decoded) path, in the order of patterns."""
        if self._path_patterns and _can_match(path):
            address = without_slash(normalize_path(path))
            yield from filter(None, (pattern.match(address) for pattern in self._path_patterns))

    def query_targets(self, path: str, query: str) -> Iterator[str]:
        """Yield the targets of the rules with a query that hold for a requested path and its query: exact ones first.

        Other parameters of the request do not matter. Of exact rules, and of patterns, those with more parameters come first.
        """
        if not self.parameter_sets or not _can_match(path):
            return
        parameters, stem = request_parameters(query), without_slash(normalize_path(path))
        addresses = [
            f"{stem}?{join_parameters({name: parameters[name] for name in names})}"
            for names in self.parameter_sets
            if all(name in parameters for name in names)
        ]
        yield from filter(None, (self._query_rules.get(address) for address in addresses))
        for address in addresses:
            yield from filter(None, (pattern.match(address) for pattern in self._query_patterns))

    @cached_property
    def parameter_sets(self) -> tuple[tuple[str, ...], ...]:
        """Sets of parameter names of rules with a query, each once, with sorted names: larger sets first, equal sizes sorted."""
        exact = (address.partition("?")[2] for address in self._query_rules)
        names = {tuple(parameter.partition("=")[0] for parameter in query.split("&")) for query in exact}
        names |= {pattern.parameter_names for pattern in self._query_patterns}
        return tuple(sorted(names, key=lambda one: (-len(one), one)))

    @cached_property
    def _query_rules(self) -> Mapping[str, str]:
        """Exact rules with a query, by address without slash."""
        return {without_slash(address): target for address, target in self.exact.items() if "?" in address}

    @cached_property
    def _path_patterns(self) -> tuple[RedirectPattern, ...]:
        return tuple(pattern for pattern in self.patterns if not pattern.parameters)

    @cached_property
    def _query_patterns(self) -> tuple[RedirectPattern, ...]:
        return tuple(pattern for pattern in self.patterns if pattern.parameters)

    # --- old addresses of a document

    @property
    def path_addresses(self) -> Iterator[str]:
        """Addresses of the exact rules without a query, in the order of the file."""
        return (address for address in self.exact if "?" not in address)

    def sources_of(self, path: str) -> Iterator[str]:
        """Yield the addresses without a query that lead to this path of the site: `exact_sources_of`, then `pattern_sources_of`.

        Of patterns, only those count whose target has each of their placeholders. `path` must be decoded; a slash at its end
        does not matter.
        """
        yield from self.exact_sources_of(path)
        yield from self.pattern_sources_of(path)

    def exact_sources_of(self, path: str) -> Iterator[str]:
        """Yield the addresses without a query of exact rules that lead to a path, directly or through other old addresses."""
        sources: dict[str, None] = {}
        to_visit = [path]
        while to_visit:
            found = [source for source in self._exact_sources.get(to_visit.pop().rstrip("/"), ()) if source not in sources]
            sources |= dict.fromkeys(found)
            to_visit += found
        yield from sources

    def pattern_sources_of(self, path: str) -> Iterator[str]:
        """Yield the addresses without a query that patterns redirect to a path, of patterns whose target has all placeholders."""
        yield from filter(None, (pattern.source_of(path) for pattern in self._invertible_patterns))

    @cached_property
    def _exact_sources(self) -> Mapping[str, Sequence[str]]:
        sources: dict[str, list[str]] = {}
        for address in self.path_addresses:
            target = self.exact[address]
            if target.startswith("/"):
                sources.setdefault(target.rstrip("/"), []).append(address)
        return sources

    @property
    def has_invertible_patterns(self) -> bool:
        """True if `pattern_sources_of` may yield something."""
        return bool(self._invertible_patterns)

    @cached_property
    def digest(self) -> str:
        """Digest of the rules, whatever the order of exact ones; "" without any."""
        patterns = [(pattern.source, pattern.target) for pattern in self.patterns]
        return blake2b(repr((sorted(self.exact.items()), patterns)), size=8).hex() if self else ""

    @cached_property
    def _invertible_patterns(self) -> tuple[RedirectPattern, ...]:
        return tuple(pattern for pattern in self.patterns if pattern.is_invertible)

    def changed_addresses(self, other: RedirectRules) -> Iterator[str]:
        """Yield each address without a query whose exact rule has another target in `other`, or that only one of them has."""
        if self.exact is other.exact:
            return
        for address in dict.fromkeys(chain(self.exact, other.exact)):
            if "?" not in address and self.exact.get(address) != other.exact.get(address):
                yield address


def _can_match(path: str) -> bool:
    """Return False for a requested path that no rule holds for: with "//" or "?", or of a private feed.

    Paths of private feeds contain tokens, which no other site may get.
    """
    return "?" not in path and "//" not in path and not path.startswith(PRIVATE_PREFIX)
