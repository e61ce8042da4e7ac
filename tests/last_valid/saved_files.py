"""Content folders before and after an editor saves a broken file, and the content that readers must see afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from feedsvc.errors import Problem
from feedsvc.live.live import Live
from feedsvc.publication.document import Document, FileResource, Resource
from tests.broken_files import dates, duplicates, files, keys, media, references, settings, sites, texts, values
from tests.broken_files.case import HEAD, PNG, Case, Files
from tests.conftest import SETTINGS

TABLES: Final = {
    "dates": dates.CASES,
    "files": files.CASES,
    "keys": keys.CASES,
    "media": media.CASES,
    "references": references.CASES,
    "settings": settings.CASES,
    "sites": sites.CASES,
    "duplicates": duplicates.CASES,
    "values": values.CASES,
    "texts": texts.CASES,
}
CASES: Final = tuple(case for table in TABLES.values() for case in table)

VALID_FILES: Final[Files] = {
    "media/p.png": PNG,
    "articles/sound.yaml": f"{HEAD}id: tag:news.example,2026:sound\nauthor: mina-park\ncategory: asia\nbody: Sound.\n",
    "articles/folder/sound-too.md": f"---\n{HEAD}id: tag:news.example,2026:sound-too\ntags: [one]\n---\nText\n",
}
# A file that is invalid as a whole defines no other authors or categories, so it must not define them before either.
_SETTINGS_BEFORE: Final = {
    "authors.yaml": "mina-park:\n  name: Mina Park\n",
    "categories.yaml": "asia:\n  title: Asia\n",
    "tags.yaml": "one:\n  title: Number One\n",
    "feeds.yaml": "x: {title: Former X, include: {all: true}, content: summary}\n",
}
# These cases have valid entries beside the invalid one; they take effect at once.
_VALID_ENTRIES: Final[dict[str, Files]] = {
    "unknown author with one known author": {"authors.yaml": f"{_SETTINGS_BEFORE['authors.yaml']}x: {{name: X}}\n"},
    "same author id twice": {"authors.yaml": f"{_SETTINGS_BEFORE['authors.yaml']}m: {{name: M}}\n"},
    "alias of another author": {"authors.yaml": f"{_SETTINGS_BEFORE['authors.yaml']}m: {{name: M}}\nn: {{name: N}}\n"},
    "feed of an invalid author": {"feeds.yaml": "x: {title: X, include: {authors: mina-park}}\n"},
    "alias of another tag": {"tags.yaml": f"{_SETTINGS_BEFORE['tags.yaml']}two: {{title: Two}}\n"},
}
# An invalid author or category keeps its last valid version, so an article that refers to it is valid if there was one.
_VALID_BY_LAST_VERSION: Final = {
    "article of an invalid author": "articles/a.yaml",
    "feed of an invalid author": "feeds.yaml",
    "article of an invalid categories.yaml": "articles/a.yaml",
}


def write(root: Path, contents: Files) -> Path:
    """Write files below `root` and return it."""
    for path, content in contents.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def write_broken_last(root: Path, case: Case) -> None:
    """Write the files of a case below `root`, first the valid ones.

    A server may read the folder between two of them, when a duplicate is the only one yet, and thus valid.
    """
    broken = _broken_paths(case)
    write(root, {path: case.files[path] for path in sorted(case.files, key=lambda path: path in broken)})


def before(case: Case) -> Files:
    """Return a valid newsroom with an article at every path of the case at which an article can be."""
    settings_files = {path: text for path, text in _SETTINGS_BEFORE.items() if path in case.files}
    article_paths = [path for path in case.files if _can_be_an_article(path)]
    return {**SETTINGS, **settings_files, **VALID_FILES, **{path: former_article(path) for path in article_paths}}


def expected(case: Case) -> Files:
    """Return a valid newsroom that looks to readers like the folder of the case: the last valid version of broken files."""
    readable = {path: text for path, text in case.files.items() if _can_be_an_article(path) or path.startswith("media/")}
    valid = {path: text for path, text in readable.items() if path not in _broken_paths(case)}
    return {**before(case), **valid, **_VALID_ENTRIES.get(case.name, {})}


def expected_messages(case: Case) -> tuple[str, ...]:
    """Return the messages about the files of the case."""
    valid_path = _VALID_BY_LAST_VERSION.get(case.name)
    return tuple(line for line in case.lines if valid_path is None or not line.startswith(valid_path))


def messages(problems: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the problems of /status as `check` prints them, without those of VALID_FILES, whose author may be invalid."""
    case_errors = [problem for problem in problems if problem["severity"] == "error" and problem["path"] not in VALID_FILES]
    return tuple(
        str(Problem(**{key: problem[key] for key in problem if key not in ("severity", "serving_last_valid")}))
        for problem in case_errors
    )


def write_only(root: Path, contents: Files) -> Path:
    """Write these files below `root`, delete all others and return `root`."""
    for file in [file for file in root.rglob("*") if file.is_file() and str(file.relative_to(root)) not in contents]:
        file.unlink()
    return write(root, contents)


def resources_and_dates(live: Live) -> tuple[dict[str, object], dict[str, datetime | None]]:
    """Return path -> resource without its date, the bytes if it is a file, and path -> Last-Modified, None if it has none."""
    edition = live.current(live.clock())
    # Pages of listings take most of the time, and are rendered from the rows of the feeds.
    paths = [path for path in edition.paths_with_redirects() if not path.endswith("/") or path.startswith("/articles/")]
    resources = {path: edition.resolve(path) for path in paths}
    dates = {path: getattr(resource, "last_modified", None) for path, resource in resources.items()}
    return {path: _without_date(resource) for path, resource in resources.items()}, dates


def resources_by_path(live: Live) -> dict[str, object]:
    """Return path -> resource without its date."""
    return resources_and_dates(live)[0]


def _without_date(resource: Resource | None) -> object:
    if isinstance(resource, Document):
        return replace(resource, last_modified=None)
    return (resource.media_type, Path(resource.location).read_bytes()) if isinstance(resource, FileResource) else resource


def former_article(path: str) -> str:
    """Return the text of a valid article at a path."""
    name = f"former-{path.encode().hex()[:40]}"
    head = (
        f"title: Former\npublished: 2026-01-05\nid: tag:news.example,2026:{name}\nslug: {name}\ntags: [one]\nauthor: mina-park\n"
    )
    return f"---\n{head}---\nAs it was.\n" if path.endswith(".md") else f"{head}body: As it was.\n"


def _can_be_an_article(path: str) -> bool:
    return path.startswith("articles/") and path.endswith((".yaml", ".md")) and path.isprintable()


def _broken_paths(case: Case) -> frozenset[str]:
    valid_path = _VALID_BY_LAST_VERSION.get(case.name)
    return frozenset(path for line in case.lines if (path := line.partition(":")[0]) != valid_path)
