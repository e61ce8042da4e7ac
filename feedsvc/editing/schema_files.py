"""JSON Schema files in a hidden folder of the content folder, for text editors only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, known_names
from feedsvc.content.schema.json_schema import SCHEMA_NAMES, Json, build_schema
from feedsvc.errors import FeedsvcError
from feedsvc.support.atomic_write import write_atomically

SCHEMA_FOLDER: Final = ".feedsvc/schema"
# Files that each schema applies to, as patterns of VS Code's YAML extension.
FILE_PATTERNS: Final = {
    "site": "site.yaml",
    "authors": "authors.yaml",
    "categories": "categories.yaml",
    "tags": "tags.yaml",
    "feeds": "feeds.yaml",
    "redirects": "redirects.yaml",
    "article": "articles/**/*.yaml",
    "page": "pages/*.md",
}


def write_schemas(root: Path, names: Iterable[str] = SCHEMA_NAMES) -> tuple[Path, ...]:
    """Write the schemas `names`, of SCHEMA_NAMES, as NAME.json into SCHEMA_FOLDER of a content folder, and return the files.

    Existing files are replaced, each atomically; the folder is created. Each schema is what `build_schema_of` returns for the
    content folder `root`. Raises FeedsvcError if a file cannot be written.
    """
    folder = root / SCHEMA_FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = tuple(folder / f"{name}.json" for name in names)
        for file in files:
            write_atomically(file, format_schema(build_schema_of(file.stem, root)).encode())
    except OSError as error:
        raise FeedsvcError(f"{folder} cannot be written ({error.strerror})") from None
    return files


def build_schema_of(name: str, root: Path | None = None) -> Json:
    """Return the schema of one kind of file (one of SCHEMA_NAMES). Never raises because of the folder's content.

    With a content folder `root`, the schemas of articles and feeds permit only the categories and authors of that folder, by id
    or alias. If categories.yaml or authors.yaml has no entry or cannot be parsed, they permit any category or any author.
    """
    files = {"category": CATEGORIES_FILE, "author": AUTHORS_FILE} if root else {}
    return build_schema(name, {kind: known_names(root, file) for kind, file in files.items() if root})


def format_schema(schema: Json) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def modeline(root: Path, article: Path) -> str:
    """Return the comment that tells VS Code's YAML extension the schema of an article file in the content folder `root`."""
    path = os.path.relpath(root / SCHEMA_FOLDER / "article.json", article.parent)
    return f"# yaml-language-server: $schema={path.replace(os.sep, '/')}"  # a URL reference, on Windows, too


def vscode_settings(content: Path) -> Json:
    """Return VS Code settings, for its YAML extension, that assign the schemas to the YAML files of a content folder, not pages.

    `content` is the path of the content folder relative to the folder that is opened in VS Code.
    """
    patterns = {
        (content / SCHEMA_FOLDER / f"{name}.json").as_posix(): (content / pattern).as_posix()
        for name, pattern in FILE_PATTERNS.items()
        if pattern.endswith(".yaml")  # the extension reads no front matter
    }
    return {"yaml.schemas": patterns, "yaml.yamlVersion": "1.1"}
