"""A tree against a schema: every fault as one sentence with its place."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from feedsvc.content.tree import Location, Plain, Tree
from feedsvc.errors import Problem

Model = TypeVar("Model", bound=BaseModel)
Fault = Mapping[str, Any]  # one of pydantic's ErrorDetails


def nearest(word: str, names: Iterable[str]) -> str:
    """A hint that names what was probably meant, "" if nothing is near."""
    known = sorted(names)
    near = difflib.get_close_matches(word.casefold(), [name.casefold() for name in known], n=1, cutoff=0.6)
    return next((f"did you mean '{name}'?" for name in known if near and name.casefold() == near[0]), "")


def check(tree: Tree, at: Location, schema: type[Model], stand_ins: Mapping[str, Plain]) -> Model | None:
    """The part of the tree at a location, validated; its problems are added to the tree.

    Where only some keys are wrong the rest comes back, with stand-ins for what cannot be missing, so that the caller
    can go on looking for problems. None if there is nothing to look at.
    """
    value = tree.value
    for step in at:
        value = value[step]
    if not isinstance(value, dict):
        if not tree.problems:
            tree.problems.append(tree.problem(at, f"expected 'key: value' lines, found {_kind(value)}"))
        return None
    given = _given(value)
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
    tree.problems += [_problem(tree, at, schema, fault) for fault in faults]
    wrong = {fault["loc"][0] for fault in faults}
    sound = {key: item for key, item in given.items() if key not in wrong}
    return schema.model_validate(dict(stand_ins) | sound)


def _given(value: Plain) -> Plain:
    """Without the keys that have no value: `image:` alone means no image."""
    if isinstance(value, dict):
        return {key: _given(item) for key, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _problem(tree: Tree, at: Location, schema: type[BaseModel], fault: Fault) -> Problem:
    here: Location = (*at, *fault["loc"])
    name = ".".join(str(step) for step in fault["loc"] if isinstance(step, str))
    if fault["type"] == "extra_forbidden":
        key = str(fault["loc"][-1])
        siblings = schema_at(schema, fault["loc"][:-1]).model_fields
        return tree.problem(here, f"unknown key '{key}'", nearest(key, siblings) or _all(siblings), at_key=True)
    message, hint = _SENTENCES.get(fault["type"], _other)(tree, here, fault)
    return tree.problem(here, f"{name}: {message}", hint)


def _all(names: Iterable[str]) -> str:
    return f"the keys are {', '.join(names)}"


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


def _not_text(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    raw, value = tree.raw(here), fault["input"]
    if raw is None or value is None:
        return f"expected text, found {_kind(value)}", ""
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
    return f"expected a number of {' and '.join(limits)}, found {_written(tree, here, fault)}", ""


def _not_one_of(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    expected = fault["ctx"]["expected"]
    names = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    return f"expected {expected}, found {_written(tree, here, fault)}", nearest(tree.raw(here) or "", names)


def _other(tree: Tree, here: Location, fault: Fault) -> tuple[str, str]:
    return f"{fault['msg'][:1].lower()}{fault['msg'][1:]}", ""


_Sentence = Callable[[Tree, Location, Fault], tuple[str, str]]
_SENTENCES: Final[Mapping[str, _Sentence]] = {
    "missing": lambda tree, here, fault: ("is missing", ""),
    "value_error": lambda tree, here, fault: (str(fault["ctx"]["error"]), ""),
    "string_type": _not_text,
    "int_type": _not_number,
    "bool_type": lambda tree, here, fault: (f"expected true or false, found {_written(tree, here, fault)}", ""),
    "list_type": lambda tree, here, fault: (f"expected a list, found {_kind(fault['input'])}", "each entry is a line that begins with '- '"),
    "model_type": lambda tree, here, fault: (f"expected 'key: value' lines, found {_kind(fault['input'])}", ""),
    "literal_error": _not_one_of,
    "greater_than": _out_of_range,
    "greater_than_equal": _out_of_range,
    "less_than_equal": _out_of_range,
}
