"""What search engines read: everything public once, nothing else, valid by the published schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.discovery import sitemaps
from feedsvc.publication.document import Document
from feedsvc.publication.fingerprints import Fingerprints
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef, PageAt, SiteDocumentAt, SitemapAt, path_of
from feedsvc.uris import absolute
from tests import ROOT
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.newsrooms import BASE, NOW, article
from tests.readers import Tool, require

_SCHEMAS: Final = Path(__file__).with_name("schemas")
PUBLISHED: Final = ROOT / "tests/node/node_modules/sitemap/schema/sitemap.xsd"
SCHEMA: Final = Tool(name="sitemaps.org's schema", installed=PUBLISHED.exists, install="npm ci --prefix tests/node")

XSD: Final = "http://www.w3.org/2001/XMLSchema"
SM: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS: Final = "{http://www.google.com/schemas/sitemap-news/0.9}"

T: Final = "https://t.example"
SITE: Final = f"title: T\nbase_url: {T}\nid_domain: t.example\nfeed: {{entries: 2}}\n"
START: Final = "2000-01-01T00:00:00Z"


@cache
def urlset_schema() -> etree.XMLSchema:
    """The published sitemap.xsd, which takes elements of other namespaces only if it knows their schema."""
    schemas = ((SM[1:-1], PUBLISHED), (NEWS[1:-1], _SCHEMAS / "sitemap-news.xsd"))
    imports = "".join(f'<import namespace="{name}" schemaLocation="{file.resolve().as_uri()}"/>' for name, file in schemas)
    return etree.XMLSchema(etree.fromstring(f'<schema xmlns="{XSD}">{imports}</schema>'))


@cache
def index_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMAS / "siteindex.xsd"))


def valid(document: bytes) -> None:
    require(SCHEMA)
    root = etree.fromstring(document)
    (index_schema() if root.tag == f"{SM}sitemapindex" else urlset_schema()).assertValid(root)


def listed(document: bytes | None) -> dict[str, str]:
    """Address -> lastmod, of a sitemap or an index; no address twice."""
    assert document
    found = [(one.findtext(f"{SM}loc") or "", one.findtext(f"{SM}lastmod") or "") for one in etree.fromstring(document)]
    assert len(dict(found)) == len(found)
    return dict(found)


def paths(document: bytes | None, base: str = T) -> list[str]:
    assert all(address.startswith(f"{base}/") for address in listed(document))
    return [address.removeprefix(base) for address in listed(document)]


def stories(document: bytes | None) -> list[tuple[str, ...]]:
    """(name, language, date, title) of each entry of a news sitemap."""
    assert document
    names = ("publication/{0}name", "publication/{0}language", "publication_date", "title")
    steps = [f".//{NEWS}{name.format(NEWS)}" for name in names]
    return [tuple(one.findtext(step) or "" for step in steps) for one in etree.fromstring(document)]


def catalogued(root: Path, *articles: Mapping[str, str | bytes], now: datetime = NOW, site: str = SITE) -> Catalog:
    files: dict[str, str | bytes] = {"site.yaml": site}
    for one in articles:
        files |= one
    return newsrooms.load_catalog(newsrooms.write(root, files), now)


def months(*several: str, day: int = 5) -> Iterable[Mapping[str, str | bytes]]:
    """Three articles in each month."""
    return [article(f"m{month}-{i}", f"{month}-{day + i:02}") for month in several for i in range(3)]


def everything(catalog: Catalog, most: int) -> list[str]:
    """The addresses of all parts, together."""
    found = [
        address for name in sitemaps.part_names(catalog, most) for address in listed(sitemaps.render_part(catalog, name, most))
    ]
    assert len(set(found)) == len(found)
    return found


def files(catalog: Catalog, most: int) -> dict[str, bytes | None]:
    return {name: sitemaps.render_part(catalog, name, most) for name in sitemaps.part_names(catalog, most)}


# --- The sitemap ----------------------------------------------------------------------------------------------


def test_a_whole_newsroom_and_nothing_that_is_not_public(tmp_path: Path) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    document = sitemaps.render_sitemap(catalog)
    found = paths(document, BASE)
    older = [path_of(PageAt(ref, period)) for ref, one in catalog.listings.items() for period in one.page_index]
    assert older
    listings = [path_of(PageAt(ref)) for ref in catalog.listings]
    articles = [f"/articles/{stem}/" for stem in ("rich", "korean", "older", "january", "december")]
    assert found[0] == "/"
    assert sorted(found) == sorted(absolute("", path) for path in [*listings, *older, *articles, "/subscribe/", "/tags/"])
    assert not [word for word in ("secret", "future", "draft", "expired", "gone", "elsewhere") if word in document.decode()]


def test_every_document_is_valid_by_the_published_schemas(tmp_path: Path) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path), datetime(2026, 2, 21, 12, tzinfo=UTC))
    valid(sitemaps.render_sitemap(catalog))
    valid(sitemaps.render_sitemap(catalog, max_urls=2))
    for part in files(catalog, 2).values():
        valid(part or b"")
    valid(sitemaps.render_news_sitemap(catalog) or b"")


def test_a_newsroom_without_articles_is_valid(tmp_path: Path) -> None:
    catalog = catalogued(tmp_path)
    document = sitemaps.render_sitemap(catalog)
    assert listed(document) == {f"{T}/": START, f"{T}/subscribe/": START}
    assert sitemaps.render_news_sitemap(catalog) is None
    valid(document)


@pytest.mark.parametrize("spoiled", ["<url/>", "<url><loc>short</loc></url>", ""])
def test_the_schema_would_find_a_fault(spoiled: str) -> None:
    with pytest.raises(etree.DocumentInvalid):
        valid(f'<urlset xmlns="{SM[1:-1]}">{spoiled}</urlset>'.encode())


@pytest.mark.parametrize(("right", "wrong"), [("<news:language>en<", "<news:language>en-GB<"), ("T12:00:00Z</n", "T12</n")])
def test_the_news_schema_would_find_a_fault(tmp_path: Path, right: str, wrong: str) -> None:
    document = (sitemaps.render_news_sitemap(catalogued(tmp_path, article("a", "2026-02-28T12:00:00Z"))) or b"").decode()
    assert right in document
    with pytest.raises(etree.DocumentInvalid):
        valid(document.replace(right, wrong).encode())


def test_an_article_is_as_new_as_its_last_change_that_readers_see(tmp_path: Path) -> None:
    edited = article("edited", "2026-01-05T10:00:00+05:30", updated="2026-01-06T00:00:00+05:30")
    planned = article("planned", "2026-01-04", updated="2026-03-01T13:00:00Z")
    before = listed(sitemaps.render_sitemap(catalogued(tmp_path, edited, planned)))
    assert before[f"{T}/articles/edited/"] == before[f"{T}/"] == "2026-01-05T18:30:00Z"
    assert before[f"{T}/articles/planned/"] == "2026-01-04T00:00:00Z"
    after = listed(sitemaps.render_sitemap(newsrooms.load_catalog(tmp_path, NOW + timedelta(hours=1))))
    assert after[f"{T}/articles/planned/"] == after[f"{T}/"] == after[f"{T}/subscribe/"] == "2026-03-01T13:00:00Z"


def test_an_article_that_comes_due_appears(tmp_path: Path) -> None:
    due = datetime(2026, 3, 1, 13, tzinfo=UTC)
    before = catalogued(tmp_path, article("due", "2026-03-01T13:00:00Z"), now=due - timedelta(seconds=1))
    assert (paths(sitemaps.render_sitemap(before)), sitemaps.render_news_sitemap(before)) == (["/", "/subscribe/"], None)
    after = newsrooms.load_catalog(tmp_path, due)
    assert set(listed(sitemaps.render_sitemap(after)).values()) == {"2026-03-01T13:00:00Z"}
    assert paths(sitemaps.render_news_sitemap(after)) == ["/articles/due/"]


def test_time_alone_changes_nothing(tmp_path: Path) -> None:
    catalogued(tmp_path, *months("2025-11", "2026-01"), article("short", "2026-01-20", expires="2026-02-10"))
    first, second = (newsrooms.load_catalog(tmp_path, NOW + timedelta(days=days)) for days in (0, 300))
    assert sitemaps.render_sitemap(first) == sitemaps.render_sitemap(second)
    assert sitemaps.render_sitemap(first, 5) == sitemaps.render_sitemap(second, 5)
    assert files(first, 5) == files(second, 5)


def test_what_left_is_not_listed_and_dates_the_listings_that_showed_it(tmp_path: Path) -> None:
    kept, short = article("kept", tags="[b]"), article("short", "2026-01-02", expires="2026-01-20", tags="[a, b]")
    gone = article("gone", "2026-01-03", status="withdrawn", withdrawn="{date: 2026-02-02}", tags="[a]")
    found = listed(sitemaps.render_sitemap(catalogued(tmp_path, kept, short, gone)))
    assert [address for address in found if "articles" in address] == [f"{T}/articles/kept/"]
    assert found[f"{T}/"] == "2026-02-02T00:00:00Z"
    assert found[f"{T}/tag/b/"] == "2026-01-20T00:00:00Z"
    # A tag whose articles have all gone keeps its address, but nobody is led there.
    assert f"{T}/tag/a/" not in found


def test_what_is_canonical_elsewhere_is_left_to_that_site(tmp_path: Path) -> None:
    catalog = catalogued(tmp_path, article("there", "2026-03-01", link="https://else.example/"), article("here", "2026-03-01"))
    for document in (sitemaps.render_sitemap(catalog), sitemaps.render_news_sitemap(catalog), *files(catalog, 1).values()):
        assert b"there" not in (document or b"")
        assert b"else.example" not in (document or b"")


def test_addresses_of_any_script_below_a_base_with_a_path(tmp_path: Path) -> None:
    base = "https://t.example/뉴스/a&b"
    site = SITE.replace(T, base)
    catalog = catalogued(tmp_path, article("a", "2026-03-01", slug="두-정상", tags="[한국, R&D]"), site=site)
    found = paths(sitemaps.render_sitemap(catalog), "https://t.example/%EB%89%B4%EC%8A%A4/a&b")
    assert "/articles/%EB%91%90-%EC%A0%95%EC%83%81/" in found
    assert "/tag/%ED%95%9C%EA%B5%AD/" in found
    for document in (
        sitemaps.render_sitemap(catalog),
        sitemaps.render_sitemap(catalog, 1),
        sitemaps.render_news_sitemap(catalog) or b"",
        sitemaps.render_robots_txt(catalog),
    ):
        assert document.isascii()
    valid(sitemaps.render_sitemap(catalog))
    valid(sitemaps.render_sitemap(catalog, 1))


# --- The index ------------------------------------------------------------------------------------------------


def test_an_index_begins_one_address_above_the_limit(tmp_path: Path) -> None:
    catalog = catalogued(tmp_path, *months("2025-11", "2026-01"))
    whole = listed(sitemaps.render_sitemap(catalog))
    assert sitemaps.part_names(catalog, len(whole)) == sitemaps.part_names(catalog) == ()
    assert sitemaps.render_sitemap(catalog, len(whole)) == sitemaps.render_sitemap(catalog)
    assert sitemaps.render_part(catalog, "listings") is None
    names = sitemaps.part_names(catalog, len(whole) - 1)
    assert names == ("listings", "2026-01", "2025-11")
    assert paths(sitemaps.render_sitemap(catalog, len(whole) - 1)) == [path_of(SitemapAt(name)) for name in names]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
def test_the_parts_hold_exactly_all_addresses(tmp_path: Path, most: int) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    assert sorted(everything(catalog, most)) == sorted(listed(sitemaps.render_sitemap(catalog)))
    assert all(0 < len(listed(document)) <= most for document in files(catalog, most).values())
    names = [path_of(SitemapAt(name)) for name in sitemaps.part_names(catalog, most)]
    assert paths(sitemaps.render_sitemap(catalog, most), catalog.site.base_url) == names


def test_a_part_that_would_be_empty_is_none(tmp_path: Path) -> None:
    gone = article("gone", "2025-12-01", status="withdrawn")
    there = article("there", "2025-10-01", link="https://else.example/")
    catalog = catalogued(tmp_path, *months("2026-01"), gone, there)
    assert {"2025-12", "2025-10"} < {*catalog.listings[ListingRef()].archive_index.all_periods}
    assert [name for name in sitemaps.part_names(catalog, 4) if not name.startswith("listings")] == ["2026-01"]
    assert [sitemaps.render_part(catalog, name, 4) for name in ("2025-12", "2025-10", "2024-01", "x", "2026-01.0")] == [None] * 5


def test_an_edit_changes_the_part_of_its_month_alone(tmp_path: Path) -> None:
    articles = months("2025-11", "2025-12", "2026-01")
    before = catalogued(tmp_path, *articles)
    edited = article("m2025-12-1", "2025-12-06", updated="2026-02-01")
    after = catalogued(tmp_path, *articles, edited)
    was, now = files(before, 9), files(after, 9)
    # The listings that show it moved with it; every other month kept its bytes.
    assert [name for name in now if was[name] != now[name]] == ["listings", "2025-12"]
    index_was, index_now = (listed(sitemaps.render_sitemap(catalog, 9)) for catalog in (before, after))
    moved = {path_of(SitemapAt(name)) for name in ("listings", "2025-12")}
    assert {address.removeprefix(T) for address in index_now if index_now[address] != index_was[address]} == moved
    assert index_now[f"{T}{path_of(SitemapAt('2025-12'))}"] == "2026-02-01T00:00:00Z"


def test_a_change_that_no_date_tells_of_changes_no_part(tmp_path: Path) -> None:
    before = files(catalogued(tmp_path, *months("2025-11", "2026-01")), 5)
    assert files(catalogued(tmp_path, article("m2025-11-1", "2025-11-06", title="Better")), 5) == before


def test_a_part_is_as_new_as_what_left_it(tmp_path: Path) -> None:
    gone = article("gone", "2026-01-03", status="withdrawn", withdrawn="{date: 2026-02-02}")
    index = listed(sitemaps.render_sitemap(catalogued(tmp_path, *months("2025-11", "2026-01"), gone), 5))
    assert index[f"{T}{path_of(SitemapAt('2026-01'))}"] == "2026-02-02T00:00:00Z"
    assert index[f"{T}{path_of(SitemapAt('2025-11'))}"] == "2025-11-07T00:00:00Z"


def test_a_group_over_the_limit_is_halved_and_what_comes_moves_nothing_else(tmp_path: Path) -> None:
    tags = [f"t{number}" for number in range(40)]
    before = files(catalogued(tmp_path, article("a", tags=f"[{', '.join(tags)}]")), 16)
    after = files(catalogued(tmp_path, article("a", tags=f"[{', '.join([*tags, 'new'])}]")), 16)
    halves = [name for name in before if name.startswith("listings.")]
    assert len(halves) >= 3
    assert list(before) == [*halves, "2026-01"] == list(after)
    assert len([name for name in after if after[name] != before[name]]) == 1


def test_a_month_over_the_limit_is_halved(tmp_path: Path) -> None:
    catalog = catalogued(tmp_path, *(article(f"a{number}", "2026-01-05") for number in range(12)), *months("2025-11"))
    names = sitemaps.part_names(catalog, 5)
    assert {"listings", "2025-11"} < {*names}
    assert len([name for name in names if name.startswith("2026-01.")]) >= 3


def test_no_file_can_be_larger_than_the_protocol_allows(tmp_path: Path) -> None:
    name = "한" * 66 + "xx"
    newsrooms.write(tmp_path, {"authors.yaml": f"{name}: {{name: A}}\n"})
    catalog = catalogued(tmp_path, article("a", slug=name, author=name, tags=f"[{name}]"))
    longest = max(len(line) for line in sitemaps.render_sitemap(catalog).splitlines()) + 1
    added = len("archive/2026-01-02/")
    assert longest + added < sitemaps._MAX_ENTRY_BYTES + len(T)
    assert sitemaps._max_urls_per_file(catalog.site, sitemaps.MAX_URLS) == sitemaps.MAX_URLS
    far = catalogued(tmp_path, site=SITE.replace(T, f"{T}/{'&' * 300}"))
    assert sitemaps._max_urls_per_file(far.site, sitemaps.MAX_URLS) * (longest + added + 5 * 301) < 50 * 1024 * 1024


# --- The news sitemap -----------------------------------------------------------------------------------------


def test_news_tells_publication_date_and_title(tmp_path: Path) -> None:
    title = "R&D at <10 °C: “]]>” 정상회담 🎉"
    one = article("a", "2026-02-28T23:30:00+09:00", title=f"'{title}'", updated="2026-03-01T10:00:00Z", language="ko")
    document = sitemaps.render_news_sitemap(
        catalogued(tmp_path, one, site=SITE.replace("title: T", "title: The Daily & <Co> 日报"))
    )
    assert stories(document) == [("The Daily & <Co> 日报", "en", "2026-02-28T14:30:00Z", title)]
    assert listed(document) == {f"{T}/articles/a/": "2026-03-01T10:00:00Z"}
    valid(document or b"")


def test_an_article_that_turns_two_days_old_leaves_the_news(tmp_path: Path) -> None:
    turns = datetime(2026, 3, 3, 11, tzinfo=UTC)
    before = catalogued(tmp_path, article("a", "2026-03-01T11:00:00Z"), now=turns - timedelta(seconds=1))
    assert paths(sitemaps.render_news_sitemap(before)) == ["/articles/a/"]
    after = newsrooms.load_catalog(tmp_path, turns)
    assert sitemaps.render_news_sitemap(after) is None
    assert sitemaps.render_sitemap(after) == sitemaps.render_sitemap(before)


def test_news_leaves_out_what_is_not_public(tmp_path: Path) -> None:
    day = "2026-03-01"
    hidden = (
        article("draft", day, status="draft"),
        article("future", "2026-03-02"),
        article("expired", day, expires="2026-03-01T06:00:00Z"),
        article("gone", day, status="withdrawn"),
        article("there", day, link="https://else.example/"),
    )
    without = catalogued(tmp_path, *hidden)
    assert (sitemaps.render_news_sitemap(without), sitemaps.has_news_sitemap(without)) == (None, False)
    one = catalogued(tmp_path, article("here", day))
    assert (paths(sitemaps.render_news_sitemap(one)), sitemaps.has_news_sitemap(one)) == (["/articles/here/"], True)


def test_news_holds_the_newest_thousand(tmp_path: Path) -> None:
    minutes = [NOW - timedelta(minutes=number) for number in range(1001)]
    articles = (article(f"a{number}", f"{minute:%Y-%m-%dT%H:%M:%SZ}") for number, minute in enumerate(minutes))
    document = sitemaps.render_news_sitemap(
        catalogued(tmp_path, *articles, article("there", "2026-03-01T11:59:30Z", link="https://e.example/"))
    )
    assert paths(document) == [f"/articles/a{number}/" for number in range(1000)]
    valid(document or b"")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "en"),
        ("pt-BR", "pt"),
        ("fil", "fil"),
        ("zh", "zh-cn"),
        ("zh-CN", "zh-cn"),
        ("zh-SG", "zh-cn"),
        ("zh-Hans", "zh-cn"),
        ("zh-Hans-HK", "zh-cn"),
        ("zh-TW", "zh-tw"),
        ("zh-HK", "zh-tw"),
        ("zh-MO", "zh-tw"),
        ("zh-hant", "zh-tw"),
        ("zh-Hant-CN", "zh-tw"),
    ],
)
def test_news_languages_are_googles(tmp_path: Path, language: str, told: str) -> None:
    document = sitemaps.render_news_sitemap(
        catalogued(tmp_path, article("a", "2026-03-01"), site=f"{SITE}language: {language}\n")
    )
    assert [story[1] for story in stories(document)] == [told]
    valid(document or b"")


# --- robots.txt -----------------------------------------------------------------------------------------------


def asked(document: bytes) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse(document.decode().splitlines())
    return parser


def test_robots_allows_everything_and_names_the_sitemaps(tmp_path: Path) -> None:
    document = sitemaps.render_robots_txt(catalogued(tmp_path, article("a", "2026-03-01"), site=SITE.replace(T, BASE)))
    assert document.decode() == (f"User-agent: *\nAllow: /\n\nSitemap: {BASE}/sitemap.xml\nSitemap: {BASE}/news-sitemap.xml\n")
    assert all(asked(document).can_fetch(agent, f"{BASE}/articles/a/") for agent in ("Googlebot-News", "anyone"))


def test_robots_names_no_news_sitemap_that_would_be_empty(tmp_path: Path) -> None:
    assert asked(sitemaps.render_robots_txt(catalogued(tmp_path, article("a")))).site_maps() == [f"{T}/sitemap.xml"]
    there = article("there", "2026-03-01", link="https://else.example/")
    assert asked(sitemaps.render_robots_txt(catalogued(tmp_path, there))).site_maps() == [f"{T}/sitemap.xml"]


def test_each_has_its_media_type() -> None:
    assert sitemaps.MEDIA_TYPES == {
        "sitemap.xml": "application/xml",
        "news-sitemap.xml": "application/xml",
        "robots.txt": "text/plain",
    }
    assert sitemaps.SITEMAP_MEDIA_TYPE == "application/xml"


def test_the_parts_of_each_group_are_among_those_of_the_index() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(300, categories=3, authors=3, tags=4), entries=10)
    found = build_catalog(content, model_newsrooms.START)
    for most in (20, 60, 299, 5000):
        groups = (sitemaps.LISTINGS_GROUP, *found.listings[ListingRef()].archive_index.all_periods)
        known = {name for group in groups for name in sitemaps.group_part_names(found, group, most)}
        assert set(sitemaps.part_names(found, most)) <= known
        periods = {name for name in known if not name.startswith(sitemaps.LISTINGS_GROUP)}
        assert periods <= set(sitemaps.part_names(found, most))


@pytest.mark.parametrize(
    "now_is",
    [{"published": datetime(2003, 4, 5, tzinfo=UTC)}, {"updated": datetime(2003, 6, 1, tzinfo=UTC)}],
    ids=["moved", "touched"],
)
def test_the_index_of_a_large_site_follows_a_month_of_a_year_that_is_one_page(now_is: dict[str, Any]) -> None:
    """It named a part that was gone, since nothing that it was compared by tells the months of such a year apart."""
    newest = datetime(2024, 12, 1, tzinfo=UTC)
    many = [model_newsrooms.article(number, newest - timedelta(minutes=20 * number)) for number in range(sitemaps.MAX_URLS + 1)]
    march, may, last = (model_newsrooms.article(90_000 + month, datetime(2003, month, 5, tzinfo=UTC)) for month in (3, 5, 12))
    content = model_newsrooms.snapshot([*many, march, may, last], categories=1, authors=1)
    other = replace(march, **now_is)
    after = replace(content, articles=(*many, other, may, last))
    before = Publication(build_catalog(content, model_newsrooms.START))
    now = before.next_edition(before.catalog.apply_changes(after, model_newsrooms.START, removed=[march], added=[other]))
    index, fresh = "/sitemap.xml", Publication(build_catalog(after, model_newsrooms.START))
    assert body(before, index) != body(fresh, index) == body(now, index)
    assert index in now.changed_since(before)
    assert Fingerprints(before.catalog).get(SiteDocumentAt("sitemap.xml")) != Fingerprints(now.catalog).get(
        SiteDocumentAt("sitemap.xml")
    )


def body(publication: Publication, path: str) -> bytes:
    found = publication.resolve(path)
    assert isinstance(found, Document)
    return found.body
