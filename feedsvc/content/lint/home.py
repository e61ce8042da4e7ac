"""Lint of `home` in site.yaml: a lead that is no public article, and sections that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import EntryPositions
from feedsvc.content.reading import SITE_FILE
from feedsvc.content.text import did_you_mean
from feedsvc.errors import Problem
from feedsvc.model import ArticleStatus


def lint_home(context: LintContext) -> Iterator[Problem]:
    """Yield the warnings about `home` in site.yaml: a lead that is not the slug of a published article, and unknown sections.

    The lead may be before its day, but must not have expired. While a file in articles/ has an error, there is no warning about
    a lead that no article has as slug.
    """
    home, categories = context.content.site.home, context.content.categories
    if not home.lead and not home.sections:
        return
    positions = EntryPositions(context.root, SITE_FILE)
    if home.lead and (message := _lead_fault(context, home.lead)):
        hint = context.suggest_slug(home.lead) or "name a published article by its slug, or delete the line"
        message = f"{message}; the newest article with a picture leads instead"
        yield positions.warning("home-entry", "home", ("lead",), message, hint)
    for index, name in enumerate(home.sections):
        if name not in categories:
            hint = did_you_mean(name, categories) or "name ids of categories.yaml"
            message = f"home.sections: there is no section '{name}'"
            yield positions.warning("home-entry", "home", ("sections", index), message, hint)


def _lead_fault(context: LintContext, slug: str) -> str:
    """Return a message about the fault of `slug` as `home.lead`; "" if it has none.

    Faults are: `slug` is no article's slug or only a former one, the article's status is not published, or the article
    has expired. No faults are: its day is in the future, or no article has the slug while a file in articles/ has an error.
    """
    article = context.articles_by_slug.get(slug)
    if article is None:
        return "" if context.excluded_stems else f"home.lead: no article has the slug '{slug}'"
    if article.slug != slug:
        return f"home.lead: '{slug}' is a former slug of {article.slug}"
    if article.status is not ArticleStatus.PUBLISHED:
        return f"home.lead: {article.path} is not published"
    return f"home.lead: {article.path} has expired" if article.expires and article.expires <= context.now else ""
