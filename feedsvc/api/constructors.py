"""Constructors of feeds and entries from a caller's own objects: defaults are decided, values are checked, order is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from feedsvc.api import fields
from feedsvc.content.markdown.render import excerpt, plain_text
from feedsvc.errors import FieldError
from feedsvc.feed_model import Alternate, Entry, Feed, Link, Person, Term, Tombstone, sorted_items
from feedsvc.license_model import License, LicenseScope, Payment
from feedsvc.model import Enclosure, Image, Source, Thumbnail

_MAX_SUMMARY_SOURCE: Final = 20_000  # characters of the content that are parsed for a summary: callers' HTML may be hostile
_OWN_RELATIONS: Final = frozenset({"self", "alternate", "hub"})


def new_entry(
    *,
    title: str,
    url: str,
    published: datetime,
    id: str = "",  # noqa: A002 - the field's name in every format
    updated: datetime | None = None,
    summary: str = "",
    content: str = "",
    authors: Iterable[str | Person] | None = None,
    categories: Iterable[str | Term] = (),
    image: Image | None = None,
    enclosures: Iterable[Enclosure] = (),
    sources: Iterable[Source] = (),
    language: str = "",
    guid: str = "",
    markdown: str = "",
    license: License | str | None = None,  # noqa: A002
    alternates: Iterable[Alternate] = (),
) -> Entry:
    """Return an entry of a feed. Raises FieldError, which names the field, for a value that no feed can have.

    `url` is the address where people read it, `content` is HTML, all other texts are plain. Characters that XML forbids are
    removed. The default of `id` is `url`; an id must never change. Datetimes need a zone; `updated` is `published` by default.
    The default of `summary` is the beginning of the content as plain text, or the title if that is empty. An author or category
    may be given as a text, its name. `language` is a language tag, "" for that of the feed. `guid`, any text, is the id in RSS
    and JSON Feed if that is not `id`, such as a number of a database. `markdown` is the content as Markdown. `alternates` are
    the addresses of the entry in other languages; they need `language`. `license` may be given as the address of its text.
    """
    address, at = fields.address("url", url), fields.moment("published", published)
    heading, html = fields.line("title", title), fields.text("content", content)
    people = tuple(_person(f"authors[{index}]", person) for index, person in enumerate(fields.items("authors", authors or ())))
    lead_image = _image("image", image) if image is not None else None
    entry_id, item_guid = fields.permanent_id("id", id) if id else address, fields.guid("guid", guid)
    terms = _license("license", license) if license not in (None, "") else None
    return Entry(
        id=entry_id,
        url=address,
        title=heading,
        published=at,
        updated=at if updated is None else _updated(updated, at),
        summary=fields.text("summary", summary).strip() or excerpt(plain_text(html[:_MAX_SUMMARY_SOURCE])) or heading,
        content=html,
        authors=people,
        byline=_byline(people),
        categories=tuple(_term(f"categories[{i}]", term) for i, term in enumerate(fields.items("categories", categories))),
        image=lead_image,
        thumbnail=_thumbnail(lead_image),
        enclosures=tuple(_enclosure(f"enclosures[{i}]", file) for i, file in enumerate(fields.items("enclosures", enclosures))),
        sources=tuple(_source(f"sources[{i}]", source) for i, source in enumerate(fields.items("sources", sources))),
        language=fields.language("language", language),
        alternates=tuple(_alternates(alternates, Alternate(language=language, url=address))),
        is_permalink=(item_guid or entry_id) == address,
        markdown=fields.text("markdown", markdown),
        license=terms,
        license_url=_license_url(terms),
        guid=item_guid,
    )


def _updated(value: object, published: datetime) -> datetime:
    at = fields.moment("updated", value)
    if at < published:
        raise FieldError("updated", f"{at.isoformat()} is before published, {published.isoformat()}; give a later time, or none")
    return at


def new_feed(
    *,
    title: str,
    url: str,
    entries: Iterable[Entry | Tombstone],
    id: str = "",  # noqa: A002
    feed_url: str = "",
    description: str = "",
    language: str = "",
    author: str | Person = "",
    updated: datetime | None = None,
    rights: str = "",
    logo: str = "",
    icon: str = "",
    ttl: int = 60,
    hubs: Iterable[str] = (),
    links: Iterable[Link] = (),
    generator: str = "feedsvc",
) -> Feed:
    """Return a feed of entries (`new_entry`) and tombstones. Raises FieldError, which names the field, for a bad value.

    `url` is the address of the page that the feed belongs to, `feed_url` that of the feed; `render` can name another for each
    format. The default of `id` is `url`, that of `description` is the title. `language` is a language tag, "" for none.
    Tombstones come first, then entries, each newest first; two with the same id are an error. The default of `updated` is the
    latest change of an entry or tombstone, so equal entries give equal bytes; a feed without either needs it. `author` is the
    author of entries without one; its default has the title as its name, and `url`. `ttl` is in minutes. `links` are further
    links, such as prev-archive (RFC 5005), but not self, alternate or hub.
    """
    home, name = fields.address("url", url), fields.line("title", title)
    publisher = _person("author", author) if author else Person(name=name, url=home)
    items = [_item(f"entries[{index}]", item, publisher) for index, item in enumerate(fields.items("entries", entries))]
    return Feed(
        id=fields.permanent_id("id", id) if id else home,
        title=name,
        subtitle=fields.line("description", description, required=False) or name,
        language=fields.language("language", language),
        updated=_last_change(items) if updated is None else fields.moment("updated", updated),
        links=tuple(_links(home, fields.address("feed_url", feed_url, required=False), hubs, links)),
        items=sorted_items(items),
        author=publisher,
        generator=fields.line("generator", generator),
        generator_url="",
        rights=fields.line("rights", rights, required=False),
        logo=fields.address("logo", logo, required=False),
        icon=fields.address("icon", icon, required=False),
        ttl=fields.number("ttl", ttl, minimum=1),
    )


def _links(home: str, feed_url: str, hubs: Iterable[str], links: Iterable[Link]) -> Iterator[Link]:
    if feed_url:
        yield Link(rel="self", href=feed_url)
    yield Link(rel="alternate", href=home, type="text/html")
    yield from (Link(rel="hub", href=fields.address(f"hubs[{i}]", hub)) for i, hub in enumerate(fields.items("hubs", hubs)))
    for index, link in enumerate(fields.items("links", links)):
        field = f"links[{index}]"
        given = fields.instance(field, link, Link)
        if given.rel in _OWN_RELATIONS:
            raise FieldError(f"{field}.rel", f"'{given.rel}' has an argument of its own: feed_url, url or hubs")
        yield Link(
            rel=fields.relation(f"{field}.rel", given.rel),
            href=fields.address(f"{field}.href", given.href),
            type=fields.media_type(f"{field}.type", given.type) if given.type else "",
        )


def _item(field: str, item: object, publisher: Person) -> Entry | Tombstone:
    if isinstance(item, Entry):
        return item if item.authors else replace(item, authors=(publisher,), byline=publisher.name)
    if isinstance(item, Tombstone):
        when = fields.moment(f"{field}.when", item.when)
        comment = fields.line(f"{field}.comment", item.comment, required=False)
        notice = item.notice and fields.instance(f"{field}.notice", item.notice, Entry)
        return Tombstone(id=fields.permanent_id(f"{field}.id", item.id), when=when, comment=comment, notice=notice)
    raise FieldError(field, f"expected Entry, which new_entry returns, or Tombstone, not {type(item).__name__}")


def _last_change(items: list[Entry | Tombstone]) -> datetime:
    if not items:
        raise FieldError("updated", "is needed for a feed without entries")
    return max(item.updated if isinstance(item, Entry) else item.when for item in items)


def _byline(people: Iterable[Person]) -> str:
    return ", ".join(person.name for person in people)


def _person(field: str, value: object) -> Person:
    if not isinstance(value, Person):
        return Person(name=fields.line(field, value))
    return Person(
        name=fields.line(f"{field}.name", value.name),
        url=fields.address(f"{field}.url", value.url, required=False),
        email=fields.email(f"{field}.email", value.email),
    )


def _term(field: str, value: object) -> Term:
    if not isinstance(value, Term):
        return Term(term=fields.line(field, value), scheme="")
    scheme = fields.permanent_id(f"{field}.scheme", value.scheme) if value.scheme else ""
    return Term(term=fields.line(f"{field}.term", value.term), scheme=scheme)


def _image(field: str, value: object) -> Image:
    image = fields.instance(field, value, Image)
    texts = {
        name: fields.line(f"{field}.{name}", getattr(image, name), required=False)
        for name in ("alt", "caption", "credit", "disclaimer")
    }
    minimum = 1 if image.width or image.height else 0  # without both, the size is unknown
    return Image(
        url=fields.address(f"{field}.url", image.url),
        type=fields.media_type(f"{field}.type", image.type) if image.type else "",
        width=fields.number(f"{field}.width", image.width, minimum=minimum),
        height=fields.number(f"{field}.height", image.height, minimum=minimum),
        credit_url=fields.address(f"{field}.credit_url", image.credit_url, required=False),
        **texts,
    )


def _thumbnail(image: Image | None) -> Thumbnail | None:
    return Thumbnail(url=image.url, width=image.width, height=image.height) if image and image.width and image.height else None


def _alternates(alternates: Iterable[Alternate], own: Alternate) -> Iterator[Alternate]:
    """Yield the checked alternates of an entry, then its `own`; nothing if there are no others."""
    given, owners = fields.items("alternates", alternates), {own.language.lower(): "the entry itself"}
    for index, value in enumerate(given):
        field, alternate = f"alternates[{index}]", fields.instance(f"alternates[{index}]", value, Alternate)
        language = fields.language(f"{field}.language", fields.line(f"{field}.language", alternate.language))
        if (owner := owners.setdefault(language.lower(), field)) != field:
            raise FieldError(f"{field}.language", f"'{language}' is also the language of {owner}; give each language once")
        yield Alternate(language=language, url=fields.address(f"{field}.url", alternate.url))
    if given:
        yield replace(own, language=fields.line("language", own.language))


def _license(field: str, value: object) -> License:
    if isinstance(value, str):
        return License(url=fields.address(field, value))
    given = fields.instance(field, value, License)
    if given == License():
        raise FieldError(field, "says nothing; give an address as url, or what it permits or prohibits")
    return License(
        permits=_scope(f"{field}.permits", given.permits),
        prohibits=_scope(f"{field}.prohibits", given.prohibits),
        payment=_payment(f"{field}.payment", given.payment) if given.payment is not None else None,
        **_addresses(field, given, "url", "server"),
    )


def _license_url(terms: License | None) -> str:
    """Return the address of a license's text, else that of the standard license which its payment names; "" for none."""
    return (terms.url or (terms.payment.standard if terms.payment else "")) if terms else ""


def _scope(field: str, value: object) -> LicenseScope:
    from feedsvc.content.schema.field_types import TOKENS_BY_KIND  # noqa: PLC0415 - loads pydantic

    scope = fields.instance(field, value, LicenseScope)
    kinds = zip(LicenseScope.__slots__, TOKENS_BY_KIND, strict=True)
    return LicenseScope(**{kind: fields.tokens(f"{field}.{kind}", getattr(scope, kind), known) for kind, known in kinds})


def _payment(field: str, value: object) -> Payment:
    given = fields.instance(field, value, Payment)
    texts = {name: fields.line(f"{field}.{name}", getattr(given, name), required=False) for name in ("amount", "currency")}
    return Payment(type=fields.line(f"{field}.type", given.type), **texts, **_addresses(field, given, "standard", "custom"))


def _addresses(field: str, value: License | Payment, *names: str) -> dict[str, Any]:
    return {name: fields.address(f"{field}.{name}", getattr(value, name), required=False) for name in names}


def _enclosure(field: str, value: object) -> Enclosure:
    file = fields.instance(field, value, Enclosure)
    return Enclosure(
        url=fields.address(f"{field}.url", file.url),
        type=fields.media_type(f"{field}.type", file.type),
        length=fields.number(f"{field}.length", file.length, minimum=0),
        title=fields.line(f"{field}.title", file.title, required=False),
    )


def _source(field: str, value: object) -> Source:
    source = fields.instance(field, value, Source)
    return Source(name=fields.line(f"{field}.name", source.name), url=fields.address(f"{field}.url", source.url, required=False))
