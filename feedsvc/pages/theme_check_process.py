"""Child process of a theme's check: renders sample pages and the newest articles, and prints problems as lines of JSON.

Usage: python -m feedsvc.pages.theme_check_process, with a pickled tuple on stdin: files, newest articles, seconds.
"""

from __future__ import annotations

import faulthandler
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Final

from jinja2 import Environment, TemplateError, TemplateSyntaxError, meta, nodes

from feedsvc import pages
from feedsvc.catalog import Catalog, IssueRow, Listing, build_catalog, pages_by_slug
from feedsvc.content.folder import ContentSnapshot, load_content, sample_folder
from feedsvc.content.text import did_you_mean
from feedsvc.errors import Problem
from feedsvc.extensions import disable_plugins
from feedsvc.model import Site
from feedsvc.pages.archive import render_archive_period
from feedsvc.pages.tags import TagPage, TagRangeView, TagView
from feedsvc.pages.theme import (
    BLOCKS,
    FOLDER,
    TEMPLATES,
    TemplateFailure,
    Theme,
    ThemeFiles,
    builtin_environment,
    builtin_template_names,
    files_below,
)
from feedsvc.pages.theme_check import HINT, NewestArticles
from feedsvc.pages.views import LinkView
from feedsvc.routes import ListingRef
from feedsvc.support.posix import resource

_MAX_MEMORY: Final = 320 * 1024**2  # bytes of address space for rendering
_MAX_LISTINGS: Final = 40  # listings of the newest articles
_MAX_MESSAGE_LENGTH: Final = 500  # characters of a message
_SAMPLE_TIME: Final = datetime(2026, 12, 1, tzinfo=UTC)  # most articles of the sample newsroom are published
_SAMPLE_TAGS: Final = (TagView("Topic", "/", "1 article", LinkView(title="Title", href="/")),)
_SAMPLE_RANGE: Final = TagRangeView("Topic", "Topic", "/")
_SAMPLE_TAG_PAGES: Final = (
    ("", TagPage(most_used=_SAMPLE_TAGS, tags=_SAMPLE_TAGS)),
    ("", TagPage(ranges=(_SAMPLE_RANGE, _SAMPLE_RANGE))),
    ("t", TagPage(tags=_SAMPLE_TAGS, previous=_SAMPLE_RANGE, next=_SAMPLE_RANGE)),
)
_SAMPLE_DAYS: Final = (("2026-01-02", 3), ("2026-01-01", 400))

Templates = Mapping[str, str]  # name below templates/ -> text


def main() -> None:
    """Print the problems of the theme on stdin. A process that hangs or crashes writes its stack to stderr and ends."""
    files, newest_articles, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    disable_plugins()
    faulthandler.enable(all_threads=False)
    _limit_time(seconds)
    _limit_memory()
    check_pages(files, newest_articles, _print)
    os._exit(0)  # without the destruction of deeply nested objects


def _print(problem: Problem) -> None:
    sys.stdout.write(json.dumps(asdict(problem)) + "\n")
    sys.stdout.flush()


def _limit_time(seconds: float) -> None:
    # The thread of dump_traceback_later crashes if it reads frames that change; a signal handler reads those of its own thread.
    if hasattr(signal, "setitimer"):
        faulthandler.register(signal.SIGALRM, all_threads=False, chain=True)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    else:
        faulthandler.dump_traceback_later(seconds, exit=True)


def _limit_memory() -> None:
    if resource and sys.platform == "linux":  # the only system that limits address space, and has /proc
        with open("/proc/self/statm", encoding="ascii") as file:
            limit = int(file.read().split()[0]) * resource.getpagesize() + _MAX_MEMORY
        highest = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if highest == resource.RLIM_INFINITY else min(limit, highest), highest))


def check_pages(files: ThemeFiles, newest_articles: NewestArticles | None, report: Callable[[Problem], None]) -> None:
    """Call `report` with the problems of a theme's templates as they are found, of each template with the first.

    If there are errors of syntax, no page is rendered. Blocks that no page shows are looked for once all pages are rendered.
    """
    templates = {name: data.decode() for name, data in files_below(files, TEMPLATES)}
    found: set[str] = set()

    def add(*problems: Problem) -> None:
        for problem in problems:
            if problem.path not in found:
                found.add(problem.path)
                report(problem)

    if not (environment := Theme(files).environment):
        return
    add(*_syntax_problems(environment, templates))
    if not found:
        add(*_unused_templates(environment, templates))
        _render_pages(files, newest_articles, add)
    if not found:
        add(*_unused_blocks(environment, templates))


def _problem(name: str, line: int, message: str, hint: str = HINT) -> Problem:
    return Problem(path=f"{FOLDER}/{TEMPLATES}{name}", line=line, message=message[:_MAX_MESSAGE_LENGTH], hint=hint)


def _syntax_problems(environment: Environment, templates: Templates) -> Iterator[Problem]:
    for name in templates:
        try:
            environment.get_template(name)
        except TemplateSyntaxError as error:
            yield _problem(name, error.lineno, f"this is no template ({error.message})")
        # Python's compiler has limits of its own and raises another exception for each.
        except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError):
            yield _problem(name, 1, "this is no template (it nests deeper than can be worked with)")


def _unused_templates(environment: Environment, templates: Templates) -> Iterator[Problem]:
    """Yield a problem of each template that neither replaces a built-in one nor is used by a template of the theme.

    Also yield one of each template in blocks/ that neither a template of the theme nor a built-in template which the theme
    does not replace includes. Yield none if a template computes names of templates.
    """
    used = {name: _references(environment, name) for name in builtin_template_names() | templates.keys()}
    referenced = frozenset[str | None]().union(*(used[name] for name in templates))
    included = frozenset[str | None]().union(*used.values())
    for name in () if None in referenced else templates:
        if name not in builtin_template_names() | referenced:
            yield _unused_template(name)
        elif name.startswith(BLOCKS) and name not in included:
            page = next(one for one in builtin_template_names() if name in _references(builtin_environment(), one))
            hint = f'write {{% include "{name}" %}} into {page} of the theme, as the product\'s own has it'
            yield _problem(name, 1, f"{page} of the theme does not include this", hint)


def _references(environment: Environment, name: str) -> frozenset[str | None]:
    """Return the names of the templates that a template includes, imports or extends; None for a name that is computed."""
    return frozenset(meta.find_referenced_templates(_parse(environment, name)))


def _parse(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader  # noqa: S101 - of each environment here
    return environment.parse(environment.loader.get_source(environment, name)[0])


def _unused_template(name: str) -> Problem:
    known = builtin_template_names()
    file_name = next((builtin_name for builtin_name in known if name.startswith(f"{builtin_name}/")), "")
    folder_hint = f"{file_name} is a file, not a folder" if file_name else ""
    hint = folder_hint or did_you_mean(name, known) or f"the product's own are {', '.join(sorted(known))}"
    return _problem(name, 1, "no page uses a template of this name", hint)


def _render_pages(files: ThemeFiles, newest_articles: NewestArticles | None, add: Callable[[Problem], None]) -> None:
    """Render the sample pages and those of the newest articles; call `add` each time that a template cannot render one."""
    page = "a page"

    def add_failure(failure: TemplateFailure) -> None:
        add(_problem(failure.name, failure.line, failure.message.replace("a page", page, 1)))

    theme = Theme(files, add_failure)
    for catalog in sample_catalogs():
        for _, render in page_renderers(catalog, theme, [*catalog.listings.values()]):
            render()
    if newest_articles:
        catalog = newest_articles.build_catalog()
        listings = [listing for listing in catalog.listings.values() if not listing.is_empty][:_MAX_LISTINGS]
        for subject, render in page_renderers(catalog, theme, listings):
            page = f"the page of {subject}"
            with suppress(Exception):  # outside of templates: not the theme causes it
                render()


@cache
def sample_catalogs() -> tuple[Catalog, ...]:
    """Return the catalogs of the sample newsroom, and of a site that has nothing but a title."""
    site = Site(
        title="Bare", description="", base_url="https://bare.example", id_domain="bare.example", since=_SAMPLE_TIME.date()
    )
    bare = ContentSnapshot(site=site, categories={}, authors={}, articles=(), media={})
    return tuple(build_catalog(content, _SAMPLE_TIME) for content in (load_content(sample_folder()), bare))


def page_renderers(catalog: Catalog, theme: Theme, listings: list[Listing]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield (subject, function that renders the page) of pages of a catalog, of each kind that has a template.

    These are the pages of articles, withdrawn ones included, static pages, archive months, and `listings` with their issues.
    Pages of tags, and a month that links to its days, show sample values.
    """
    layout = pages.PageLayout(catalog, theme)
    yield from ((row.article.path, partial(pages.render_article, layout, row)) for row in catalog.visible.values())
    yield from ((row.article.path, partial(pages.render_gone, layout, row.article)) for row in catalog.withdrawn.values())
    for listing in listings:
        yield from (
            (f"'{listing.title}'", partial(pages.render_listing, layout, listing, period)) for period in ("", *listing.page_index)
        )
        yield from ((f"'{listing.title}'", render) for render in _issue_page_renderers(layout, listing))
    yield from ((page.path, partial(pages.render_static_page, layout, page)) for page in pages_by_slug(catalog.pages))
    yield "all feeds", partial(pages.render_subscribe_page, layout)
    yield from (("all tags", partial(pages.render_tag_page, layout, start, page)) for start, page in _SAMPLE_TAG_PAGES)
    months = [month for month, _ in catalog.listings[ListingRef()].calendar.months]
    yield from (("the archive", partial(pages.render_archive, layout, period)) for period in ("", *months))
    yield from (("the archive", partial(render_archive_period, layout, month, _SAMPLE_DAYS)) for month in months[:1])
    yield "what is missing", partial(pages.render_not_found, layout)


def _issue_page_renderers(layout: pages.PageLayout, listing: Listing) -> Iterator[Callable[[], object]]:
    """Yield functions that render the pages of a listing's issues.

    There are two for a visible issue: as it is, and as if it had one more article that its page does not show.
    """
    for issue in (row for row in listing.rows if isinstance(row, IssueRow)):
        if issue.articles:
            yield partial(pages.render_issue, layout, issue)
            yield partial(pages.render_issue, layout, replace(issue, article_count=issue.article_count + 1))
        else:
            yield partial(pages.render_withdrawn_issue, layout, issue)


def _unused_blocks(environment: Environment, templates: Templates) -> Iterator[Problem]:
    """Yield a problem of each template with a block that no page shows; every page must have been rendered.

    Pages show a block of a template that extends another one only if a template that it extends, directly or not, has a block
    of the same name, or if it stands inside another block.
    """
    for name in templates:
        tree = _parse(environment, name)
        if (inherited := _inherited_blocks(environment, tree)) is None:
            continue
        blocks = [*tree.find_all(nodes.Block)]
        shown = inherited.union(inner.name for block in blocks for inner in block.find_all(nodes.Block))
        for block in (block for block in blocks if block.name not in shown):
            message = f"no page shows the block '{block.name}', because the extended template has no such block"
            hint = did_you_mean(block.name, inherited) or f"its blocks are {', '.join(sorted(inherited))}"
            yield _problem(name, block.lineno, message, hint)


def _inherited_blocks(environment: Environment, tree: nodes.Template) -> frozenset[str] | None:
    """Return the names of the blocks of all templates that a template extends; None if it extends none, or a computed name."""
    extends = tree.find(nodes.Extends)
    if extends is None or not isinstance(extends.template, nodes.Const):
        return None
    parent = _parse(environment, extends.template.value)
    inherited = _inherited_blocks(environment, parent) if parent.find(nodes.Extends) else frozenset[str]()
    return None if inherited is None else inherited.union(block.name for block in parent.find_all(nodes.Block))


if __name__ == "__main__":
    main()
