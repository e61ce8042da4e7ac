"""Values of an article from a post of a source: what an article file may contain, and a note for each thing that it may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from feedsvc.content.schema.field_types import MAX_REFERENCES, is_language_tag
from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.importing.html_markdown import convert_html
from feedsvc.importing.markup import find_elements
from feedsvc.importing.source import Omission, PostState, SourceMedium, SourcePost, SourceSite, SourceSystem
from feedsvc.importing.writer.lead_figure import split_lead_figure
from feedsvc.importing.writer.link_counts import LinkCount, count_links
from feedsvc.importing.writer.one_line import line_of, plain_line
from feedsvc.importing.writer.page_plans import address_changes, draft_reason, is_nested
from feedsvc.importing.writer.plans import PostPlan
from feedsvc.importing.writer.post_body import PostCounts, ReferenceTargets, convert_body
from feedsvc.importing.writer.post_dates import publication_date, valid_date
from feedsvc.importing.writer.post_ids import guid_of
from feedsvc.importing.writer.stated_facts import (
    embed_images,
    stated_body,
    stated_embeds,
    stated_media,
    stated_page_values,
    stated_path,
    stated_values,
)
from feedsvc.importing.writer.terms import TermTable
from feedsvc.importing.writer.values import BODY, KEYS, ArticleValues, normalize_body
from feedsvc.model import Site

_NO_TITLE: Final = "…"
# Elements without which a reader would miss something. Of others, such as <font>, the text stays.
_LOST_ELEMENTS: Final = (
    *("applet", "button", "canvas", "embed", "form", "iframe", "input"),
    *("math", "object", "script", "select", "svg", "textarea"),
)


class PostResult(NamedTuple):
    """Result for one post. The body in `values` is still HTML.

    `has_own_date` is False for an article whose post has no valid date of publication, else True; for a page it is True.
    """

    values: ArticleValues
    omissions: tuple[Omission, ...]
    counts: PostCounts
    has_own_date: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PostConverter:
    """Converter of posts to values of articles.

    `site_language` is the language of the site at the first import of the source: an article in it states no language.
    `targets` has what addresses of the source lead to here. `original_of` returns the id of the article here that the article
    of a post translates, "" if there is none.
    """

    site: Site
    terms: TermTable
    source: SourceSite
    now: datetime
    site_language: str
    targets: ReferenceTargets
    original_of: Callable[[SourcePost], str]

    def convert(self, post: SourcePost, plan: PostPlan) -> PostResult:
        """Return the values of an article, with omissions and counts. References to posts and files become their paths here.

        The body is HTML; other references in it become absolute addresses. The values are not validated: `check_article` does
        that.
        """
        omissions = [*_removed_parts(post)]
        if post.is_page and post.state is PostState.PUBLISHED:
            reason = "it is a page at the source now, and the article is a draft; write the text as a page into pages/"
            omissions.append(Omission(post.place, plan.path, reason))
        post, image = self._lead_image(post, omissions)
        body, counts = self._body(post, omissions)
        facts = post.facts
        values = {
            "guid": guid_of(post),
            "title": self._title(post, omissions),
            **self._dates(post, omissions),
            **self._lists(post, omissions),
            "summary": _line(post, post.summary),
            "image": self._stated_image(post, facts) or image,
            "enclosures": self._stated_enclosures(post, facts) or [*self._enclosures(post, omissions)],
            "embeds": self._embeds(post, facts, omissions),
            "language": self._language(post, omissions),
            "translation_of": self.original_of(post),
            "status": "draft" if post.is_page or post.state is PostState.DRAFT else "",
            BODY: body,
            **stated_values(post, facts, self.now),
            "slug": plan.slug if facts.get("slug") == plan.slug and plan.path == stated_path(facts) else "",
        }
        ordered = {key: values[key] for key in KEYS if values.get(key)}
        return PostResult(ordered, tuple(omissions), counts, has_own_date=valid_date(post.published) is not None)

    def convert_page(self, post: SourcePost, plan: PostPlan) -> PostResult:
        """Return the values of a page, with omissions for an address, a lead image, enclosures and a publication that it loses.

        Drafts stay drafts. A published page without text or with a date in the future, and the former front page, become drafts
        unless feedsvc exported them.
        """
        omissions = [*_removed_parts(post)]
        body, counts = self._body(post, omissions)
        is_own = self.source.system is SourceSystem.FEEDSVC  # whose dates of pages may be those of the export
        updated = None if is_own else valid_date(post.updated or post.published)
        reason = "" if is_own else draft_reason(post, self.source.address, body, self.now)
        values = {
            "title": self._title(post, omissions),
            "updated": updated.isoformat() if updated else "",
            "description": _line(post, post.summary),
            "language": self._language(post, omissions),
            "navigation": "none" if is_nested(post, self.source.address) else "",
            "status": "draft" if reason or post.state is PostState.DRAFT else "",
            BODY: body,
            **stated_page_values(post.facts),
        }
        changes = dict(address_changes(post, plan, self.source.address)) | ({"publication": reason} if reason else {})
        media = (*([post.lead_image] if post.lead_image else []), *post.enclosures)
        changes |= {medium.address: "a page has no lead image and no enclosures; show it in the text" for medium in media}
        omissions += [Omission(post.place, f"page '{post.title}': {what}", why) for what, why in changes.items()]
        ordered = {key: values[key] for key in KEYS if values.get(key)}
        return PostResult(ordered, tuple(omissions), counts, has_own_date=True)

    def with_markdown(self, post: SourcePost, values: ArticleValues) -> ArticleValues:
        """Return the values with their body, which is HTML, converted to the text of an article file.

        Blocks become Markdown if that shows the same; others stay HTML. If nothing remains of the body, its key is left out.
        """
        if BODY not in values:
            return values
        page = post.address or self.site.base_url
        text = convert_html(values[BODY], base_url=self.site.base_url, page=page, preferred=stated_body(post.facts))
        others = {key: value for key, value in values.items() if key != BODY}
        return {**others, BODY: body} if (body := normalize_body(FORBIDDEN_CHARACTER.sub("", text))) else others

    def count_links(self, post: SourcePost, values: ArticleValues) -> LinkCount:
        """Count the links of a post to articles and pages here, and those of them that the body in `values` has."""
        page = post.address or self.source.address
        return count_links(post.body, values.get(BODY, ""), page, self.site.base_url, self.targets.site_path_of)

    def _title(self, post: SourcePost, omissions: list[Omission]) -> str:
        if title := _line(post, post.title):
            return title
        start = _line(post, post.summary)[:60].strip()
        kinds = ("page", "a page") if post.is_page else ("post", "an article")
        reason = f"the {kinds[0]} has no title, and {kinds[1]} needs one: write a headline"
        omissions.append(Omission(post.place, "title", reason))
        return start or _NO_TITLE

    def _dates(self, post: SourcePost, omissions: list[Omission]) -> dict[str, str]:
        published, updated = publication_date(post, self.now), valid_date(post.updated)
        if valid_date(post.published) is None and post.state is PostState.PUBLISHED:
            what = f"published: {post.published.isoformat()}" if post.published else "published"
            reason = "the post has no date that a feed can have; the article gets that of its last change, or of the import"
            omissions.append(Omission(post.place, what, reason))
        zone = ZoneInfo(self.site.timezone)
        if post.published is None and post.updated is None:
            published = published.astimezone(zone)
        dates = {"published": published.isoformat()}
        return dates | ({"updated": updated.isoformat()} if updated and updated > published else {})

    def _lists(self, post: SourcePost, omissions: list[Omission]) -> dict[str, list[str]]:
        lists = {
            "categories": self.terms.category_ids(post.categories),
            "authors": self.terms.author_ids(post.authors),
            "tags": self.terms.tag_titles(post.tags),
        }
        for key, names in lists.items():
            if len(names) > MAX_REFERENCES:
                reason = f"an article has at most {MAX_REFERENCES}"
                omissions.append(Omission(post.place, f"{key}: {', '.join(names[MAX_REFERENCES:])}", reason))
                del names[MAX_REFERENCES:]
        return lists

    def _language(self, post: SourcePost, omissions: list[Omission]) -> str:
        language = (post.language or self.source.language).strip().replace("_", "-")
        if not language or language.lower() == self.site_language.lower():
            return ""
        if is_language_tag(language):
            return language
        if not post.language:
            return ""
        omissions.append(
            Omission(post.place, f"language: {plain_line(language)[:80]}", "it is no language tag, such as en or pt-BR")
        )
        return ""

    def _lead_image(self, post: SourcePost, omissions: list[Omission]) -> tuple[SourcePost, dict[str, Any]]:
        """Return the post without its lead image in the body, if that of a feed begins with it, and the image's entry."""
        image = self._image(post, omissions)
        is_in_feed = image and post.lead_image and self.source.system is SourceSystem.FEED
        lead = split_lead_figure(post.body, post.lead_image) if is_in_feed and post.lead_image else None
        if lead is None:
            return post, image
        post = replace(post, body=lead.body, lead_image=lead.image)
        return post, self._image(post, omissions)

    def _image(self, post: SourcePost, omissions: list[Omission]) -> dict[str, Any]:
        medium = post.lead_image
        if medium is None or not medium.address:
            return {}
        path = self.targets.media_path(medium.address)
        if not path:
            reason = "the file is not in media/; a lead image at another address would need type, width and height"
            omissions.append(Omission(post.place, f"lead image {medium.address}", reason))
            return {}
        texts = {"alt": medium.alt, "caption": medium.caption, "credit": medium.credit}
        return {"src": path, **{key: line for key, text in texts.items() if (line := plain_line(text))}}

    def _stated_image(self, post: SourcePost, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the lead image as an export of feedsvc states it, with more keys than other formats have.

        {} if the export states no lead image, or one that is not the post's.
        """
        media = (post.lead_image,) if post.lead_image else ()
        images = stated_media(facts.get("image"), media, self.source.address, self.targets.media_path) if media else []
        return images[0] if images else {}

    def _stated_enclosures(self, post: SourcePost, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        return stated_media(facts.get("enclosures"), post.enclosures, self.source.address, self.targets.media_path)

    def _embeds(self, post: SourcePost, facts: Mapping[str, Any], omissions: list[Omission]) -> list[dict[str, Any]]:
        """Return the cards of links as an export of feedsvc states them.

        A card whose image has no file in media/ is returned without the image, and an omission is added to `omissions`.
        """
        missing = [address for address in embed_images(facts, self.source.address) if not self.targets.media_path(address)]
        reason = "the file is not in media/; the card is shown without it"
        omissions += [Omission(post.place, f"image of a card {address}", reason) for address in missing]
        return stated_embeds(facts.get("embeds"), self.source.address, self.targets.media_path)

    def _enclosures(self, post: SourcePost, omissions: list[Omission]) -> Iterator[dict[str, Any]]:
        for medium in {medium.address: medium for medium in post.enclosures if medium.address}.values():
            title = {"title": line} if (line := plain_line(medium.caption)) else {}
            if path := self.targets.media_path(medium.address):
                yield {"src": path, **title}
            elif _is_complete(medium):
                yield {"src": medium.address, **title, "type": medium.media_type, "length": medium.length}
            else:
                reason = "the file is not in media/; at another address it needs https, type and length"
                omissions.append(Omission(post.place, f"enclosure {medium.address}", reason))

    def _body(self, post: SourcePost, omissions: list[Omission]) -> tuple[str, PostCounts]:
        body = convert_body(post, post.address or self.source.address, self.targets)
        omissions += body.omissions
        return body.html, body.counts


def _line(post: SourcePost, text: str) -> str:
    """Return `text`, the title or summary of a post, in one line; without HTML, unless the post has exact texts."""
    return line_of(is_exact=post.has_exact_texts)(text)


def _removed_parts(post: SourcePost) -> Iterator[Omission]:
    """Yield an omission for each kind of element in a body that articles cannot have, and that shows or does something."""
    counts = Counter(element.name for element in find_elements(post.body, *_LOST_ELEMENTS))
    for name, count in counts.items():
        number = f", {count} times" if count > 1 else ""
        yield Omission(post.place, f"<{name}> in the body of '{post.title}'{number}", "an article has no such element")


def _is_complete(medium: SourceMedium) -> bool:
    is_https = medium.address.startswith("https://")
    return is_https and bool(medium.media_type) and medium.length > 0
