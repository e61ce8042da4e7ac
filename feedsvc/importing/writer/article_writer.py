"""Writer of articles and pages: each post of a source becomes a new file, or changes of the file that it has.

A file is written before its line in the base. If the process is killed in between, the next import finds the file equal to the
source, and only adds the line. In the other order, an unwritten file would look as if an editor had deleted or changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from feedsvc.content.reading.context import References
from feedsvc.content.safe_read import read_file
from feedsvc.errors import FeedsvcError
from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.writer.article_check import CheckedArticle, check_article, remove_unknown_names
from feedsvc.importing.writer.article_file import ArticleFile, change_article, format_article, read_article_file
from feedsvc.importing.writer.article_values import PostConverter, PostResult
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.conflicts import ConflictChoice, decide_conflicts, keep_for_later
from feedsvc.importing.writer.draft_dates import hold_draft, with_date_of_draft
from feedsvc.importing.writer.index import SourceIndex
from feedsvc.importing.writer.link_counts import LinkCount, remembered_links
from feedsvc.importing.writer.merge import MergeOutcome, compare_keys
from feedsvc.importing.writer.new_files import create_file
from feedsvc.importing.writer.plans import PostPlan
from feedsvc.importing.writer.post_counts import AuthorNames, count_id, count_post
from feedsvc.importing.writer.post_ids import source_key
from feedsvc.importing.writer.report import ImportReport, MergeConflict
from feedsvc.importing.writer.source_digests import (
    digests_of_file,
    keep_missing_parts,
    last_source_word,
    source_word,
    stated_digests,
)
from feedsvc.importing.writer.values import BODY, ArticleValues, format_digests, parse_digests
from feedsvc.support.atomic_write import FileChangedError, replace_if_unchanged, require_writable
from feedsvc.support.process_pool import map_chunks

_BATCH: Final = 1000  # posts that are in memory together
_MIN_PARALLEL: Final = 200  # posts from which on several processes convert them
_CHUNK: Final = 50  # posts that a process gets at once
_SITE: Final = "site="  # digest of the source's address, because a newsroom may be imported from several


class _Candidate(NamedTuple):
    """Post that may have to be written, as it is before its body is converted and its values are checked.

    `key` is its `source_key`, `source` the word "source=DIGEST" of the base, with a digest of all that the source states of it.
    """

    post: SourcePost
    key: str
    plan: PostPlan
    result: PostResult
    source: str


class _Checked(NamedTuple):
    """Result of the check of a post's values, and its links."""

    article: CheckedArticle
    links: LinkCount


class _PostItem(NamedTuple):
    """Post with its plan, its valid values and their digests. `key` is its `source_key`, `source` the word "source=DIGEST".

    `has_own_date` is that of PostResult.
    """

    post: SourcePost
    key: str
    plan: PostPlan
    values: ArticleValues
    digests: dict[str, str]
    source: str
    links: LinkCount
    has_own_date: bool


@dataclass(slots=True)
class ArticleWriter:
    """Writer of the articles of one source. `site_digest` tells the source from others, `decide` chooses in conflicts.

    Call `write_all` once, then `find_gone` if the source was read to its end. Results are added to `base` and `report`. A dry run
    (`is_dry_run`) adds them, too, but writes no file; `decide` is called all the same.
    """

    root: Path
    base: ImportBase
    index: SourceIndex
    converter: PostConverter
    references: References
    report: ImportReport
    site_digest: str
    decide: Callable[[MergeConflict], ConflictChoice] = keep_for_later
    is_dry_run: bool = False
    processes: int = 1
    _seen: set[str] = field(default_factory=set)

    def write_all(self, posts: Iterable[SourcePost]) -> None:
        """Write each new or changed post as a new file, or into its file. A post that cannot be written becomes an omission.

        Raises FeedsvcError if a new file or the base cannot be written, as on a full disk; the files before it stay.
        """
        remaining = iter(posts)
        while batch := [*islice(remaining, _BATCH)]:
            candidates = [*filter(None, map(self._select, batch))]
            processes = self.processes if len(candidates) >= _MIN_PARALLEL else 1
            numbers = range(len(candidates))
            checked: dict[int, _Checked] = {}
            for results in map_chunks(partial(self._check, candidates), numbers, processes, max_chunk=_CHUNK):
                checked |= results
            for number, candidate in enumerate(candidates):
                self._store(candidate, checked[number])

    def _select(self, post: SourcePost) -> _Candidate | None:
        """Return a post that may have to be written. Return None, and add to the report, if nothing must be written.

        That is so if the file exists and the source states the same as at the last import, its addresses among it, if an editor
        deleted the file, or if the post has no plan or the `source_key` of an earlier post.
        """
        key = source_key(post)
        plan = self.index.plans.get(key)
        if plan is None or key in self._seen:
            reason = f"another post has the same id {key}, and came first" if plan else "the source changed while it was read"
            self.report.omit([Omission(post.place, f"post '{post.title}'", reason)])
            return None
        self._seen.add(key)
        if plan.is_deleted:
            self.report.deleted.append(plan.path)
            return None
        result = self.converter.convert_page(post, plan) if plan.is_page else self.converter.convert(post, plan)
        count_post(self.report, AuthorNames(self.converter.terms, self.references.authors), post, plan, result)
        source = source_word(result)
        if plan.is_existing and {source, plan.addresses} <= {*self._words(key)}:
            self.report.unchanged += 1
            self.report.omit(remove_unknown_names(post.place, dict(result.values), self.references))
            count_id(self.report, post, plan, plan.file_ids)
            self.report.links.add_all(*remembered_links(self._words(key), result.counts.links))
            return None
        return _Candidate(post, key, plan, result, source)

    def _check(self, candidates: Sequence[_Candidate], numbers: Sequence[int]) -> dict[int, _Checked]:
        """Return the checked values of the candidates at the indexes `numbers`, by index. Several processes call it."""
        checked: dict[int, _Checked] = {}
        for number in numbers:
            post, _key, plan, result, _source = candidates[number]
            values = self.converter.with_markdown(post, result.values)
            body = result.values.get(BODY, "")
            article = check_article(post.place, plan.path, plan.id, values, self.references, body=body)
            checked[number] = _Checked(article, self.converter.count_links(post, article.values or {}))
        return checked

    def _store(self, candidate: _Candidate, checked: _Checked) -> None:
        post, key, plan, result, source = candidate
        values, links = checked.article.values, checked.links
        self.report.omit((*checked.article.omissions, *links.omission(post.place)))
        self.report.links.add_all(links.kept, links.total)
        if values is None:
            count_id(self.report, post, plan, plan.file_ids or None)
            return
        last = parse_digests(self._words(key))
        stated = stated_digests(result, values, last if plan.is_existing else None)
        digests = keep_missing_parts(post, stated, last)
        # With parts that are missing, the line of the base stays, too, unless something else changed.
        source = source if digests == stated else last_source_word(self._words(key))
        item = _PostItem(post, key, plan, values, digests, source, links, result.has_own_date)
        if plan.is_existing:
            self._change(item, last)
        else:
            self._create(item)

    def _count_id(self, item: _PostItem, ids: Iterable[str] | None) -> None:
        count_id(self.report, item.post, item.plan, None if ids is None else [*filter(None, ids)])

    def find_gone(self, path_of: Callable[[Sequence[str], str], str]) -> None:
        """Add to `gone` of the report the paths of files from earlier imports of this source whose posts it has no more.

        No file is deleted. `path_of` returns, for a line of the base and its key, the path that the file has now, "" if it is
        not there; such a file is not added.
        """
        for key in self.base.keys(ARTICLES):
            if key not in self._seen and f"{_SITE}{self.site_digest}" in self._words(key):
                self.report.gone += filter(None, [path_of(self.base.get(ARTICLES, key), key)])

    def _words(self, key: str) -> list[str]:
        return (self.base.get(ARTICLES, key) or ("", ""))[1].split()

    def _create(self, item: _PostItem) -> None:
        file = self.root / item.plan.path
        try:
            if not self.is_dry_run and not create_file(file, format_article(item.plan.id, item.values).encode()):
                self._skip(item, "another program wrote this file during the import; import again")
                self._count_id(item, None)
                return
        except OSError as error:
            raise FeedsvcError(
                f"{file} cannot be written ({error.strerror}); the articles before it are there, and the next import goes on "
                "from there"
            ) from None
        self.report.created.append(item.plan.path)
        self._count_id(item, (item.plan.id, item.values.get("guid", "")))
        if item.plan.former_page:
            reason = f"it is a post at the source now, and {item.plan.path} is written; delete the page if the article is enough"
            self.report.omit([Omission(item.post.place, item.plan.former_page, reason)])
        self._put(item, item.digests, item.source)

    def _change(self, item: _PostItem, base: dict[str, str]) -> None:
        """Write into its file the keys that only the source changed, and conflicts for which `decide` chose the source.

        `base` maps keys to digests. A file that cannot be changed is reported as an omission.
        """
        data = read_file(self.root, item.plan.path)
        file = read_article_file(item.plan.path, data) if isinstance(data, bytes) else None
        if file is None or not isinstance(data, bytes):
            self._skip(item, "its file has errors, so it was not compared; see feedsvc check")
            self._count_id(item, None)
        elif file.id and file.id != item.plan.id:
            self._skip(item, f"its file has another id now, {file.id}, so it stays as it is")
            self._count_id(item, file.ids)
        else:
            self._merge(item, base, file, data)

    def _merge(self, item: _PostItem, base: dict[str, str], file: ArticleFile, data: bytes) -> None:
        base = with_date_of_draft(base, file.values, item.values) if item.has_own_date else base
        mine = digests_of_file(file.values, item.values, ZoneInfo(self.converter.site.timezone))
        outcomes = hold_draft(compare_keys(base, mine, item.digests), item.digests)
        decisions, conflicts = decide_conflicts(item.plan.path, outcomes, file.values, item.values, self.decide)
        changes = {name: item.values.get(name) for name, outcome in decisions.items() if outcome is MergeOutcome.TAKE}
        settled = (name for name, outcome in decisions.items() if outcome is not MergeOutcome.CONFLICT)
        new_base = base | {name: item.digests.get(name, "") for name in settled}
        if changes and not self._apply(item, file, data, changes):
            self._count_id(item, file.ids if file.id else item.plan.file_ids)
            return
        file_id = file.id or next(iter(item.plan.file_ids), "")  # that which the article has without a stated one
        self._count_id(item, (file_id, str(changes.get("guid", file.values.get("guid")) or "")))
        self.report.conflicts += conflicts
        if changes:
            self.report.changed.append(item.plan.path)
        else:
            self.report.unchanged += 1
        self._put(item, new_base, "" if conflicts else item.source)

    def _apply(self, item: _PostItem, file: ArticleFile, data: bytes, changes: dict[str, Any]) -> bool:
        """Write changes into a file, whose bytes must still be `data`. Return False, with an omission, if that is impossible.
        A dry run only checks whether the file is writable."""
        text = change_article(item.plan.path, file, changes)
        if text is None:
            self._skip(item, f"{', '.join(changes)}: changed at the source, but cannot be changed safely in this file")
            return False
        try:
            if self.is_dry_run:
                require_writable(self.root / item.plan.path)
            else:
                replace_if_unchanged(self.root / item.plan.path, data, text.encode())
        except FileChangedError:
            self._skip(item, "the file changed while it was read; import again")
            return False
        except OSError as error:
            self._skip(item, f"the file cannot be written ({error.strerror}); make it writable, and import again")
            return False
        return True

    def _skip(self, item: _PostItem, reason: str) -> None:
        self.report.omit([Omission(item.post.place, item.plan.path, reason)])

    def _put(self, item: _PostItem, digests: dict[str, str], source: str) -> None:
        site = f"{_SITE}{self.site_digest}"
        words = " ".join(filter(None, (format_digests(digests), source, item.plan.addresses, item.links.word, site)))
        path = item.plan.base_path or item.plan.path
        self.base.put(ARTICLES, item.key, path, words, *([item.plan.id] if item.plan.id not in ("", item.key) else []))
