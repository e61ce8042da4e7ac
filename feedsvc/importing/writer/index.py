"""Index of a source: a first reading that decides which file each post gets, and collects terms, addresses and media."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from feedsvc.content.reading.article import default_id
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.importing.addresses import absolute, host_of, is_front_page, page_key, page_keys, split_address
from feedsvc.importing.source import Omission, PostState, SourceMedium, SourcePost
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.body_references import references_in
from feedsvc.importing.writer.existing import ExistingArticles, name_key
from feedsvc.importing.writer.names import NamePool, as_slug, portable_name, slug_of_address
from feedsvc.importing.writer.page_plans import PagePlanner, can_have_own_name, draft_reason, has_own_text
from feedsvc.importing.writer.plans import PostPlan, is_page_path, page_site_path
from feedsvc.importing.writer.post_addresses import addresses_of, digest_of_address, read_addresses_word
from feedsvc.importing.writer.post_dates import publication_date
from feedsvc.importing.writer.post_ids import source_key, usable_id
from feedsvc.importing.writer.stated_facts import embed_images, stated_path, stated_slug
from feedsvc.importing.writer.taken_addresses import TakenAddresses
from feedsvc.importing.writer.terms import TermTable
from feedsvc.model import Site
from feedsvc.uris import split_at_query

_LINKED_MEDIA: Final = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "png", "gif", "webp", "avif", "svg"),
        *("mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "aac", "mp4", "m4v", "mov", "webm", "ogv"),
        *("pdf", "epub", "docx", "xlsx", "csv", "zip", "txt", "vtt"),
    )
)


@dataclass(slots=True)
class SourceIndex:
    """Result of the first reading: `plans` by the `source_key` of a post.

    `site_paths` has the root-relative path of a post at the new site by the `page_key` of its present address and of its other
    addresses with a query, `former_paths` by those of its other addresses. `inner_addresses` are (address of a further page or
    an attachment's page, path of the post). `media` are the addresses of the files that posts name, in order. `empty_pages` are
    addresses of published pages without text, `shown_pages` the paths of pages that are public here. `has_front_page`: a
    published page was the front page. `first_published` is the earliest date of publication of a post that is no page, imported
    or not; None if no post has one; `days` are those of all posts (YYYY-MM-DD). `unselected` has the `source_key`s of posts
    before `since`. `is_complete`: the source was read to its end.
    """

    plans: dict[str, PostPlan] = field(default_factory=dict)
    site_paths: dict[str, str] = field(default_factory=dict)
    former_paths: dict[str, str] = field(default_factory=dict)
    media: dict[str, None] = field(default_factory=dict)
    first_published: datetime | None = None
    days: set[str] = field(default_factory=set)
    inner_addresses: list[tuple[str, str]] = field(default_factory=list)
    empty_pages: list[str] = field(default_factory=list)
    shown_pages: set[str] = field(default_factory=set)
    has_front_page: bool = False
    unselected: set[str] = field(default_factory=set)
    is_complete: bool = True

    @property
    def posts_pages(self) -> list[str]:
        """The addresses of pages that showed the posts: WordPress shows them on a page without text if another is in front."""
        return self.empty_pages if self.has_front_page else []

    @property
    def page_paths(self) -> Iterator[str]:
        """The root-relative paths at the new site of the source's pages."""
        return (plan.site_path for plan in self.plans.values() if plan.is_page)

    @property
    def former_page_paths(self) -> Iterator[str]:
        """The root-relative paths of pages here that an earlier import wrote for what is now a post of the source."""
        return (page_site_path(plan.former_page) for plan in self.plans.values() if plan.former_page)

    def forget_addresses(self, site_paths: Container[str]) -> None:
        """Clear `addresses` of the plans at these paths. The next import then adds the rules that this one could not write."""
        for key, plan in self.plans.items():
            if plan.link_path in site_paths:
                self.plans[key] = plan._replace(addresses="")

    def find(self, address: str) -> str:
        """Return the root-relative path here of the post at an address of the source, "" if there is none.

        Scheme, "www." and a slash at the end make no difference, nor does a query by which no post is known.
        """
        found = (self.site_paths.get(key) or self.former_paths.get(key) for key in page_keys(address))
        return next(filter(None, found), "")


class AddRedirects(Protocol):
    """Receiver of the former addresses of a post, with the parameters of `RedirectBuilder.add_post`."""

    def __call__(self, addresses: Iterable[str], target: str, *, is_known: bool = False, former_target: str = "") -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexer:
    """Builder of an index. `hosts` are the source's own; links to files at other hosts are not files of the source.

    `add_redirects` gets former absolute addresses, the root-relative path of their post, whether an earlier import added their
    rules, and the path to which an earlier import may have led them, if that was another one, else "". With `since`, posts that
    were published and changed before it are skipped.
    """

    site: Site
    base: ImportBase
    existing: ExistingArticles
    pages: PagePlanner
    terms: TermTable
    hosts: frozenset[str]
    site_address: str
    now: datetime
    add_redirects: AddRedirects
    since: datetime | None = None

    def build(self, posts: Iterable[SourcePost | Omission]) -> SourceIndex:
        """Read all posts of a source once, and return their index.

        Terms and authors of articles, except those of files that an editor deleted, are added to `terms`; former addresses of
        articles and pages are given to `add_redirects`. Omissions and posts before `since` are skipped silently; the second
        reading reports the omissions.
        """
        index, names, planned, renamed = SourceIndex(), NamePool(self._used_names()), set[str](), list[SourcePost]()
        former = list[tuple[str, str, bool]]()  # former addresses, site paths of their posts, and whether they need rules
        taken = TakenAddresses(self.base, self.existing.slugs)
        for post in posts:
            if isinstance(post, Omission):
                index.is_complete = index.is_complete and not post.is_end
                continue
            _note_date(post, index)
            if not is_selected(post, self.since):
                index.unselected.add(source_key(post))
                continue
            if post.is_page and not can_have_own_name(post, self.site_address):
                renamed.append(post)  # after all others: "about-team" for /about/team/ may be the name of another page
            else:
                former += self._add(post, index, names, planned, taken)
        for post in renamed:
            former += self._add(post, index, names, planned, taken)
        self._add_former(former, index)
        for address, site_path, former_path in taken.take():
            self.add_redirects([address], site_path, is_known=True, former_target=former_path)
        return index

    def _add_former(self, former: Iterable[tuple[str, str, bool]], index: SourceIndex) -> None:
        """Add the rules for former addresses: (address, path of the post, whether it needs a rule)."""
        for address, site_path, needs_rule in former:
            present_path = index.site_paths.get(page_key(address), "")
            if not present_path:
                self.add_redirects([address], site_path, is_known=not needs_rule)
            elif present_path != site_path:  # a newer post has the address now, and an earlier import may have led it here
                self.add_redirects([address], present_path, is_known=True, former_target=site_path)

    def _used_names(self) -> Iterator[str]:
        """Yield the names of articles in use, as `name_key`s. That of a deleted file stays in use: redirects lead to it."""
        yield from self.existing.names
        paths = (self._line(key)[0] for key in self.base.keys(ARTICLES))
        yield from (name_key(PurePosixPath(path).stem) for path in paths if not is_page_path(path))

    def _line(self, key: str) -> tuple[str, ...]:
        return self.base.get(ARTICLES, key) or ("", "")

    def _add(
        self, post: SourcePost, index: SourceIndex, names: NamePool, planned: set[str], taken: TakenAddresses
    ) -> Iterator[tuple[str, str, bool]]:
        """Add a post to the index, and rules for its present address and those with a query. Note a new present one in `taken`.

        Yield (address, path of the post, whether it needs a rule) of each other one. The caller must consume the generator, and
        add their rules once all posts are known. The names and the id of an article are added to `names` and `planned`.
        Nothing is done for a post with the `source_key` of an earlier one.
        """
        key = source_key(post)
        if key in index.plans:
            return
        addresses, present_key = [*addresses_of(post, self.site_address)], page_key(post.address)
        last = read_addresses_word(self._line(key)[1])
        word = last.with_addresses(post, self.site_address)
        plan = self._plan(post, key, names, planned)._replace(addresses=word.text)
        index.plans[key], site_path = plan, plan.link_path
        if not plan.is_page:
            planned.add(plan.id)
            names.add(plan.slug)
            names.add(PurePosixPath(plan.path).stem)
        # A rule that an editor deleted since the last import is not added again.
        needs_rules = bool(plan.former_page) or word.digest != last.digest
        former_target = page_site_path(plan.former_page) if plan.former_page else ""
        if former_target:  # at which readers of the page know it, though the source may have another address for it now
            addresses.append(absolute(self.site_address, f"{split_address(self.site.base_url).path.rstrip('/')}{former_target}"))
        for address in addresses:
            address_key = page_key(address)
            if is_front_page(address, self.site_address):
                continue
            is_new = needs_rules or last.lacks(address)
            if "?" in address or address_key == present_key:
                index.site_paths.setdefault(address_key, site_path)
                self.add_redirects([address], site_path, is_known=not is_new, former_target=former_target)
                if is_new and digest_of_address(address) not in last.present and not plan.is_deleted:
                    taken.note(address, key, site_path, addresses)
            else:
                index.former_paths.setdefault(address_key, site_path)
                yield address, site_path, is_new
        self._note(post, plan, index)

    def _note(self, post: SourcePost, plan: PostPlan, index: SourceIndex) -> None:
        """Add the terms and authors of an article to `terms`, and a post's files and the addresses of its parts to `index`.

        Also note in `index` if a published page is the front page or has no text. Of a post whose file an editor deleted,
        terms, authors and files are not added.
        """
        index.inner_addresses += ((address, plan.link_path) for address in post.inner_addresses)
        if post.is_page and post.state is PostState.PUBLISHED:
            self._note_page(post, plan, index)
        if not plan.is_page and not plan.is_deleted:
            self.terms.note(post)
        if not plan.is_deleted:
            index.media.update(dict.fromkeys(media_of(post, self.hosts, post.address or self.site_address)))
            index.media.update(dict.fromkeys(embed_images(post.facts, self.site_address)))

    def _note_page(self, post: SourcePost, plan: PostPlan, index: SourceIndex) -> None:
        if is_front_page(post.address, self.site_address):
            index.has_front_page = True
        elif not has_own_text(post.body):
            index.empty_pages.append(post.address)
        if plan.is_page and not plan.is_deleted and not draft_reason(post, self.site_address, post.body, self.now):
            index.shown_pages.add(plan.site_path)

    def _plan(self, post: SourcePost, key: str, names: NamePool, planned: Container[str]) -> PostPlan:
        """Return the plan of a post: for the file that it has, for that which an editor deleted, or for a new one.

        `planned` has the ids of the articles that this reading has planned before.
        """
        known_path, _words, *known_id = self._line(key)
        post_id = known_id[0] if known_id else usable_id(post) or (key if known_path else "")
        path = self.existing.find(post_id)
        # An article that an earlier version wrote for a page stays one.
        if post.is_page and not path and (not known_path or is_page_path(known_path)):
            return self.pages.plan(post, known_path)
        if path:
            slug, file_ids = self.existing.slugs.get(path, PurePosixPath(path).stem), self.existing.ids.get(path, (post_id,))
            base_path = known_path if self.existing.has_alias(path, known_path) else ""
            return PostPlan(post_id, slug, path, is_existing=True, file_ids=file_ids, base_path=base_path)
        former_page = self.pages.find(known_path) if is_page_path(known_path) else ""
        if known_path and not former_page:
            return PostPlan(post_id, PurePosixPath(known_path).stem, known_path, is_deleted=True)
        return self._new_plan(post, post_id, names, planned)._replace(former_page=former_page)

    def _new_plan(self, post: SourcePost, post_id: str, names: NamePool, planned: Container[str]) -> PostPlan:
        """Return the plan of a post without a file: a new file, or that which an import that was killed wrote."""
        date = publication_date(post, self.now).astimezone(ZoneInfo(self.site.timezone))
        path, slug = stated_path(post.facts), stated_slug(post.facts)
        if path and slug and not names.is_used(slug) and not names.is_used(PurePosixPath(path).stem):
            return PostPlan(post_id or default_id(self.site, PurePosixPath(path).stem, date.year), slug, path)
        for slug, is_used in names.candidates(portable_name(slug_of_address(post.address) or as_slug(post.title.lower()))):
            new_id = post_id or default_id(self.site, slug, date.year)
            if not post_id and new_id not in planned and (path := self.existing.paths.get(new_id, "")):
                return PostPlan(new_id, slug, path, is_existing=True, file_ids=(new_id,))
            if not is_used:
                return PostPlan(new_id, slug, f"{ARTICLES_FOLDER}/{date:%Y/%m}/{slug}.md")
        raise AssertionError


def _note_date(post: SourcePost, index: SourceIndex) -> None:
    """Add the date of a post, imported or not, to `index.days` and, if it is earlier, to `index.first_published`.

    Pages do not count. A later import of all posts must find the same first day.
    """
    if post.published and not post.is_page:
        index.days.add(post.published.date().isoformat())
    if not post.is_page and post.published and (index.first_published is None or post.published < index.first_published):
        index.first_published = post.published


def is_selected(post: SourcePost, since: datetime | None) -> bool:
    """Return whether a post is published or changed at or after `since`; a post without dates always is."""
    dates = [date for date in (post.published, post.updated) if date]
    return since is None or not dates or max(dates) >= since


def media_of(post: SourcePost, hosts: frozenset[str], page: str) -> Iterator[str]:
    """Yield the addresses, without fragments, of the files that the post at `page` shows or links to: its media, then its body's.

    Links count only if they lead to files at `hosts`. An address may be yielded several times.
    """
    media: tuple[SourceMedium, ...] = (*([post.lead_image] if post.lead_image else []), *post.enclosures)
    yield from (medium.address.partition("#")[0] for medium in media if medium.address)
    for reference in references_in(post.body, page):
        if not reference.is_link or is_media_link(reference.address, hosts):
            yield reference.address.partition("#")[0]


def is_media_link(address: str, hosts: frozenset[str]) -> bool:
    """Return whether a link leads to a file at one of `hosts`, such as a picture in full size or a PDF, by its suffix."""
    path, _ = split_at_query(address)
    return PurePosixPath(path).suffix.lower() in _LINKED_MEDIA and host_of(address) in hosts
