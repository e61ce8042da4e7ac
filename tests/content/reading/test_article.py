"""Valid article files: the values of the keys and the resulting articles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentSnapshot, load_content
from feedsvc.content.markdown.text_store import text_key
from feedsvc.model import Article, ArticleStatus, Correction, Enclosure, Image, Source, Tag
from tests.broken_files.case import HEAD, PNG, Files
from tests.conftest import Newsroom

SUMMIT: Final = """\
id: tag:asiainnews.example,2026:second-summit
title: "  Xi invites Lee\\n to Beijing "
published: 2026-01-02T09:30:00+05:30
updated: 2026-01-02 11:00
expires: 2026-12-31
categories: [asia, politics]
authors: [ritesh-nambiar, mina, mina-park]
tags: [South Korea, China, south-korea]
summary: One plain sentence.
image: {src: media/p.png, alt: a, caption: b, credit: Reuters, credit_url: https://reuters.example/ü}
enclosures:
- {src: media/briefing.mp3, title: The briefing}
- {src: 'https://cdn.example/a.mp3', type: audio/mpeg, length: 5}
sources: [{name: Yonhap, url: 'https://yna.example'}, {name: Al Jazeera}]
corrections: [{date: 2026-01-03, text: It was Monday.}]
language: KO-kr
translation_of: tag:asiainnews.example,2026:erster-gipfel
link: https://elsewhere.example/story
slug: second-summit
aliases: [xi-lee, second-summit, xi-lee]
body: |
  See ![p](media/p.png) and [it](media/briefing.mp3).
"""
FILES: Final[Files] = {
    "authors.yaml": "ritesh-nambiar: {name: Ritesh}\nmina-park: {name: Mina, aliases: mina}\n",
    "categories.yaml": "asia: {title: Asia}\npolitics: {title: Politics}\n",
    "media/p.png": PNG,
    "media/briefing.mp3": b"12345678",
}


def at(day: int, hour: int = 0, minute: int = 0, *, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def only_article(content: ContentSnapshot) -> Article:
    """Return the only article of a folder without errors."""
    assert content.errors == ()
    (article,) = content.articles
    return article


def test_every_key_of_an_article_is_read(newsroom: Newsroom) -> None:
    content = load_content(newsroom({**FILES, "articles/2026/x.yaml": SUMMIT}))
    article = only_article(content)
    assert article == Article(
        path="articles/2026/x.yaml",
        id="tag:asiainnews.example,2026:second-summit",
        slug="second-summit",
        title="Xi invites Lee to Beijing",
        published=at(2, 4),
        updated=at(2, 5, 30),
        expires=at(30, 18, 30, month=12),
        categories=("asia", "politics"),
        authors=("ritesh-nambiar", "mina-park"),
        tags=(Tag(id="south-korea", title="South Korea"), Tag(id="china", title="China")),
        summary="One plain sentence.",
        image=Image(
            url="https://news.example/media/p.png",
            type="image/png",
            width=3,
            height=2,
            alt="a",
            caption="b",
            credit="Reuters",
            credit_url="https://reuters.example/%C3%BC",
        ),
        enclosures=(
            Enclosure(url="https://news.example/media/briefing.mp3", type="audio/mpeg", length=8, title="The briefing"),
            Enclosure(url="https://cdn.example/a.mp3", type="audio/mpeg", length=5),
        ),
        sources=(Source(name="Yonhap", url="https://yna.example"), Source(name="Al Jazeera")),
        corrections=(Correction(date=date(2026, 1, 3), text="It was Monday."),),
        language="ko-KR",
        translation_of="tag:asiainnews.example,2026:erster-gipfel",
        link="https://elsewhere.example/story",
        aliases=("xi-lee",),
        text=text_key("See ![p](media/p.png) and [it](media/briefing.mp3).\n", at(2, 4)),
        media=("media/p.png", "media/briefing.mp3"),
    )
    assert content.html(only_article(content)) == (
        '<p>See <img src="https://news.example/media/p.png" alt="p">'
        ' and <a href="https://news.example/media/briefing.mp3">it</a>.</p>'
    )
    assert set(content.media) == {"media/p.png", "media/briefing.mp3"}
    assert content.problems == ()


@pytest.mark.parametrize(
    ("path", "published", "expected"),
    [
        ("a.yaml", "2026-01-02", ("tag:news.example,2026:a", "a")),
        ("A Story, new.yaml", "2026-01-02", ("tag:news.example,2026:A%20Story%2C%20new", "a-story-new")),
        ("정상.yaml", "2026-01-02", ("tag:news.example,2026:%EC%A0%95%EC%83%81", "정상")),
        ("cafe\u0301.yaml", "2026-01-02", ("tag:news.example,2026:caf%C3%A9", "caf\u00e9")),
        ("a.yaml", "2026-01-01T00:30+05:30", ("tag:news.example,2026:a", "a")),  # 2025 in UTC
    ],
)
def test_a_file_without_id_and_slug_gets_them_from_its_name(
    newsroom: Newsroom, path: str, published: str, expected: tuple[str, str]
) -> None:
    content = load_content(newsroom({f"articles/{path}": f"# a comment\ntitle: A\npublished: {published}\n"}))
    article = only_article(content)
    assert (article.id, article.slug) == expected
    (warning,) = content.problems
    assert str(warning).endswith(
        "2:1: warning: no id; if the file is renamed, subscribers see the article a second time; "
        f"write id: {article.id}, or let feedsvc stamp do it"
    )


@pytest.mark.parametrize("line", ["", "published: 2026-13-01\n", "published: [2026-01-01]\n", "publishd: 2026-01-01\n"])
def test_a_file_without_id_and_valid_date_gets_no_proposal_with_an_invented_year(newsroom: Newsroom, line: str) -> None:
    content = load_content(newsroom({"articles/a.yaml": f"title: A\n{line}"}))
    assert content.errors
    assert "tag:" not in " ".join(map(str, content.problems))


def test_a_draft_without_id_has_no_warning(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.yaml": f"{HEAD}status: draft\n"}))
    assert (only_article(content).status, content.problems) == (ArticleStatus.DRAFT, ())


@pytest.mark.parametrize(
    ("lines", "expected", "notice"),
    [
        ("", at(1, 18, 30).replace(second=1), ""),
        ("updated: 2026-01-05T12:00Z\n", at(5, 12).replace(second=1), ""),
        ("withdrawn: {date: 2026-01-07T00:00Z, notice: It was wrong.}\n", at(7), "It was wrong."),
        ("withdrawn: {date: 2025-01-07}\n", at(1, 18, 30).replace(second=1), ""),
        ("withdrawn: {notice: It was wrong.}\n", at(1, 18, 30).replace(second=1), "It was wrong."),
    ],
)
def test_a_withdrawal_is_dated_after_the_last_update(newsroom: Newsroom, lines: str, expected: datetime, notice: str) -> None:
    article = only_article(load_content(newsroom({"articles/a.yaml": f"{HEAD}status: withdrawn\n{lines}"})))
    assert (article.status, article.withdrawn_at, article.notice) == (ArticleStatus.WITHDRAWN, expected, notice)


@pytest.mark.parametrize("fence", ["---\n", "---  \n", "---\r\n", "...\n", "---"])
def test_the_markdown_below_the_front_matter_is_the_text(newsroom: Newsroom, fence: str) -> None:
    body = "" if fence == "---" else "# Head\n\n---\n\nText\n"
    content = load_content(newsroom({"articles/a.md": f"---\n{HEAD}{fence}{body}"}))
    assert content.html(only_article(content)) == ("<h2>Head</h2>\n<hr>\n<p>Text</p>" if body else "")


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(newsroom: Newsroom) -> None:
    text = f"\ufeff---\n{HEAD}---\nText\n".replace("\n", "\r\n")
    content = load_content(newsroom({"articles/a.md": text}))
    assert content.html(only_article(content)) == "<p>Text</p>"


def test_keys_without_a_value_are_ignored(newsroom: Newsroom) -> None:
    keys = "id updated expires author tags summary image language translation_of slug body"
    empty = "".join(f"{key}:\n" for key in keys.split())
    with_keys, without_keys = newsroom({"articles/a.yaml": HEAD + empty}), {"articles/a.yaml": HEAD}
    assert only_article(load_content(with_keys)) == only_article(load_content(newsroom(without_keys)))


@pytest.mark.parametrize("url", ["HTTPS://x.example/p.png", "https://x.example/p.png"])
def test_a_remote_image_has_the_type_and_dimensions_of_its_keys(newsroom: Newsroom, url: str) -> None:
    image_key = f"image: {{src: '{url}', type: image/png, width: 4, height: 5}}\n"
    image = only_article(load_content(newsroom({"articles/a.yaml": HEAD + image_key}))).image
    assert image == Image(url="https://x.example/p.png", type="image/png", width=4, height=5)


def test_author_ids_in_different_unicode_normalization_forms_are_equal(newsroom: Newsroom) -> None:
    files = {
        "authors.yaml": "jose\u0301: {name: José, aliases: [pe\u0301]}\n",
        "articles/a.yaml": f"{HEAD}authors: [jos\u00e9, p\u00e9]\n",
    }
    assert only_article(load_content(newsroom(files))).authors == ("jos\u00e9",)


def test_a_few_yaml_aliases_are_accepted(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.yaml": f"{HEAD}summary: &s It is so.\nbody: *s\n"}))
    assert (only_article(content).summary, content.html(only_article(content))) == ("It is so.", "<p>It is so.</p>")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", ""), ("KO", "ko"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("de-1996", "de-1996")],
)
def test_language_tags_are_normalized(newsroom: Newsroom, language: str, expected: str) -> None:
    assert only_article(load_content(newsroom({"articles/a.yaml": f"{HEAD}language: {language}\n"}))).language == expected


KEYS: Final = "id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\n"
QUOTE: Final = "put the whole text in quotes"
ENDS: Final = f"title: ends here, for what follows ' #' is a comment; {QUOTE}"
NOTHING: Final = "nothing is left of {}, because # begins a comment; put it in quotes, or leave out the #"
EARLY: Final = "updated: lies before published, so it counts as never updated; write a later time or leave it out"
ONE_TAG: Final = "are one tag, with one page and feed at /tag/st-louis/; keep one; "
LETTERS: Final = "two tags must differ in a letter, a digit or one of + # & @"
SHOWN: Final = "'</em>' is shown as it stands; write plain text"
HEADING: Final = (
    "body: this line is not indented, so it is a comment, which readers do not see; if it is a heading, indent it by two spaces"
)


@pytest.mark.parametrize(
    ("replaced", "text", "warnings"),
    [
        ("title: A", "title: C #1 hit single", [f"2:10: {ENDS}"]),
        *(("title: A", f"title: {title}", []) for title in ("C  # checked by Mina", "C  #todo", "C ## checked", '"C #1"', "C#1")),
        ("", "tags: #harbour\n", [f"4:7: {NOTHING.format('tags')}"]),
        ("", "summary: #1 in sales\n", [f"4:10: {NOTHING.format('summary')}"]),
        ("", "tags: # none yet\n", []),
        ("2026-01-02", "2026-01-02T09:30:00Z\nupdated: 2026-01-01", [f"4:10: {EARLY}"]),
        ("2026-01-02", "2026-01-02T09:30:00Z\nupdated: 2026-01-02", [f"4:10: {EARLY}"]),  # midnight
        ("", "updated: 2026-01-02\n", []),
        ("", "updated: 2026-01-03\n", []),
        ("title: A", "title: An <em>odd</em> word", [f"2:8: title: {SHOWN}"]),
        ("", "summary: An <em>odd</em> word\n", [f"4:10: summary: {SHOWN}"]),
        ("", "tags: china, korea\n", ["4:7: tags: 'china, korea' is one tag; for several, write [china, korea]"]),
        (
            "",
            "tags: [St. Louis, St Louis, st. louis, R&amp;D, R&D, C, C++]\n",
            [
                f"4:19: tags: 'St. Louis' and 'St Louis' {ONE_TAG}{LETTERS}",
                "4:40: tags: '&amp;' is shown as it stands; write R&D",
            ],
        ),
        ("", 'image: {src: media/p.png, alt: "A boat, at sea", credit: AP}\n', []),
        ("", "image: {src: media/p.png, alt: A boat, credit: AP, caption: }\n", []),
        ("", "image:\n  src: media/p.png\n  alt: A boat, at sea\n  caption:\n", []),
        ("", "body: |\n  First.\n\n## The votes\n", [f"7:1: {HEADING}"]),
        ("", "body: >-\r\n  First.\r\n## The votes\r\ntags: [a]\r\n", [f"6:1: {HEADING}"]),
        ("", "body: |\n  First.\n\n# one sign may begin a comment\n", []),
        ("", "body: |\n  First.\n  ## The votes\n", []),
        ("", "## Settings\nbody: |\n  First.\n", []),
        ("", "body: |\n  First.\ntags: [a]\n## no text follows\n", []),
    ],
)
def test_warnings_of_an_article_that_readers_may_not_see_as_meant(
    newsroom: Newsroom, replaced: str, text: str, warnings: list[str]
) -> None:
    """`text` replaces a part of a valid article, or stands at its end."""
    article = KEYS.replace(replaced, text) if replaced else KEYS + text
    content = load_content(newsroom({"media/p.png": PNG, "articles/a.yaml": article}))
    found = [str(problem).removeprefix("articles/a.yaml:") for problem in content.problems]
    assert [line.replace(" warning: ", " ", 1) for line in found] == warnings
    assert only_article(content).updated >= only_article(content).published


def test_a_comment_in_front_matter_has_its_position(newsroom: Newsroom) -> None:
    (problem,) = load_content(newsroom({"articles/a.md": f"---\n{KEYS.replace('A', 'C #1')}---\n"})).problems
    assert str(problem) == f"articles/a.md:3:10: warning: {ENDS}"


OWN_ADDRESSES: Final = """\
id: tag:news.example,2026:x
title: A
published: 2026-01-02
image: {src: 'HTTPS://news.example/media/p.png', type: image/png, width: 1, height: 1}
enclosures: [{src: 'https://news.example/media/talk.mp3?v=2', type: audio/mpeg, length: 5}]
sources: [{name: Report, url: 'https://news.example/media/ein%20bericht.pdf'}]
link: https://news.example/media/story.pdf
"""


def test_a_file_that_an_article_names_by_its_address_on_the_site_is_served(newsroom: Newsroom) -> None:
    files = {"media/p.png": PNG, "media/talk.mp3": "talk", "media/ein bericht.pdf": "r", "media/story.pdf": "s"}
    content = load_content(newsroom({**files, "articles/a.yaml": OWN_ADDRESSES}))
    article = only_article(content)
    assert content.problems == ()
    assert sorted(article.media) == sorted(content.media) == sorted(files)
    assert [enclosure.url for enclosure in article.enclosures] == ["https://news.example/media/talk.mp3"]


def test_a_missing_file_that_an_article_names_by_its_address_on_the_site_is_an_error(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.yaml": OWN_ADDRESSES, "media/p.png": PNG, "media/story.pdf": "s"}))
    assert [(problem.line, problem.message) for problem in content.errors] == [
        (5, "enclosures.src: no file 'media/talk.mp3'"),
        (6, "sources.url: no file 'media/ein bericht.pdf'; did you mean 'media/story.pdf'?"),
    ]
