"""Redirect patterns: old addresses and targets with placeholders, such as {slug} or {path...}.

A placeholder is a fixed regular expression, so that each pattern matches in linear time and can be translated for nginx and for
the `_redirects` of hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from feedsvc import uris
from feedsvc.redirects.addresses import (
    check_segments,
    decode_part,
    normalize_path,
    parse_parameters,
    split_address,
    without_slash,
)

GONE: Final = "gone"  # the target of an address that is answered with 410
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}(?:\.\.\.)?")
_MARK: Final = "\ue000"  # stands for a placeholder while an address is percent-encoded
_DIGITS: Final[Mapping[str, str]] = {"year": "[0-9]{4}", "month": "[0-9]{2}", "day": "[0-9]{2}", "number": "[0-9]+"}


class Placeholder(NamedTuple):
    """A placeholder, by its name without braces. `takes_segments` is True for {name...}, which stands for whole segments."""

    name: str
    takes_segments: bool = False

    @property
    def is_free(self) -> bool:
        """True if it stands for any text; False for the names year (4 digits), month, day (2 digits) and number (any digits)."""
        return self.name not in _DIGITS

    def expression(self, excluded: str = "/") -> str:
        """Return its regular expression in a path. `excluded` are characters of a set in brackets that no segment may contain."""
        if not self.is_free:
            return _DIGITS[self.name]
        segment = f"[^{excluded}]+"
        return f"{segment}(?:/{segment})*" if self.takes_segments else segment

    @property
    def query_expression(self) -> str:
        """Regular expression for the value of a parameter."""
        return "[^&]+" if self.is_free else self.expression()


Part = str | Placeholder  # a decoded text, or a placeholder


def _query_expression(value: Part) -> str:
    if isinstance(value, Placeholder):
        return f"(?P<{value.name}>{value.query_expression})"
    return re.escape(quote(value, safe=""))


@dataclass(frozen=True)
class RedirectPattern:
    """A valid pattern as an editor wrote it: `source` is `from:`, `target` is `to:`."""

    source: str
    target: str

    @cached_property
    def source_parts(self) -> tuple[Part, ...]:
        """Path of the old addresses, without a trailing index.html, as decoded texts and placeholders."""
        return _parse_path(self.source.partition("?")[0])

    @cached_property
    def parameters(self) -> tuple[tuple[str, Part], ...]:
        """Parameters of the old addresses, as (name, decoded value or placeholder), in order of the names."""
        query = self.source.partition("?")[2]
        fields = parse_parameters(query) if query else []
        return tuple(
            (name, _parse_placeholder(value[1:-1]) if value.startswith("{") else value) for name, value in sorted(fields)
        )

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.parameters)

    @cached_property
    def target_parts(self) -> tuple[Part, ...]:
        """Target, a decoded path or an absolute address, as texts and placeholders; (GONE,) for 410."""
        return (self.target,) if self.target == GONE else _parse_target(self.target)

    @property
    def shape(self) -> str:
        """The source without the names of its placeholders: equal for patterns that match the same addresses."""
        path = _regex(self.source_parts, lambda part: f"({part.expression()})")
        return path.rstrip("/") + "".join(
            f"?{name}={value.query_expression if isinstance(value, Placeholder) else value}" for name, value in self.parameters
        )

    @property
    def is_elsewhere(self) -> bool:
        """True if the target is an absolute address."""
        return self.target.startswith(("http://", "https://"))

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        path = _regex(self.source_parts, lambda part: f"(?P<{part.name}>{part.expression()})").rstrip("/")
        fields = [f"{name}={_query_expression(value)}" for name, value in self.parameters]
        return re.compile(path + (re.escape("?") + "&".join(fields) if fields else ""))

    def match(self, address: str) -> str:
        """Return the target of an old address: a decoded path, an absolute address or GONE; "" if it does not match.

        `address` is a result of `without_slash`, with exactly the pattern's parameters. Also "" if a value could change the host.
        """
        match = self._expression.fullmatch(address)
        if not match:
            return ""
        in_query = {part.name for _, part in self.parameters if isinstance(part, Placeholder)}
        values = {name: unquote(value) if name in in_query else value for name, value in match.groupdict().items()}
        # A value with a slash could lead to another host.
        if any("/" in values[name] or "\\" in values[name] for name in in_query):
            return ""
        if self.is_elsewhere:
            values = {name: quote(value, safe="/") for name, value in values.items()}
        target = _join(self.target_parts, values)
        return "" if target.startswith("//") else target

    @cached_property
    def _target_expression(self) -> re.Pattern[str] | None:
        """The expression of the targets whose old addresses can be computed: all placeholders are in the target. Else None."""
        names = {part.name for part in self.target_parts if isinstance(part, Placeholder)}
        source_names = {part.name for part in self.source_parts if isinstance(part, Placeholder)}
        if self.parameters or self.is_elsewhere or self.target == GONE or not source_names <= names:
            return None
        known: set[str] = set()

        def group(part: Placeholder) -> str:
            if part.name in known:
                return f"(?P={part.name})"
            known.add(part.name)
            return f"(?P<{part.name}>{part.expression()})"

        return re.compile(_regex(self.target_parts, group).rstrip("/") + "/?")

    @property
    def is_invertible(self) -> bool:
        """True if `source_of` may find an old address: no query, and a path as target that has all placeholders."""
        return self._target_expression is not None

    def source_of(self, target: str) -> str:
        """Return the normalized old address that leads to a path of this site; "" if there is none or it cannot be computed."""
        match = self._target_expression.fullmatch(target) if self._target_expression else None
        if not match:
            return ""
        address = normalize_path(_join(self.source_parts, match.groupdict()))
        return address if self.match(without_slash(address)).rstrip("/") == target.rstrip("/") else ""


def parse_pattern(source: str, target: str) -> RedirectPattern:
    """Return the pattern of a `from:` and a `to:`. Raises ValueError with a message for the editor."""
    path, _, query = split_address(source)
    parts = _parse_path(path)
    check_segments(_join(parts, _Samples()), source)
    fields = parse_parameters(query) if query else []
    placeholders = [part for part in parts if isinstance(part, Placeholder)]
    placeholders += [_parse_placeholder(value[1:-1]) for _, value in fields if value.startswith("{")]
    names = [part.name for part in placeholders]
    if not names:
        raise ValueError(f"'{source}' has no placeholder; write it below exact:")
    if repeated := next((name for name in names if names.count(name) > 1), ""):
        raise ValueError(f"'{source}' has {{{repeated}}} twice; give each placeholder a name of its own")
    if sum(part.takes_segments for part in placeholders) > 1:
        raise ValueError(f"'{source}' has two placeholders like {{path...}}; one is enough to say which segments are meant")
    for segment in _segments(parts):
        _check_segment(source, segment)
    known = {*placeholders}
    for part in _parse_target(target) if target != GONE else ():
        if isinstance(part, Placeholder) and part not in known:
            raise ValueError(f"'{target}' has {{{part.name}{'...' * part.takes_segments}}}, which '{source}' does not have")
    return RedirectPattern(source, target)


def parse_target(text: str) -> str:
    """Return the target of an exact rule: GONE, a decoded path of the site or an absolute http or https URI.

    The path need not exist. Raises ValueError with a message for the editor; also for a path with a query or a fragment.
    """
    if text == GONE:
        return text
    if "{" in text or "}" in text:
        raise ValueError(f"'{text}' has a placeholder, but the old address has none; write the address in full")
    return _join(_parse_target(text), {})


def check_pattern_target(text: str) -> str:
    """Return the target of a pattern as written, neither decoded nor encoded. Raises ValueError with a message for the editor."""
    if text != GONE:
        _parse_target(text)
    return text


class _Samples(dict[str, str]):
    """Mapping with the sample value "x" for every placeholder."""

    def __missing__(self, _: str) -> str:
        return "x"


def _parse_target(text: str) -> tuple[Part, ...]:
    """Return the parts of a target other than GONE. Raises ValueError with a message for the editor."""
    if text.startswith(("http://", "https://")):
        return _parse_absolute_target(text)
    if not text.startswith("/"):
        raise ValueError(
            f"'{text}' is no target; write a path of this site like /articles/a-title/, an https:// address, or gone"
        )
    if "?" in text or "#" in text:
        raise ValueError(f"'{text}' has a ? or #, but no address of this site has one; write the path only")
    parts = _split(text, decode_part)
    check_segments(_join(parts, _Samples()), text)
    return parts


def _parse_absolute_target(text: str) -> tuple[Part, ...]:
    """Return the parts of an absolute target: texts of a URI, and placeholders. Raises ValueError for the editor."""
    placeholders = [part for part in _split(text, lambda literal: literal) if isinstance(part, Placeholder)]
    sample = _PLACEHOLDER.sub("x", text)
    try:
        uris.uri(sample)
    except (ValueError, UnicodeError):
        raise ValueError(f"'{text}' is not a web address") from None
    if urlsplit(sample).netloc != urlsplit(_PLACEHOLDER.sub("y", text)).netloc:
        raise ValueError(f"'{text}' has a placeholder in its host, which would redirect to any site; write the host in full")
    first, *others = uris.uri(_PLACEHOLDER.sub(_MARK, text)).split(quote(_MARK))
    if len(others) != len(placeholders):
        raise ValueError(f"'{text}' is not a web address")  # it has a _MARK
    pairs: Iterator[tuple[Part, Part]] = zip(placeholders, others, strict=True)
    return tuple(filter(None, (first, *chain.from_iterable(pairs))))


def _parse_path(path: str) -> tuple[Part, ...]:
    """Return the parts of a path with placeholders; a last index.html is left out. Raises ValueError for the editor."""
    return _split(path.removesuffix("index.html") if path.endswith("/index.html") else path, decode_part)


def _split(text: str, decode: Callable[[str], str]) -> tuple[Part, ...]:
    pieces = _PLACEHOLDER.split(text)
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise ValueError(f"'{text}' has a single brace; write a placeholder like {{slug}}, and a brace itself as %7B or %7D")
    parts = [_parse_placeholder(piece) if index % 2 else decode(piece) for index, piece in enumerate(pieces)]
    return tuple(part for part in parts if part)


def _parse_placeholder(name: str) -> Placeholder:
    if not _NAME.fullmatch(name) or (name.removesuffix("...") in _DIGITS and name.endswith("...")):
        raise ValueError(f"'{{{name}}}' is no placeholder; write {{slug}} for a part of a path, {{path...}} for several segments")
    return Placeholder(name.removesuffix("..."), name.endswith("..."))


def _segments(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield the list of parts, with empty texts, of each segment of a path; [""] before its first slash and after a last one."""
    segment: list[Part] = []
    for part in parts:
        if isinstance(part, Placeholder):
            segment.append(part)
            continue
        first, *others = part.split("/")
        segment.append(first)
        for text in others:
            yield segment
            segment = [text]
    yield segment


def _check_segment(source: str, segment: Sequence[Part]) -> None:
    """Raise ValueError if a segment has two free or adjacent placeholders, two and a digit, or {path...} beside other parts."""
    parts = [part for part in segment if part]
    placeholders = [part for part in parts if isinstance(part, Placeholder)]
    if len(parts) > 1 and any(part.takes_segments for part in placeholders):
        raise ValueError(f"'{source}': {{path...}} stands for whole segments; write it between two slashes")
    if sum(part.is_free for part in placeholders) > 1:
        raise ValueError(f"'{source}' has two placeholders for any text in one segment; only one may stand beside {{number}}")
    for before, part in pairwise(parts):
        texts = [piece for piece in (before, part) if isinstance(piece, str)]
        if not texts or (len(placeholders) > 1 and any(char.isdigit() for char in texts[0])):
            raise ValueError(f"'{source}': two placeholders in one segment need text without digits between them, like -")


def _regex(parts: Sequence[Part], group: Callable[[Placeholder], str]) -> str:
    return "".join(group(part) if isinstance(part, Placeholder) else re.escape(part) for part in parts)


def _join(parts: Sequence[Part], values: Mapping[str, str]) -> str:
    return "".join(values[part.name] if isinstance(part, Placeholder) else part for part in parts)
