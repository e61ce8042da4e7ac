"""Validation of a YAML document against a model: each pydantic error becomes a Problem with message, hint and position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from feedsvc.content.schema import dates
from feedsvc.content.text import did_you_mean
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue
from feedsvc.errors import Problem

Model = TypeVar("Model", bound=BaseModel)
ErrorDetails = Mapping[str, Any]  # pydantic_core.ErrorDetails

# Key of other programs -> keys that may be meant; the first that the model has is suggested.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "abstract": ("summary",),
    "address": ("url", "link", "base_url"),
    "attachments": ("enclosures",),
    "byline": ("author",),
    "content": ("body",),
    "date": ("published",),
    "description": ("summary", "bio"),
    "excerpt": ("summary",),
    "guid": ("id",),
    "headline": ("title",),
    "homepage": ("url",),
    "keywords": ("tags",),
    "lang": ("language",),
    "lastmod": ("updated",),
    "lead": ("summary",),
    "length_in_bytes": ("length",),
    "mail": ("email",),
    "modified": ("updated",),
    "name": ("title",),
    "permalink": ("slug",),
    "photo": ("image", "avatar"),
    "picture": ("image", "avatar"),
    "pubdate": ("published",),
    "redirect_from": ("aliases",),
    "section": ("category",),
    "subtitle": ("summary", "description"),
    "teaser": ("summary",),
    "text": ("body",),
    "thumbnail": ("image",),
    "title": ("name", "caption"),
    "tz": ("timezone",),
    "url": ("src", "link", "base_url"),
}
# Key of other programs -> the key of ours, and a hint, if the value must change, too.
_REPLACEMENT_HINTS: Final[Mapping[str, tuple[str, str]]] = {
    "draft": ("status", "write status: draft, or nothing for a published article"),
}
_MAX_ERRORS: Final = 100  # problems of one mapping; a spreadsheet saved by mistake has thousands


def validate_document(tree: YamlDocument, schema: type[Model], stand_ins: Mapping[str, YamlValue]) -> Model | None:
    """Validate the whole document as `validate_mapping` does. If it is no mapping, add a problem to it and return None."""
    if not isinstance(tree.value, dict):
        if tree.value is not None or not tree.problems:
            tree.problems.append(tree.problem((), f"expected 'key: value' lines, found {_kind_name(tree.value)}"))
        return None
    return validate_mapping(tree, (), schema, tree.value, stand_ins)


def validate_mapping(
    tree: YamlDocument, at: KeyPath, schema: type[Model], value: dict[str, YamlValue], stand_ins: Mapping[str, YamlValue]
) -> Model:
    """Validate the mapping `value` at the location `at` of the document `tree`. Problems are added to `tree.problems`.

    If some keys are invalid or missing, return a model of the valid keys, so that the caller can find further problems.
    `stand_ins` are values for required keys in that case.
    """
    given = value if tree.loaded_source_map is None else _without_nulls(value)  # `fast` declines empty values
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    tree.problems += [_problem(tree, at, schema, fault) for fault in faults[:_MAX_ERRORS]]
    if len(faults) > _MAX_ERRORS:
        tree.problems.append(tree.problem(at, f"{len(faults) - _MAX_ERRORS} more problems like these"))
    wrong = {fault["loc"][0] for fault in faults}
    sound = {key: item for key, item in given.items() if key not in wrong}
    return schema.model_validate(dict(stand_ins) | sound)


def _without_nulls(value: YamlValue) -> YamlValue:
    """Remove keys without a value at every depth: `image:` alone means no image."""
    if isinstance(value, dict):
        return {key: item if type(item) is str else _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _problem(tree: YamlDocument, at: KeyPath, schema: type[BaseModel], fault: ErrorDetails) -> Problem:
    here: KeyPath = (*at, *fault["loc"])
    name = ".".join(str(step) for step in fault["loc"] if isinstance(step, str))
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        siblings = schema_at(schema, fault["loc"][:-1]).model_fields
        return tree.problem(here, f"unknown key '{key}'", _suggest_key(key, siblings), at_key=True)
    message, hint = _MESSAGE_BUILDERS.get(fault["type"], _pydantic_message)(tree, here, fault)
    return tree.problem(here, f"{name}: {message}", hint)


def _suggest_key(key: str, names: Iterable[str]) -> str:
    needed, way = _REPLACEMENT_HINTS.get(key.casefold(), ("", ""))
    if needed in names:
        return way
    other = next((name for name in _SYNONYMS.get(key.casefold(), ()) if name in names), "")
    return f"did you mean '{other}'?" if other else did_you_mean(key, names) or f"the keys are {', '.join(names)}"


def schema_at(schema: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel]:
    """Return the model of the mapping at a location inside the model `schema`."""
    for step in location:
        if isinstance(step, str):
            schema = _model_in(schema.model_fields[step].annotation) or schema
    return schema


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in getattr(annotation, "__args__", ()) if (model := _model_in(part))), None)


def _kind_name(value: YamlValue) -> str:
    if value is None:
        return "nothing"
    return {list: "a list", dict: "keys with values", str: "text", bool: "a truth value"}.get(type(value), "a number")


def _raw_scalar(tree: YamlDocument, here: KeyPath) -> str | None:
    """Return the source text of the scalar at `here`, or that of its parent if a single value stands for a list of one."""
    return tree.raw_scalar(here) if tree.has_value(here) else tree.raw_scalar(here[:-1])


def _missing(tree: YamlDocument, here: KeyPath, _fault: ErrorDetails) -> tuple[str, str]:
    if not tree.has_value(here):
        return "is missing", ""
    raw = tree.raw_scalar(here)
    return "has no value", f'if you mean the word, put it in quotes: "{raw}"' if raw else ""


def _not_keys(tree: YamlDocument, here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    raw = tree.raw_scalar(here) or ""
    first = next((_FIRST_KEYS[step] for step in reversed(here) if step in _FIRST_KEYS), "")
    shown = raw if _SIMPLE_SCALAR.fullmatch(raw) else "..."
    return (
        f"expected 'key: value' lines, found {_kind_name(fault['input'])}",
        f"write {{{first}: {shown}}}" if raw and first else "",
    )


def _not_text(tree: YamlDocument, here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    raw, value = _raw_scalar(tree, here), fault["input"]
    if raw is None or value is None:
        several = _PLURAL_KEYS.get(str(here[-1]), "") if isinstance(value, list) else ""
        return f"expected text, found {_kind_name(value)}", f"write {several}: for more than one" if several else ""
    read = ("true" if value else "false") if isinstance(value, bool) else "a number"
    return f"YAML reads {raw} as {read}", f'put it in quotes: "{raw}"'


def _not_number(tree: YamlDocument, here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    return f"expected a whole number, found {_quote_value(tree, here, fault)}", ""


def _quote_value(tree: YamlDocument, here: KeyPath, fault: ErrorDetails) -> str:
    raw = tree.raw_scalar(here)
    return _kind_name(fault["input"]) if raw is None else f"'{raw}'"


def _out_of_range(tree: YamlDocument, here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    limits = [f"{words[key]} {limit}" for key, limit in fault["ctx"].items() if key in words]
    return f"expected a whole number, {' and '.join(limits)}, found {_quote_value(tree, here, fault)}", ""


def _not_one_of(tree: YamlDocument, here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    expected = fault["ctx"]["expected"]
    names = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    return f"expected {expected}, found {_quote_value(tree, here, fault)}", did_you_mean(tree.raw_scalar(here) or "", names)


def _too_many(_tree: YamlDocument, _here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    count, most = len(fault["input"]), fault["ctx"]["max_length"]
    return f"{count:,} entries, at most {most:,} are allowed", f"keep the {most:,} that matter most, and remove the others"


def _too_long(_tree: YamlDocument, _here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    most = fault["ctx"]["max_length"]
    return f"{len(fault['input']):,} characters, at most {most:,} are allowed", "shorten it"


def _pydantic_message(_tree: YamlDocument, _here: KeyPath, fault: ErrorDetails) -> tuple[str, str]:
    return f"{fault['msg'][:1].lower()}{fault['msg'][1:]}", ""


_PLURAL_KEYS: Final = {"author": "authors", "category": "categories"}
_FIRST_KEYS: Final[Mapping[str | int, str]] = {
    "image": "src",
    "enclosures": "src",
    "sources": "name",
    "corrections": "date: 2026-01-02, text",
}
_SIMPLE_SCALAR: Final = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9/._ -]*(?::[A-Za-z0-9/._ -]+)?")
_MessageBuilder = Callable[[YamlDocument, KeyPath, ErrorDetails], tuple[str, str]]
_MESSAGE_BUILDERS: Final[Mapping[str, _MessageBuilder]] = {
    "missing": _missing,
    "date_type": lambda tree, here, fault: (f"{_quote_value(tree, here, fault)} is not a date", dates.EXAMPLE),
    "value_error": lambda _tree, _here, fault: (str(fault["ctx"]["error"]), ""),
    "string_type": _not_text,
    "int_type": _not_number,
    "bool_type": lambda tree, here, fault: (f"expected true or false, found {_quote_value(tree, here, fault)}", ""),
    "list_type": lambda _tree, _here, fault: (
        f"expected a list, found {_kind_name(fault['input'])}",
        "each entry is a line that begins with '- '",
    ),
    "model_type": _not_keys,
    "literal_error": _not_one_of,
    "greater_than": _out_of_range,
    "greater_than_equal": _out_of_range,
    "less_than_equal": _out_of_range,
    "too_long": _too_many,
    "string_too_long": _too_long,
}
