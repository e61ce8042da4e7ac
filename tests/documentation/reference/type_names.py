"""Types of template variables in words, with links to the types of feedsvc."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from markupsafe import Markup

from tests.documentation.reference.markdown import code

_WORDS: Final[Mapping[object, str]] = {
    str: "text",
    Markup: "HTML",
    int: "number",
    bool: "true or false",
    bytes: "bytes",
    object: "any value",
    datetime: "moment",
    date: "day",
    NoneType: "none",
}
_MAPPINGS: Final = (Mapping, dict)


def type_name(hint: Any) -> str:
    """Return a type in words: "list of [Card](#card)", "text or none"."""
    if hint in _WORDS:
        return _WORDS[hint]
    return _name_of_generic(hint) if get_origin(hint) else _name_of_class(hint)


def _name_of_generic(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(code(str(value)) for value in arguments)
    names = [type_name(argument) for argument in arguments if argument is not Ellipsis]
    if origin in (Union, UnionType):
        return " or ".join(names)
    if origin in _MAPPINGS:
        return f"mapping of {names[0]} to {names[1]}"
    is_pair = origin is tuple and Ellipsis not in arguments
    return f"({', '.join(names)})" if is_pair else f"list of {names[0]}"


def _name_of_class(kind: type) -> str:
    if issubclass(kind, Enum):
        return ", ".join(code(member.value) for member in kind)
    assert is_feedsvc_type(kind), kind
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def feedsvc_types(hints: Iterable[Any]) -> list[type]:
    """Return the types of feedsvc that are in types, and those in their public fields, in the order in which they appear."""
    found: dict[type, None] = {}
    remaining = list(hints)
    while remaining:
        hint = remaining.pop(0)
        remaining[:0] = [argument for argument in get_args(hint) if argument is not Ellipsis]
        if is_feedsvc_type(hint) and hint not in found:
            found[hint] = None
            remaining += [kind for name, kind in get_type_hints(hint).items() if not name.startswith("_")]
    return list(found)


def is_feedsvc_type(hint: object) -> bool:
    """Return True for a dataclass or NamedTuple of feedsvc."""
    return isinstance(hint, type) and hint.__module__.startswith("feedsvc.") and (is_dataclass(hint) or hasattr(hint, "_fields"))
