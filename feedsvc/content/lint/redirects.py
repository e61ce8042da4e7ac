"""Lint of redirects.yaml: targets without a document or with a rule, unreachable rules, wildcards that match too much."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Final

from feedsvc.content import safe_read, text
from feedsvc.content.lint.context import LintContext
from feedsvc.content.reading.redirects import MAX_REDIRECTS_SIZE, RuleText, rule_texts
from feedsvc.errors import Problem, Rule
from feedsvc.free_places import FreePlace, RootFileAt, StaticPageAt
from feedsvc.model import ArticleStatus
from feedsvc.redirects import GONE, REDIRECTS_FILE, without_slash
from feedsvc.routes import (
    PRIVATE_PREFIX,
    ArticleAt,
    FeedAt,
    FileAt,
    IssueAt,
    ListingRef,
    PageAt,
    Place,
    TagsAt,
    is_never_free,
    path_of,
    place_of,
)

_MAX_WARNINGS: Final = 100
_MAX_COMPARED_NAMES: Final = 1000
# Static files of the product's own pages, and the file of a theme that has its address in static/.
_PRODUCT_FILES: Final = ("static/feed.css", "static/feed.js", "static/site.css", "static/site.js")
_EXTRA_STYLESHEET: Final = "extra.css"
_STYLESHEET: Final = f"static/{_EXTRA_STYLESHEET}"
_SAMPLE: Final = "q7-sample"  # a name that no address of a rule has
_NO_POSITION: Final = RuleText("", "", (1, 1), (1, 1))


def lint_redirects(context: LintContext) -> Iterator[Problem]:
    """Yield at most 100 warnings about redirects.yaml, first those about exact rules; none if the file has an error.

    An exact rule has a warning if it is never reached, because its old address is that of a document or file of this site or
    has the prefix of private feeds; if another exact rule leads on from its target; or if that is a path without a document. A
    rule with a "*" has one if it matches the form of addresses of articles, listings or feeds, and one if no document can have
    the form of its target.
    """
    rules = context.content.redirects
    if not rules or any(problem.path == REDIRECTS_FILE for problem in context.content.errors):
        return
    lint = _Lint(context)
    warnings = chain(
        chain.from_iterable(map(lint.exact, rules.exact.items())),
        chain.from_iterable(map(lint.wildcard, rules.wildcards.items())),
    )
    yield from islice(warnings, _MAX_WARNINGS)


@dataclass
class _Lint:
    context: LintContext

    def exact(self, rule: tuple[str, str]) -> Iterator[Problem]:
        address, target = rule
        place = place_of(address) if "?" not in address else None
        is_own = place is not None and without_slash(path_of(place)) == without_slash(address) and self._has_document(place)
        if address.startswith(PRIVATE_PREFIX):
            message = f"'{address}' is below {PRIVATE_PREFIX}, which has private feeds only, so this rule is never reached"
            yield self._warning("unused-redirect", address, message, "delete it", at_target=False)
        elif is_own or is_never_free(address):
            message = f"'{address}' is the address of a {self._kind(place)}, so this rule is never reached"
            # A page that became a post has such a rule: its former readers need it once the page is deleted.
            hint = "delete the rule, or the page if you want the redirect" if isinstance(place, StaticPageAt) else "delete it"
            yield self._warning("unused-redirect", address, message, hint, at_target=False)
        elif following := self._following(target):
            message = f"'{target}' is an old address itself, and leads to '{following}'"
            yield self._warning("redirect-chain", address, message, f"write {following}")
        elif reason := self._reason_for_no_document(target):
            yield self._warning("redirect-target", address, *reason)

    @staticmethod
    def _kind(place: Place | None) -> str:
        return "file" if isinstance(place, FileAt | RootFileAt) else "document"

    def _following(self, target: str) -> str:
        """Return where `target` leads if it is the old address of an exact rule or an article; "" if not, or for a document."""
        place = place_of(target) if target.startswith("/") else None
        if place and self._is_public(place):
            return ""
        article = self.context.content.addresses.find(target)
        return self.context.content.redirects.exact_target(target) or (path_of(ArticleAt(article.slug)) if article else "")

    def wildcard(self, rule: tuple[str, str]) -> Iterator[Problem]:
        address, target = rule
        if own := next((path for path in _SAMPLE_PATHS if path.startswith(address)), ""):
            form = own.replace(_SAMPLE, "...")
            message = f"'{address}*' also matches addresses like {form}, but a document or redirect of the site comes first"
            hint = "write more of the old address, or keep the rule if it is for missing addresses only"
            yield self._warning("broad-redirect", f"{address}*", message, hint, at_target=False)
        if not target.endswith("*"):
            if reason := self._reason_for_no_document(target):
                yield self._warning("redirect-target", f"{address}*", *reason)
        elif target.startswith("/") and not self._may_be_below(target[:-1]):
            message = f"'{target}' has the form of no address of this site"
            yield self._warning("redirect-target", f"{address}*", message, _FORMS)

    def _may_be_below(self, folder: str) -> bool:
        """Return whether a document may be below a path: of a fixed form, of root/, or any if the path is "/"."""
        place = place_of(f"{folder}{_SAMPLE}/")
        has_form = place is not None and not isinstance(place, FreePlace)
        return folder == "/" or has_form or any(name.startswith(folder[1:]) for name in self.context.content.root_files)

    def _reason_for_no_document(self, target: str) -> tuple[str, str] | None:
        """Return a message and a hint if the target of an exact rule is a path without a document, else None.

        An article that is a draft, withdrawn or not yet public counts as a document; an expired one and a draft page do not.
        None also for a slug that no article has while a file in articles/ has an error, and for forms that are not checked.
        """
        if target == GONE or not target.startswith("/"):
            return None
        match place_of(target):
            case None | StaticPageAt() | RootFileAt():
                return self._reason_for_no_free_place(target)
            case ArticleAt(slug):
                return self._reason_for_no_article(slug)
            case FileAt(path) if path.startswith("media/") and path not in self.context.content.media:
                return f"nothing public refers to {path}, so it has no address", "write another target, or gone"
            case PageAt(ref) | FeedAt(ref) | IssueAt(ref) if not self._has_listing(ref):
                names = sorted(self._listing_names(ref.kind))[:_MAX_COMPARED_NAMES]
                return f"there is no {_WORDS[ref.kind]} '{ref.id}'", text.did_you_mean(ref.id, names) or "write gone"
            case _:
                return None

    def _reason_for_no_article(self, slug: str) -> tuple[str, str] | None:
        article = self.context.articles_by_slug.get(slug)
        if article is None:
            if self.context.excluded_stems:  # an article with an error may have the slug
                return None
            return f"no article has the slug '{slug}'", self.context.suggest_slug(slug) or "write gone, or another target"
        if article.expires and article.expires <= self.context.now:
            return f"the article '{slug}' has expired, so this rule answers 404", "write gone"
        return None

    def _has_document(self, place: Place) -> bool:
        """Return whether a place is public and its address has a document of its own, which a rule does not replace.

        A former slug of a page, an alias of a tag and a tag that no published article has are public names without one.
        """
        match place:
            case PageAt(ref, _) | FeedAt(ref, _, _) if ref.kind == "tag":
                return self._is_public(place) and ref.id in self._used_tags
            case StaticPageAt(slug):
                return self._is_public(place) and self.context.content.pages[slug].slug == slug
            case _:
                return self._is_public(place)

    def _is_public(self, place: Place) -> bool:
        """Return whether a place is a published article, a page or feed of a listing, a published page, the tag list or a file.

        Former names of articles, categories, authors and custom feeds do not count, those of tags and pages do. Languages,
        periods, issues, and files in media/ that only drafts or private feeds refer to do not count. The
        time has no effect: an article may be before its day or have expired.
        """
        match place:
            case ArticleAt(slug):
                article = self.context.articles_by_slug.get(slug)
                return article is not None and article.slug == slug and article.status is ArticleStatus.PUBLISHED
            case PageAt(ref, "") | FeedAt(ref, _, "") if ref.kind != "language":  # which languages have a listing is unknown
                return self._has_listing(ref) and not self._is_alias(ref)
            case StaticPageAt() | RootFileAt():
                return self.context.has_free_place(place)
            case FileAt(path):
                return path in self._public_files
            case _:
                return place == TagsAt()

    def _reason_for_no_free_place(self, target: str) -> tuple[str, str] | None:
        place, content = place_of(target), self.context.content
        if place is None:
            return f"'{target}' has the form of no address of this site", _FORMS
        if self._is_public(place):
            return None
        if target.strip("/") in content.pages:
            return f"the page at '{target}' is a draft, so this rule answers 404", "publish the page, or write another target"
        hint = text.did_you_mean(target.strip("/"), (*content.pages, *content.root_files)) or _FORMS
        return f"'{target}' is the address of no page and of no file in root/", hint

    def _listing_names(self, kind: str) -> Collection[str]:
        """Return the ids and aliases of all categories, authors, custom feeds or tags; a tag need not have an entry."""
        if kind == "tag":
            return {*self.context.content.tags, *self.context.tag_paths}
        return self.context.listings[kind]

    def _has_listing(self, ref: ListingRef) -> bool:
        return ref.kind not in _WORDS or ref.id in self._listing_names(ref.kind)

    def _is_alias(self, ref: ListingRef) -> bool:
        entry = self.context.listings.get(ref.kind, {}).get(ref.id)
        return entry is not None and entry.id != ref.id

    @cached_property
    def _used_tags(self) -> frozenset[str]:
        return frozenset(tag.id for article in self.context.public_articles for tag in article.tags)

    @cached_property
    def _public_files(self) -> frozenset[str]:
        """Paths of the public files in media/, of the static files of the product and of the files of the theme."""
        theme = (_STYLESHEET if path == _EXTRA_STYLESHEET else path for path in self.context.content.theme)
        return self.context.public_media.union(_PRODUCT_FILES, theme)

    @cached_property
    def _texts(self) -> Mapping[str, RuleText]:
        data = safe_read.read_file(self.context.root, REDIRECTS_FILE, max_size=MAX_REDIRECTS_SIZE)
        return rule_texts(data) if isinstance(data, bytes) else {}

    def _warning(self, rule: Rule, source: str, message: str, hint: str, *, at_target: bool = True) -> Problem:
        found = self._texts.get(without_slash(source), _NO_POSITION)
        position = found.target_position if at_target else found.source_position
        return text.problem_at(REDIRECTS_FILE, position, message, hint, rule)


# Kinds of listings that editors name -> the word for one.
_WORDS: Final[Mapping[str, str]] = {"category": "category", "author": "author", "custom": "feed", "tag": "tag"}
_FORMS: Final = "write one like /articles/a-title/, /category/asia/ or /category/asia/feed.rss"
_SAMPLE_PATHS: Final = (
    path_of(ArticleAt(_SAMPLE)),
    *(path_of(PageAt(ListingRef(kind, _SAMPLE))) for kind in ("category", "author", "custom", "tag")),
    *(path_of(FeedAt(ListingRef(kind, _SAMPLE), "rss")) for kind in ("category", "author", "custom", "tag")),
)
