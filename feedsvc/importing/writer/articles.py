"""Articles and pages of an import: the values that a file may have of a post, their check, and the files.

A file that still has the digest of what the last import wrote is written anew. Any other stays, and is listed if the source
changed, too. A file is written before its entry in the base: if the process is killed in between, the next import finds the file
equal to the source, and only adds the entry.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from feedsvc.content.reading.article import parse_article
from feedsvc.content.reading.context import References
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE
from feedsvc.content.reading.page import parse_page
from feedsvc.content.safe_read import read_file
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.importing.source import Omission, PostState, SourcePost
from feedsvc.importing.writer.article_files import (
    BODY,
    KEYS,
    ArticleFile,
    ArticleValues,
    format_article,
    parse_article_file,
)
from feedsvc.importing.writer.base import ARTICLES, text_digest
from feedsvc.importing.writer.plans import (
    ImportContext,
    PostPlan,
    SourceIndex,
    is_page_path,
    is_selected,
    source_key,
    valid_date,
)
from feedsvc.importing.writer.post_values import PostConverter, PostResult
from feedsvc.support.atomic_write import FileChangedError, create_file, replace_if_unchanged, require_writable
from feedsvc.support.process_pool import map_chunks

_REQUIRED: Final = ("title", "published")
_PLURALS: Final = {"category": "categories", "author": "authors"}
_KEY: Final = re.compile(r"[a-z_]+")
_TAG: Final = re.compile(r"<[^<>]*>")
_BLOCK_END: Final = re.compile(r"</(?:p|div|h[1-6]|li|blockquote|td|figcaption)\s*>|<br\s*/?>", re.IGNORECASE)
_NO_FILE: Final = ArticleFile({}, "")
_BATCH: Final = 1000  # posts that are in memory together
_MIN_PARALLEL: Final = 200  # posts from which on several processes convert them
_CHUNK: Final = 50  # posts that a process gets at once
_PLAIN_BODY: Final = "the layout of the body"  # in the report


# --- check


class CheckedArticle(NamedTuple):
    """Result of `check_article`: values without errors, or None if the article cannot be used, and what was left out of it.

    `is_plain`: the body became plain text.
    """

    values: ArticleValues | None
    omissions: tuple[Omission, ...] = ()
    is_plain: bool = False


def check_article(place: str, plan: PostPlan, values: ArticleValues, references: References, *, body: str) -> CheckedArticle:
    """Return values that `feedsvc check` has no error for. A key with an error is left out; a body with one becomes plain text.

    Of categories and authors, only the names that their files lack are left out: an editor may have deleted these entries. An
    article cannot be used if its title, date or plain body has an error, or if an error is in no key. `place` is the place of
    the post in the source, `body` the HTML of the body in `values`; a plain body has its text.
    """
    values, omissions = dict(values), list[Omission]()
    parse = parse_page if plan.is_page else parse_article
    path = str(PurePosixPath(plan.path).with_suffix(".md"))  # the form of `data`; an editor may have made it one of YAML
    omissions += _remove_unknown_names(place, values, references)
    for _ in range(len(KEYS) + 1):
        data = format_article(plan.id, values).encode(errors="replace")
        problem = next((found for found in parse(path, data, references).problems if found.severity == "error"), None)
        if problem is None:
            return CheckedArticle(values, tuple(omissions), any(omission.what == _PLAIN_BODY for omission in omissions))
        key = _key_of(problem, values)
        if not key or key in _REQUIRED or (key == BODY and not _make_plain(values, body)):
            return CheckedArticle(None, (*omissions, Omission(place, "article", _reason(problem))))
        omissions.append(Omission(place, _PLAIN_BODY if key == BODY else key, _reason(problem)))
        if key != BODY:
            del values[key]
    return CheckedArticle(None, (*omissions, Omission(place, "article", "its errors cannot be removed one by one")))


def _remove_unknown_names(place: str, values: ArticleValues, references: References) -> Iterator[Omission]:
    """Remove the categories and authors that have no entry from `values`. Yield an omission for each."""
    for key, file, entries in (
        ("categories", CATEGORIES_FILE, references.categories),
        ("authors", AUTHORS_FILE, references.authors),
    ):
        names = values.pop(key, [])
        if known := [name for name in names if name in entries]:
            values[key] = known
        reason = f"{file} has no such entry; write it there, or give the name of another one with --map"
        yield from (Omission(place, f"{key}: {name}", reason) for name in names if name not in entries)


def _reason(problem: Problem) -> str:
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message


def _key_of(problem: Problem, values: ArticleValues) -> str:
    """Return the key that a problem is about, by the first word of its message; "" if it is none that the article has."""
    match = _KEY.match(problem.message)
    name = _PLURALS.get(match[0], match[0]) if match else ""
    return name if name in values else ""


def _make_plain(values: ArticleValues, body: str) -> bool:
    """Replace the body in `values` by the text of `body` (HTML) in paragraphs. Return False if it is that already."""
    text = html.unescape(_TAG.sub("", _BLOCK_END.sub("\n\n", body)))
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    plain = "\n\n".join(f"<p>{html.escape(paragraph, quote=False)}</p>" for paragraph in paragraphs if paragraph)
    if plain == values[BODY]:
        return False
    values[BODY] = plain
    return True


# --- files


class _Candidate(NamedTuple):
    """Post with its plan, its values before their check, and the bytes of the file that it has, b"" without one."""

    post: SourcePost
    plan: PostPlan
    result: PostResult
    data: bytes


@dataclass(slots=True)
class ArticleWriter:
    """Writer of the articles and pages of one source. Results are added to the base and the report.

    Call `write_all` once, then `find_gone` if the source was read to its end. A dry run writes no file.
    """

    run: ImportContext
    index: SourceIndex
    converter: PostConverter
    references: References
    processes: int = 1
    _seen: set[str] = field(default_factory=set)
    _ids: frozenset[str] = frozenset()

    def write_all(self, posts: Iterable[SourcePost | Omission]) -> None:
        """Write each new post as a new file, and each changed one anew. A post that cannot be written becomes an omission.

        Posts before `since` are left out.

        Raises FeedsvcError if a new file or the base cannot be written, as on a full disk; the files before it stay.
        """
        self._ids = frozenset(plan.id for plan in self.index.plans.values()) | self.index.unselected
        remaining = self._selected(posts)
        while batch := [*islice(remaining, _BATCH)]:
            candidates = [*filter(None, map(self._select, batch))]
            processes = self.processes if len(candidates) >= _MIN_PARALLEL else 1
            checked: dict[int, CheckedArticle] = {}
            work = partial(self._check, candidates)
            for results in map_chunks(work, range(len(candidates)), processes, max_chunk=_CHUNK):
                checked |= results
            for number, candidate in enumerate(candidates):
                self._store(candidate, checked[number])

    def _selected(self, posts: Iterable[SourcePost | Omission]) -> Iterator[SourcePost]:
        for post in posts:
            if isinstance(post, Omission):
                self.run.report.omit([post])
            elif is_selected(post, self.run.since):
                yield post

    def find_gone(self) -> None:
        """Add to `gone` of the report the files from earlier imports of this source whose posts it has no more.

        They are where they are now; those that are not there any more are left out.
        """
        articles, pages = self.run.articles, self.run.pages
        for key, (path, _) in self.run.base.own_entries(ARTICLES).items():
            known = path if path in articles.slugs else ""
            now = pages.find(path) if is_page_path(path) else articles.find(key) or known
            self.run.report.gone += [now] if now and key not in self._seen else []

    def _select(self, post: SourcePost) -> _Candidate | None:
        """Return a post that has a plan and a file or none yet; None, and add to the report, if nothing must be written."""
        key = source_key(post)
        plan = self.index.plans.get(key)
        if plan is None or key in self._seen:
            reason = f"another post has the same id {key}, and came first" if plan else "the source changed while it was read"
            self._omit(post, f"post '{post.title}'", reason)
            return None
        self._seen.add(key)
        if plan.is_deleted:
            self.run.report.deleted.append(plan.path)
            return None
        if post.state is PostState.SCHEDULED and plan.state is PostState.DRAFT:
            reason = "it was still scheduled at the source though its date has come, so it is a draft"
            self._omit(post, f"post '{post.title}': publication", reason)
        data = read_file(self.run.root, plan.path) if plan.is_existing else b""
        if not isinstance(data, bytes):
            self._omit(post, plan.path, "the file cannot be read, so it was not compared; see feedsvc check")
            self._count_id(post, plan, None)
            return None
        result = self._convert(post, plan, data)
        self._count(post, plan, result)
        return _Candidate(post, plan, result, data)

    def _convert(self, post: SourcePost, plan: PostPlan, data: bytes) -> PostResult:
        if plan.is_page:
            return self.converter.convert_page(post, plan)
        lacks_parts = post.lacks_lead_image or post.lacks_body_parts
        is_needed = data and (lacks_parts or not (post.published or post.updated))
        file = parse_article_file(plan.path, data) if is_needed else _NO_FILE
        result = self.converter.convert(post, plan, self._original_of(post), file, self.index.aliases.get(plan.path, ()))
        # An export of posts has no pictures, and that is no change of the post.
        if post.lacks_lead_image and file.keys.get("image"):
            result.values["image"] = file.keys["image"]
        return result

    def _original_of(self, post: SourcePost) -> str:
        """Return the id of the article that the article of a post translates, "" if it translates none.

        A partial export may lack the original; then the one that the file states stays, or that of the post that it translates.
        """
        plan = self.index.plans.get(post.translation_of)
        found = "" if plan is None or plan.is_page or plan.is_deleted else plan.id
        if plan is None and self.run.articles.find(post.translation_of):
            found = post.translation_of
        for key in filter(None, (source_key(post), post.translation_of)) if post.language else ():
            path = self.run.articles.find(self.index.plans[key].id) if key in self.index.plans else self.run.articles.find(key)
            data = read_file(self.run.root, path) if path else b""
            stated = parse_article_file(path, data).keys.get("translation_of", "") if isinstance(data, bytes) else ""
            if stated and stated not in self._ids and self.run.articles.find(str(stated)):
                return str(stated)
        return found

    def _check(self, candidates: Sequence[_Candidate], numbers: Sequence[int]) -> dict[int, CheckedArticle]:
        """Return the checked values of the candidates at the indexes `numbers`, by index. Several processes call it."""
        checked: dict[int, CheckedArticle] = {}
        for number in numbers:
            post, plan, result, data = candidates[number]
            values = self.converter.with_markdown(post, result.values)
            if data and post.lacks_body_parts:
                values = _with_body_of_file(values, parse_article_file(plan.path, data))
            article = check_article(post.place, plan, values, self.references, body=result.values.get(BODY, ""))
            checked[number] = article
        return checked

    def _store(self, candidate: _Candidate, article: CheckedArticle) -> None:
        post, plan, result, _data = candidate
        self.run.report.omit(article.omissions)
        if article.values is None:
            self._count_id(post, plan, self.run.articles.ids.get(plan.path) if plan.is_existing else None)
            return
        links = sum(path != plan.site_path for path in result.body.links)  # of own ones, a fragment may be left
        self.run.report.links.add(0 if article.is_plain else links, links)
        text, own_ids = format_article(plan.id, article.values), (plan.id, article.values.get("guid", ""))
        if plan.is_existing:
            self._count_id(post, plan, self.run.articles.ids.get(plan.path, own_ids))
            self._replace(candidate, text)
        elif self._create(candidate, text):
            self._count_id(post, plan, [*filter(None, own_ids)])
        else:
            self._count_id(post, plan, None)

    def _create(self, candidate: _Candidate, text: str) -> bool:
        """Write a new file. Return False, with an omission, if another program has written it."""
        post, plan = candidate.post, candidate.plan
        file = self.run.root / plan.path
        try:
            if not self.run.report.is_dry_run:
                create_file(file, text.encode())
        except FileExistsError:
            self._omit(post, plan.path, "another program wrote this file during the import; import again")
            return False
        except OSError as error:
            raise FeedsvcError(
                f"{file} cannot be written ({error.strerror}); the articles before it are there, and the next import goes on "
                "from there"
            ) from None
        self.run.report.created.append(plan.path)
        self.run.base.put(ARTICLES, source_key(post), plan.path, text_digest(text))
        return True

    def _replace(self, candidate: _Candidate, text: str) -> None:
        """Write a file anew if nobody changed it since the last import, and list it if the source changed, too."""
        post, plan, _result, data = candidate
        own, new, last = text_digest(data), text_digest(text), self.run.base.get(ARTICLES, source_key(post)).digest
        if own == last != new:
            if not self._rewrite(candidate, text):
                return
            self.run.report.changed.append(plan.path)
        elif new in (own, last):
            self.run.report.unchanged += 1
        else:
            self.run.report.kept.append(plan.path)
        self.run.base.put(ARTICLES, source_key(post), plan.path, new if own in (new, last) else last)

    def _rewrite(self, candidate: _Candidate, text: str) -> bool:
        """Write a file anew. Return False, with an omission, if that is impossible."""
        post, plan, _result, data = candidate
        file = self.run.root / plan.path
        try:
            if self.run.report.is_dry_run:
                require_writable(file)
            else:
                replace_if_unchanged(file, data, text.encode())
        except FileChangedError:
            self._omit(post, plan.path, "the file changed while it was read; import again")
            return False
        except OSError as error:
            self._omit(post, plan.path, f"the file cannot be written ({error.strerror}); make it writable, and import again")
            return False
        return True

    def _omit(self, post: SourcePost, what: str, reason: str) -> None:
        self.run.report.omit([Omission(post.place, what, reason)])

    # --- counts

    def _count(self, post: SourcePost, plan: PostPlan, result: PostResult) -> None:
        """Add a post to the report: its omissions, pictures, date and authors; a page has no date and no authors."""
        self.run.report.omit(result.omissions)
        self.run.report.pictures.add(result.body.kept_pictures, result.body.pictures)
        if plan.is_page:
            self.run.report.pages.append(plan.path)
        else:
            self.run.report.dates.add(valid_date(post.published) is not None)
            for author in post.authors:
                self.run.report.authors.add(self.converter.terms.listing_id("author", author) in self.references.authors)
        if post.is_sticky:
            self.run.report.sticky.append(plan.path)

    def _count_id(self, post: SourcePost, plan: PostPlan, ids: Sequence[str] | None) -> None:
        """Add whether a post's article has its id, and an omission if not; nothing for pages and posts without id.

        `ids` are the id and the guid of the article; None or () if there is no article that can be read.
        """
        if plan.is_page or not post.id:
            return
        is_kept = post.id in (ids or ())
        self.run.report.ids.add(is_kept)
        if ids and not is_kept:
            known = ", ".join(filter(None, ids)) or "none"
            lost = f"the file has {known} now" if plan.is_existing else f"no article can have it; the article gets {known}"
            self._omit(post, f"id {post.id}", f"{lost}, and subscribers may see it as new")


def _with_body_of_file(values: ArticleValues, file: ArticleFile) -> ArticleValues:
    """Return the values with the body of a file if the post, of whose body the export lacks parts, was not changed since."""
    if not file.body or values.get("updated") != file.keys.get("updated"):
        return values
    return {**values, BODY: file.body}
