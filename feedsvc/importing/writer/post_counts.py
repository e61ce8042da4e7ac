"""Counts of an import: what of each post the newsroom has, and the lists that posts belong to."""

from __future__ import annotations

from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.writer.article_values import PostResult
from feedsvc.importing.writer.plans import PostPlan
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.terms import TermTable


def count_post(report: ImportReport, terms: TermTable, post: SourcePost, plan: PostPlan, result: PostResult) -> None:
    """Add one post to the numbers, lists and omissions of a report."""
    report.omit(result.omissions)
    if not plan.is_page:  # which has no id, no date and no authors
        _count_facts(report, terms, post, plan, result)
    counts = result.counts
    report.links.kept, report.links.total = report.links.kept + counts.kept_links, report.links.total + counts.links
    report.pictures.kept += counts.kept_pictures
    report.pictures.total += counts.pictures
    if post.is_page:
        report.pages.append(plan.path)
    if post.is_sticky:
        report.sticky.append(plan.path)


def _count_facts(report: ImportReport, terms: TermTable, post: SourcePost, plan: PostPlan, result: PostResult) -> None:
    if post.id:
        is_kept = post.id in (plan.id, result.values.get("guid"))
        report.ids.add(is_kept=is_kept)
        if not is_kept:
            reason = f"no article can have it; the article gets {plan.id}, and subscribers may see it as new"
            report.omit([Omission(post.place, f"id {post.id}", reason)])
    report.dates.add(is_kept=result.has_own_date)
    for author in post.authors:
        report.authors.add(is_kept=bool(terms.author_id(author)))
