"""JSON Schemas of the editors' files, generated from the models that validate them, for completion and warnings in text editors.

Draft-07, because older releases of VS Code's YAML plug-in know no later draft. `description`, `examples` and the plug-in's own
`errorMessage` and `patternErrorMessage` help the editor. A schema cannot validate what depends on other files, such as the
existence of an image; the command `check` does.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from feedsvc.content.schema import dates, field_types
from feedsvc.content.schema import models as schema
from feedsvc.content.schema.descriptions import KEY_DESCRIPTIONS
from feedsvc.content.schema.json_schema_rules import MODEL_RULES, NON_WORD_CHARACTERS, ON_IN_YAML_1_1, WEB, Json, pattern_schema
from feedsvc.content.schema.license_tokens import LICENSE_TOKENS
from feedsvc.content.schema.page_models import PageKeys

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
SCHEMA_NAMES: Final = ("site", "authors", "categories", "tags", "feeds", "redirects", "article", "page")

_REFERENCES: Final = "#/definitions/"
_SLUG: Final = rf"^[^{NON_WORD_CHARACTERS}._~-][^{NON_WORD_CHARACTERS}]*$"
# The slug of a tag is in lower case and has single hyphens between its words.
_TAG_SLUG: Final = rf"^[^{NON_WORD_CHARACTERS}A-Z._~-]+(?:-[^{NON_WORD_CHARACTERS}A-Z._~-]+)*$"
_VISIBLE: Final = r"[^\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
_DAY: Final = r"(?!0|1[0-8]|9999)\d{4}-(?!(?:0?2-(?:30|31)|(?:0?[469]|11)-31)(?!\d))(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])"
_TIME: Final = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_OFFSET: Final = r"[Zz]|[-+](?:[01]?\d|2[0-3])(?::?[0-5]\d)?"
_DATE: Final = rf"^\s*{_DAY}(?:(?:[Tt]|\s+){_TIME}\s*(?:{_OFFSET})?)?\s*$"

_LICENSE_ERROR: Final = "not a token of RSL 1.0, such as search"
_ZONE_ERROR: Final = "no such time zone; write it like Asia/Kolkata or UTC"

# Name of a validator -> schema of the values that it accepts; a schema may accept more.
_VALIDATOR_SCHEMAS: Final[Mapping[str, Callable[[], Json]]] = {
    "single_line": lambda: pattern_schema(_VISIBLE, "is empty"),
    "_reference_id": lambda: pattern_schema(_VISIBLE, "is empty"),
    "http_url": lambda: pattern_schema(WEB, "not a web address, which begins with https:// and names a host"),
    "valid_base_url": lambda: pattern_schema(rf"{WEB}[^?#]*$", "no address of a front page; write it like https://example.org"),
    "_uri": lambda: pattern_schema(
        rf"^(?:(?!tag:)|(?={field_types.TAG_URI.pattern}$)){field_types.URI.pattern}$", "not a URI, as an id must be"
    ),
    "time_zone_name": lambda: {"enum": sorted(zoneinfo.available_timezones()), "errorMessage": _ZONE_ERROR},
    "license_token": lambda: {"enum": list(LICENSE_TOKENS), "errorMessage": _LICENSE_ERROR},
    "_slug": lambda: pattern_schema(_SLUG, "cannot stand in an address; use letters, digits and '-'") | {"maxLength": 200},
    "menu_target": lambda: pattern_schema(
        rf"{_SLUG}|^/(?!/)|^\s*(?:[Mm][Aa][Ii][Ll][Tt][Oo]|[Tt][Ee][Ll]):|{WEB}",
        "no id of a category, no name of a page, no path like /archive/ and no https address",
    ),
    "_require_date_text": lambda: pattern_schema(_DATE, f"not a date; {dates.EXAMPLE}"),
}


class _Generator(GenerateJsonSchema):
    """Pydantic's generator of JSON Schemas, which also adds the schemas of validator functions and omits the titles of keys.

    For a type that turns a single value into a list, the schema accepts both.
    """

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Json:
        return _validator_schema(schema["function"]["function"]) | self.generate_inner(schema["schema"])

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Json:
        inner = self.generate_inner(schema["schema"])
        if inner.get("type") == "array":
            return {"anyOf": [inner["items"], inner]}
        if schema["function"]["function"] is field_types.AS_MENU_ENTRY.func:
            return {"anyOf": [{"type": "string"} | _VALIDATOR_SCHEMAS["menu_target"](), inner]}
        return inner | _validator_schema(schema["function"]["function"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def _validator_schema(function: Callable[..., Any]) -> Json:
    if isinstance(function, field_types.PatternValidator):
        return pattern_schema(rf"^(?:{function.pattern.pattern})$", function.message.format("this"))
    return _VALIDATOR_SCHEMAS.get(function.__name__, dict)()


def build_schema(name: str, ids: Mapping[str, Sequence[str]] | None = None) -> Json:
    """Return the JSON Schema of the kind of file `name`, one of SCHEMA_NAMES: "article", "page", or a settings file.

    `ids` restricts references in the kinds "article" and "feeds": it has the allowed ids and aliases, as lists under the keys
    "category" and "author". If a list is empty or missing, any id is allowed. For other kinds of files, `ids` has no effect.
    Raises KeyError for another `name`.
    """
    return {"$schema": DIALECT} | _BUILDERS[name](ids or {}) | {"title": _TITLES[name]}


def _article_schema(ids: Mapping[str, Sequence[str]]) -> Json:
    result = _model_schema(schema.ArticleKeys)
    for kind, keys in (("category", ("category", "categories")), ("author", ("author", "authors"))):
        for key in keys if ids.get(kind) else ():
            _restrict_to_names(result["properties"][key], list(ids[kind]))
    return result


def _feeds_schema(ids: Mapping[str, Sequence[str]]) -> Json:
    result = _entries_schema(schema.CustomFeedKeys)
    for selection in (result["additionalProperties"]["properties"][key] for key in ("include", "exclude")):
        for kind, key in (("category", "categories"), ("author", "authors")):
            for model in (selection, *selection.get("anyOf", ())) if ids.get(kind) else ():
                _restrict_to_names(model.get("properties", {}).get(key), list(ids[kind]))
    for model in result["additionalProperties"]["properties"]["digest"]["anyOf"]:
        if keys := model.get("properties"):
            # As YAML 1.1 has these keys and values without quotes.
            keys[ON_IN_YAML_1_1] = keys["on"]
            text = {key: keys["at"].pop(key) for key in ("type", "pattern", "patternErrorMessage")}
            keys["at"]["anyOf"] = [text, {"type": "integer", "minimum": 0, "maximum": 24 * 60 - 1}]
    return result


def _redirects_schema() -> Json:
    """Return the schema of redirects.yaml. It does not know which addresses exist, or whether rules go in a circle."""
    result = _model_schema(schema.RedirectsKeys)
    address = pattern_schema(r"^/[^#]*$", "a path of this site without the host, like /2014/05/old-title/")
    target = pattern_schema(r"^(?:gone$|https?://|/[^?#]*$)", "a path like /articles/a-title/, an https:// address, or gone")
    exact, patterns = (result["properties"][key]["anyOf"][0] for key in ("exact", "patterns"))
    exact |= {"propertyNames": address, "additionalProperties": {"type": "string"} | target}
    patterns["items"]["properties"]["from"] |= address
    patterns["items"]["properties"]["to"] |= target
    return result


def _restrict_to_names(value: Any, names: list[str]) -> None:
    """Change the schema `value` in place, so that the only texts that it accepts, alone or in a list, are `names`."""
    if isinstance(value, dict):
        if value.get("type") == "string":
            value.pop("pattern", None)
            value.pop("patternErrorMessage", None)
            value["enum"] = names
        for inner in (value.get("items"), *value.get("anyOf", ())):
            _restrict_to_names(inner, names)


def _entries_schema(model: type[BaseModel], id_pattern: Json | None = None) -> Json:
    id_schema = _VALIDATOR_SCHEMAS["_slug"]() | (id_pattern or {})
    return {"type": "object", "propertyNames": id_schema, "additionalProperties": _model_schema(model)}


def _model_schema(model: type[BaseModel]) -> Json:
    generated = model.model_json_schema(schema_generator=_Generator, ref_template=f"{_REFERENCES}{{model}}")
    definitions = generated.pop("$defs", {})
    result: Json = _resolve_references(generated, definitions)
    return result


def _resolve_references(value: Any, definitions: Mapping[str, Json]) -> Any:
    """Return a schema with each `$ref` replaced by its definition, and each model in it completed.

    A model gets descriptions and examples of its keys, null as a value of optional keys, and its MODEL_RULES. In draft-07, keys
    beside a `$ref`, such as a description, would be ignored.
    """
    if isinstance(value, list):
        return [_resolve_references(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _resolve_references(definitions[value["$ref"].removeprefix(_REFERENCES)], definitions)
    inner = {key: _resolve_references(item, definitions) for key, item in value.items()}
    return _complete_model(inner) if "properties" in value else inner


def _complete_model(model: Json) -> Json:
    name = model.pop("title")
    for key, value in model["properties"].items():
        optional = value if key in model.get("required", ()) else _nullable(value)
        text = KEY_DESCRIPTIONS.get(name, {}).get(key)
        model["properties"][key] = optional | ({"description": text.description, "examples": [text.example]} if text else {})
    return model | {"title": name.removesuffix("Keys").lower()} | MODEL_RULES.get(name, {})


def _nullable(value: Json) -> Json:
    """Return a schema that also accepts null, because a key without a value counts as absent."""
    choices = [choice for choice in value.get("anyOf", [value]) if choice.get("type") != "null"]
    default = {"default": value["default"]} if value.get("default") not in (None, "", []) else {}
    return {"anyOf": [*({k: v for k, v in choice.items() if k != "default"} for choice in choices), {"type": "null"}]} | default


_TITLES: Final = {
    "site": "site.yaml of a newsroom",
    "authors": "authors.yaml of a newsroom",
    "categories": "categories.yaml of a newsroom",
    "tags": "tags.yaml of a newsroom",
    "feeds": "feeds.yaml of a newsroom",
    "redirects": "redirects.yaml of a newsroom",
    "article": "An article of a newsroom",
    "page": "Front matter of a page of a newsroom",
}
_BUILDERS: Final[Mapping[str, Callable[[Mapping[str, Sequence[str]]], Json]]] = {
    "site": lambda _: _model_schema(schema.SiteKeys),
    "authors": lambda _: _entries_schema(schema.AuthorKeys),
    "categories": lambda _: _entries_schema(schema.CategoryKeys),
    "tags": lambda _: _entries_schema(schema.TagKeys, pattern_schema(_TAG_SLUG, "not the id of a tag, such as south-korea")),
    "feeds": _feeds_schema,
    "redirects": lambda _: _redirects_schema(),
    "article": _article_schema,
    "page": lambda _: _model_schema(PageKeys),
}
