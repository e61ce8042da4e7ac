"""Values of an article or a page from a post of a source, and what the file cannot have of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from feedsvc.content.schema.dates import parse_instant
from feedsvc.content.schema.field_types import MAX_REFERENCES, is_language_tag
from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.importing.feed_source import is_address
from feedsvc.importing.html_markdown import convert_html
from feedsvc.importing.markup import find_elements
from feedsvc.importing.source import Omission, PostState, SourcePost, SourceSite, SourceSystem
from feedsvc.importing.writer.article_files import (
    BODY,
    KEYS,
    ArticleFile,
    ArticleValues,
    normalize_body,
    normalize_value,
)
from feedsvc.importing.writer.media import media_type_of
from feedsvc.importing.writer.names import line_of, plain_line
from feedsvc.importing.writer.plans import (
    PostPlan,
    draft_reason,
    guid_of,
    is_nested,
    publication_date,
    valid_date,
)
from feedsvc.importing.writer.references import ConvertedBody, ReferenceTargets, convert_body, split_lead_figure
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
from feedsvc.model import Site

_NO_TITLE: Final = "…"
# Elements without which a reader would miss something. Of others, such as <font>, the text stays.
_LOST_ELEMENTS: Final = (
    *("applet", "button", "canvas", "embed", "form", "iframe", "input"),
    *("math", "object", "script", "select", "svg", "textarea"),
)


class PostResult(NamedTuple):
    """Result for one post: its values, whose body is still HTML, what they lack, and the parts of its body."""

    values: ArticleValues
    omissions: tuple[Omission, ...]
    body: ConvertedBody


@dataclass(frozen=True, kw_only=True, slots=True)
class PostConverter:
    """Converter of posts to values of articles and pages, none of them validated: `check_article` does that.

    An article in `site_language`, the site's at the first import of the source, states no language. `targets` has what
    addresses of the source lead to here. `now` is the date of posts without any.
    """

    site: Site
    site_language: str
    terms: TermTable
    source: SourceSite
    targets: ReferenceTargets
    now: datetime

    def convert(
        self, post: SourcePost, plan: PostPlan, translation_of: str, file: ArticleFile, aliases: Sequence[str] = ()
    ) -> PostResult:
        """Return the values of an article. References to posts and files become their paths here, others absolute addresses.

        `file` is the file that the article has: a post without a date keeps the one that it got there.
        """
        omissions = [*_removed_parts(post)]
        if post.is_page and post.state is PostState.PUBLISHED:
            reason = "it is a page at the source now, and the article is a draft; write the text as a page into pages/"
            omissions.append(Omission(post.place, plan.path, reason))
        post, image = self._lead_image(post, omissions)
        body, facts = self._body(post), post.facts
        values = {
            "guid": guid_of(post),
            "title": self._title(post, omissions),
            **self._dates(post, file, omissions),
            **self._lists(post, omissions),
            "summary": _line(post, post.summary),
            "image": self._stated_image(post) or image,
            "enclosures": self._enclosures(post, omissions),
            "embeds": self._embeds(post, omissions),
            "language": self._language(post, omissions),
            "translation_of": translation_of,
            "status": "draft" if post.is_page or plan.state is PostState.DRAFT else "",
            BODY: body.html,
            **stated_values(post, facts, self.now),
            "aliases": [*dict.fromkeys((*normalize_value("aliases", facts.get("aliases")), *aliases))],
            "slug": plan.slug if facts.get("slug") == plan.slug and plan.path == stated_path(facts) else "",
        }
        return self._result(values, omissions, body)

    def convert_page(self, post: SourcePost, plan: PostPlan) -> PostResult:
        """Return the values of a page, with omissions for a lead image, enclosures and a publication that it loses.

        Drafts stay drafts. A published page without text or with a date in the future, and the former front page, become drafts
        unless feedsvc exported them.
        """
        omissions, body = [*_removed_parts(post)], self._body(post)
        is_own = self.source.system is SourceSystem.FEEDSVC  # whose dates of pages may be those of the export
        is_public = plan.state is PostState.PUBLISHED and not is_own
        updated = None if is_own else valid_date(post.updated or post.published)
        reason = draft_reason(post, self.source.address, body.html, self.now) if is_public else ""
        values = {
            "title": self._title(post, omissions),
            "updated": updated.isoformat() if updated else "",
            "description": _line(post, post.summary),
            "language": self._language(post, omissions),
            "navigation": "none" if is_nested(post, self.source.address) else "",
            "status": "draft" if reason or plan.state is PostState.DRAFT else "",
            BODY: body.html,
            **stated_page_values(post.facts),
        }
        media = (*([post.lead_image] if post.lead_image else []), *post.enclosures)
        changes = {
            "publication": reason,
            **{medium.address: "a page has no lead image and no enclosures; show it in the text" for medium in media},
        }
        omissions += [Omission(post.place, f"page '{post.title}': {what}", why) for what, why in changes.items() if why]
        return self._result(values, omissions, body)

    def _result(self, values: ArticleValues, omissions: list[Omission], body: ConvertedBody) -> PostResult:
        return PostResult({key: values[key] for key in KEYS if values.get(key)}, (*omissions, *body.omissions), body)

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

    def _title(self, post: SourcePost, omissions: list[Omission]) -> str:
        if title := _line(post, post.title):
            return title
        kinds = ("page", "a page") if post.is_page else ("post", "an article")
        reason = f"the {kinds[0]} has no title, and {kinds[1]} needs one: write a headline"
        omissions.append(Omission(post.place, "title", reason))
        return _line(post, post.summary)[:60].strip() or _NO_TITLE

    def _dates(self, post: SourcePost, file: ArticleFile, omissions: list[Omission]) -> dict[str, str]:
        zone, updated = ZoneInfo(self.site.timezone), valid_date(post.updated)
        if valid_date(post.published) is None and post.state is PostState.PUBLISHED:
            what = f"published: {post.published.isoformat()}" if post.published else "published"
            reason = "the post has no date that a feed can have; the article gets that of its last change, or of the import"
            omissions.append(Omission(post.place, what, reason))
        if valid_date(post.published or post.updated) is None and (known := _known_date(file, zone)):
            return {"published": known}
        published = publication_date(post, self.now.astimezone(zone))
        dates = {"published": published.isoformat()}
        return dates | ({"updated": updated.isoformat()} if updated and updated > published else {})

    def _lists(self, post: SourcePost, omissions: list[Omission]) -> dict[str, list[str]]:
        lists = {
            "categories": self.terms.ids("category", post.categories),
            "authors": self.terms.ids("author", post.authors),
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
        reason = "it is no language tag, such as en or pt-BR"
        omissions += [Omission(post.place, f"language: {plain_line(language)[:80]}", reason)] if post.language else []
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

    def _embeds(self, post: SourcePost, omissions: list[Omission]) -> list[dict[str, Any]]:
        """Return the cards of links as an export of feedsvc states them, without images that media/ lacks."""
        missing = [image for image in embed_images(post.facts, self.source.address) if not self.targets.media_path(image)]
        reason = "the file is not in media/; the card is shown without it"
        omissions += [Omission(post.place, f"image of a card {image}", reason) for image in missing]
        return stated_embeds(post.facts.get("embeds"), self.source.address, self.targets.media_path)

    def _stated_image(self, post: SourcePost) -> dict[str, Any]:
        """Return the lead image as an export of feedsvc states it, with more keys than other formats have; {} without it."""
        media = (post.lead_image,) if post.lead_image else ()
        fact = post.facts.get("image")
        images = stated_media(fact, media, self.source.address, self.targets.media_path) if media else []
        return images[0] if images else {}

    def _enclosures(self, post: SourcePost, omissions: list[Omission]) -> list[dict[str, Any]]:
        stated = post.facts.get("enclosures")
        if entries := stated_media(stated, post.enclosures, self.source.address, self.targets.media_path):
            return entries
        for medium in {medium.address: medium for medium in post.enclosures if medium.address}.values():
            title = {"title": line} if (line := plain_line(medium.caption)) else {}
            if path := self.targets.media_path(medium.address):
                entries.append({"src": path, **title})
            elif is_address(medium.address) and (media_type := media_type_of(medium.address, medium.media_type)):
                entries.append({"src": medium.address, **title, "type": media_type, "length": medium.length})
            else:
                reason = "the file is not in media/; at another address it needs http or https, and a media type"
                omissions.append(Omission(post.place, f"enclosure {medium.address}", reason))
        return entries

    def _body(self, post: SourcePost) -> ConvertedBody:
        return convert_body(post, post.address or self.source.address, self.targets)


def _known_date(file: ArticleFile, zone: ZoneInfo) -> str:
    """Return the date of an article that has a file, as it is stated there; "" without a valid one."""
    stated = file.keys.get("published")
    try:
        parse_instant(str(stated), zone)
    except ValueError:
        return ""
    return str(stated)


def _line(post: SourcePost, text: str) -> str:
    """Return `text`, the title or summary of a post, in one line; without HTML, unless the post has exact texts."""
    return line_of(is_exact=post.has_exact_texts)(text)


def _removed_parts(post: SourcePost) -> Iterator[Omission]:
    """Yield an omission for each kind of element in a body that articles cannot have, and that shows or does something."""
    counts = Counter(element.name for element in find_elements(post.body, *_LOST_ELEMENTS))
    for name, count in counts.items():
        number = f", {count} times" if count > 1 else ""
        yield Omission(post.place, f"<{name}> in the body of '{post.title}'{number}", "an article has no such element")
