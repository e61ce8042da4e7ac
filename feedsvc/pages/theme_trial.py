"""Theme trial: custom templates render every kind of page, in a process with limits that theme_check.py starts.

The parent process ends this one if a page takes too long. So each step is announced before it begins, to show which one that was.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from feedsvc.catalog import Catalog, Listing
from feedsvc.content import did_you_mean
from feedsvc.pages.article import render_article
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.listing import render_listing, render_subscribe_page
from feedsvc.pages.newest_articles import NewestArticles
from feedsvc.pages.sample_sites import sample_catalogs
from feedsvc.pages.status_pages import render_gone, render_not_found
from feedsvc.pages.tags import TagCount, TagPage, TagRange, render_tag_page
from feedsvc.pages.theme import (
    FOLDER,
    TEMPLATES,
    TemplateRenderError,
    Theme,
    builtin_template_names,
    files_below,
    referenced_templates,
    syntax_error,
)
from feedsvc.support.limited_process import BeginStep

FALLBACK_HINT: Final = "until the template is changed, its last sound version is used, or else the product's own"
_MAX_LISTINGS: Final = 40  # listings of real articles
_MAX_MESSAGE_LENGTH: Final = 500  # characters of a message
_SAMPLE_TAGS: Final = (TagCount("t", "Topic", 1),)
_SAMPLE_RANGE: Final = TagRange("t", "Topic", "Topic")
_SAMPLE_TAG_PAGES: Final = (
    ("", TagPage(tags=_SAMPLE_TAGS)),
    ("", TagPage(ranges=(_SAMPLE_RANGE, _SAMPLE_RANGE))),
    ("t", TagPage(tags=_SAMPLE_TAGS, previous=_SAMPLE_RANGE, next=_SAMPLE_RANGE)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialInput:
    """The pickled input of `run`: `templates` (path below theme/ -> bytes), articles, and subjects (see TrialStep) to skip."""

    templates: Mapping[str, bytes]
    newest_articles: NewestArticles | None
    skipped_subjects: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialStep:
    """A step of a trial. `subject` is the page's name in messages, such as an article's path; "" for a page of a sample site.

    `template` is the page's own template while templates run, "" while the page's variables are computed.
    """

    subject: str = ""
    template: str = ""

    @classmethod
    def parse(cls, step: str) -> TrialStep | None:
        return cls(**json.loads(step)) if step else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A problem of the template at `path` below theme/. `is_from_article` is True if a page of the newest articles showed it."""

    path: str
    line: int
    message: str
    hint: str
    is_from_article: bool = False


def run(data: bytes, step: BeginStep) -> bytes:
    """Render every kind of page with the templates of a pickled TrialInput; return a JSON list of findings.

    `step` announces each step. The templates without a finding are valid together.
    """
    given: TrialInput = pickle.loads(data)  # noqa: S301 - from the process that started this one
    trial = _Trial(given, step)
    return json.dumps([asdict(one) for one in trial.findings()]).encode()


class _Trial:
    def __init__(self, given: TrialInput, step: BeginStep) -> None:
        self._input, self._announce = given, step

    def findings(self) -> list[Finding]:
        found = {one.path: one for one in (*self._syntax_findings(), *self._unused_template_findings())}
        while failed := self._first_render_failure(
            {path: data for path, data in self._input.templates.items() if path not in found}
        ):
            found[failed.path] = failed
        return [*found.values()]

    def _announce_step(self, subject: str, template: str) -> None:
        self._announce(json.dumps(asdict(TrialStep(subject=subject, template=template))))

    def _syntax_findings(self) -> Iterator[Finding]:
        for path, data in self._input.templates.items():
            self._announce_step("", path.removeprefix(TEMPLATES))
            if wrong := syntax_error(data.decode()):
                yield Finding(path=path, line=wrong[0], message=wrong[1][:_MAX_MESSAGE_LENGTH], hint=FALLBACK_HINT)

    def _unused_template_findings(self) -> Iterator[Finding]:
        """Yield findings on templates that neither replace a built-in one nor are used by another template of the theme.

        Yield none if a template computes names of templates.
        """
        names, own = dict(files_below(self._input.templates, TEMPLATES)), builtin_template_names()
        referred: set[str] = set()
        for name, data in names.items():
            self._announce_step("", name)
            with suppress(Exception):  # not a valid template
                referred |= referenced_templates(data.decode())
        for name in names:
            if name not in own | referred and "" not in referred:
                yield _unused_template_finding(name, own)

    def _first_render_failure(self, templates: Mapping[str, bytes]) -> Finding | None:
        """Return a finding on the first template that cannot render a page, or None."""
        if not templates:
            return None
        theme = _AnnouncingTheme(templates, self._announce_step)
        try:
            for make in self._page_renderers(theme):
                make()
        except TemplateRenderError as unmakeable:
            failure = unmakeable.failure
            page = f"the page of {theme.subject}" if theme.subject else "a page"
            return Finding(
                path=f"{TEMPLATES}{failure.name}",
                line=failure.line,
                message=failure.message.replace("a page", page, 1)[:_MAX_MESSAGE_LENGTH],
                hint=FALLBACK_HINT,
                is_from_article=bool(theme.subject),
            )
        return None

    def _page_renderers(self, theme: _AnnouncingTheme) -> Iterator[Callable[[], object]]:
        for made_up in sample_catalogs():
            yield from (make for _, make in _catalog_page_renderers(made_up, theme, [*made_up.listings.values()]))
        if self._input.newest_articles:
            real = self._input.newest_articles.build_catalog()
            filled = [one for one in real.listings.values() if not one.is_empty]
            for subject, make in _catalog_page_renderers(real, theme, filled[:_MAX_LISTINGS]):
                if subject not in self._input.skipped_subjects:
                    theme.subject = subject
                    self._announce_step(subject, "")
                    yield partial(_render_article_page, make)
            theme.subject = ""


class _AnnouncingTheme(Theme):
    """A theme that announces each page before rendering it; `subject` is as in TrialStep."""

    def __init__(self, files: Mapping[str, bytes], step: Callable[[str, str], None]) -> None:
        super().__init__(files, strict=True)
        self._announce_step, self.subject = step, ""

    def render(self, template: str, facts: Mapping[str, object], once: Callable[..., str]) -> bytes:
        self._announce_step(self.subject, template)
        page = super().render(template, facts, once)
        self._announce_step(self.subject, "")
        return page


def _render_article_page(make: Callable[[], object]) -> None:
    """Render a page of the newest articles. Ignore errors outside of templates: the content, not the theme, causes them."""
    try:
        make()
    except TemplateRenderError:
        raise
    except Exception:  # noqa: BLE001, S110
        pass


def _catalog_page_renderers(
    catalog: Catalog, theme: Theme, listings: list[Listing]
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield (subject, function that renders the page) of every page of a catalog; of listing pages, only those of `listings`."""
    frame = PageLayout(catalog, theme)
    yield from ((row.article.path, partial(render_article, frame, row)) for row in catalog.visible.values())
    yield from ((row.article.path, partial(render_gone, frame, row.article)) for row in catalog.withdrawn.values())
    for one in listings:
        yield from ((f"'{one.title}'", partial(render_listing, frame, one, period)) for period in ("", *one.page_index))
    yield "all feeds", partial(render_subscribe_page, frame)
    yield from (("all tags", partial(render_tag_page, frame, start, page)) for start, page in _SAMPLE_TAG_PAGES)
    yield "what is missing", partial(render_not_found, frame)


def _unused_template_finding(name: str, own: frozenset[str]) -> Finding:
    inside = next((f"{one} is a file, not a folder" for one in own if name.startswith(f"{one}/")), "")
    hint = inside or did_you_mean(name, own) or f"the product's own are {', '.join(sorted(own))}"
    return Finding(path=f"{TEMPLATES}{name}", line=1, message="no page uses a template of this name", hint=hint)


def content_path(path: str) -> str:
    """Return the path below the content folder of a file below theme/."""
    return f"{FOLDER}/{path}"
