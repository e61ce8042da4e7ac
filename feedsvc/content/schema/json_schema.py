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

from feedsvc.content.media import IMAGE_TYPES, MEDIA_TYPES
from feedsvc.content.schema import dates, field_types, models

Json = dict[str, Any]
# A slug may have the ASCII letters, digits and - _ . ~. Above ASCII no schema can say which characters are letters, so only
# common spaces and punctuation are excluded.
NON_WORD_CHARACTERS: Final = r"\u0000-,/:-@\[-\^`{-}\u007f-\u00a0\u2000-\u206f\u3000-\u3003"
WEB: Final = r"^\s*[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]"
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


def pattern_schema(pattern: str, message: str) -> Json:
    return {"pattern": pattern, "patternErrorMessage": message}


def _exclusive_keys(singular: str, plural: str) -> Json:
    empty: Json = {"enum": [None, []], "errorMessage": f"give either {singular} or {plural}, not both"}
    return {"if": {"required": [singular], "properties": {singular: {"type": "string"}}}, "then": {"properties": {plural: empty}}}


def _src_rules(path_pattern: str, web_pattern: str, *keys: str) -> Json:
    """Return rules for the key `src`: it matches one of the patterns; a web address requires `keys`."""
    is_url = {"properties": {"src": {"pattern": "^[Hh][Tt][Tt][Pp][Ss]?:"}}, "required": ["src"]}
    not_null = {key: {"not": {"type": "null"}} for key in keys}
    path = pattern_schema(path_pattern, "not a fitting file in media/; write it like media/picture.jpg, or an https address")
    web = pattern_schema(web_pattern, "not an https address")
    return {
        "if": is_url,
        "then": {"required": list(keys), "properties": not_null | {"src": web}},
        "else": {"properties": {"src": path}},
    }


def _case_insensitive(suffix: str) -> str:
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in suffix)


_HTTPS: Final = r"^[Hh][Tt][Tt][Pp][Ss]://[^/?#\s]"
_MEDIA_PATH: Final = r"^media/(?!\.{0,2}(?:/|$))."
_IMAGE_PATH: Final = (
    rf"{_MEDIA_PATH}*\.(?:{'|'.join(_case_insensitive(end[1:]) for end, kind in MEDIA_TYPES.items() if kind in IMAGE_TYPES)})$"
)
_MEDIA_OR_URL: Final = pattern_schema(f"{WEB}|{_MEDIA_PATH}", "neither a file in media/ nor a web address")
_TAG: Final = pattern_schema(rf"[^{NON_WORD_CHARACTERS}._~-]", "no letter or digit to make an address of")
_TAGS_RULE: Final[Json] = {"properties": {"tags": _TAG | {"items": _TAG}}}
ON_IN_YAML_1_1: Final = "true"  # the name that text editors may give to the key `on` without quotes
_SELECTION_KEYS: Final = ("categories", "authors", "tags", "languages")
_WITHDRAWN_RULE: Final[Json] = {
    "if": {"required": ["withdrawn"], "properties": {"withdrawn": {"type": "object"}}},
    "then": {"required": ["status"], "properties": {"status": {"const": "withdrawn"}}},
}


def _requires(key: str, kind: str, other: str, other_kind: str) -> Json:
    """Return a rule: a value of the JSON type `kind` at the key `key` requires one of type `other_kind` at the key `other`."""
    return {
        "if": {"required": [key], "properties": {key: {"type": kind}}},
        "then": {"required": [other], "properties": {other: {"type": other_kind}}},
    }


_FREE_RULE: Final[Json] = {
    "if": {"required": ["type"], "properties": {"type": {"const": "free"}}},
    "then": {
        "properties": {
            key: {"type": "null", "errorMessage": "stands beside type: free"}
            for key in ("amount", "currency", "standard", "custom")
        }
    },
}
# Model -> its rules.
MODEL_RULES: Final[Mapping[str, Json]] = {
    "ArticleKeys": {
        "allOf": [
            _exclusive_keys("category", "categories"),
            _exclusive_keys("author", "authors"),
            _WITHDRAWN_RULE,
            _TAGS_RULE,
        ]
    },
    "ImageKeys": {
        "allOf": [
            _src_rules(_IMAGE_PATH, _HTTPS, "type", "width", "height"),
            {"properties": {"type": {"enum": [None, *sorted(IMAGE_TYPES)]}}},
        ]
    },
    "EnclosureKeys": {"allOf": [_src_rules(_MEDIA_PATH, WEB, "type", "length")]},
    "LicenseKeys": {"anyOf": [{"required": [key]} for key in ("permits", "prohibits", "payment")]},
    "PaymentKeys": {
        "allOf": [
            _requires("amount", "number", "currency", "string"),
            _requires("currency", "string", "amount", "number"),
            _FREE_RULE,
        ]
    },
    "SiteKeys": {"allOf": [{"properties": {"logo": _MEDIA_OR_URL, "icon": _MEDIA_OR_URL}}]},
    "AuthorKeys": {"allOf": [{"properties": {"avatar": _MEDIA_OR_URL}}]},
    "CustomFeedKeys": {"allOf": [{"properties": {"image": _MEDIA_OR_URL}}]},
    "DigestKeys": {
        "if": {"properties": {"every": {"const": "week"}}, "required": ["every"]},
        "then": {"anyOf": [{"required": [key], "properties": {key: {"type": "string"}}} for key in ("on", ON_IN_YAML_1_1)]},
        "else": {
            "properties": {key: {"enum": [None], "errorMessage": "stands beside every: day"} for key in ("on", ON_IN_YAML_1_1)}
        },
    },
    "IncludeKeys": {
        "if": {"required": ["all"], "properties": {"all": {"const": True}}},
        "then": {"properties": {key: {"enum": [None, []]} for key in _SELECTION_KEYS}},
        "else": {
            "anyOf": [{"required": [key], "properties": {key: {"not": {"enum": [None, []]}}}} for key in _SELECTION_KEYS],
            **_TAGS_RULE,
        },
    },
    "ExcludeKeys": {"allOf": [_TAGS_RULE]},
}

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
    "license_token": lambda: {"enum": list(field_types.LICENSE_TOKENS), "errorMessage": _LICENSE_ERROR},
    "_slug": lambda: pattern_schema(_SLUG, "cannot stand in an address; use letters, digits and '-'") | {"maxLength": 200},
    "_alias": lambda: (
        pattern_schema(rf"{_SLUG}|^/[^#*{{}}]+$", "neither a former slug nor a former address like /2019/05/bus-14/ or /?p=71")
        | {"maxLength": 2000}
    ),
    "menu_target": lambda: pattern_schema(
        rf"{_SLUG}|^/(?!/)|^\s*(?:[Mm][Aa][Ii][Ll][Tt][Oo]|[Tt][Ee][Ll]):|{WEB}",
        "no id of a category, no name of a page, no path like /archive/ and no https address",
    ),
    "_require_date_text": lambda: pattern_schema(_DATE, f"not a date; {dates.EXAMPLE}"),
}


class _Generator(GenerateJsonSchema):
    """Pydantic's generator of JSON Schemas, which also adds the schemas of validator functions.

    It omits the titles of keys, and defaults that are empty, a list or keys.
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

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Json:
        default = schema.get("default", "")
        inner = self.generate_inner(schema["schema"])
        return inner | {"default": default} if isinstance(default, str | int) and default != "" else inner

    def sort(self, value: Any, parent_key: str | None = None) -> Any:  # noqa: ARG002 - pydantic's signature
        return value  # keys of examples stay in their order

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
    result = _model_schema(models.ArticleKeys)
    for kind, keys in (("category", ("category", "categories")), ("author", ("author", "authors"))):
        for key in keys if ids.get(kind) else ():
            _restrict_to_names(result["properties"][key], list(ids[kind]))
    return result


def _feeds_schema(ids: Mapping[str, Sequence[str]]) -> Json:
    result = _entries_schema(models.CustomFeedKeys)
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
    result = _model_schema(models.RedirectsKeys)
    address = pattern_schema(
        r"^/(?:[^#*{}]*|(?:[^?#*{}]*/)?\*)$", "a path of this site without the host, like /2014/05/old-title/"
    )
    target = pattern_schema(
        r"^(?:gone|https?://[^{}]*|/(?:[^?#*{}]*/)?\*|/[^?#*{}]*)$",
        "a path like /articles/a-title/, an https:// address, or gone",
    )
    result["properties"]["exact"]["anyOf"][0] |= {"propertyNames": address, "additionalProperties": {"type": "string"} | target}
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

    A model gets null as a value of optional keys, and its MODEL_RULES. In draft-07, keys beside a `$ref`, such as a description,
    would be ignored.
    """
    if isinstance(value, list):
        return [_resolve_references(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if reference := value.get("$ref"):
        definition = _resolve_references(definitions[reference.removeprefix(_REFERENCES)], definitions)
        return definition | {key: item for key, item in value.items() if key != "$ref"}
    inner = {key: _resolve_references(item, definitions) for key, item in value.items()}
    return _complete_model(inner) if "properties" in value else inner


def _complete_model(model: Json) -> Json:
    name = model.pop("title")
    for key in model["properties"].keys() - model.get("required", ()):
        model["properties"][key] = _nullable(model["properties"][key])
    return model | {"title": name.removesuffix("Keys").lower()} | MODEL_RULES.get(name, {})


def _nullable(value: Json) -> Json:
    """Return a schema that also accepts null, because a key without a value counts as absent."""
    outer = {key: value.pop(key) for key in ("default", "description", "examples") if key in value}
    choices = [choice for choice in value.get("anyOf", [value]) if choice.get("type") != "null"]
    return {"anyOf": [*choices, {"type": "null"}]} | outer


_TITLES: Final = {
    **{name: f"{name}.yaml of a newsroom" for name in SCHEMA_NAMES},
    "article": "An article of a newsroom",
    "page": "Front matter of a page of a newsroom",
}
_BUILDERS: Final[Mapping[str, Callable[[Mapping[str, Sequence[str]]], Json]]] = {
    "site": lambda _: _model_schema(models.SiteKeys),
    "authors": lambda _: _entries_schema(models.AuthorKeys),
    "categories": lambda _: _entries_schema(models.CategoryKeys),
    "tags": lambda _: _entries_schema(models.TagKeys, pattern_schema(_TAG_SLUG, "not the id of a tag, such as south-korea")),
    "feeds": _feeds_schema,
    "redirects": lambda _: _redirects_schema(),
    "article": _article_schema,
    "page": lambda _: _model_schema(models.PageKeys),
}
