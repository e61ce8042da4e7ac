"""Validation of a YAML document against a model: each pydantic error becomes a Problem with message, hint and position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from feedsvc.content.schema import dates
from feedsvc.content.schema.hints import (
    MISSING_KEY_HINTS,
    PLURAL_KEYS,
    SENTENCE_KEYS,
    entry_example,
    mapping_example,
    meant_key,
    suggest_key,
    suggest_word,
)
from feedsvc.content.schema.models import SiteKeys
from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue
from feedsvc.errors import MAX_PROBLEMS, Problem

_REQUIRED_SITE_KEYS: Final = {"title": "-", "base_url": "https://site.invalid"}
Model = TypeVar("Model", bound=BaseModel)
ErrorDetails = Mapping[str, Any]  # pydantic_core.ErrorDetails
_LOST_TEXT_HINT: Final = "if it belongs to the text before the comma, put the whole text in quotes"
_MessageBuilder = Callable[[YamlDocument, KeyPath, ErrorDetails], tuple[str, str]]


def validate_document(document: YamlDocument, schema: type[Model], placeholders: Mapping[str, YamlValue]) -> Model | None:
    """Validate the whole document: return a model, and add a problem to the document for each fault.

    There is a model even if keys are invalid or missing, to find further problems: these keys have their `placeholders` (a
    value for each required key) or defaults. Only if the document is no mapping, return None; it then has a problem.
    """
    if not isinstance(document.value, dict):
        if document.value is not None or not document.problems:
            document.problems.append(document.problem((), f"expected 'key: value' lines, found {_kind_name(document.value)}"))
        return None
    return validate_mapping(document, (), schema, document.value, placeholders)


def validate_mapping(
    document: YamlDocument,
    location: KeyPath,
    schema: type[Model],
    value: dict[str, YamlValue],
    placeholders: Mapping[str, YamlValue],
) -> Model:
    """Validate `value`, the mapping at the key path `location`, and return a model. Problems are added to the document.

    If keys are invalid or missing, the model has only the valid ones; the others have their `placeholders` (a value for each
    required key) or defaults. The caller may then use the model only to find further problems. A key without a value (null)
    counts as missing, but one without a colon is an error: it may be a part of a text. At most 100 errors are added, the others
    counted.
    """
    is_loaded = document.loaded_source_map is not None  # `fast` declines empty values
    values = _without_nulls(value, schema) if is_loaded else value
    model, errors = _try_validate(schema, values)
    if is_loaded:
        unknown = {(*location, *details["loc"]) for details in errors}
        lost = (key_path for key_path in _lost_texts(document, value, location) if key_path not in unknown)
        document.problems += [_lost_text_problem(document, key_path) for key_path in lost]
    if model:
        return model
    reported = _without_misspelled_keys(document, location, schema, errors)
    document.problems += [_problem(document, location, schema, details) for details in reported[:MAX_PROBLEMS]]
    document.omitted_errors += len(reported[MAX_PROBLEMS:])
    invalid_keys = {details["loc"][0] for details in errors}
    valid = {key: item for key, item in values.items() if key not in invalid_keys}
    return schema.model_validate(dict(placeholders) | valid)


def parse_site_value(key: str, text: str) -> str:
    """Return a text as it is after validation as the value of `key` in site.yaml: stripped and normalized, a URL as a URI.

    `key` must be a top-level key whose value is a text. Forbidden characters become spaces. Raises ValueError with the message
    that `check` has for that key: "base_url: ...".
    """
    clean = FORBIDDEN_CHARACTER.sub(" ", text).strip()
    try:
        keys = SiteKeys.model_validate({**_REQUIRED_SITE_KEYS, key: clean})
    except ValidationError as error:
        context = error.errors()[0].get("ctx", {})
        raise ValueError(f"{key}: {context.get('error', error.errors()[0]['msg'])}") from None
    return str(getattr(keys, key))


def _try_validate(schema: type[Model], values: YamlValue) -> tuple[Model | None, Sequence[ErrorDetails]]:
    try:
        return schema.model_validate(values), ()
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _without_nulls(value: YamlValue, schema: type[BaseModel] | None) -> YamlValue:
    """Return the value without the known keys, at any depth, that have no value (null): `image:` alone means no image."""
    if isinstance(value, dict):
        fields = {field.alias or name: field.annotation for name, field in schema.model_fields.items()} if schema else {}
        return {
            key: item if type(item) is str else _without_nulls(item, _model_in(fields.get(key)))
            for key, item in value.items()
            if item is not None or key not in fields
        }
    return [_without_nulls(item, schema) for item in value] if isinstance(value, list) else value


def _lost_texts(document: YamlDocument, value: YamlValue, location: KeyPath) -> Iterator[KeyPath]:
    """Yield the key paths, at any depth in the value at `location`, of keys that are followed by no colon.

    In braces, YAML ends an unquoted text at a comma: in `{alt: A boat, at sea}`, `at sea` is such a key.
    """
    entries: Iterable[tuple[str | int, YamlValue]] = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for step, item in entries:
        entry_location = (*location, step)
        if item is None and document.source_map.is_directly_after_key(entry_location):
            yield entry_location
        elif isinstance(item, (dict, list)):
            yield from _lost_texts(document, item, entry_location)


def _lost_text_problem(document: YamlDocument, location: KeyPath) -> Problem:
    return document.problem(location, f"'{location[-1]}' has no value", _LOST_TEXT_HINT, at_key=True)


def _without_misspelled_keys(
    document: YamlDocument, location: KeyPath, schema: type[BaseModel], errors: Sequence[ErrorDetails]
) -> Sequence[ErrorDetails]:
    """Return the errors without those about a missing key that is suggested in place of an unknown key in the same mapping."""
    unknown = (details["loc"] for details in errors if details["type"] == "extra_forbidden")
    suggested = {
        (*location[:-1], meant_key(str(location[-1]), _key_names(schema, location[:-1])))
        for location in islice(unknown, MAX_PROBLEMS)
    }
    return [
        details
        for details in errors
        if details["type"] != "missing" or details["loc"] not in suggested or document.has_value((*location, *details["loc"]))
    ]


def _problem(document: YamlDocument, location: KeyPath, schema: type[BaseModel], details: ErrorDetails) -> Problem:
    full_location: KeyPath = (*location, *details["loc"])
    name = ".".join(str(step) for step in details["loc"] if isinstance(step, str))
    if details["type"] == "extra_forbidden":
        key = str(details["loc"][-1])
        names = _key_names(schema, details["loc"][:-1])
        hint, is_flow = suggest_key(key, names), document.is_flow_mapping(full_location[:-1])
        if is_flow and details["input"] is None:
            hint = _LOST_TEXT_HINT
        elif " " in key and not meant_key(key, names):
            hint = (
                f"{hint}; put a text with ',' in quotes"
                if is_flow
                else f"indent it by two spaces if it is a line of a text; {hint}"
            )
        return document.problem(full_location, f"unknown key '{key}'", hint, at_key=True)
    message, hint = _MESSAGE_BUILDERS.get(details["type"], _pydantic_message)(document, full_location, details)
    return document.problem(full_location, f"{name}: {message}", hint)


def _key_names(schema: type[BaseModel], location: Iterable[str | int]) -> Sequence[str]:
    return [field.alias or name for name, field in schema_at(schema, location).model_fields.items()]


def schema_at(schema: type[BaseModel], location: Iterable[str | int]) -> type[BaseModel]:
    """Return the model class of the innermost mapping at or around `location`, a path of keys and list indexes in `schema`.

    Raises KeyError for a key that a model does not have.
    """
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


def _raw_scalar(document: YamlDocument, location: KeyPath) -> str | None:
    """Return the text of the scalar at a key path, or at its parent if nothing is there: a text may stand for a list of one."""
    return document.raw_scalar(location) if document.has_value(location) else document.raw_scalar(location[:-1])


def _missing(document: YamlDocument, location: KeyPath, _details: ErrorDetails) -> tuple[str, str]:
    if not document.has_value(location):
        return "is missing", MISSING_KEY_HINTS.get(str(location[-1]), "")
    raw = document.raw_scalar(location)
    return "has no value", f'if you mean the word, put it in quotes: "{raw}"' if raw else ""


def _not_keys(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    example = mapping_example(location, document.raw_scalar(location) or "")
    return f"expected 'key: value' lines, found {_kind_name(details['input'])}", f"write {example}" if example else ""


def _not_list(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    example = entry_example(location, document.raw_scalar(location) or "")
    hint = f"write [{example}]" if example else "each entry is a line that begins with '- '"
    return f"expected a list, found {_kind_name(details['input'])}", hint


def _not_text(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    raw, value = _raw_scalar(document, location), details["input"]
    if raw is None or value is None:
        plural_key = PLURAL_KEYS.get(str(location[-1]), "") if isinstance(value, list) else ""
        hint = f"write {plural_key}: for more than one" if plural_key else _quoted_brackets_hint(document, location)
        if value is None and (comment := document.comment_warning(location)):
            return "nothing is left of it, because # begins a comment", comment.hint
        return f"expected text, found {_kind_name(value)}", hint
    reading = ("true" if value else "false") if isinstance(value, bool) else "a number"
    return f"YAML reads {raw} as {reading}", f'put it in quotes: "{raw}"'


def _quoted_brackets_hint(document: YamlDocument, location: KeyPath) -> str:
    """Return a hint for a list in brackets or a mapping in braces in place of a sentence or a name; "" for any other value."""
    sign = document.first_character(location) if location[-1] in SENTENCE_KEYS else ""
    return f"a text that begins with '{sign}' must stand in quotes" if sign in ("[", "{") else ""


def _quote_value(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> str:
    raw = document.raw_scalar(location)
    return _kind_name(details["input"]) if raw is None else f"'{raw}'"


def _not(expected: str) -> _MessageBuilder:
    def build(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
        return f"expected {expected}, found {_quote_value(document, location, details)}", ""

    return build


def _out_of_range(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    limits = {words[key]: limit for key, limit in details["ctx"].items() if key in words}
    kind = "a number" if any(isinstance(limit, float) for limit in limits.values()) else "a whole number"
    bounds = " and ".join(f"{word} {limit:g}" for word, limit in limits.items())
    return f"expected {kind}, {bounds}, found {_quote_value(document, location, details)}", ""


def _not_one_of(document: YamlDocument, location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    expected = details["ctx"]["expected"]
    names = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    hint = suggest_word(document.raw_scalar(location) or "", names)
    return f"expected {expected}, found {_quote_value(document, location, details)}", hint


def _too_many(_document: YamlDocument, _location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    count, maximum = len(details["input"]), details["ctx"]["max_length"]
    return f"{count:,} entries, at most {maximum:,} are allowed", f"keep the {maximum:,} that matter most, and remove the others"


def _too_long(_document: YamlDocument, _location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    maximum = details["ctx"]["max_length"]
    return f"{len(details['input']):,} characters, at most {maximum:,} are allowed", "shorten it"


def _pydantic_message(_document: YamlDocument, _location: KeyPath, details: ErrorDetails) -> tuple[str, str]:
    return f"{details['msg'][:1].lower()}{details['msg'][1:]}", ""


_MESSAGE_BUILDERS: Final[Mapping[str, _MessageBuilder]] = {
    "missing": _missing,
    "date_type": lambda document, location, details: (
        f"{_quote_value(document, location, details)} is not a date",
        dates.EXAMPLE,
    ),
    "value_error": lambda _document, _location, details: (str(details["ctx"]["error"]), ""),
    "string_type": _not_text,
    "int_type": _not("a whole number"),
    "float_type": _not("a number"),
    "finite_number": _not("a number"),
    "bool_type": _not("true or false"),
    "list_type": _not_list,
    "model_type": _not_keys,
    "dict_type": _not_keys,
    "literal_error": _not_one_of,
    "greater_than": _out_of_range,
    "greater_than_equal": _out_of_range,
    "less_than_equal": _out_of_range,
    "too_long": _too_many,
    "string_too_long": _too_long,
}
