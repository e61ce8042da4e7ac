"""Rules of the JSON Schemas that the models do not have: between keys of a model, and on the form of texts.

`content.reading` checks the same with its own messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from feedsvc.content.media import IMAGE_TYPES, MEDIA_TYPES

Json = dict[str, Any]
# A slug may have the ASCII letters, digits and - _ . ~. Above ASCII no schema can say which characters are letters, so only
# common spaces and punctuation are excluded.
NON_WORD_CHARACTERS: Final = r"\u0000-,/:-@\[-\^`{-}\u007f-\u00a0\u2000-\u206f\u3000-\u3003"
WEB: Final = r"^\s*[Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]"


def pattern_schema(pattern: str, message: str) -> Json:
    return {"pattern": pattern, "patternErrorMessage": message}


def _exclusive_keys(singular: str, plural: str) -> Json:
    empty: Json = {"enum": [None, []], "errorMessage": f"give either {singular} or {plural}, not both"}
    return {"if": {"required": [singular], "properties": {singular: {"type": "string"}}}, "then": {"properties": {plural: empty}}}


def _src_rules(path_pattern: str, *keys: str) -> Json:
    """Return rules for the key `src`: a path must match `path_pattern`; a web address must be https and requires `keys`."""
    is_url = {"properties": {"src": {"pattern": "^[Hh][Tt][Tt][Pp][Ss]?:"}}, "required": ["src"]}
    not_null = {key: {"not": {"type": "null"}} for key in keys}
    path = pattern_schema(path_pattern, "not a fitting file in media/; write it like media/picture.jpg, or an https address")
    https = pattern_schema(r"^[Hh][Tt][Tt][Pp][Ss]://[^/?#\s]", "not an https address")
    return {
        "if": is_url,
        "then": {"required": list(keys), "properties": not_null | {"src": https}},
        "else": {"properties": {"src": path}},
    }


def _case_insensitive(suffix: str) -> str:
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in suffix)


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
            _src_rules(_IMAGE_PATH, "type", "width", "height"),
            {"properties": {"type": {"enum": [None, *sorted(IMAGE_TYPES)]}}},
        ]
    },
    "EnclosureKeys": {"allOf": [_src_rules(_MEDIA_PATH, "type", "length")]},
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
