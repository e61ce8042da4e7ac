"""Files of a newsroom: a new one, from the folder `starter`, and JSON Schemas in a hidden folder, for text editors only.

A new newsroom overwrites nothing. All its files are written into a hidden folder inside the new one, and then moved to their
places, site.yaml last: without that file, no command reads the folder as a newsroom.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.article import default_id
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SETTINGS_FILES, SITE_FILE, known_names
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.reading.site import parse_site
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.schema.field_types import is_host
from feedsvc.content.schema.json_schema import SCHEMA_NAMES, Json, build_schema
from feedsvc.content.yaml import format_scalar, quote_scalar
from feedsvc.errors import FeedsvcError
from feedsvc.model import Site
from feedsvc.support.atomic_write import rename_without_replacing, write_atomically
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.posix import quote_argument

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
_GIT_IGNORE_FILE: Final = ".gitignore"
_VSCODE_FOLDER: Final = ".vscode"
_ENGLISH: Final = "en"  # language of the articles
RESERVED_DOMAIN: Final = "newsroom.example"  # RFC 2606 section 2: nobody has a domain below .example
_STARTER: Final = resources.files(__package__).joinpath("starter")
_PAGE: Final = f"{PAGES_FOLDER}/about.md"
_PICTURE: Final = "media/harbour.png"
_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)\}\}")
_LANGUAGE_LINE: Final = re.compile(r"^language: en .*\n", re.MULTILINE)
_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9._/:-]*[A-Za-z0-9]")  # needs no quotes in YAML
# Article -> its age, so that their order on the front page is fixed.
_ARTICLES: Final[Mapping[str, timedelta]] = {
    "welcome": timedelta(),
    "picture": timedelta(minutes=1),
    "draft": timedelta(minutes=2),
}
STAGING_PREFIX: Final = ".feedsvc-init."  # of the hidden folder, before random digits
_OWN_NAMES: Final = (*SETTINGS_FILES, ARTICLES_FOLDER, PAGES_FOLDER, "media", "theme", SCHEMA_FOLDER.partition("/")[0])
# Names that other programs write, too. Their files stay, and ours are left out.
_SHARED_NAMES: Final = (_GIT_IGNORE_FILE, _VSCODE_FOLDER)


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteAnswers:
    """Values of a new site.yaml, as `parse_site_value` returns them."""

    title: str
    base_url: str
    language: str
    timezone: str


def check_is_free(folder: Path) -> None:
    """Raise FeedsvcError if a newsroom must not be written into a folder, which may be missing.

    It must not be a file, have files of a newsroom (empty folders are allowed), or be directly inside a newsroom.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise FeedsvcError(f"{folder} is not a folder, and nothing was written; give another name")
    parent = os.path.dirname(os.path.realpath(folder))
    if os.path.exists(os.path.join(parent, SITE_FILE)) and os.path.realpath(folder) != parent:
        raise FeedsvcError(
            f"{folder} would be inside a newsroom, because {parent} has {SITE_FILE}, and nothing was written; "
            "give a folder outside it"
        )
    if names := [name for name in _OWN_NAMES if _is_in_use(folder / name)]:
        serve = f"it is a newsroom already: feedsvc serve {quote_argument(str(folder))} serves it"
        hint = serve if SITE_FILE in names else "give an empty folder"
        raise FeedsvcError(f"{folder} has {', '.join(names)}, and nothing was written; {hint}")


def create_newsroom(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Create a newsroom of `files`, path below the folder -> bytes, and schemas for text editors.

    Return which of .gitignore and .vscode existed: they stay as they are, and those of `files` are left out. Missing folders are
    created. Raises FeedsvcError if `check_is_free` does, with nothing written, or if a file cannot be written.
    """
    check_is_free(folder)
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with folder_lock(folder):
            check_is_free(folder)  # another process may have been faster
            for leftover in folder.glob(f"{STAGING_PREFIX}*"):  # of a process that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            return _write_newsroom(folder, files)
    except OSError as error:
        raise FeedsvcError(f"{folder} cannot be written ({error.strerror}); give a folder that you may write to") from None
    finally:
        for path in missing:
            with suppress(OSError):
                path.rmdir()  # only an empty folder, after an error


def _write_newsroom(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write the files into a hidden folder, and move its entries to their places. Return the names that existed and stay."""
    staging = folder / f"{STAGING_PREFIX}{secrets.token_hex(4)}"
    shared = tuple(name for name in _SHARED_NAMES if os.path.lexists(folder / name))
    try:
        for path, data in files.items():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).write_bytes(data)
        write_schemas(staging)
        for entry in sorted(staging.iterdir(), key=lambda entry: (entry.name == SITE_FILE, entry.name)):
            if entry.name not in shared:
                _move(entry, folder / entry.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return shared


def _move(entry: Path, target: Path) -> None:
    """Move a file or folder without replacing anything: into an existing folder, which is empty, move the content."""
    if not entry.is_dir():
        rename_without_replacing(entry, target)
    elif target.is_dir():
        for child in entry.iterdir():
            child.rename(target / child.name)
    else:
        entry.rename(target)


def _is_in_use(path: Path) -> bool:
    """Return whether anything but an empty folder exists at a path."""
    if os.path.isdir(path) and not os.path.islink(path):
        with suppress(OSError):
            return bool(os.listdir(path))
    return os.path.lexists(path)


# --- Files of the starter


def starter_files(answers: SiteAnswers, now: datetime) -> dict[str, bytes]:
    """Return the files of a new newsroom by their paths in its folder, without schemas. Writes nothing.

    Its articles, one of them a draft, are dated `now` or up to two minutes before, `since` that day. Raises FeedsvcError if the
    answers give no site.yaml without problems.
    """
    local = now.astimezone(ZoneInfo(answers.timezone)).replace(second=0, microsecond=0)
    site_file = _fill(SITE_FILE, _site_values(answers, local))
    site, problems = parse_site(site_file, MediaFolder(Path()))
    if problems:
        raise FeedsvcError(f"a newsroom with these values is not valid: {problems[0]}")
    return {
        SITE_FILE: site_file,
        CATEGORIES_FILE: _read(CATEGORIES_FILE),
        AUTHORS_FILE: _read(AUTHORS_FILE),
        _PAGE: _in_english(site, _read(_PAGE).decode()),
        _PICTURE: _read(_PICTURE),
        _GIT_IGNORE_FILE: git_ignore_text(),
        f"{_VSCODE_FOLDER}/settings.json": f"{json.dumps(vscode_settings(Path()), indent=2)}\n".encode(),
        **dict(_article_files(site, local)),
    }


def git_ignore_text() -> bytes:
    """Return the .gitignore of a new newsroom."""
    return _read("gitignore")


def _site_values(answers: SiteAnswers, local: datetime) -> dict[str, str]:
    host = urlsplit(answers.base_url).hostname or ""
    return {
        "title": quote_scalar(answers.title),
        "base_url": answers.base_url if _PLAIN_URL.fullmatch(answers.base_url) else quote_scalar(answers.base_url),
        "id_domain": format_scalar(host if is_host(host) else RESERVED_DOMAIN),
        "since": f"{local:%Y-%m-%d}",
        "language": format_scalar(answers.language),
        "timezone": format_scalar(answers.timezone),
    }


def _article_files(site: Site, local: datetime) -> Iterator[tuple[str, bytes]]:
    """Yield path below the folder and bytes of each article. They are in English; `language` is written unless the site is."""
    for name, age in _ARTICLES.items():
        published = local - age
        values = {"id": default_id(site, name, published.year), "published": published.isoformat()}
        text = _fill(f"{ARTICLES_FOLDER}/{name}.yaml", values).decode()
        path = f"{ARTICLES_FOLDER}/{published:%Y}/{published:%m}/{name}.yaml"
        yield path, _in_english(site, text)


def _in_english(site: Site, text: str) -> bytes:
    """Return an English text of the starter, with the key `language` only if the site's language is another one."""
    return (_LANGUAGE_LINE.sub("", text) if site.language.partition("-")[0] == _ENGLISH else text).encode()


def _fill(path: str, values: Mapping[str, str]) -> bytes:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], _read(path).decode()).encode()


def _read(path: str) -> bytes:
    return _STARTER.joinpath(path).read_bytes()


# --- Schemas


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
