"""What the newsroom of a broken file held before it was saved, and what readers are to see once it has been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from feedsvc.errors import Problem
from feedsvc.live.live import Live
from feedsvc.publication.document import Document, FileResource, Resource
from tests.broken_files import dates, duplicates, files, keys, media, names, settings, sites, values, words
from tests.broken_files.case import HEAD, PNG, Case, Files
from tests.conftest import SETTINGS

TABLES: Final = {
    "dates": dates.CASES,
    "files": files.CASES,
    "keys": keys.CASES,
    "media": media.CASES,
    "names": names.CASES,
    "settings": settings.CASES,
    "sites": sites.CASES,
    "twice": duplicates.CASES,
    "values": values.CASES,
    "words": words.CASES,
}
CASES: Final = tuple(case for table in TABLES.values() for case in table)

SOUND: Final[Files] = {
    "media/p.png": PNG,
    "articles/sound.yaml": f"{HEAD}id: tag:news.example,2026:sound\nauthor: mina-park\ncategory: asia\nbody: Sound.\n",
    "articles/folder/sound-too.md": f"---\n{HEAD}id: tag:news.example,2026:sound-too\ntags: [one]\n---\nText\n",
}
# A register that is broken as a whole may name nobody else; so it named nobody else before either.
_REGISTERS: Final = {"authors.yaml": "mina-park:\n  name: Mina Park\n", "categories.yaml": "asia:\n  title: Asia\n"}
# Three files hold sound entries beside the broken one; those are for readers at once.
_SOUND_ENTRIES: Final[dict[str, Files]] = {
    "unknown author without any": {"authors.yaml": f"{_REGISTERS['authors.yaml']}x: {{name: X}}\n"},
    "two authors of one id": {"authors.yaml": f"{_REGISTERS['authors.yaml']}m: {{name: M}}\n"},
    "alias of another author": {"authors.yaml": f"{_REGISTERS['authors.yaml']}m: {{name: M}}\nn: {{name: N}}\n"},
}
# Whoever is set aside is known as he last was, so the article that names him is sound where he was known before.
_MENDED_BY_THE_PAST: Final = {"author set aside": "articles/a.yaml", "categories set aside": "articles/a.yaml"}


def write(root: Path, texts: Files) -> Path:
    for path, content in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def before(case: Case) -> Files:
    """A sound newsroom with an article at every path where the case has one, if an article can stand there at all."""
    registers = {path: text for path, text in _REGISTERS.items() if path in case.files}
    articles = [path for path in case.files if _can_be_read(path)]
    return {**SETTINGS, **registers, **SOUND, **{path: former(path) for path in articles}}


def expected(case: Case) -> Files:
    """The newsroom without any fault that looks to readers as this one does: what is broken as it was, the rest as it is."""
    read = {path: text for path, text in case.files.items() if _can_be_read(path) or path.startswith("media/")}
    sound = {path: text for path, text in read.items() if path not in _broken(case)}
    return {**before(case), **sound, **_SOUND_ENTRIES.get(case.name, {})}


def lines(case: Case) -> tuple[str, ...]:
    """What the editor is told of the files of the case."""
    mended = _MENDED_BY_THE_PAST.get(case.name)
    return tuple(line for line in case.lines if mended is None or not line.startswith(mended))


def told(problems: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The problems of /status as `check` prints them; those of sound articles aside, whose author a register has lost."""
    errors = [one for one in problems if one["severity"] == "error" and one["path"] not in SOUND]
    return tuple(str(Problem(**{key: one[key] for key in one if key != "serving_last_valid"})) for one in errors)


def only(root: Path, texts: Files) -> Path:
    """The folder with these files and no others."""
    for file in [file for file in root.rglob("*") if file.is_file() and str(file.relative_to(root)) not in texts]:
        file.unlink()
    return write(root, texts)


def served(live: Live) -> dict[str, object]:
    """Every address and its answer without its date; of a file, its bytes."""
    edition = live.current(live.clock())
    return {path: _undated(edition.resolve(path)) for path in edition.paths_with_redirects()}


def moments(live: Live) -> dict[str, datetime | None]:
    """Since when each answer is what it is."""
    edition = live.current(live.clock())
    return {path: getattr(edition.resolve(path), "last_modified", None) for path in edition.paths_with_redirects()}


def _undated(found: Resource | None) -> object:
    if isinstance(found, Document):
        return replace(found, last_modified=None)
    return (found.media_type, Path(found.location).read_bytes()) if isinstance(found, FileResource) else found


def former(path: str) -> str:
    name = f"former-{path.encode().hex()[:40]}"
    head = (
        f"title: Former\npublished: 2026-01-05\nid: tag:news.example,2026:{name}\nslug: {name}\ntags: [one]\nauthor: mina-park\n"
    )
    return f"---\n{head}---\nAs it was.\n" if path.endswith(".md") else f"{head}body: As it was.\n"


def _can_be_read(path: str) -> bool:
    return path.startswith("articles/") and path.endswith((".yaml", ".md")) and path.isprintable()


def _broken(case: Case) -> frozenset[str]:
    mended = _MENDED_BY_THE_PAST.get(case.name)
    return frozenset(path for line in case.lines if (path := line.partition(":")[0]) != mended)
