"""Files of a new newsroom: settings, three articles, a page, a picture, files for git and VS Code, from the folder `starter`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.article import default_id
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.reading.site import parse_site
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.schema.field_types import is_host
from feedsvc.content.yaml import format_scalar, quote_scalar
from feedsvc.editing.schema_files import vscode_settings
from feedsvc.errors import FeedsvcError
from feedsvc.model import Site

GIT_IGNORE_FILE: Final = ".gitignore"
VSCODE_FOLDER: Final = ".vscode"
ENGLISH: Final = "en"  # language of the articles
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


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteAnswers:
    """Values of a new site.yaml, as `parse_site_value` returns them."""

    title: str
    base_url: str
    language: str
    timezone: str


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
        GIT_IGNORE_FILE: git_ignore_text(),
        f"{VSCODE_FOLDER}/settings.json": f"{json.dumps(vscode_settings(Path()), indent=2)}\n".encode(),
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
    return (_LANGUAGE_LINE.sub("", text) if site.language.partition("-")[0] == ENGLISH else text).encode()


def _fill(path: str, values: Mapping[str, str]) -> bytes:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], _read(path).decode()).encode()


def _read(path: str) -> bytes:
    return _STARTER.joinpath(path).read_bytes()
