"""Theme trial: custom templates render every kind of page, in a process with limits that theme_check.py starts.

The parent process ends this one if a page takes too long. So each step is announced before it begins: the last step announced is
the one that took too long.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Final

from feedsvc.catalog import Catalog, IssueRow, Listing, pages_by_slug
from feedsvc.content import did_you_mean
from feedsvc.extensions import disable_plugins
from feedsvc.pages.archive import render_archive, render_archive_period
from feedsvc.pages.article import render_article
from feedsvc.pages.issue import render_issue, render_withdrawn_issue
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.listing import render_listing, render_subscribe_page
from feedsvc.pages.newest_articles import NewestArticles
from feedsvc.pages.sample_sites import sample_catalogs
from feedsvc.pages.static_page import render_static_page
from feedsvc.pages.status_pages import render_gone, render_not_found
from feedsvc.pages.tags import TagCount, TagPage, TagRange, render_tag_page
from feedsvc.pages.theme import (
    BLOCKS,
    TEMPLATES,
    TemplateRenderError,
    Theme,
    builtin_references,
    builtin_template_names,
    files_below,
    find_unused_blocks,
    referenced_templates,
    syntax_error,
)
from feedsvc.pages.views import LinkView
from feedsvc.routes import ListingRef
from feedsvc.support.limited_process import BeginStep

FALLBACK_HINT: Final = "until the template is changed, its last valid version is used, or else the product's own"
_MAX_LISTINGS: Final = 40  # listings of real articles
_MAX_MESSAGE_LENGTH: Final = 500  # characters of a message
_SAMPLE_TAGS: Final = (TagCount("t", "Topic", 1, LinkView(title="Title", href="/")),)
_SAMPLE_RANGE: Final = TagRange("t", "Topic", "Topic")
_SAMPLE_TAG_PAGES: Final = (
    ("", TagPage(most_used=_SAMPLE_TAGS, tags=_SAMPLE_TAGS)),
    ("", TagPage(ranges=(_SAMPLE_RANGE, _SAMPLE_RANGE))),
    ("t", TagPage(tags=_SAMPLE_TAGS, previous=_SAMPLE_RANGE, next=_SAMPLE_RANGE)),
)
_SAMPLE_DAYS: Final = (("2026-01-02", 3), ("2026-01-01", 400))


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialInput:
    """The input of `run`, which gets it pickled. `templates` maps paths below theme/ to bytes.

    If `newest_articles` is None, only pages of the sample sites are rendered. Pages of the newest articles whose subject (see
    TrialStep) is in `skipped_subjects` are not rendered.
    """

    templates: Mapping[str, bytes]
    newest_articles: NewestArticles | None
    skipped_subjects: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialStep:
    """A step of a trial: the page on which the child process works.

    It is sent as JSON before the step begins, so that the parent can report the page if the child fails.

    `subject` is the page's name in messages, such as an article's path; "" for a page of a sample site. `template` is the name
    (below templates/) of the template that is parsed, or with which the page is rendered; "" while the page's variables are
    computed.
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


def run(data: bytes, begin_step: BeginStep) -> bytes:
    """Render every kind of page with the templates of a pickled TrialInput; return a JSON list of objects with Finding's fields.

    `begin_step` is called at the beginning of each step with a TrialStep as JSON. Templates without a finding are valid together.
    Plug-ins are disabled in this process from then on.
    """
    disable_plugins()
    trial_input: TrialInput = pickle.loads(data)  # noqa: S301 - from the process that started this one
    trial = _Trial(trial_input, begin_step)
    return json.dumps([asdict(finding) for finding in trial.findings()]).encode()


class _Trial:
    def __init__(self, trial_input: TrialInput, begin_step: BeginStep) -> None:
        self._input, self._begin_step = trial_input, begin_step

    def findings(self) -> list[Finding]:
        findings = {finding.path: finding for finding in self._syntax_findings()}
        valid = {path: data for path, data in self._input.templates.items() if path not in findings}
        unused = (*self._unused_template_findings(), *_unused_template_block_findings(valid))
        findings.update({finding.path: finding for finding in unused if finding.path not in findings})
        while finding := self._first_render_failure(
            {path: data for path, data in self._input.templates.items() if path not in findings}
        ):
            findings[finding.path] = finding
        return [*findings.values()]

    def _announce_step(self, subject: str, template: str) -> None:
        self._begin_step(json.dumps(asdict(TrialStep(subject=subject, template=template))))

    def _syntax_findings(self) -> Iterator[Finding]:
        for path, data in self._input.templates.items():
            self._announce_step("", path.removeprefix(TEMPLATES))
            if error := syntax_error(data.decode()):
                yield Finding(path=path, line=error[0], message=error[1][:_MAX_MESSAGE_LENGTH], hint=FALLBACK_HINT)

    def _unused_template_findings(self) -> Iterator[Finding]:
        """Yield a finding on each template that neither replaces a built-in one nor is used by a template of the theme.

        Also yield one on each template in blocks/ that neither a template of the theme nor a built-in template which the theme
        does not replace includes. Yield none if a template computes names of templates.
        """
        names, builtin_names = dict(files_below(self._input.templates, TEMPLATES)), builtin_template_names()
        referenced: set[str] = set()
        for name, data in names.items():
            self._announce_step("", name)
            with suppress(Exception):  # not a valid template
                referenced |= referenced_templates(data.decode())
        if "" in referenced:
            return
        remaining = builtin_names - names.keys()
        included = referenced.union(*map(builtin_references, remaining))
        for name in names:
            if name not in builtin_names | referenced:
                yield _unused_template_finding(name, builtin_names)
            elif name.startswith(BLOCKS) and name not in included:
                yield _unused_block_finding(name, builtin_names)

    def _first_render_failure(self, templates: Mapping[str, bytes]) -> Finding | None:
        """Render pages until a template cannot render one; return a finding on it. None if all pages were rendered."""
        if not templates:
            return None
        theme = _AnnouncingTheme(templates, self._announce_step)
        try:
            for render in self._page_renderers(theme):
                render()
        except TemplateRenderError as error:
            failure = error.failure
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
        for catalog in sample_catalogs():
            yield from (render for _, render in _catalog_page_renderers(catalog, theme, [*catalog.listings.values()]))
        if self._input.newest_articles:
            catalog = self._input.newest_articles.build_catalog()
            listings = [listing for listing in catalog.listings.values() if not listing.is_empty]
            for subject, render in _catalog_page_renderers(catalog, theme, listings[:_MAX_LISTINGS]):
                if subject not in self._input.skipped_subjects:
                    theme.subject = subject
                    self._announce_step(subject, "")
                    yield partial(_render_article_page, render)
            theme.subject = ""


class _AnnouncingTheme(Theme):
    """A theme that announces each page before rendering it. `subject` is the page's name in messages, "" on a sample site."""

    def __init__(self, files: Mapping[str, bytes], announce_step: Callable[[str, str], None]) -> None:
        super().__init__(files, strict=True)
        self._announce_step, self.subject = announce_step, ""

    def render(self, template: str, variables: Mapping[str, object], once: Callable[..., str]) -> bytes:
        self._announce_step(self.subject, template)
        page = super().render(template, variables, once)
        self._announce_step(self.subject, "")
        return page


def _render_article_page(render: Callable[[], object]) -> None:
    """Render a page of the newest articles. Ignore errors outside of templates, because not the theme causes them."""
    try:
        render()
    except TemplateRenderError:
        raise
    except Exception:  # noqa: BLE001, S110
        pass


def _catalog_page_renderers(
    catalog: Catalog, theme: Theme, listings: list[Listing]
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield (subject, function that renders the page) of pages of a catalog, of each kind that has a template.

    These are the pages of articles, withdrawn ones included, static pages, archive months, and `listings` with their issues.
    Pages of tags, and a month that links to its days, show sample values.
    """
    layout = PageLayout(catalog, theme)
    yield from ((row.article.path, partial(render_article, layout, row)) for row in catalog.visible.values())
    yield from ((row.article.path, partial(render_gone, layout, row.article)) for row in catalog.withdrawn.values())
    for listing in listings:
        yield from (
            (f"'{listing.title}'", partial(render_listing, layout, listing, period)) for period in ("", *listing.page_index)
        )
        yield from ((f"'{listing.title}'", render) for render in _issue_page_renderers(layout, listing))
    yield from ((page.path, partial(render_static_page, layout, page)) for page in pages_by_slug(catalog.pages))
    yield "all feeds", partial(render_subscribe_page, layout)
    yield from (("all tags", partial(render_tag_page, layout, start, page)) for start, page in _SAMPLE_TAG_PAGES)
    months = [month for month, _ in catalog.listings[ListingRef()].calendar.months]
    yield from (("the archive", partial(render_archive, layout, period)) for period in ("", *months))
    yield from (("the archive", partial(render_archive_period, layout, month, _SAMPLE_DAYS)) for month in months[:1])
    yield "what is missing", partial(render_not_found, layout)


def _issue_page_renderers(layout: PageLayout, listing: Listing) -> Iterator[Callable[[], object]]:
    """Yield functions that render the pages of a listing's issues.

    There are two for a visible issue: as it is, and as if it had one more article that its page does not show.
    """
    for issue in (row for row in listing.rows if isinstance(row, IssueRow)):
        if issue.articles:
            yield partial(render_issue, layout, issue)
            yield partial(render_issue, layout, replace(issue, article_count=issue.article_count + 1))
        else:
            yield partial(render_withdrawn_issue, layout, issue)


def _unused_template_block_findings(templates: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield a finding on each block that no page shows, because the templates that its template extends have no such block."""
    for name, line, block, known in find_unused_blocks({name: data.decode() for name, data in files_below(templates, TEMPLATES)}):
        message = f"no page shows the block '{block}', because the extended template has no such block"
        hint = did_you_mean(block, known) or f"its blocks are {', '.join(sorted(known))}"
        yield Finding(path=f"{TEMPLATES}{name}", line=line, message=message, hint=hint)


def _unused_block_finding(name: str, builtin_names: frozenset[str]) -> Finding:
    [template] = (one for one in builtin_names if name in builtin_references(one))
    hint = f'write {{% include "{name}" %}} into {template} of the theme, as the product\'s own has it'
    return Finding(path=f"{TEMPLATES}{name}", line=1, message=f"{template} of the theme does not include this", hint=hint)


def _unused_template_finding(name: str, builtin_names: frozenset[str]) -> Finding:
    file_name = next((builtin_name for builtin_name in builtin_names if name.startswith(f"{builtin_name}/")), "")
    folder_hint = f"{file_name} is a file, not a folder" if file_name else ""
    hint = folder_hint or did_you_mean(name, builtin_names) or f"the product's own are {', '.join(sorted(builtin_names))}"
    return Finding(path=f"{TEMPLATES}{name}", line=1, message="no page uses a template of this name", hint=hint)
