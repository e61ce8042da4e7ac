"""The editors' file format as JSON Schema, made from the very models that validate, for text editors that complete and warn.

Draft-07, since older releases of VS Code's YAML plug-in know no later one. `description`, `examples` and the plug-in's own
`errorMessage` and `patternErrorMessage` help the editor. What needs other files, such as whether a picture is there, is
for `check` alone.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from feedsvc.content.media.files import PICTURES, TYPES
from feedsvc.content.schema import dates, field_types
from feedsvc.content.schema import models as schema
from feedsvc.content.schema.descriptions import KEYS

Json = dict[str, Any]
DIALECT: Final = "http://json-schema.org/draft-07/schema#"
NAMES: Final = ("site", "authors", "categories", "article")

_REFERENCES: Final = "#/definitions/"
# Of ASCII a slug holds letters, digits and - _ . ~; of the rest no schema can say what a letter is, but spaces and
# punctuation are none.
_NO_WORD: Final = r"\u0000-,/:-@\[-\^`{-}\u007f-\u00a0\u2000-\u206f\u3000-\u3003"
_SLUG: Final = rf"^[^{_NO_WORD}._~-][^{_NO_WORD}]*$"
_VISIBLE: Final = r"[^\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
_WEB: Final = r"^\s*[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]"
_DAY: Final = r"(?!0|1[0-8]|9999)\d{4}-(?!(?:0?2-(?:30|31)|(?:0?[469]|11)-31)(?!\d))(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])"
_TIME: Final = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_OFFSET: Final = r"[Zz]|[-+](?:[01]?\d|2[0-3])(?::?[0-5]\d)?"
_DATE: Final = rf"^\s*{_DAY}(?:(?:[Tt]|\s+){_TIME}\s*(?:{_OFFSET})?)?\s*$"

_NO_ZONE: Final = "no such time zone; write it like Asia/Kolkata or UTC"

# What a validator accepts, by its name, as far as a schema can tell.
_FORMS: Final[Mapping[str, Callable[[], Json]]] = {
    "line": lambda: _like(_VISIBLE, "is empty"),
    "_name": lambda: _like(_VISIBLE, "is empty"),
    "web": lambda: _like(_WEB, "not a web address, which begins with https:// and names a host"),
    "_base": lambda: _like(rf"{_WEB}[^?#]*$", "no address of a front page; write it like https://example.org"),
    "_uri": lambda: _like(
        rf"^(?:(?!tag:)|(?={field_types.TAG_URI.pattern}$)){field_types.URI.pattern}$", "not a URI, as an id must be"
    ),
    "_zone": lambda: {"enum": sorted(zoneinfo.available_timezones()), "errorMessage": _NO_ZONE},
    "_slug": lambda: _like(_SLUG, "cannot stand in an address; use letters, digits and '-'") | {"maxLength": 200},
    "_dated": lambda: _like(_DATE, f"not a date; {dates.EXAMPLE}"),
}


def _like(pattern: str, sentence: str) -> Json:
    return {"pattern": pattern, "patternErrorMessage": sentence}


class _Generator(GenerateJsonSchema):
    """Pydantic's own, which leaves out what functions validate and gives every key a title."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Json:
        return _form(schema["function"]["function"]) | self.generate_inner(schema["schema"])

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Json:
        inner = self.generate_inner(schema["schema"])
        if inner.get("type") == "array":
            return {"anyOf": [inner["items"], inner]}
        return inner | _form(schema["function"]["function"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def _form(function: Callable[..., Any]) -> Json:
    if isinstance(function, field_types.Matching):
        return _like(rf"^(?:{function.pattern.pattern})$", function.sentence.format("this"))
    return _FORMS.get(function.__name__, dict)()


def made(name: str, known: Mapping[str, Sequence[str]] | None = None) -> Json:
    """Return the schema of one kind of file (a name of NAMES).

    `known` are the names that articles may use, by "category" and "author"; any name is allowed where there are none.
    """
    return {"$schema": DIALECT} | _MAKERS[name](known or {}) | {"title": _TITLES[name]}


def _article(known: Mapping[str, Sequence[str]]) -> Json:
    found = _of_model(schema.ArticleKeys)
    for kind, keys in (("category", ("category", "categories")), ("author", ("author", "authors"))):
        for key in keys if known.get(kind) else ():
            _restrict(found["properties"][key], list(known[kind]))
    return found


def _restrict(value: Any, names: list[str]) -> None:
    """Puts the names in the place of whatever texts are accepted."""
    if isinstance(value, dict):
        if value.get("type") == "string":
            value.pop("pattern", None)
            value.pop("patternErrorMessage", None)
            value["enum"] = names
        for inner in (value.get("items"), *value.get("anyOf", ())):
            _restrict(inner, names)


def _register(model: type[BaseModel]) -> Json:
    return {"type": "object", "propertyNames": _FORMS["_slug"](), "additionalProperties": _of_model(model)}


def _of_model(model: type[BaseModel]) -> Json:
    generated = model.model_json_schema(schema_generator=_Generator, ref_template=f"{_REFERENCES}{{model}}")
    defined = generated.pop("$defs", {})
    whole: Json = _whole(generated, defined)
    return whole


def _whole(value: Any, defined: Mapping[str, Json]) -> Any:
    """Without references (draft-07 reads nothing beside them), every model completed."""
    if isinstance(value, list):
        return [_whole(item, defined) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _whole(defined[value["$ref"].removeprefix(_REFERENCES)], defined)
    inner = {key: _whole(item, defined) for key, item in value.items()}
    return _completed(inner) if "properties" in value else inner


def _completed(model: Json) -> Json:
    name = model.pop("title")
    for key, value in model["properties"].items():
        optional = value if key in model.get("required", ()) else _or_nothing(value)
        told = KEYS.get(name, {}).get(key)
        model["properties"][key] = optional | ({"description": told.says, "examples": [told.example]} if told else {})
    return model | {"title": name.removesuffix("Keys").lower()} | _RULES.get(name, {})


def _or_nothing(value: Json) -> Json:
    """A key without a value counts as not written."""
    choices = [choice for choice in value.get("anyOf", [value]) if choice.get("type") != "null"]
    rest = {"default": value["default"]} if value.get("default") else {}
    return {"anyOf": [*({k: v for k, v in choice.items() if k != "default"} for choice in choices), {"type": "null"}]} | rest


def _not_both(one: str, many: str) -> Json:
    nothing: Json = {"enum": [None, []], "errorMessage": f"give either {one} or {many}, not both"}
    return {"if": {"required": [one], "properties": {one: {"type": "string"}}}, "then": {"properties": {many: nothing}}}


def _far(near: str, *keys: str) -> Json:
    """What a file at another address needs; one of the newsroom's own lies in media/, as the pattern says."""
    far = {"properties": {"src": {"pattern": "^[Hh][Tt][Tt][Pp][Ss]?:"}}, "required": ["src"]}
    named = {key: {"not": {"type": "null"}} for key in keys}
    https = _like(r"^[Hh][Tt][Tt][Pp][Ss]://[^/?#\s]", "not an https address")
    return {
        "if": far,
        "then": {"required": list(keys), "properties": named | {"src": https}},
        "else": {
            "properties": {
                "src": _like(near, "not a fitting file in media/; write it like media/picture.jpg, or an https address")
            }
        },
    }


def _either_case(ending: str) -> str:
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in ending)


_NEAR: Final = r"^media/(?!\.{0,2}(?:/|$))."
_PICTURE: Final = rf"{_NEAR}*\.(?:{'|'.join(_either_case(end[1:]) for end, kind in TYPES.items() if kind in PICTURES)})$"
_SHOWN: Final = _like(f"{_WEB}|{_NEAR}", "neither a file in media/ nor a web address")
_TAG: Final = _like(rf"[^{_NO_WORD}._~-]", "no letter or digit to make an address of")
_WITHDRAWN: Final[Json] = {
    "if": {"required": ["withdrawn"], "properties": {"withdrawn": {"type": "object"}}},
    "then": {"required": ["status"], "properties": {"status": {"const": "withdrawn"}}},
}
# What one key demands of another, or of its text beyond its kind; the reader does the same in words of its own.
_RULES: Final[Mapping[str, Json]] = {
    "ArticleKeys": {
        "allOf": [
            _not_both("category", "categories"),
            _not_both("author", "authors"),
            _WITHDRAWN,
            {"properties": {"tags": _TAG | {"items": _TAG}}},
        ]
    },
    "ImageKeys": {
        "allOf": [
            _far(_PICTURE, "type", "width", "height"),
            {"properties": {"type": {"enum": [None, *sorted(PICTURES)]}}},
        ]
    },
    "EnclosureKeys": {"allOf": [_far(_NEAR, "type", "length")]},
    "SiteKeys": {"allOf": [{"properties": {"logo": _SHOWN, "icon": _SHOWN}}]},
    "AuthorKeys": {"allOf": [{"properties": {"avatar": _SHOWN}}]},
}
_TITLES: Final = {
    "site": "site.yaml of a newsroom",
    "authors": "authors.yaml of a newsroom",
    "categories": "categories.yaml of a newsroom",
    "article": "An article of a newsroom",
}
_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Sequence[str]]], Json]]] = {
    "site": lambda _: _of_model(schema.SiteKeys),
    "authors": lambda _: _register(schema.AuthorKeys),
    "categories": lambda _: _register(schema.CategoryKeys),
    "article": _article,
}
