"""Facts of the whole site: its channel, authors, categories and tags, and the redirects that plug-ins keep in postmeta."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from feedsvc.importing.addresses import split_address
from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import (
    Omission,
    SourceAuthor,
    SourceRedirect,
    SourceSite,
    SourceSystem,
    SourceTerm,
    TermKind,
)
from feedsvc.importing.wordpress.addresses import is_plain_address
from feedsvc.importing.wordpress.export_index import parse_number
from feedsvc.importing.wordpress.export_reader import ChannelPart, describe_item
from feedsvc.importing.wordpress.item_fields import ChannelElement, ItemFields
from feedsvc.importing.wordpress.languages import LANGUAGE_FOLDER, language_of, sort_languages

# Taxonomy of an item's term -> kind. "tag" is that of WXR 1.0.
TERM_KINDS: Final = {"category": TermKind.CATEGORY, "post_tag": TermKind.TAG, "tag": TermKind.TAG}
AUTHOR_TAXONOMY: Final = "author"  # of the plug-in Co-Authors Plus
_AUTHOR_PREFIX: Final = "cap-"
_GUEST_AUTHOR: Final = "guest-author"  # post type of the same plug-in
_REDIRECT_RULE: Final = "redirect_rule"  # post type of Safe Redirect Manager
# Postmeta with the address that a post redirects to: Yoast SEO, Page Links To, Quick Page/Post Redirect.
_REDIRECT_KEYS: Final = ("_yoast_wpseo_redirect", "_links_to", "_pprredirect_url")
_SCRIPT_FOLDER: Final = "index.php/"  # at the start of all addresses on a server that rewrites none
_GONE_STATUS: Final = ("403", "404", "410")


def redirect_target(item: ItemFields) -> str:
    """Return the address to which a plug-in of WordPress redirected a published post or page, "" if none did."""
    is_reachable = item.text("wp:status") == "publish" and item.text("link")
    return next((value for key in _REDIRECT_KEYS if (value := item.meta_value(key).strip())), "") if is_reachable else ""


class SiteFacts:
    """Collector of the facts of a site, during the first pass over its export. `omissions` has redirects that cannot be kept."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._authors: dict[str, SourceAuthor] = {}
        self._terms: dict[tuple[TermKind, str], SourceTerm] = {}
        self._redirects: dict[SourceRedirect, None] = {}
        self._base_by_file: dict[str, str] = {}
        self._languages = Counter[str]()  # number of published posts in each language
        self._language_folder = self._script_folder = ""
        self._plain_addresses = set[bool]()  # of published posts, whether their addresses are plain
        self.omissions: list[Omission] = []

    @property
    def site(self) -> SourceSite:
        """The facts that were added until now."""
        return SourceSite(
            system=self._system,
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
            has_exact_texts=self._system is SourceSystem.FEEDSVC,
        )

    @property
    def _system(self) -> SourceSystem:
        is_own = self._texts.get("generator", "").startswith(f"{SourceSystem.FEEDSVC.value} ")
        return SourceSystem.FEEDSVC if is_own else SourceSystem.WORDPRESS

    @property
    def address(self) -> str:
        """The address of the site's front page, without a slash at the end; "" if no channel that was added states it."""
        names = ("wp:base_blog_url", "link", "wp:base_site_url")
        return next((value for name in names if (value := self._texts.get(name, ""))), "").rstrip("/")

    @property
    def addresses_by_file(self) -> dict[str, str]:
        """The site's address, without a slash at its end, by the name of each file of the export that states one."""
        return self._base_by_file

    def add_channel(self, channel: ChannelPart) -> None:
        """Add the elements of a channel. Of a text that several channels have, such as the title, the first counts."""
        for element in channel.elements:
            if element.name == "wp:author":
                self._add_author(element)
            elif element.name in ("wp:category", "wp:tag", "wp:term"):
                self._add_channel_term(element)
            elif element.text.strip() and not self._texts.get(element.name):
                self._texts[element.name] = element.text.strip()
            if element.name in ("link", "wp:base_blog_url") and element.text.strip():
                self._base_by_file[channel.file] = element.text.strip().rstrip("/")

    def _add_author(self, element: ChannelElement) -> None:
        child = {name: text.strip() for name, text in element.children.items()}
        login = child.get("wp:author_login", "")
        first, last = child.get("wp:author_first_name", ""), child.get("wp:author_last_name", "")
        name = child.get("wp:author_display_name") or f"{first} {last}".strip() or login
        # An author whose name is the login may be known from a post only.
        if login and (login not in self._authors or self._authors[login].name == login):
            number = parse_number(child.get("wp:author_id", ""))
            self._authors[login] = SourceAuthor(login, to_plain_text(name), child.get("wp:author_email", ""), number=number)

    def _add_channel_term(self, element: ChannelElement) -> None:
        child = {name: text.strip() for name, text in element.children.items()}
        taxonomy = {"wp:category": "category", "wp:tag": "post_tag"}.get(element.name) or child.get("wp:term_taxonomy", "")
        if taxonomy not in TERM_KINDS:
            return
        values = {
            "key": ("wp:category_nicename", "wp:tag_slug", "wp:term_slug"),
            "name": ("wp:cat_name", "wp:tag_name", "wp:term_name"),
            "description": ("wp:category_description", "wp:tag_description", "wp:term_description"),
            "parent": ("wp:category_parent", "wp:term_parent"),
        }
        texts = {member: next((child[name] for name in names if child.get(name)), "") for member, names in values.items()}
        name = to_plain_text(texts["name"])
        key = texts["key"] or name
        if key:
            kind = TERM_KINDS[taxonomy]
            parent = texts["parent"] if kind is TermKind.CATEGORY and texts["parent"] != "0" else ""
            number = parse_number(child.get("wp:term_id", ""))
            term = SourceTerm(kind, key, name or key, to_plain_text(texts["description"]), parent, number=number)
            self._terms[kind, key] = term

    def add_item(self, item: ItemFields) -> None:
        """Add what an item says about the site: authors and terms that are not known yet, and redirects.

        An item of the type guest-author (Co-Authors Plus) replaces a known author with its key. Items of other types than post,
        page, guest-author and redirect_rule say nothing.
        """
        post_type = item.text("wp:post_type")
        if post_type == _GUEST_AUTHOR:
            self._add_guest_author(item)
        elif post_type == _REDIRECT_RULE:
            self._add_redirect_rule(item)
        elif post_type in ("post", "page"):
            self._add_post(item)

    def _add_post(self, item: ItemFields) -> None:
        for key, name in item_authors(item):
            if key not in self._authors:
                self._authors[key] = SourceAuthor(key, name, is_listed=False)
        for kind, key, name in item_terms(item):
            if (kind, key) not in self._terms:
                self._terms[kind, key] = SourceTerm(kind, key, name, is_listed=False)
        self._note_form_of_addresses(item)
        if target := redirect_target(item):
            self._redirects[SourceRedirect(item.text("link"), target)] = None

    def _note_form_of_addresses(self, item: ItemFields) -> None:
        path = split_address(item.text("link")).path.removeprefix(f"{split_address(self.address).path}/")
        if path.startswith(_SCRIPT_FOLDER):
            self._script_folder = _SCRIPT_FOLDER
        is_public = item.text("wp:post_type") == "post" and item.text("wp:status") == "publish"
        if is_public and item.text("link"):
            self._plain_addresses.add(is_plain_address(item.text("link")))
        if is_public and (language := language_of(item)):
            self._languages[language] += 1
            if path.removeprefix(_SCRIPT_FOLDER).startswith(f"{LANGUAGE_FOLDER}{language}/"):
                self._language_folder = LANGUAGE_FOLDER

    def _add_guest_author(self, item: ItemFields) -> None:
        key = item.meta_value("cap-user_login").strip() or item.text("wp:post_name").removeprefix(_AUTHOR_PREFIX)
        if key:
            self._authors[key] = SourceAuthor(
                key,
                item.meta_value("cap-display_name").strip() or item.text("title") or key,
                email=item.meta_value("cap-user_email").strip(),
                url=item.meta_value("cap-website").strip(),
                bio=to_plain_text(item.meta_value("cap-description")),
                number=self._authors[key].number if key in self._authors else 0,
            )

    def _add_redirect_rule(self, item: ItemFields) -> None:
        old, new = item.meta_value("_redirect_rule_from").strip(), item.meta_value("_redirect_rule_to").strip()
        if item.text("wp:status") != "publish" or not old:
            return
        if item.meta_value("_redirect_rule_from_regex").strip() in ("1", "true") or "*" in old:
            reason = "it is a pattern; write the rule by hand if it is still needed"
            self.omissions.append(Omission(item.place, f"redirect from {old} to {new}", reason))
            return
        base = split_address(self.address).path
        path = old if "://" in old else f"{base}/{old.lstrip('/')}"
        is_gone = item.meta_value("_redirect_rule_status_code").strip() in _GONE_STATUS
        if is_gone or new:
            self._redirects[SourceRedirect(path, "" if is_gone else new)] = None
        else:
            self.omissions.append(Omission(item.place, describe_item(item), "the redirect has no target"))


def item_authors(item: ItemFields) -> Iterator[tuple[str, str]]:
    """Yield (key, name) of an item's authors of the plug-in Co-Authors Plus; without any, the login in `dc:creator` as both.

    Nothing if the item has neither.
    """
    names = [(term.nicename or term.name, term.name) for term in item.terms if term.taxonomy == AUTHOR_TAXONOMY]
    co_authors = {key.strip().removeprefix(_AUTHOR_PREFIX): name.strip() for key, name in names if key.strip()}
    if co_authors:
        yield from co_authors.items()
    elif creator := item.text("dc:creator"):
        yield creator, creator


def item_terms(item: ItemFields) -> Iterator[tuple[TermKind, str, str]]:
    """Yield (kind, key, name) of each category and tag of an item, once.

    Terms without taxonomy, as in WXR 1.0, count as categories, and only if the item has no terms with a taxonomy of TERM_KINDS.
    """
    terms = [term for term in item.terms if term.taxonomy in TERM_KINDS and (term.nicename or term.name.strip())]
    # WXR 1.0 writes each term with a taxonomy a second time without nicename.
    has_nicename = {(term.taxonomy, to_plain_text(term.name)) for term in terms if term.nicename}
    plain = [replace(term, taxonomy="category") for term in item.terms if not term.taxonomy and not terms]
    yielded = set()
    for term in (*terms, *plain):
        name = to_plain_text(term.name)
        if not term.nicename and (term.taxonomy, name) in has_nicename:
            continue
        key = term.nicename.strip() or name
        kind = TERM_KINDS[term.taxonomy]
        if key and (kind, key) not in yielded:
            yielded.add((kind, key))
            yield kind, key, name or key
