"""Generate docs/reference/files.md, the tables of every key of the editors' files, from the JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from feedsvc.content.schema.json_schema import ON_IN_YAML_1_1, Json, build_schema
from feedsvc.editing.newsroom import FILE_PATTERNS
from tests.documentation.reference.markdown import introduction, table

_FEED_OPTIONS: Final = "An option of feeds without a value here has the value that `feed` in site.yaml gives it."
# Name of a schema -> what its keys are keys of.
_SECTIONS: Final[Mapping[str, str]] = {
    "site": "The settings of the site. This file must exist.",
    "categories": f"One entry for each category, at most 5,000: an id, and below it these keys. {_FEED_OPTIONS}",
    "authors": f"One entry for each author, at most 20,000: an id, and below it these keys. {_FEED_OPTIONS}",
    "tags": f"A tag needs no entry. An entry is the tag's id, and below it these keys. {_FEED_OPTIONS}",
    "feeds": f"One entry for each custom feed, at most 1,000: an id, and below it these keys. {_FEED_OPTIONS}",
    "redirects": "Old addresses of a former site, and where they lead. The file may be missing.",
    "article": "One article in each file. An article in Markdown, `articles/**/*.md`, has the same keys in its front matter. "
    "Files in `.yml`, `.markdown` or capital letters are read, too, with a warning.",
    "page": "One page in each file: these keys between two lines of `---`, and its Markdown below them.",
}
_INTRODUCTION: Final = introduction(
    "Keys of files",
    "the schemas that text editors use (`feedsvc schema`)",
    "The [tutorial](../tutorial/first-newsroom.md) and the [guides for editors](../README.md#for-editors) show the keys in use.",
    "A dot leads to a key within a key: `feed.entries` is `entries` below `feed`. After `[]` come the keys of each item of a "
    "list. A key without a value counts as absent.",
)
# A longer list of allowed values, such as all time zones, is not printed.
_MAX_PRINTED_VALUES: Final = 12
_TYPES: Final[Mapping[str, str]] = {"string": "text", "number": "number", "boolean": "`true` or `false`", "object": "keys"}

Row = tuple[str, str, str]


def files_page() -> str:
    """Return the text of docs/reference/files.md."""
    return "\n".join([_INTRODUCTION, *(_section(name, text) for name, text in _SECTIONS.items())])


def _section(name: str, text: str) -> str:
    schema = build_schema(name)
    rows = _rows(schema.get("additionalProperties") or schema)
    return f"## {FILE_PATTERNS[name]}\n\n{text}\n\n{table(('key', 'value', 'meaning'), rows)}"


def _rows(model: Json, prefix: str = "") -> Iterator[Row]:
    """Yield the rows of a model's keys, each followed by those of the keys within it."""
    for key, schema in model["properties"].items():
        if key == ON_IN_YAML_1_1:  # only for text editors, which may read the key `on` as that
            continue
        path = f"{prefix}{key}"
        yield f"`{path}`", _value(schema, is_required=key in model.get("required", ())), _meaning(schema)
        for choice in _choices(schema):
            if "properties" in choice:
                yield from _rows(choice, f"{path}.")
            for item in _choices(choice.get("items", {})):
                if "properties" in item:
                    yield from _rows(item, f"{path}[].")


def _choices(schema: Json) -> list[Json]:
    """Return the alternatives of a schema except null. Rules between keys, which have no type, are no alternatives."""
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type", choice.get("enum")) != "null"]
    return choices if any("type" in choice or "enum" in choice for choice in choices) else [schema]


def _value(schema: Json, *, is_required: bool) -> str:
    types = dict.fromkeys(_type(choice) for choice in _choices(schema))
    default = schema.get("default")
    has_default = default is not None and not isinstance(default, dict)
    return "; ".join(
        [" or ".join(types), *(["required"] if is_required else []), *([f"default {_code(default)}"] if has_default else [])]
    )


def _type(schema: Json) -> str:
    if values := [value for value in schema.get("enum", ()) if value is not None]:
        return ", ".join(_code(value) for value in values) if len(values) <= _MAX_PRINTED_VALUES else "text"
    kind = schema["type"]
    if kind == "array":
        limit = f" of at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"list{limit}"
    if kind == "integer":
        return f"whole number{_bounds(schema)}"
    limit = f" of at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    return f"{_TYPES[kind]}{limit}"


def _bounds(schema: Json) -> str:
    minimum = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    return f", {minimum} to {schema['maximum']}" if "maximum" in schema else f", at least {minimum}"


def _meaning(schema: Json) -> str:
    examples = "".join(f" Example: {_code(example)}" for example in schema.get("examples", ()))
    return f"{schema.get('description', '')}{examples}"


def _code(value: Any) -> str:
    """Return a value in flow style of YAML, as code. Lists and objects of JSON are that, too."""
    text = value if isinstance(value, str) else _flow(value)
    return f"`{text}`"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str) and not any(char in value for char in " ,:#{}[]\"'*&!%@`"):
        return value
    return json.dumps(value, ensure_ascii=False)
