"""A tree against a schema: every fault as one sentence with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from feedsvc.content.schema import dates
from feedsvc.content.text import nearest
from feedsvc.content.yaml.document import Tree
from feedsvc.content.yaml.positions import Location, Plain
from feedsvc.errors import Problem

Model = TypeVar("Model", bound=BaseModel)
Fault = Mapping[str, Any]  # one of pydantic's ErrorDetails

# What other programs call it -> what it may be called here.
_OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
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
# The same where another value belongs to the key that it is called here: a name, the key, and what to write.
_OTHER_WAYS: Final[Mapping[str, tuple[str, str]]] = {
    "draft": ("status", "write status: draft, or nothing for a published article"),
}
_MOST_FAULTS: Final = 100  # of one file; a spreadsheet saved by mistake has thousands


def check(tree: Tree, schema: type[Model], stand_ins: Mapping[str, Plain]) -> Model | None:
    """The whole tree, validated as `checked` does; None if there is nothing to look at."""
    if not isinstance(tree.value, dict):
        if tree.value is not None or not tree.problems:
            tree.problems.append(tree.problem((), f"expected 'key: value' lines, found {_kind(tree.value)}"))
        return None
    return checked(tree, (), schema, tree.value, stand_ins)


def checked(tree: Tree, at: Location, schema: type[Model], value: dict[str, Plain], stand_ins: Mapping[str, Plain]) -> Model:
    """What stands at a location, validated; its problems are added to the tree.

    Where only some keys are wrong the rest comes back, with stand-ins for what cannot be missing, so that the caller
    can go on looking for problems.
    """
    given = value if tree.found is None else _given(value)  # nothing that is read quickly is without a value
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    tree.problems += [_problem(tree, at, schema, fault) for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        tree.problems.append(tree.problem(at, f"{len(faults) - _MOST_FAULTS} more problems like these"))
    wrong = {fault["loc"][0] for fault in faults}
    sound = {key: item for key, item in given.items() if key not in wrong}
    return schema.model_validate(dict(stand_ins) | sound)


def _given(value: Plain) -> Plain:
    """Without the keys that have no value: `image:` alone means no image."""
    if isinstance(value, dict):
        return {key: item if type(item) is str else _given(item) for key, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _problem(tree: Tree, at: Location, schema: type[BaseModel], fault: Fault) -> Problem:
    here: Location = (*at, *fault["loc"])
    name = ".".join(str(step) for step in fault["loc"] if isinstance(step, str))
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        siblings = schema_at(schema, fault["loc"][:-1]).model_fields
        return tree.problem(here, f"unknown key '{key}'", _meant(key, siblings), at_key=True)
    message, hint = _SENTENCES.get(fault["type"], _other)(tree, here, fault)
    return tree.problem(here, f"{name}: {message}", hint)


def _meant(key: str, names: Iterable[str]) -> str:
    needed, way = _OTHER_WAYS.get(key.casefold(), ("", ""))
    if needed in names:
        return way
    other = next((name for name in _OTHER_NAMES.get(key.casefold(), ()) if name in names), "")
    return f"did you mean '{other}'?" if other else nearest(key, names) or f"the keys are {', '.join(names)}"


def schema_at(schema: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel]:
    """The schema of the mapping at a location inside a schema's own."""
    for step in location:
        if isinstance(step, str):
            schema = _model_in(schema.model_fields[step].annotation) or schema
    return schema


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in getattr(annotation, "__args__", ()) if (model := _model_in(part))), None)


def _kind(value: Plain) -> str:
    if value is None:
        return "nothing"
    return {list: "a list", dict: "keys with values", str: "text", bool: "a truth value"}.get(type(value), "a number")


def _raw(tree: Tree, here: Location) -> str | None:
    """A scalar as it was written, also where it stands for a list of one."""
    return tree.raw(here) if tree.has(here) else tree.raw(here[:-1])


def _missing(tree: Tree, here: Location, _fault: Fault) -> tuple[str, str]:
    if not tree.has(here):
        return "is missing", ""
    raw = tree.raw(here)
    return "has no value", f'if you mean the word, put it in quotes: "{raw}"' if raw else ""


def _not_keys(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    raw = tree.raw(here) or ""
    first = next((_FIRST_KEYS[step] for step in reversed(here) if step in _FIRST_KEYS), "")
    shown = raw if _PLAIN.fullmatch(raw) else "..."
    return f"expected 'key: value' lines, found {_kind(fault['input'])}", f"write {{{first}: {shown}}}" if raw and first else ""


def _not_text(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    raw, value = _raw(tree, here), fault["input"]
    if raw is None or value is None:
        several = _SEVERAL.get(str(here[-1]), "") if isinstance(value, list) else ""
        return f"expected text, found {_kind(value)}", f"write {several}: for more than one" if several else ""
    read = ("true" if value else "false") if isinstance(value, bool) else "a number"
    return f"YAML reads {raw} as {read}", f'put it in quotes: "{raw}"'


def _not_number(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    return f"expected a whole number, found {_written(tree, here, fault)}", ""


def _written(tree: Tree, here: Location, fault: Fault) -> str:
    raw = tree.raw(here)
    return _kind(fault["input"]) if raw is None else f"'{raw}'"


def _out_of_range(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    limits = [f"{words[key]} {limit}" for key, limit in fault["ctx"].items() if key in words]
    return f"expected a whole number, {' and '.join(limits)}, found {_written(tree, here, fault)}", ""


def _not_one_of(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    expected = fault["ctx"]["expected"]
    names = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    return f"expected {expected}, found {_written(tree, here, fault)}", nearest(tree.raw(here) or "", names)


def _too_many(_tree: Tree, _here: Location, fault: Fault) -> tuple[str, str]:
    count, most = len(fault["input"]), fault["ctx"]["max_length"]
    return f"{count:,} entries, at most {most:,} are allowed", f"keep the {most:,} that matter most, and remove the others"


def _too_long(_tree: Tree, _here: Location, fault: Fault) -> tuple[str, str]:
    most = fault["ctx"]["max_length"]
    return f"{len(fault['input']):,} characters, at most {most:,} are allowed", "shorten it"


def _other(_tree: Tree, _here: Location, fault: Fault) -> tuple[str, str]:
    return f"{fault['msg'][:1].lower()}{fault['msg'][1:]}", ""


_SEVERAL: Final = {"author": "authors", "category": "categories"}
_FIRST_KEYS: Final[Mapping[str | int, str]] = {
    "image": "src",
    "enclosures": "src",
    "sources": "name",
    "corrections": "date: 2026-01-02, text",
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9/._ -]*(?::[A-Za-z0-9/._ -]+)?")
_Sentence = Callable[[Tree, Location, Fault], tuple[str, str]]
_SENTENCES: Final[Mapping[str, _Sentence]] = {
    "missing": _missing,
    "date_type": lambda tree, here, fault: (f"{_written(tree, here, fault)} is not a date", dates.EXAMPLE),
    "value_error": lambda _tree, _here, fault: (str(fault["ctx"]["error"]), ""),
    "string_type": _not_text,
    "int_type": _not_number,
    "bool_type": lambda tree, here, fault: (f"expected true or false, found {_written(tree, here, fault)}", ""),
    "list_type": lambda _tree, _here, fault: (
        f"expected a list, found {_kind(fault['input'])}",
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
