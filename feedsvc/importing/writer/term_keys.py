"""Look-ups from names of categories, authors and tags at the source to ids in the newsroom, and back."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from feedsvc.importing.writer.names import as_slug

EntryKeys = dict[str, Any]  # keys of one entry of a settings file


def mapped_id(ids: Mapping[str, str | None], *names: str) -> str | None:
    """Return the id of the first of `names` that the mapping `ids` has, "" if it is dropped; None without one."""
    return next((ids[name] or "" for name in names if name in ids), None)


def keys_by_id(ids: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the keys by id, without those whose id is ""."""
    keys: dict[str, list[str]] = {}
    for key, entry_id in ids.items():
        if entry_id:
            keys.setdefault(entry_id, []).append(key)
    return keys


def aliases_entry(keys: Iterable[str], used: Container[str]) -> EntryKeys:
    """Return the key `aliases` with the former names of an entry that no other entry uses; nothing if there are none."""
    names = [name for name in dict.fromkeys(as_slug(unquote(key)) for key in keys) if name and name not in used]
    return {"aliases": names} if names else {}
