"""Facts of the whole site: its channel, authors, categories and tags, and the redirects that plug-ins keep in postmeta."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from feedsvc.content.schema.field_types import is_language_tag
from feedsvc.importing.addresses import split_address
from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import (
    ImportSourceError,
    Omission,
    SourceAuthor,
    SourceRedirect,
    SourceSite,
    SourceSystem,
    SourceTerm,
    TermKind,
)
from feedsvc.importing.wordpress.addresses import is_plain_address
from feedsvc.importing.wordpress.items import AUTHOR_PREFIX, LANGUAGE_TAXONOMY, TERM_KINDS, ItemFields, parse_number, texts_of
from feedsvc.importing.xml_items import XmlDocument, children, name_of, raw_text

# In front of a language in addresses, unless Polylang is set to remove it: /language/de/a-post/.
LANGUAGE_FOLDER: Final = "language/"
_SCRIPT_FOLDER: Final = "index.php/"  # at the start of all addresses on a server that rewrites none
_GONE_STATUS: Final = ("403", "404", "410")
_ADDRESS_NAMES: Final = ("wp:base_blog_url", "link", "wp:base_site_url")
_TERM_ELEMENTS: Final = {"wp:category": "category", "wp:tag": "post_tag", "wp:term": ""}


class SiteFacts:
    """Collector of the facts of a site, during the first pass over its export. `omissions` has redirects that cannot be kept."""

    def __init__(self, post_types: Collection[str]) -> None:
        """Create an empty collector; `post_types` are the types of items that are imported."""
        self._post_types = post_types
        self._texts: dict[str, str] = {}
        self._authors: dict[str, SourceAuthor] = {}
        self._terms: dict[tuple[TermKind, str], SourceTerm] = {}
        self._redirects: dict[SourceRedirect, None] = {}
        self._file_by_base: dict[str, str] = {}
        self._languages = Counter[str]()  # number of published posts in each language
        self._language_folder = self._script_folder = ""
        self._plain_addresses = set[bool]()  # of published posts, whether their addresses are plain
        self.omissions: list[Omission] = []

    @property
    def site(self) -> SourceSite:
        """The facts that were added until now."""
        is_own = self._texts.get("generator", "").startswith(f"{SourceSystem.FEEDSVC.value} ")
        return SourceSite(
            system=SourceSystem.FEEDSVC if is_own else SourceSystem.WORDPRESS,
            title=to_plain_text(self._texts.get("title", "")),
            address=self.address,
            description=to_plain_text(self._texts.get("description", "")),
            language=self._texts.get("language", ""),
            time_zone=self._texts.get("feedsvc:timezone", ""),
            authors=tuple(self._authors.values()),
            terms=tuple(self._terms.values()),
            redirects=tuple(self._redirects),
            languages=sort_languages(self._languages, self._texts.get("language", "")),
            language_folder=self._language_folder,
            script_folder=self._script_folder,
            has_plain_addresses=self._plain_addresses == {True},
            has_exact_texts=is_own,
        )

    @property
    def address(self) -> str:
        """The address of the site's front page, without a slash at the end; "" if no channel that was added states it."""
        return next((value for name in _ADDRESS_NAMES if (value := self._texts.get(name, ""))), "").rstrip("/")

    def check_addresses(self) -> None:
        """Raise ImportSourceError if the files are of several sites."""
        if len(self._file_by_base) > 1:
            sites = ", ".join(f"{name} of {address}" for address, name in sorted(self._file_by_base.items()))
            raise ImportSourceError(f"the files are of several sites: {sites}; put those of each site into a folder of their own")

    def add_channel(self, file_name: str, document: XmlDocument) -> None:
        """Add the elements of a channel. Of a text that several channels have, such as the title, the first counts."""
        base = ""
        for element in children(document.head.element):
            name, text = name_of(element), raw_text(element).strip()
            if name == "wp:author":
                self._add_author({name: text.strip() for name, text in texts_of(element).items()})
            elif name in _TERM_ELEMENTS:
                self._add_channel_term(_TERM_ELEMENTS[name], {name: text.strip() for name, text in texts_of(element).items()})
            elif text and not len(element):
                self._texts[name] = self._texts.get(name) or text
            if name in ("link", "wp:base_blog_url") and text:
                base = text.rstrip("/")
        if base:
            self._file_by_base.setdefault(base, file_name)

    def _add_author(self, child: Mapping[str, str]) -> None:
        login = child.get("wp:author_login", "")
        first, last = child.get("wp:author_first_name", ""), child.get("wp:author_last_name", "")
        name = child.get("wp:author_display_name") or f"{first} {last}".strip() or login
        # An author whose name is the login may be known from a post only.
        if login and (login not in self._authors or self._authors[login].name == login):
            number = parse_number(child.get("wp:author_id", ""))
            self._authors[login] = SourceAuthor(login, to_plain_text(name), child.get("wp:author_email", ""), number=number)

    def _add_channel_term(self, taxonomy: str, child: Mapping[str, str]) -> None:
        def first(*names: str) -> str:
            return next((child[name] for name in names if child.get(name)), "")

        kind = TERM_KINDS.get(taxonomy or first("wp:term_taxonomy"))
        name = to_plain_text(first("wp:cat_name", "wp:tag_name", "wp:term_name"))
        if kind and (key := first("wp:category_nicename", "wp:tag_slug", "wp:term_slug") or name):
            description = to_plain_text(first("wp:category_description", "wp:tag_description", "wp:term_description"))
            parent = first("wp:category_parent", "wp:term_parent") if kind is TermKind.CATEGORY else ""
            number = parse_number(first("wp:term_id"))
            parent = "" if parent == "0" else parent
            self._terms[kind, key] = SourceTerm(kind, key, name or key, description, parent, number=number)

    def add_item(self, item: ItemFields) -> None:
        """Add what an item says about the site: authors and terms that are not known yet, and redirects.

        An item of the type guest-author (Co-Authors Plus) replaces a known author with its key, one of the type redirect_rule
        (Safe Redirect Manager) is a redirect. Items of further types that are not imported say nothing.
        """
        post_type = item.text("wp:post_type")
        if post_type == "guest-author":
            self._add_guest_author(item)
        elif post_type == "redirect_rule":
            self._add_redirect_rule(item)
        elif post_type in self._post_types:
            for key, name in item.authors().items():
                self._authors.setdefault(key, SourceAuthor(key, name, is_listed=False))
            for kind, key, name in item.categories_and_tags():
                self._terms.setdefault((kind, key), SourceTerm(kind, key, name, is_listed=False))
            self._note_form_of_addresses(item)
            if target := item.redirect_target:
                self._redirects[SourceRedirect(item.text("link"), target)] = None

    def _note_form_of_addresses(self, item: ItemFields) -> None:
        path = split_address(item.text("link")).path.removeprefix(f"{split_address(self.address).path}/")
        if path.startswith(_SCRIPT_FOLDER):
            self._script_folder = _SCRIPT_FOLDER
        is_public = item.text("wp:post_type") == "post" and item.text("wp:status") == "publish"
        if is_public and item.text("link"):
            self._plain_addresses.add(is_plain_address(item.text("link")))
        if is_public and (language := item.term(LANGUAGE_TAXONOMY)):
            self._languages[language] += 1
            if path.removeprefix(_SCRIPT_FOLDER).startswith(f"{LANGUAGE_FOLDER}{language}/"):
                self._language_folder = LANGUAGE_FOLDER

    def _add_guest_author(self, item: ItemFields) -> None:
        if key := item.meta_value("cap-user_login") or item.text("wp:post_name").removeprefix(AUTHOR_PREFIX):
            self._authors[key] = SourceAuthor(
                key,
                item.meta_value("cap-display_name") or item.text("title") or key,
                email=item.meta_value("cap-user_email"),
                url=item.meta_value("cap-website"),
                bio=to_plain_text(item.meta_value("cap-description")),
                number=self._authors[key].number if key in self._authors else 0,
            )

    def _add_redirect_rule(self, item: ItemFields) -> None:
        old, new = item.meta_value("_redirect_rule_from"), item.meta_value("_redirect_rule_to")
        if item.text("wp:status") != "publish" or not old:
            return
        new = "" if (is_gone := item.meta_value("_redirect_rule_status_code") in _GONE_STATUS) else new
        if item.meta_value("_redirect_rule_from_regex") in ("1", "true") or "*" in old:
            reason = "it is a pattern; write the rule by hand if it is still needed"
            self.omissions.append(Omission(item.place, f"redirect from {old} to {new}", reason))
        elif is_gone or new:
            path = old if "://" in old else f"{split_address(self.address).path}/{old.lstrip('/')}"
            self._redirects[SourceRedirect(path, new)] = None
        else:
            self.omissions.append(Omission(item.place, item.description, "the redirect has no target"))


def sort_languages(counts: Counter[str], site_language: str) -> tuple[str, ...]:
    """Return the languages of a site's published posts, the main one first, the others by name; () if there are not two.

    `counts` has the number of posts by language. The front page and feed of WordPress show only posts in the main language. It
    is that of the channel (`site_language`), or else the one with most posts. Names may have "_" in place of "-". If one is no
    language tag, the result is ().
    """
    by_tag = {language.replace("_", "-").lower(): language for language in sorted(counts)}
    if len(counts) < 2 or not all(is_language_tag(language.replace("_", "-")) for language in counts):  # noqa: PLR2004
        return ()
    channel = site_language.strip().replace("_", "-").lower()
    wanted = (channel, channel.partition("-")[0])
    main = next((by_tag[tag] for tag in wanted if tag in by_tag), max(sorted(counts), key=counts.__getitem__))
    return (main, *(language for language in sorted(counts) if language != main))
