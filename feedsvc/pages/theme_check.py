"""Check of a theme: of its files, and of its templates in a child process with limits, which renders pages with them."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final

from feedsvc.catalog import Catalog, RowBuilder, build_catalog
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.markdown.text_store import TextStore
from feedsvc.errors import Problem
from feedsvc.pages.theme import BLOCKS, EXTRA_STYLESHEET, FOLDER, STATIC, STATIC_TYPES, TEMPLATES, ThemeFiles, files_below
from feedsvc.support.posix import signals

CHECK_SECONDS: Final = 20.0  # for all pages
HINT: Final = "correct it; until then, the last valid theme is used, or else the product's own pages"
_PROCESS: Final = "feedsvc.pages.theme_check_process"
_START_SECONDS: Final = 60.0  # to start the process
_MAX_ARTICLES: Final = 20
# A frame in a traceback of Python or faulthandler.
_TEMPLATE_FRAME: Final = re.compile(rf'File "{FOLDER}/{TEMPLATES}([^"\n]+)", line (\d+)')
_MAX_BYTES: Final = 128 * 1024  # of a template or of extra.css: several times the largest built-in file
# A comment, a string, or an @import of an address with a scheme or host. No text is scanned twice.
_CSS: Final = re.compile(
    r"/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?"
    r"|@import(?:\s|/\*(?:[^*]|\*(?!/))*\*/)*(?:url\(\s*)?[\"']?(?P<address>(?://|[a-z][a-z0-9+.-]*:)[^\"')\s;]*)",
    re.DOTALL | re.IGNORECASE,
)


class ThemeCheckError(Exception):
    """Raised if a theme could not be checked, for a reason outside the theme. The message continues the words "the theme"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewestArticles:
    """The newest articles of a site, and what their pages need. Can be pickled.

    `fields` are those of ContentSnapshot, but for `texts`, which has the Markdown texts by key (`Article.text`). The catalog is
    that of the moment `now`, with drafts and scheduled articles if `preview`.
    """

    fields: Mapping[str, Any]
    texts: Mapping[bytes, str]
    now: datetime
    preview: bool

    def build_catalog(self) -> Catalog:
        texts = TextStore()
        texts.add(self.texts)
        return build_catalog(ContentSnapshot(**self.fields, texts=texts), self.now, is_preview=self.preview)


def find_newest_articles(content: ContentSnapshot, now: datetime, *, preview: bool) -> NewestArticles:
    """Return the newest 20 articles that have a row in a catalog at `now`, of the 200 with the latest `published`.

    Withdrawn and expired articles have one, too. Articles whose text is unreadable are left out.
    """
    row_builder = RowBuilder(content.site, now, is_preview=preview)
    candidates = nlargest(10 * _MAX_ARTICLES, content.articles, key=attrgetter("published", "id"))  # some are not public
    shown = (one for one in candidates if row_builder.build(one) and not content.texts.find_missing([one]))
    articles = tuple(islice(shown, _MAX_ARTICLES))
    used = chain(
        content.site.media, *(author.media for author in content.authors.values()), *(article.media for article in articles)
    )
    return NewestArticles(
        fields={
            "site": content.site,
            "frame": content.frame,
            **{name: dict(getattr(content, name)) for name in ("categories", "authors", "tags", "custom_feeds")},
            "articles": articles,
            "media": {path: content.media[path] for path in used if path in content.media},
        },
        texts={one.text: content.texts.markdown(one) for one in articles if one.text},
        now=now,
        preview=preview,
    )


def check_templates(
    files: ThemeFiles, newest_articles: NewestArticles | None, seconds: float = CHECK_SECONDS
) -> tuple[Problem, ...]:
    """Return the problems of the templates of a theme: a child process renders sample pages and the newest articles with them.

    The files must have no problem of `find_file_problems`. Raises ThemeCheckError.
    """
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable or "python", "-X", "utf8", "-m", _PROCESS],
            input=pickle.dumps((files, newest_articles, seconds)),
            capture_output=True,
            timeout=seconds + _START_SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ThemeCheckError(f"could not be checked in a process of its own ({error})") from error
    problems = tuple(Problem(**json.loads(line)) for line in child.stdout.splitlines())
    if child.returncode == 0:
        return problems
    stacks = child.stderr.decode(errors="replace")
    if not (place := _innermost_template(stacks, files)):
        if problems:
            return problems
        raise ThemeCheckError(f"could not be checked (exit status {child.returncode}: {stacks[-500:].strip()})")
    is_late = -child.returncode in signals("SIGALRM") or stacks.startswith("Timeout")  # of faulthandler
    message = f"a page was not finished within {seconds:.0f} seconds" if is_late else "a page ended the process that rendered it"
    return (*problems, Problem(path=f"{FOLDER}/{place[0]}", line=place[1], message=message, hint=HINT))


def _innermost_template(stacks: str, files: ThemeFiles) -> tuple[str, int] | None:
    """Return (path below theme/, line) of the innermost frame of a template in the stacks that a process wrote at its end."""
    # faulthandler writes names in ASCII.
    paths = {text: TEMPLATES + name for name, _ in files_below(files, TEMPLATES) for text in (name, ascii(name)[1:-1])}
    frames = [(paths[name], int(line)) for name, line in _TEMPLATE_FRAME.findall(stacks) if name in paths]
    return frames[0 if "(most recent call first)" in stacks else -1] if frames else None


def find_file_problems(files: ThemeFiles) -> tuple[Problem, ...]:
    """Return the first problem of each theme file that can be found without rendering a page.

    The place of each file is checked, the type and address of one in static/, the size and encoding of a template or of
    extra.css, and each @import in extra.css.
    """
    return tuple(problem for path, data in files.items() if (problem := _file_problem(path, data, files)))


def _file_problem(path: str, data: bytes, files: ThemeFiles) -> Problem | None:
    if path == EXTRA_STYLESHEET:
        return _text_problem(path, data, "stylesheet") or _import_problem(path, data.decode())
    if path.startswith(STATIC):
        return _static_problem(path, files)
    if path.startswith(TEMPLATES):
        return _text_problem(path, data, "template")
    message = f"a theme holds {TEMPLATES}, {STATIC} and {EXTRA_STYLESHEET} only"
    place = f"to {FOLDER}/{TEMPLATES}{BLOCKS}" if path.startswith(BLOCKS) else "there"
    return Problem(path=f"{FOLDER}/{path}", message=message, hint=f"move it {place}")


def _static_problem(path: str, files: ThemeFiles) -> Problem | None:
    if path == STATIC + EXTRA_STYLESHEET and EXTRA_STYLESHEET in files:
        message = f"{FOLDER}/{EXTRA_STYLESHEET} has the same address, /{STATIC}{EXTRA_STYLESHEET}"
        return Problem(path=f"{FOLDER}/{path}", message=message, hint="give this file another name")
    if path[path.rfind(".") :].lower() in STATIC_TYPES:
        return None
    return Problem(path=f"{FOLDER}/{path}", message="no page uses such a file", hint=f"use {', '.join(STATIC_TYPES)}")


def _text_problem(path: str, data: bytes, kind: str) -> Problem | None:
    if len(data) > _MAX_BYTES:
        message = f"the {kind} is larger than {_MAX_BYTES // 1024} KiB, the most that is used"
        return Problem(path=f"{FOLDER}/{path}", message=message)
    try:
        data.decode()
    except UnicodeDecodeError:
        return Problem(path=f"{FOLDER}/{path}", message="the file is not UTF-8", hint="save the file in UTF-8")
    return None


def _import_problem(path: str, text: str) -> Problem | None:
    """Return the problem of the first @import from another host in a stylesheet `text`, which the policy of pages forbids.

    None if there is no such @import. `path` is that of the stylesheet below theme/.
    """
    rule = next((match for match in _CSS.finditer(text) if match["address"]), None)
    if rule is None:
        return None
    before = text[: rule.start()]
    return Problem(
        path=f"{FOLDER}/{path}",
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        message=f"@import of {rule['address']}, but pages load no stylesheets from other hosts",
        hint=f'put the file into {FOLDER}/{STATIC} and write @import "name.css"',
    )
