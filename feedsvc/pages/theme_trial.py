"""Make every kind of page with a newsroom's templates, in a process that has limits; theme_check.py starts it.

The process is ended from outside where a page takes too long, so each step is announced before it begins.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from feedsvc.catalog.catalog import Catalog, Listing
from feedsvc.content.text import nearest
from feedsvc.pages.article import article
from feedsvc.pages.layout import Frame
from feedsvc.pages.listing import listing, subscribe
from feedsvc.pages.newest_articles import Newest
from feedsvc.pages.sample_sites import newsrooms
from feedsvc.pages.status_pages import gone, missing
from feedsvc.pages.tags import Part, TagCount, TagPage, tags_page
from feedsvc.pages.theme import FOLDER, TEMPLATES, Theme, Unmakeable, below, fault, own_names, references
from feedsvc.support.limited_process import Step

LEFT_OUT: Final = "until the template is changed, its last sound version is used, or else the product's own"
_LISTINGS: Final = 40  # of real articles
_LONGEST: Final = 500  # characters of a message
_TOPICS: Final = (TagCount("t", "Topic", 1),)
_PART: Final = Part("t", "Topic", "Topic")
_TAG_PAGES: Final = (
    ("", TagPage(tags=_TOPICS)),
    ("", TagPage(parts=(_PART, _PART))),
    ("t", TagPage(tags=_TOPICS, before=_PART, after=_PART)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The input, pickled: `templates` are path below theme/ -> bytes; steps whose subject is in `skipped` are left out."""

    templates: Mapping[str, bytes]
    newest: Newest | None
    skipped: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Doing:
    """A step. `subject` is what a page shows, "" for a page of a made-up newsroom.

    `template` is the page's own template while templates are at work, "" while the page's facts are prepared.
    """

    subject: str = ""
    template: str = ""

    @classmethod
    def read(cls, step: str) -> Doing | None:
        return cls(**json.loads(step)) if step else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A problem of the template at `path` below theme/; `real` if a page of a real article shows it, not a made-up one."""

    path: str
    line: int
    message: str
    hint: str
    real: bool = False


def run(data: bytes, step: Step) -> bytes:
    """Try templates: a pickled Given to a JSON list of findings. All templates but those named there are sound together."""
    given: Given = pickle.loads(data)  # noqa: S301 - from the process that started this one
    trial = _Trial(given, step)
    return json.dumps([asdict(one) for one in trial.findings()]).encode()


class _Trial:
    def __init__(self, given: Given, step: Step) -> None:
        self._given, self._begin = given, step

    def findings(self) -> list[Finding]:
        found = {one.path: one for one in (*self._no_templates(), *self._unused())}
        while failed := self._failed({path: data for path, data in self._given.templates.items() if path not in found}):
            found[failed.path] = failed
        return [*found.values()]

    def _step(self, subject: str, template: str) -> None:
        self._begin(json.dumps(asdict(Doing(subject=subject, template=template))))

    def _no_templates(self) -> Iterator[Finding]:
        for path, data in self._given.templates.items():
            self._step("", path.removeprefix(TEMPLATES))
            if wrong := fault(data.decode()):
                yield Finding(path=path, line=wrong[0], message=wrong[1][:_LONGEST], hint=LEFT_OUT)

    def _unused(self) -> Iterator[Finding]:
        """Templates that neither the product nor another one of the theme names."""
        names, own = dict(below(self._given.templates, TEMPLATES)), own_names()
        referred: set[str] = set()
        for name, data in names.items():
            self._step("", name)
            with suppress(Exception):  # it is no template
                referred |= references(data.decode())
        for name in names:
            if name not in own | referred and "" not in referred:
                yield _unused(name, own)

    def _failed(self, templates: Mapping[str, bytes]) -> Finding | None:
        """The first template that cannot make a page."""
        if not templates:
            return None
        theme = _Announced(templates, self._step)
        try:
            for make in self._pages(theme):
                make()
        except Unmakeable as unmakeable:
            failure = unmakeable.failure
            page = f"the page of {theme.subject}" if theme.subject else "a page"
            return Finding(
                path=f"{TEMPLATES}{failure.name}",
                line=failure.line,
                message=failure.message.replace("a page", page, 1)[:_LONGEST],
                hint=LEFT_OUT,
                real=bool(theme.subject),
            )
        return None

    def _pages(self, theme: _Announced) -> Iterator[Callable[[], object]]:
        for made_up in newsrooms():
            yield from (make for _, make in _makers(made_up, theme, [*made_up.listings.values()]))
        if self._given.newest:
            real = self._given.newest.catalog()
            filled = [one for one in real.listings.values() if not one.is_empty]
            for subject, make in _makers(real, theme, filled[:_LISTINGS]):
                if subject not in self._given.skipped:
                    theme.subject = subject
                    self._step(subject, "")
                    yield partial(_attempt, make)
            theme.subject = ""


class _Announced(Theme):
    """A theme that announces each page; `subject` is what the page shows, "" if it is made up."""

    def __init__(self, files: Mapping[str, bytes], step: Callable[[str, str], None]) -> None:
        super().__init__(files, strict=True)
        self._step, self.subject = step, ""

    def render(self, template: str, facts: Mapping[str, object], once: Callable[..., str]) -> bytes:
        self._step(self.subject, template)
        page = super().render(template, facts, once)
        self._step(self.subject, "")
        return page


def _attempt(make: Callable[[], object]) -> None:
    """Make a page of a real article, unless its facts cannot be had: that is a fault of the article, and no trial of a theme."""
    try:
        make()
    except Unmakeable:
        raise
    except Exception:  # noqa: BLE001, S110
        pass


def _makers(catalog: Catalog, theme: Theme, listings: list[Listing]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every page of a newsroom with these of its listings: its subject as a problem names it, and what makes it."""
    frame = Frame(catalog, theme)
    yield from ((row.article.path, partial(article, frame, row)) for row in catalog.visible.values())
    yield from ((row.article.path, partial(gone, frame, row.article)) for row in catalog.withdrawn.values())
    for one in listings:
        yield from ((f"'{one.title}'", partial(listing, frame, one, period)) for period in ("", *one.pages))
    yield "all feeds", partial(subscribe, frame)
    yield from (("all tags", partial(tags_page, frame, start, page)) for start, page in _TAG_PAGES)
    yield "what is missing", partial(missing, frame)


def _unused(name: str, own: frozenset[str]) -> Finding:
    inside = next((f"{one} is a file, not a folder" for one in own if name.startswith(f"{one}/")), "")
    hint = inside or nearest(name, own) or f"the product's own are {', '.join(sorted(own))}"
    return Finding(path=f"{TEMPLATES}{name}", line=1, message="no page uses a template of this name", hint=hint)


def shown(path: str) -> str:
    """The path below the content folder of a file below theme/."""
    return f"{FOLDER}/{path}"
