"""YAML as an editor would write it: keys one a line, short lists in brackets, and quotation marks only where YAML needs them."""

from __future__ import annotations

from typing import Any

from feedsvc.content.yaml import format_scalar


def format_key(key: str, value: Any) -> str:
    """Return the lines of a key: a scalar or a list of scalars on its own line, a mapping or a list of mappings below it.

    The text ends with a line break.
    """
    if isinstance(value, dict):
        return f"{key}:\n" + "".join(f"  {format_key(inner, item)}" for inner, item in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{key}:\n" + "".join(_format_item(item) for item in value)
    if isinstance(value, list):
        return f"{key}: [{', '.join(map(format_scalar, value))}]\n"
    return f"{key}: {format_scalar(value)}\n"


def _format_item(item: dict[str, Any]) -> str:
    lines = [format_key(key, value) for key, value in item.items()]
    return f"  - {lines[0]}" + "".join(f"    {line}" for line in lines[1:])


def format_entry(entry_id: str, keys: dict[str, Any]) -> str:
    """Return an entry of a settings file as lines: its id, and its keys indented below it; no list of mappings among them."""
    return f"{format_scalar(entry_id)}:\n" + "".join(f"  {format_key(key, value)}" for key, value in keys.items())
