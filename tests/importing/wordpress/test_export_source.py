"""Exports of each version, in one file and in parts, compared with what lxml reads from them."""

from __future__ import annotations

import mimetypes
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from lxml import etree

from feedsvc.importing.source import ImportSourceError, PostState, SourceAuthor, SourcePost, SourceRedirect, TermKind
from tests.importing.wordpress.reading import open_export, read_all
from tests.importing.wordpress_export import NO_DATE, WxrItem, attachment, write_export

VERSIONS = ("1.0", "1.1", "1.2")
TERMS = (("category", "europe", "Europe &amp; Asia"), ("category", "world", "World"), ("post_tag", "r-d", "R&amp;D"))


def some_posts(count: int = 12) -> list[WxrItem]:
    return [
        WxrItem(
            number=number,
            title=f"Title {number}",
            slug=f"title-{number}",
            guid=f"http://old.example/?post_type=post&p={number}",
            date=f"2020-07-{number:02} 01:30:00",
            gmt=f"2020-07-{number - 1:02} 23:30:00" if number > 1 else "2020-06-30 23:30:00",
            pub_date=f"{datetime(2020, 7 if number > 1 else 6, number - 1 or 30, tzinfo=UTC):%a, %d %b %Y} 23:30:00 +0000",
            terms=TERMS[: number % 4],
            content=f"<p>Body {number}</p>",
        )
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_posts_equal_what_lxml_reads(tmp_path: Path, version: str) -> None:
    path = write_export(tmp_path / "export.xml", *some_posts(), version=version)
    posts, omissions = read_all(path)
    items = etree.parse(path).findall(".//item")
    assert omissions == []
    assert len(posts) == len(items)
    for item in items:
        names = {etree.QName(child).localname: child.text for child in item}
        post = posts[names["post_id"]]
        assert post.id == names["guid"]
        assert post.address == names["link"]
        assert post.title == names["title"]
        assert post.published == parsedate_to_datetime(names["pubDate"])
        assert f"{post.published:%Y-%m-%d %H:%M:%S}" == names["post_date"]
        assert post.body == item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
        categories = {term.get("nicename") for term in item.findall("category[@domain='category']")}
        assert set(post.categories) == categories
        assert set(post.tags) == {term.get("nicename") for term in item.findall("category[@nicename='r-d']")}
        assert post.authors == (names["creator"],)


@pytest.mark.parametrize("version", VERSIONS)
def test_site_has_authors_and_terms_with_parents(tmp_path: Path, version: str) -> None:
    path = write_export(
        tmp_path / "export.xml", WxrItem(number=1, terms=(*TERMS, ("post_tag", "only-here", "Only"))), version=version
    )
    site = open_export(path).site
    terms = {(term.kind, term.key): term for term in site.terms}
    assert (site.title, site.address, site.description, site.language) == (
        "The Paper",
        "https://paper.example",
        "News & views",
        "en-GB",
    )
    europe = terms[TermKind.CATEGORY, "europe"]
    assert (europe.name, europe.parent, europe.description) == ("Europe & Asia", "world", "All of it")
    assert terms[TermKind.TAG, "r-d"].name == "R&D"
    assert terms[TermKind.TAG, "only-here"].name == "Only"
    name = "anna" if version == "1.0" else "Anna Ångström"  # WXR 1.0 has no authors
    assert [(author.key, author.name) for author in site.authors] == [("anna", name)]


def test_parts_in_a_folder_are_one_export(tmp_path: Path) -> None:
    posts = some_posts(3)
    write_export(tmp_path / "part-10.xml", posts[2])
    write_export(tmp_path / "part-2.xml", attachment(50), posts[1])
    write_export(tmp_path / "part-1.wxr", posts[0])
    (tmp_path / "part-0.zip").write_bytes(b"PK\3\4")
    (tmp_path / "readme.txt").write_text("no export")
    read, omissions = read_all(tmp_path)
    assert list(read) == ["1", "2", "3"]
    assert [omission.place for omission in omissions] == ["part-0.zip"]
    assert read["3"].place.startswith("part-10.xml, line ")


@pytest.mark.parametrize(
    ("status", "state", "omission"),
    [
        ("publish", PostState.PUBLISHED, ""),
        ("future", PostState.SCHEDULED, ""),
        ("draft", PostState.DRAFT, ""),
        ("pending", PostState.DRAFT, ""),
        ("private", PostState.DRAFT, "private"),
        ("in-progress", PostState.DRAFT, "plug-in"),
        ("trash", None, "trash"),
        ("auto-draft", None, "saved state"),
        ("inherit", None, "saved state"),
    ],
)
def test_only_public_posts_are_published(tmp_path: Path, status: str, state: PostState | None, omission: str) -> None:
    path = write_export(tmp_path / "export.xml", WxrItem(number=1, status=status))
    posts, omissions = read_all(path)
    assert [post.state for post in posts.values()] == ([state] if state else [])
    assert [omission in entry.reason for entry in omissions] == ([True] if omission else [])


@pytest.mark.parametrize("password", ["open sesame", " "])
def test_post_with_password_is_a_draft_and_its_password_is_nowhere(tmp_path: Path, password: str) -> None:
    posts, omissions = read_all(write_export(tmp_path / "export.xml", WxrItem(number=1, password=password)))
    assert posts["1"].state is PostState.DRAFT
    assert "password" in omissions[0].reason
    assert "sesame" not in repr(posts) + repr(omissions)


def test_drafts_without_utc_have_no_date_and_no_address(tmp_path: Path) -> None:
    item = WxrItem(
        number=3, status="draft", gmt=NO_DATE, pub_date="Mon, 30 Nov -0001 00:00:00 +0000", link="https://paper.example/?p=3"
    )
    post = read_all(write_export(tmp_path / "export.xml", item))[0]["3"]
    assert (post.published, post.address, post.other_addresses) == (None, "", ("/?p=3",))


def test_date_at_the_end_of_the_calendar_ends_no_import_with_a_traceback(tmp_path: Path) -> None:
    item = WxrItem(number=3, date=NO_DATE, gmt=NO_DATE, pub_date="Fri, 31 Dec 9999 23:59:59 -1200")
    assert read_all(write_export(tmp_path / "export.xml", item))[0]["3"].published is None


def test_local_time_alone_gets_the_offset_of_the_nearest_month(tmp_path: Path) -> None:
    old = {"gmt": "", "pub_date": ""}
    items = [
        WxrItem(number=1, date="2020-01-10 10:00:00", gmt="2020-01-10 09:00:00", pub_date=""),
        WxrItem(number=2, date="2020-07-10 10:00:00", gmt="2020-07-10 08:00:00", pub_date=""),
        WxrItem(number=3, date="2020-08-01 12:00:00", **old),
        WxrItem(number=4, date="2019-12-24 12:00:00", **old),
    ]
    posts = read_all(write_export(tmp_path / "export.xml", *items))[0]
    assert str(posts["3"].published) == "2020-08-01 12:00:00+02:00"
    assert str(posts["4"].published) == "2019-12-24 12:00:00+01:00"


def test_changed_posts_have_their_date_of_change(tmp_path: Path) -> None:
    item = WxrItem(number=1, modified="2021-07-01 12:00:00", modified_gmt="2021-07-01 10:00:00")
    post = read_all(write_export(tmp_path / "export.xml", item))[0]["1"]
    assert str(post.updated) == "2021-07-01 12:00:00+02:00"


def test_lead_image_has_alt_caption_credit_and_size(tmp_path: Path) -> None:
    metadata = 'a:2:{s:8:"filesize";i:12345;s:10:"image_meta";a:1:{s:6:"credit";s:9:"Jos\u00e9 Paz";}}'
    picture = attachment(
        9,
        "p.jpg",
        excerpt="At <em>sea</em>",
        meta=(("_wp_attachment_image_alt", "A ship"), ("_wp_attachment_metadata", metadata)),
    )
    path = write_export(tmp_path / "export.xml", WxrItem(number=1, meta=(("_thumbnail_id", "9"),)), picture)
    image = read_all(path)[0]["1"].lead_image
    assert image is not None
    assert image.address == "https://paper.example/wp-content/uploads/2020/03/p.jpg"
    assert (image.alt, image.caption, image.credit, image.length) == ("A ship", "At sea", "José Paz", 12345)


def test_credit_of_newspack_precedes_that_in_the_file(tmp_path: Path) -> None:
    picture = attachment(9, meta=(("_media_credit", "Ann Lee"), ("_navis_media_credit_org", "The Wire")))
    path = write_export(tmp_path / "export.xml", picture, WxrItem(number=1, meta=(("_thumbnail_id", "9"),)))
    image = read_all(path)[0]["1"].lead_image
    assert image is not None
    assert image.credit == "Ann Lee / The Wire"


@pytest.mark.parametrize("key", ["_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description"])
@pytest.mark.parametrize(
    ("description", "excerpt", "summary"),
    [
        ("Ships &amp; piers, 50 % off", "", "Ships & piers, 50 % off"),
        ("For machines", "For readers", "For readers"),
        ("%%excerpt%% | %%sitename%%", "", ""),
        ("%title% %sep%", "", ""),
        ("#post_excerpt", "", ""),
    ],
)
def test_description_for_search_engines_is_the_summary_of_a_post_without_excerpt(
    tmp_path: Path, key: str, description: str, excerpt: str, summary: str
) -> None:
    item = WxrItem(number=1, excerpt=excerpt, meta=((key, description),))
    assert read_all(write_export(tmp_path / "export.xml", item))[0]["1"].summary == summary


def test_further_types_of_posts_are_imported_if_they_are_named(tmp_path: Path) -> None:
    items = (WxrItem(number=number, post_type=kind) for number, kind in enumerate(("review", "place", "product"), 1))
    source = open_export(write_export(tmp_path / "export.xml", *items), {"review": "article", "place": "page"})
    posts = [part for part in source.posts() if isinstance(part, SourcePost)]
    assert [(post.id, post.is_page) for post in posts] == [
        ("http://paper.example/?p=1", False),
        ("http://paper.example/?p=2", True),
    ]


def test_missing_lead_image_is_reported(tmp_path: Path) -> None:
    posts, omissions = read_all(write_export(tmp_path / "export.xml", WxrItem(number=1, meta=(("_thumbnail_id", "9"),))))
    assert posts["1"].lead_image is None
    assert "no attachment 9" in omissions[0].reason


def test_enclosures_are_those_of_the_feed(tmp_path: Path) -> None:
    value = 'https://paper.example/a.mp3\n123456\naudio/mpeg\na:1:{s:8:"duration";s:8:"00:01:02";}'
    item = WxrItem(number=1, meta=(("enclosure", value), ("enclosure", value), ("enclosure", "https://paper.example/b.m4a\n\n")))
    first, second = read_all(write_export(tmp_path / "export.xml", item))[0]["1"].enclosures
    assert (first.address, first.length, first.media_type) == ("https://paper.example/a.mp3", 123456, "audio/mpeg")
    assert (second.address, second.length) == ("https://paper.example/b.m4a", 0)


def test_former_addresses_of_a_post(tmp_path: Path) -> None:
    item = WxrItem(
        number=12,
        link="https://paper.example/2020/03/04/new/",
        slug="new",
        guid="http://paper.example/?p=12",
        meta=(("_wp_old_slug", "old"), ("_wp_old_date", "2019-12-31")),
    )
    page = WxrItem(number=13, post_type="page", slug="about", guid="http://paper.example/?page_id=13")
    posts = read_all(write_export(tmp_path / "export.xml", item, page))[0]
    assert set(posts["12"].other_addresses) == {
        "/?p=12",
        "https://paper.example/2020/03/04/old/",
        "https://paper.example/2019/12/31/new/",
        "https://paper.example/2019/12/31/old/",
    }
    assert set(posts["13"].other_addresses) == {"/?p=13", "/?page_id=13"}
    assert posts["13"].is_page


def test_addresses_by_number_are_below_the_folder_of_the_site(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.xml", WxrItem(number=1), site="https://host.example/blog")
    assert read_all(path)[0]["1"].other_addresses == ("/blog/?p=1",)


def test_same_post_in_two_exports_is_read_once_as_changed_last(tmp_path: Path) -> None:
    new = WxrItem(number=1, title="New", modified_gmt="2021-02-02 00:00:00")
    write_export(tmp_path / "1.xml", WxrItem(number=1, title="Old", modified_gmt="2021-01-01 00:00:00"))
    write_export(tmp_path / "2.xml", new)
    write_export(tmp_path / "3.xml", new)
    posts, omissions = read_all(tmp_path)
    assert posts["1"].title == "New"
    assert posts["1"].place.startswith("2.xml")
    assert ["2.xml" in omission.reason for omission in omissions] == [True, True]


@pytest.mark.parametrize("slugs", [("ferry", "pier"), ("", "")])
def test_two_posts_with_one_number_are_both_kept_if_title_and_slug_differ(tmp_path: Path, slugs: tuple[str, str]) -> None:
    ferry = WxrItem(number=1, title="Ferry", slug=slugs[0], guid="urn:ferry", modified_gmt="2021-01-01 00:00:00")
    pier = WxrItem(number=1, title="Pier", slug=slugs[1], guid="urn:pier", modified_gmt="2021-02-02 00:00:00")
    retitled = replace(pier, title="Pier is open" if slugs[1] else "Pier", modified_gmt="2021-03-03 00:00:00")
    source = open_export(write_export(tmp_path / "export.xml", ferry, pier, retitled))
    assert [part.id for part in source.posts() if isinstance(part, SourcePost)] == ["urn:ferry", "urn:pier"]


def test_draft_without_a_slug_is_the_post_that_was_published_later(tmp_path: Path) -> None:
    draft = WxrItem(number=1, slug="", status="draft", modified_gmt="2021-01-01 00:00:00")
    write_export(tmp_path / "1.xml", draft)
    write_export(tmp_path / "2.xml", replace(draft, slug="walk", status="publish", modified_gmt="2021-02-02 00:00:00"))
    source = open_export(tmp_path)
    assert [part.state for part in source.posts() if isinstance(part, SourcePost)] == [PostState.PUBLISHED]


def test_two_posts_with_one_id_are_both_kept(tmp_path: Path) -> None:
    items = (WxrItem(number=number, guid="http://paper.example/?p=1") for number in (1, 2))
    source = open_export(write_export(tmp_path / "export.xml", *items))
    for _ in range(2):  # a source may be read again
        parts = list(source.posts())
        assert [getattr(part, "id", "omission") for part in parts] == ["http://paper.example/?p=1", "omission", ""]


def test_several_authors_of_co_authors_plus(tmp_path: Path) -> None:
    guest = WxrItem(
        number=5,
        post_type="guest-author",
        title="Guest",
        meta=(("cap-user_login", "gwen"), ("cap-display_name", "Gwen Guest"), ("cap-description", "Writes.")),
    )
    item = WxrItem(number=1, terms=(("author", "cap-gwen", "gwen"), ("author", "cap-anna", "anna")))
    source = open_export(write_export(tmp_path / "export.xml", item, guest))
    assert [part.authors for part in source.posts()] == [("gwen", "anna")]
    assert SourceAuthor("gwen", "Gwen Guest", bio="Writes.") in source.site.authors


def test_redirects_of_plug_ins(tmp_path: Path) -> None:
    rule = {"post_type": "redirect_rule"}
    items = (
        WxrItem(number=1, meta=(("_redirect_rule_from", "/old"), ("_redirect_rule_to", "/new/")), **rule),
        WxrItem(number=2, meta=(("_redirect_rule_from", "/gone"), ("_redirect_rule_status_code", "410")), **rule),
        WxrItem(number=3, meta=(("_redirect_rule_from", "/old/*"), ("_redirect_rule_to", "/")), **rule),
        WxrItem(number=4, status="draft", meta=(("_redirect_rule_from", "/x"), ("_redirect_rule_to", "/y")), **rule),
        WxrItem(number=5, slug="linked", meta=(("_links_to", "https://elsewhere.example/"),)),
    )
    source = open_export(write_export(tmp_path / "export.xml", *items))
    assert set(source.site.redirects) == {
        SourceRedirect("/old", "/new/"),
        SourceRedirect("/gone", ""),
        SourceRedirect("https://paper.example/linked/", "https://elsewhere.example/"),
    }
    assert "pattern" in next(source.posts()).reason


def test_page_that_a_plug_in_redirected_is_a_draft_and_a_post_is_listed(tmp_path: Path) -> None:
    meta = (("_links_to", "https://paper.example/about/"),)
    items = WxrItem(number=1, slug="us", post_type="page", meta=meta), WxrItem(number=2, slug="post", meta=meta)
    posts, omissions = read_all(write_export(tmp_path / "export.xml", *items))
    assert [post.state for post in posts.values()] == [PostState.DRAFT, PostState.PUBLISHED]
    reasons = [omission.reason for omission in omissions if omission.what.endswith(": redirect")]
    assert [reason.partition(", ")[2] for reason in reasons] == [
        "so it is a draft",
        "and shows the article here; write the target as its link",
    ]


def test_other_types_taxonomies_and_comments_are_counted(tmp_path: Path) -> None:
    items = (
        WxrItem(number=1, comments=3, terms=(("series", "s1", "Series One"),)),
        WxrItem(number=2, post_type="product"),
        WxrItem(number=3, post_type="product"),
        attachment(4),
    )
    _, omissions = read_all(write_export(tmp_path / "export.xml", *items))
    assert [omission.what for omission in omissions] == [
        '2 items of the type "product"',
        '1 term of the taxonomy "series"',
        "3 comments",
    ]
    assert omissions[1].reason == "articles have categories and tags only"


def test_media_types_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    mimetypes.add_type("text/x-of-this-machine", ".opus")
    item = WxrItem(number=1, meta=(("enclosure", "https://cdn.example/a.opus?x=1\n10\n"),))
    (enclosure,) = read_all(write_export(tmp_path / "export.xml", item))[0]["1"].enclosures
    assert enclosure.media_type == "audio/ogg"


def test_language_of_polylang_and_facts_of_feedsvc(tmp_path: Path) -> None:
    meta = (("_feedsvc_corrections", "[]"), ("_feedsvc_tags", "no JSON"))
    item = WxrItem(number=1, terms=(("language", "de", "Deutsch"),), meta=meta)
    post = read_all(write_export(tmp_path / "export.xml", item))[0]["1"]
    assert post.language == "de"
    assert post.facts == {"corrections": []}


FEED = '<rss version="2.0"><channel><title>A feed</title><item><title>An entry</title><guid>a</guid></item></channel></rss>'


def test_exports_of_two_sites_are_refused(tmp_path: Path) -> None:
    write_export(tmp_path / "a.xml", site="https://a.example")
    write_export(tmp_path / "b.xml", site="https://b.example")
    with pytest.raises(ImportSourceError, match=r"a\.xml of https://a\.example, b\.xml of https://b\.example"):
        open_export(tmp_path)
