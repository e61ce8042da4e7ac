"""The JSON Schemas as files in a newsroom, in a hidden folder that nobody reads but text editors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from feedsvc.content.reading import settings as settings_files
from feedsvc.content.schema import json_schema
from feedsvc.content.schema.json_schema import NAMES, Json
from feedsvc.errors import FeedsvcError

FOLDER: Final = ".feedsvc/schema"
# What each schema is for, as VS Code's YAML plug-in matches files.
FILES: Final = {"site": "site.yaml", "authors": "authors.yaml", "categories": "categories.yaml", "article": "articles/**/*.yaml"}


def write(root: Path, names: Iterable[str] = NAMES) -> tuple[Path, ...]:
    """The schemas of a newsroom, each file whole or not at all. Raises FeedsvcError where the disk refuses."""
    folder = root / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_written(folder / f"{name}.json", printed(made(name, root))) for name in names)
    except OSError as error:
        raise FeedsvcError(f"{folder} cannot be written ({error.strerror})") from None


def made(name: str, root: Path | None = None) -> Json:
    """Return the schema of one kind of file (a name of NAMES). Never raises for what the folder holds.

    With a content folder, its own categories and authors are the only names that articles may use.
    """
    files = {"category": settings_files.CATEGORIES, "author": settings_files.AUTHORS} if root else {}
    return json_schema.made(name, {kind: settings_files.known(root, file) for kind, file in files.items() if root})


def printed(schema: Json) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _written(file: Path, text: str) -> Path:
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text, "utf-8")
    os.replace(beside, file)
    return file


def modeline(root: Path, article: Path) -> str:
    """The comment that leads VS Code's YAML plug-in from an article's file to its schema."""
    path = os.path.relpath(root / FOLDER / "article.json", article.parent)
    return f"# yaml-language-server: $schema={path}"


def settings(content: Path) -> Json:
    """VS Code's settings for a newsroom that lies at `content` in the folder that is opened."""
    matched = {f"{content}/{FOLDER}/{name}.json": f"{content}/{pattern}" for name, pattern in FILES.items()}
    return {"yaml.schemas": matched, "yaml.yamlVersion": "1.1"}
