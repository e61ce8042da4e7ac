"""A first import: the folder has what an editor could have written, and `check` has no error for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from feedsvc.content.lint import is_reserved_name, lint_content
from feedsvc.content.schema.field_types import is_article_id
from feedsvc.errors import FeedsvcError
from feedsvc.importing.source import Omission, PostState, SourceAuthor, SourceMedium, SourceSystem, SourceTerm, TermKind
from feedsvc.importing.writer import TermMapping, format_text
from feedsvc.importing.writer.terms import read_last_mapping
from feedsvc.model import ArticleStatus
from tests.importing.writer.memory_source import NOW, OLD, SITE, articles, files, load, post, run_import, what


def test_post_becomes_a_markdown_file_with_front_matter(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, updated=datetime(2020, 5, 1, 8, tzinfo=timezone(timedelta(hours=2)))))
    assert (tmp_path / "articles/2020/01/title-1.md").read_text("utf-8") == (
        "---\n"
        'id: "http://old.example/?p=1"\n'
        'title: "Title 1"\n'
        "published: 2020-01-03T09:30:00+00:00\n"
        "updated: 2020-05-01T08:00:00+02:00\n"
        "categories: [ferries]\n"
        "authors: [mina]\n"
        "tags: [Night]\n"
        'summary: "Summary 1."\n'
        'aliases: ["/2020/01/03/title-1/", "/?p=1"]\n'
        "---\n"
        "\n"
        "Body of **1**.\n"
    )


def test_settings_are_those_of_the_source(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, tags=("c",)))
    content = load(tmp_path)
    site = content.site
    assert (site.title, site.base_url, site.id_domain, site.language) == ("Harbour News", OLD, "old.example", "en-US")
    assert (site.timezone, site.feed.entries, site.since.isoformat()) == ("Europe/Lisbon", 10, "2020-01-03")
    assert {entry.id: entry.title for entry in content.categories.values()} == {"city": "City & Port", "ferries": "Ferries"}
    assert content.categories["city"].description == "All of the city"
    assert [author.name for author in content.authors.values()] == ["Mina Park"]
    tag = content.tags["c-plus-plus"]
    assert (tag.title, tag.description, tag.aliases) == ("C++", "A language", ("c",))


def test_addresses_of_mail_in_an_export_are_not_published(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    assert not any(b"mina@old.example" in data for data in files(tmp_path).values())


def test_address_of_mail_in_a_feed_is_public_already(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), site=replace(SITE, system=SourceSystem.FEED))
    assert load(tmp_path).authors["mina"].hidden_email == "mina@old.example"


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ((SourceAuthor("mina", "Mina Park"),), []),
        (SITE.authors, ["authors.yaml: 1 e-mail address of an author, "]),
        (
            (*SITE.authors, SourceAuthor("tuan", "Lê Tuấn", email="tuan@old.example")),
            ["authors.yaml: 2 e-mail addresses of authors, "],
        ),
    ],
    ids=["none", "one", "two"],
)
def test_report_names_the_mail_addresses_of_a_feed_once(
    tmp_path: Path, authors: tuple[SourceAuthor, ...], expected: list[str]
) -> None:
    site = replace(SITE, system=SourceSystem.FEED, authors=authors)
    for lines in (expected, []):  # the second import adds none
        report = run_import(tmp_path, post(1, authors=tuple(author.key for author in authors)), site=site)
        found = [line for line in report.settings if "e-mail" in line]
        end = "not public here; show_email: true shows one in Atom and on the author's page"
        assert found == [f"{line}{end}" for line in lines]


@pytest.mark.parametrize(
    ("post_id", "is_kept"),
    [
        ("http://old.example/?p=1", True),
        ("tag:old.example,2020:1", True),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", True),
        ("12345", True),
        ("https://old.example/#one", True),
        ("no. 7  of 2020", True),
        ("7\n8", False),
        ("x" * 2000, False),
    ],
)
def test_id_is_kept_exactly_or_reported(tmp_path: Path, post_id: str, is_kept: bool) -> None:
    report = run_import(tmp_path, post(1, id=post_id))
    (article,) = articles(tmp_path).values()
    assert (post_id == (article.guid or article.id)) == is_kept
    assert is_article_id(article.id)
    assert (report.ids.kept, report.ids.total) == (int(is_kept), 1)
    assert (f"id {post_id}" in what(report)) != is_kept


def test_posts_of_one_name_get_different_names(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, address=f"{OLD}/a/same/"), post(2, address=f"{OLD}/b/same/"), post(3, address=f"{OLD}/c/SAME/"))
    assert {article.slug for article in articles(tmp_path).values()} == {"same", "same-2", "SAME-3"}


def test_post_without_a_name_in_its_address_is_named_after_its_title(tmp_path: Path) -> None:
    run_import(
        tmp_path,
        post(1, address=f"{OLD}/?p=1", title="Über uns"),
        post(2, address="", title="日本"),
        post(3, address="", title="!"),
    )
    assert {article.slug for article in articles(tmp_path).values()} == {"über-uns", "日本", "article"}


def test_address_in_another_script_is_decoded(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, address=f"{OLD}/2020/%EC%84%9C%EC%9A%B8/"), post(2, address=f"{OLD}/2020/story.html"))
    assert {article.slug for article in articles(tmp_path).values()} == {"서울", "story"}


def test_second_post_with_an_id_is_left_out_and_reported(tmp_path: Path) -> None:
    report = run_import(tmp_path, post(1), post(2, id=post(1).id, title="Copy"))
    assert [article.title for article in articles(tmp_path).values()] == ["Title 1"]
    assert what(report) == ["post 'Copy'"]


def test_draft_is_a_draft_and_future_post_is_scheduled(tmp_path: Path) -> None:
    future = datetime(2030, 1, 1, tzinfo=UTC)
    report = run_import(
        tmp_path,
        post(1, state=PostState.DRAFT, published=None, address=f"{OLD}/?p=1"),
        post(3, published=future, updated=datetime(2020, 1, 1, tzinfo=UTC), is_sticky=True),
    )
    statuses = {article.title: article.status for article in articles(tmp_path).values()}
    assert statuses == {"Title 1": ArticleStatus.DRAFT, "Title 3": ArticleStatus.PUBLISHED}
    assert report.sticky == ["articles/2030/01/title-3.md"]
    assert {article.path for article in articles(tmp_path).values()} == {
        "articles/2026/03/title-1.md",
        "articles/2030/01/title-3.md",
    }


@pytest.mark.parametrize("is_page", [False, True])
def test_post_that_was_still_scheduled_after_its_date_is_a_draft(tmp_path: Path, is_page: bool) -> None:
    """WordPress had not published it, or the export is older than its date: the editors may have changed their minds."""
    scheduled = post(1, state=PostState.SCHEDULED, published=NOW, is_page=is_page)
    for _ in range(2):
        report = run_import(tmp_path, scheduled)
        assert "post 'Title 1': publication" in what(report)
    (file,) = tmp_path.glob("pages/*" if is_page else "articles/*/*/*")
    assert "status: draft\n" in file.read_text("utf-8")


def test_scheduled_post_stays_public_if_its_export_is_imported_again_after_its_date(tmp_path: Path) -> None:
    scheduled = post(1, state=PostState.SCHEDULED, published=NOW + timedelta(seconds=1))
    assert what(run_import(tmp_path, scheduled)) == []
    before = files(tmp_path)
    report = run_import(tmp_path, scheduled, now=NOW + timedelta(days=1))
    assert (report.unchanged, what(report), files(tmp_path)) == (1, [], before)


def test_what_an_article_cannot_have_is_left_out_and_reported(tmp_path: Path) -> None:
    terms = tuple(SourceTerm(TermKind.TAG, f"t{number}", f"Topic {number}") for number in range(150))
    report = run_import(
        tmp_path,
        post(1, tags=tuple(term.key for term in terms)),
        post(2, language="klingon language"),
        post(3, title="\x00Ti\x07tle\ud800 3", summary="a\x0bb"),
        post(4, title=""),
        post(5, published=datetime(1500, 1, 1, tzinfo=UTC)),
        post(6, body="<p>" + "<div>" * 500 + "deep" + "</div>" * 500),
        post(7, body=f"<p>{'word ' * 400_000}</p>"),
        site=replace(SITE, terms=terms),
    )
    assert sorted(article.title for article in articles(tmp_path).values()) == [
        "Summary 4.",
        "Ti tle 3",
        *(f"Title {n}" for n in (1, 2, 5, 6)),
    ]
    by_place = {omission.place: omission.what for omission in report.omissions}
    assert by_place["export.xml, line 100"].startswith("tags: Topic 100, ")
    assert by_place["export.xml, line 200"] == "language: klingon language"
    assert by_place["export.xml, line 400"] == "title"
    assert by_place["export.xml, line 500"] == "published: 1500-01-01T00:00:00+00:00"
    assert by_place["export.xml, line 700"] == "article"


def test_what_the_reader_leaves_out_is_in_the_report(tmp_path: Path) -> None:
    omission = Omission("export.xml, line 7", "a post", "it has a password")
    assert omission in run_import(tmp_path, post(1), omission).omissions


def test_two_spellings_of_a_tag_are_one(tmp_path: Path) -> None:
    terms = (SourceTerm(TermKind.TAG, "rock-n-roll", "Rock'n'Roll"), SourceTerm(TermKind.TAG, "rock", "Rock n Roll"))
    run_import(tmp_path, post(1, tags=("rock-n-roll",)), post(2, tags=("rock",)), site=replace(SITE, terms=terms))
    assert {tag.title for article in articles(tmp_path).values() for tag in article.tags} == {"Rock'n'Roll"}
    assert lint_content(load(tmp_path), tmp_path, NOW) == ()


def test_categories_and_authors_are_renamed_and_merged_by_the_mapping(tmp_path: Path) -> None:
    mapping = TermMapping(categories={"ferries": "city"}, authors={"mina": "newsroom", "unused": None})
    run_import(tmp_path, post(1), post(2, categories=("city",)), mapping=mapping)
    content = load(tmp_path)
    assert {article.categories for article in content.articles} == {("city",)}
    assert {article.authors for article in content.articles} == {("newsroom",)}
    assert (content.categories["city"].title, content.categories["city"].aliases) == ("City & Port", ("ferries",))
    assert (content.authors["newsroom"].name, content.authors["newsroom"].aliases) == ("Mina Park", ("mina",))


def test_name_that_no_list_of_the_source_has_is_used_as_it_is(tmp_path: Path) -> None:
    run_import(
        tmp_path,
        post(1, authors=("Thảo Vy",), categories=("Kultur & Kunst",), tags=("#Pier 5",)),
        site=replace(SITE, authors=(), terms=()),
    )
    content = load(tmp_path)
    assert [(author.id, author.name) for author in content.authors.values()] == [("thảo-vy", "Thảo Vy")]
    assert content.categories["kultur-kunst"].title == "Kultur & Kunst"
    assert content.articles[0].tags[0].id == "pier-5"


@pytest.mark.parametrize(("has_id", "expected"), [(False, "world"), (True, "World")])
def test_category_of_a_feed_gets_an_address_in_lower_case_unless_the_source_has_an_id(
    tmp_path: Path, has_id: bool, expected: str
) -> None:
    term = SourceTerm(TermKind.CATEGORY, "World", "World", has_id=has_id)
    site = replace(SITE, system=SourceSystem.FEED, terms=(term,))
    for _ in range(2):
        run_import(tmp_path, post(1, categories=("World",)), site=site)
    content = load(tmp_path)
    (category,) = content.categories.values()
    assert (category.id, category.title, category.aliases) == (expected, "World", ())
    assert content.articles[0].categories == (expected,)


def test_posts_before_since_are_left_out(tmp_path: Path) -> None:
    late = post(1, updated=datetime(2025, 1, 1, tzinfo=UTC))
    run_import(tmp_path, late, post(2), post(900), since=datetime(2022, 1, 1, tzinfo=UTC))
    assert {*articles(tmp_path)} == {late.id, post(900).id}


def test_dry_run_writes_nothing_and_reports_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "newsroom"
    posts = (post(1), post(2, language="?"), post(3, is_page=True, address=f"{OLD}/about/"))
    mapping = TermMapping(categories={"ferries": "city"})
    dry = run_import(folder, *posts, mapping=mapping, is_dry_run=True)
    assert not folder.exists()
    wet = run_import(folder, *posts, mapping=mapping)
    assert dry.pages == wet.pages == ["pages/about.md"]
    assert (dry.created, dry.omissions, dry.redirects) == (wet.created, wet.omissions, wet.redirects)
    written = [line for line in dry.settings if not line.startswith("feed.entries")]
    assert written == [f"{name}.yaml would be written" for name in ("site", "categories", "authors")]


def test_source_without_an_address_needs_one(tmp_path: Path) -> None:
    with pytest.raises(FeedsvcError, match="--base-url"):
        run_import(tmp_path / "newsroom", post(1), site=replace(SITE, address=""))
    assert files(tmp_path) == {}
    run_import(tmp_path / "newsroom", post(1), site=replace(SITE, address=""), base_url="https://new.example")
    assert load(tmp_path / "newsroom").site.base_url == "https://new.example"


def test_folder_inside_a_newsroom_is_refused(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    with pytest.raises(FeedsvcError, match="inside a newsroom"):
        run_import(tmp_path / "articles", post(2))


def test_unknown_length_of_the_former_feed_is_a_small_one(tmp_path: Path) -> None:
    report = run_import(tmp_path, post(1), site=replace(SITE, feed_entries=0))
    assert load(tmp_path).site.feed.entries == 10
    assert "feed.entries" in what(report)


def test_report_says_where_the_length_of_the_feed_comes_from(tmp_path: Path) -> None:
    line = "  feed.entries: 2, as in the former feed; --feed-entries N, or site.yaml, changes it\n"
    site = replace(SITE, feed_entries=2)
    assert line in format_text(run_import(tmp_path / "new", post(1), site=site))
    assert line not in format_text(run_import(tmp_path / "new", post(1), site=site))
    assert line not in format_text(run_import(tmp_path / "given", post(1), site=site, feed_entries=5))
    text = format_text(run_import(tmp_path / "long", post(1), site=replace(SITE, feed_entries=1001)))
    assert "a feed may not have 1001 entries; the new feed has 1000" in text
    assert "as in the former feed" not in text


def test_remote_enclosure_stays_at_its_address(tmp_path: Path) -> None:
    sound = SourceMedium("https://cdn.example/a.mp3", media_type="audio/mpeg", length=1000, caption="Episode")
    bare = SourceMedium("http://cdn.example/b.mp3")  # whose length is not known
    report = run_import(tmp_path, post(1, enclosures=(sound, bare, replace(bare, address="http://cdn.example/c"))))
    first, second = articles(tmp_path)[post(1).id].enclosures
    assert (first.url, first.type, first.length, first.title) == (sound.address, "audio/mpeg", 1000, "Episode")
    assert (second.url, second.type, second.length) == (bare.address, "audio/mpeg", 0)
    assert what(report) == ["3 files", "enclosure http://cdn.example/c"]


@pytest.mark.parametrize("name", ["con", "AUX", "lpt1", "nul.b"])
def test_no_file_has_the_name_of_a_device_of_windows(tmp_path: Path, name: str) -> None:
    """A colleague with Windows could not clone the newsroom."""
    run_import(tmp_path, post(1, address=f"{OLD}/2020/{name}/"))
    (article,) = articles(tmp_path).values()
    assert article.path == f"articles/2020/01/{article.slug}.md"
    assert not is_reserved_name(article.slug)
    assert lint_content(load(tmp_path), tmp_path, NOW) == ()


def test_name_of_the_map_that_nothing_has_is_reported_with_the_nearest_one(tmp_path: Path) -> None:
    report = run_import(tmp_path, post(1), mapping=TermMapping(categories={"feries": "city"}, authors={"nobody": None}))
    notes = {omission.what: omission.reason for omission in report.omissions if omission.place == "--map"}
    assert notes["categories: feries"].endswith("did you mean 'ferries'?")
    assert "authors: nobody" in notes


@pytest.mark.parametrize("name", ["World News", "world-news"])
def test_map_for_a_feed_may_have_the_name_or_the_id_that_is_made_of_it(tmp_path: Path, name: str) -> None:
    term = SourceTerm(TermKind.CATEGORY, "World News", "World News", has_id=False)
    site = replace(SITE, system=SourceSystem.FEED, terms=(term,), authors=(SourceAuthor("Ritesh", "Ritesh"),))
    mapping = TermMapping(categories={name: "asia"}, authors={"ritesh": "desk"})
    item = post(1, categories=("World News",), authors=("Ritesh",))
    report = run_import(tmp_path / "mapped", item, site=site, mapping=mapping)
    (article,) = load(tmp_path / "mapped").articles
    assert (article.categories, article.authors) == (("asia",), ("desk",))
    assert not [omission for omission in report.omissions if omission.place == "--map"]
    run_import(tmp_path / "unmapped", item, site=site)
    (article,) = load(tmp_path / "unmapped").articles
    assert (article.categories, article.authors) == (("world-news",), ("ritesh",))


def test_elements_that_an_article_cannot_have_are_in_the_report(tmp_path: Path) -> None:
    body = "<p>See</p><form><select></select></form><input name='q'>"
    body += "<script>map()</script><script src='a.js'></script><p><font>Red</font></p>"
    report = run_import(tmp_path, post(1, body=body))
    found = {omission.what: omission.reason for omission in report.omissions}
    reason = "an article has no such element"
    assert {what: text for what, text in found.items() if what.startswith("<")} == {
        "<form> in the body of 'Title 1'": reason,
        "<input> in the body of 'Title 1'": reason,
        "<script> in the body of 'Title 1', 2 times": reason,
    }


def test_map_is_used_again_until_another_one_is_given(tmp_path: Path) -> None:
    """The second import would otherwise give new articles the ids that the first one had renamed."""
    mapping = TermMapping(categories={"ferries": "harbour-news", "no": None}, authors={"mina": "desk"})
    run_import(tmp_path, post(1), mapping=mapping)
    assert read_last_mapping(tmp_path) == mapping
    report = run_import(tmp_path, post(1), post(2))
    assert {article.categories for article in load(tmp_path).articles} == {("harbour-news",)}
    assert report.settings[0].startswith(".feedsvc/import/map.yaml was used")
    assert (report.created, report.changed) == (["articles/2020/01/title-2.md"], [])
    run_import(tmp_path, post(3), mapping=TermMapping())
    assert "categories: [ferries]" in (tmp_path / "articles/2020/01/title-3.md").read_text("utf-8")
    assert read_last_mapping(tmp_path) is None


def test_truncated_source_makes_no_article_look_deleted(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2))
    end = Omission("export.xml, line 9", "what may follow", "the file ends early", is_end=True)
    report = run_import(tmp_path, post(1), end)
    assert (report.gone, report.ends) == ([], [end])
