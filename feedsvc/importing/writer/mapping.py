"""Mapping file of an import (--map): categories and authors of the source -> ids in the newsroom.

The last one is stored in the newsroom as .feedsvc/import/map.yaml, so that the next import gives the same ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from feedsvc import uris
from feedsvc.content.text import decode, did_you_mean
from feedsvc.content.yaml import format_scalar, parse_yaml, quote_scalar
from feedsvc.errors import FeedsvcError
from feedsvc.importing.writer.base import IMPORT_FOLDER
from feedsvc.support.atomic_write import write_atomically

MAPPING_FILE: Final = f"{IMPORT_FOLDER}/map.yaml"
_KINDS: Final = ("categories", "authors")
_HEAD: Final = "# The ids of categories and authors that imports use, until --map names another file.\n"
_EXAMPLE: Final = "write it like\n  categories:\n    old-name: new-name\n    unwanted: null\n  authors:\n    admin: newsroom"


@dataclass(frozen=True, kw_only=True, slots=True)
class TermMapping:
    """New ids of categories and authors by their key at the source, or its slug; None for those that articles lose.

    Several keys may get one id.
    """

    categories: Mapping[str, str | None] = field(default_factory=dict)
    authors: Mapping[str, str | None] = field(default_factory=dict)


def read_mapping(file: Path) -> TermMapping:
    """Read a mapping file. An empty file is an empty mapping; ids need not exist in the newsroom, and numbers become text.

    Raises FeedsvcError if it cannot be read, has an unknown key or an entry that does not map a name to an id or null.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FeedsvcError(f"--map {file} cannot be read ({error.strerror})") from None
    text, problems = decode(str(file), data)
    document = parse_yaml(str(file), text)
    if problems := [*problems, *document.problems]:
        raise FeedsvcError(f"--map {problems[0]}")
    value = document.value if document.value is not None else {}
    if not isinstance(value, dict) or not all(isinstance(entries, dict) for entries in value.values()):
        raise FeedsvcError(f"--map {file} has no names below categories: or authors:; {_EXAMPLE}")
    if unknown := [key for key in value if key not in _KINDS]:
        raise FeedsvcError(f"--map {file}: no key '{unknown[0]}'; {did_you_mean(unknown[0], _KINDS) or _EXAMPLE}")
    return TermMapping(**{kind: _ids(file, kind, value.get(kind, {})) for kind in _KINDS})


def read_last_mapping(root: Path) -> TermMapping | None:
    """Return the mapping in .feedsvc/import/map.yaml of a newsroom, which the last import with one stored; None if there is none.

    Raises FeedsvcError if the file cannot be read or is invalid.
    """
    file = root / MAPPING_FILE
    return read_mapping(file) if file.is_file() else None


def write_mapping(root: Path, mapping: TermMapping) -> None:
    """Store a mapping in .feedsvc/import/map.yaml for the next import, an empty one by deleting that file. Raises OSError."""
    file = root / MAPPING_FILE
    if not mapping.categories and not mapping.authors:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, format_mapping(mapping).encode())


def format_mapping(mapping: TermMapping) -> str:
    """Return the text of a mapping file (--map) that `read_mapping` reads as this mapping of categories and authors."""
    lines = [_HEAD]
    for kind, entries in (("categories", mapping.categories), ("authors", mapping.authors)):
        lines += [f"{kind}:\n"] if entries else []
        lines += [
            f"  {quote_scalar(name)}: {'null' if new is None else format_scalar(new)}\n" for name, new in sorted(entries.items())
        ]
    return "".join(lines)


def _ids(file: Path, kind: str, entries: Mapping[object, object]) -> dict[str, str | None]:
    ids: dict[str, str | None] = {}
    for name, new in entries.items():
        if new is not None and not (isinstance(new, str | int) and uris.is_slug(str(new))):
            raise FeedsvcError(
                f"--map {file}: {kind}.{name}: '{new}' is not an id; use letters, digits and '-', or null for none"
            )
        ids[str(name)] = None if new is None else str(new)
    return ids
