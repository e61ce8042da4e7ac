"""Test the neutral records of a feed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedsvc.importing.feed_source import open_feed_source
from feedsvc.importing.source import ImportSource, Omission, SourceAuthor, SourcePost, SourceTerm, TermKind
from tests.importing.feed_source import samples


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.xml").write_text(text, "utf-8")
    return folder


def records(source: ImportSource) -> tuple[list[SourcePost], list[Omission]]:
    found = list(source.posts())
    return [one for one in found if isinstance(one, SourcePost)], [one for one in found if isinstance(one, Omission)]


def test_site_of_a_feed(tmp_path: Path) -> None:
    site = open_feed_source(str(write(tmp_path, old=samples.WORDPRESS) / "old.xml")).site
    assert (site.title, site.address, site.description, site.language) == (
        "Harbour & Hills",
        "https://old.example",
        "News & views",
        "en-GB",
    )
    assert (site.feed_entries, site.feeds) == (2, ("https://old.example/feed/",))
    assert site.authors == (SourceAuthor("Mina Park", "Mina Park"), SourceAuthor("Lê Tuấn", "Lê Tuấn"))
    assert site.terms == (
        SourceTerm(TermKind.CATEGORY, "Food & drink", "Food & drink", has_id=False),
        SourceTerm(TermKind.TAG, "harbour", "harbour", has_id=False),
    )


def test_posts_of_a_feed(tmp_path: Path) -> None:
    posts, omissions = records(open_feed_source(str(write(tmp_path, old=samples.WORDPRESS) / "old.xml")))
    assert omissions == []
    fish, other = posts
    assert (fish.id, fish.title, fish.address) == (
        "https://old.example/?p=12",
        "Fish & chips – a “study”",
        "https://old.example/2026/01/fish/",
    )
    assert (fish.categories, fish.tags, fish.authors) == (("Food & drink",), ("harbour",), ("Mina Park", "Lê Tuấn"))
    assert fish.summary == "In short, … […]"
    assert fish.published is not None
    assert fish.published.isoformat() == "2026-01-02T09:30:00+05:30"
    assert other.id == "https://old.example/2026/01/no-id/"  # the link, by which readers know it


def test_item_of_several_documents_is_taken_from_its_newest_version(tmp_path: Path) -> None:
    def feed(title: str, updated: str, more: str = "") -> str:
        entry = f"<entry><id>urn:1</id><title>{title}</title><updated>{updated}</updated></entry>"
        return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>{entry}{more}</feed>'

    other = "<entry><id>urn:2</id><title>Other</title><updated>2026-01-05T00:00:00Z</updated></entry>"
    folder = write(tmp_path, a=feed("First", "2026-01-01T00:00:00Z"), b=feed("Second", "2026-01-03T00:00:00Z", other))
    source = open_feed_source(str(folder))
    posts, _ = records(source)
    assert [post.title for post in posts] == ["Second", "Other"]
    assert source.site.feed_entries == 2  # of the document with the newest entry
    assert [post.title for post in records(source)[0]] == ["Second", "Other"]


@pytest.mark.parametrize(
    ("text", "pages", "left_out"),
    [
        (samples.BLOGGER, {"Prices": "DRAFT", "About": "PUBLISHED"}, ["template", "settings", "comment"]),
        (samples.BLOGGER_TAKEOUT, {"About": "PUBLISHED"}, ["trashed", "comment"]),
    ],
)
def test_export_of_blogger_has_posts_and_pages_and_what_is_left_out_is_counted(
    tmp_path: Path, text: str, pages: dict[str, str], left_out: list[str]
) -> None:
    source = open_feed_source(str(write(tmp_path, blog=text) / "blog.xml"))
    posts, omissions = records(source)
    assert {post.title: post.state.name for post in posts if post.is_page} == pages
    states = {post.title: post.state.name for post in posts if not post.is_page}
    assert [(title.partition(" &")[0], state) for title, state in sorted(states.items())] == [
        ("Not yet", "DRAFT"),
        ("The ferry", "PUBLISHED"),
    ]
    counts = [(omission.what, omission.reason) for omission in omissions if "of the kind" in omission.what]
    assert counts == [(f"entries of the kind '{kind}' (1)", "only posts and pages are imported") for kind in left_out]
    assert [term.name for term in source.site.terms] == ["Ferries"]
    assert "Passer-by" not in [author.name for author in source.site.authors]
    assert source.site.feed_entries == 25  # as at Blogger, not the number of posts


def test_frame_with_a_video_becomes_a_link(tmp_path: Path) -> None:
    frame = '&lt;iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ" title="The film"&gt;&lt;/iframe&gt;'
    item = f"<item><guid>urn:1</guid><title>T</title><description>{frame}</description></item>"
    text = f'<rss version="2.0"><channel><title>F</title>{item}</channel></rss>'
    (post,), _ = records(open_feed_source(str(write(tmp_path, old=text) / "old.xml")))
    assert post.body == '<a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ">The film</a>'


def test_duplicate_and_empty_items_are_named_with_their_place(tmp_path: Path) -> None:
    items = "<item><guid>1</guid><title>One</title></item>\n<item><guid>1</guid><title>Two</title></item>\n<item/>"
    folder = write(tmp_path, old=f"<rss><channel><title>F</title>{items}</channel></rss>")
    posts, omissions = records(open_feed_source(str(folder / "old.xml")))
    assert [post.title for post in posts] == ["One"]
    assert [(one.place, one.what, one.reason) for one in omissions] == [
        ("old.xml, item 2, line 2", "'Two'", "another item of the document has the id '1', too"),
        ("old.xml, item 3, line 3", "an item", "it has neither a title nor a text"),
    ]


def test_unreadable_date_is_an_omission_and_the_post_stays(tmp_path: Path) -> None:
    item = "<item><guid>1</guid><title>One</title><pubDate>soon</pubDate></item>"
    folder = write(tmp_path, old=f"<rss><channel><title>F</title>{item}</channel></rss>")
    posts, omissions = records(open_feed_source(str(folder / "old.xml")))
    assert (posts[0].title, posts[0].published) == ("One", None)
    assert omissions == [Omission("old.xml, item 1, line 1", "a part of 'One'", "the date 'soon' cannot be read")]


def test_author_that_is_the_site_itself_is_no_author(tmp_path: Path) -> None:
    entry = "<entry><id>urn:1</id><title>One</title></entry>"
    feed = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>The Site</title><author><name>The Site</name></author>{entry}</feed>'
    )
    source = open_feed_source(str(write(tmp_path, old=feed) / "old.xml"))
    assert source.site.authors == ()
    assert records(source)[0][0].authors == ()


def test_title_of_an_item_without_one_is_the_beginning_of_its_text(tmp_path: Path) -> None:
    item = f"<item><guid>1</guid><description>{'word ' * 40}</description></item>"
    folder = write(tmp_path, old=f"<rss><channel><title>F</title>{item}</channel></rss>")
    [post] = records(open_feed_source(str(folder / "old.xml")))[0]
    assert post.title == f"{'word ' * 15}word…"


def test_truncated_file_keeps_what_is_good_and_says_where_it_ends(tmp_path: Path) -> None:
    text = samples.WORDPRESS[: samples.WORDPRESS.index("<title>No id")]
    posts, omissions = records(open_feed_source(str(write(tmp_path, old=text) / "old.xml")))
    assert next(post.title for post in posts).startswith("Fish & chips")
    assert any("it ends early, at line" in omission.reason and omission.is_end for omission in omissions)


def test_biography_of_an_author_is_kept(tmp_path: Path) -> None:
    people = {"authors": [{"id": "mina", "name": "Mina", "bio": "Writes about ferries."}]}
    items = [{"id": f"urn:x:{number}", "title": "T", "content_text": "t", "authors": [{"name": "Mina"}]} for number in (1, 2)]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "_feedsvc": people, "items": items}
    (tmp_path / "export.json").write_text(json.dumps(document), "utf-8")
    (author,) = open_feed_source(str(tmp_path / "export.json")).site.authors
    assert author.bio == "Writes about ferries."
