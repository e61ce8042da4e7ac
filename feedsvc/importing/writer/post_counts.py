"""Counts in the report of an import: how many ids, dates, authors and pictures of the posts the newsroom has kept.

A post's omissions are added to the report, too, and its path to the report's lists `pages` and `sticky` if it is a page
or sticky.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.writer.article_values import PostResult
from feedsvc.importing.writer.plans import PostPlan
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.terms import TermTable


class AuthorNames(NamedTuple):
    """Ids of authors: those of the source by `terms`, and those that have an entry in authors.yaml, which editors change."""

    terms: TermTable
    entries: Container[str]


def count_post(report: ImportReport, authors: AuthorNames, post: SourcePost, plan: PostPlan, result: PostResult) -> None:
    """Add one post, with `result.omissions`, to a report: its dates, authors and pictures, `pages` and `sticky`.

    Ids, links and what is written are counted elsewhere. A page has no date and no authors.
    """
    report.omit(result.omissions)
    if not plan.is_page:  # which has no id, no date and no authors
        _count_facts(report, authors, post, result)
    counts = result.counts
    report.pictures.kept += counts.kept_pictures
    report.pictures.total += counts.pictures
    if plan.is_page:
        report.pages.append(plan.path)
    if post.is_sticky:
        report.sticky.append(plan.path)


def _count_facts(report: ImportReport, authors: AuthorNames, post: SourcePost, result: PostResult) -> None:
    report.dates.add(is_kept=result.has_own_date)
    for author in post.authors:
        report.authors.add(is_kept=authors.terms.author_id(author) in authors.entries)


def count_id(report: ImportReport, post: SourcePost, plan: PostPlan, ids: Sequence[str] | None) -> None:
    """Add to the report whether a post's article has its id, and an omission if not; nothing for pages and posts without id.

    `ids` are the id and the guid of the article after the import, None if there is no article that can be read: then the id
    counts as lost, without an omission.
    """
    if plan.is_page or not post.id:
        return
    is_kept = ids is not None and post.id in ids
    report.ids.add(is_kept=is_kept)
    if ids is not None and not is_kept:
        known = ", ".join(ids) or "none"
        lost = f"the file has {known} now" if plan.is_existing else f"no article can have it; the article gets {known}"
        report.omit([Omission(post.place, f"id {post.id}", f"{lost}, and subscribers may see it as new")])
