"""What `check` advises beyond errors: where it stands, what would help, and silence where nothing is wrong."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint.articles import lint_content
from tests.broken_files.case import PNG, Files
from tests.conftest import SETTINGS, Newsroom
from tests.content.reading.test_any_input import no_deadline
from tests.helpers import newsrooms
from tests.helpers.newsrooms import picture

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD: Final = (
    "id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\nauthors: [mina-park, ritesh-nambiar]\nsummary: One.\n"
)


def told(root: Path, now: datetime = NOW) -> list[str]:
    content = load_content(root)
    assert not content.errors
    return [str(problem) for problem in lint_content(content, root, now)]


def of_article(newsroom: Newsroom, text: str, path: str = "articles/a.yaml", **files: str | bytes) -> list[str]:
    return told(newsroom({"media/p.png": PNG, path: text, **files}))


def test_a_good_article_is_left_alone(newsroom: Newsroom) -> None:
    assert (
        of_article(newsroom, GOOD + "image: {src: media/p.png, alt: x, credit: y}\nslug: a\nbody: '[me](/articles/a/)'\n") == []
    )


@pytest.mark.parametrize("form", ["jpeg", "png", "gif"])
@pytest.mark.parametrize(("cut", "behind"), [(0, b""), (0, b"\0" * 9), (300, b"")])
def test_a_picture_of_which_the_end_is_missing(newsroom: Newsroom, form: str, cut: int, behind: bytes) -> None:
    path, whole = f"media/p.{form}", picture(900, 700, form.upper())
    files = {path: whole[: len(whole) - cut] + behind}
    lines = of_article(newsroom, GOOD + f"image: {{src: {path}, alt: x, credit: y}}\n", **files)
    expected = f"articles/a.yaml:6:14: warning: '{path}' is cut off; readers see a part of it; save it again"
    assert lines == ([expected] if cut else [])


def test_no_summary(newsroom: Newsroom) -> None:
    assert of_article(newsroom, GOOD.replace("summary: One.\n", "")) == [
        (
            "articles/a.yaml:2:1: warning: no summary; feeds and search engines would show the beginning of the body; "
            "write summary: and a sentence"
        )
    ]


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (
            "body: |\n  Write here, in Markdown.\n",
            [("7:3: warning: body: still says 'Write here, in Markdown.'; write the text, or status: draft until it is written")],
        ),
        ("status: draft\nbody: Write here, in Markdown.\n", []),
        (
            "corrections: [{date: 2026-03-05, text: x}]\n",
            ["6:22: warning: corrections: lies in the future, but is shown already; write today's date"],
        ),
        ("corrections: [{date: 2026-03-01, text: x}]\n", []),
        (
            "link: https://news.example/articles/a\n",
            [
                (
                    "6:7: warning: link: leads to this very article, whose page would show a summary only; "
                    "delete it; it is for articles that live elsewhere"
                )
            ],
        ),
        ("link: https://news.example/articles/b/c/\n", []),
    ],
)
def test_what_was_forgotten_or_dated_ahead(newsroom: Newsroom, keys: str, lines: list[str]) -> None:
    assert of_article(newsroom, GOOD + keys) == [f"articles/a.yaml:{line}" for line in lines]


@pytest.mark.parametrize(("length", "count"), [(300, 0), (301, 1)])
def test_a_long_summary(newsroom: Newsroom, length: int, count: int) -> None:
    lines = of_article(newsroom, GOOD.replace("One.", "é" * length))
    assert [line.partition(";")[0] for line in lines] == [
        f"articles/a.yaml:5:10: warning: summary: has {length} characters"
    ] * count


@pytest.mark.parametrize(("length", "count"), [(120, 0), (121, 1)])
def test_a_long_title(newsroom: Newsroom, length: int, count: int) -> None:
    lines = of_article(newsroom, GOOD.replace("title: A", f"title: {'二' * length}"))
    assert [line.partition(";")[0] for line in lines] == [f"articles/a.yaml:2:8: warning: title: has {length} characters"] * count


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ("alt: x, credit: y", []),
        ("alt: x", ["credit"]),
        ("credit: x", ["alt"]),
        ("caption: x", ["alt", "credit"]),
        ("alt: ''", ["alt", "credit"]),
    ],
)
def test_a_picture_without_alt_or_credit(newsroom: Newsroom, facts: str, missing: list[str]) -> None:
    lines = of_article(newsroom, GOOD + f"image: {{src: media/p.png, {facts}}}\n")
    assert [line.partition(";")[0] for line in lines] == [f"articles/a.yaml:6:1: warning: image: no {name}" for name in missing]


def test_updated_in_the_future(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": GOOD + "updated: 2026-03-01T18:00:00+05:30\n"})
    assert told(root) == [
        (
            "articles/a.yaml:6:10: warning: updated: lies in the future; until then the article counts as never updated; "
            "write when it was changed"
        )
    ]
    assert told(root, datetime(2026, 3, 1, 12, 30, tzinfo=UTC)) == []


def test_a_scheduled_article_is_not_updated_in_the_future(newsroom: Newsroom) -> None:
    assert of_article(newsroom, GOOD.replace("2026-01-02", "2031-01-02")) == []
    assert of_article(newsroom, GOOD.replace("2026-01-02", "2031-01-02") + "updated: 2026-01-02\n") == []


def test_a_file_whose_name_and_slug_differ(newsroom: Newsroom) -> None:
    assert of_article(newsroom, GOOD + "slug: b\n", "articles/x/a.yaml") == [
        (
            "articles/x/a.yaml:6:7: warning: the file's name is 'a' and its slug 'b'; who looks for one will not find the other; "
            "rename it to b.yaml"
        )
    ]


def test_a_file_name_that_is_no_slug(newsroom: Newsroom) -> None:
    (line,) = of_article(newsroom, GOOD, "articles/Über uns.yaml")
    assert line.startswith("articles/Über uns.yaml:1:1: warning: the file's name is 'Über uns' and its slug 'über-uns';")


def test_an_author_nobody_uses(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": GOOD.replace("[mina-park, ritesh-nambiar]", "mina-park")})
    assert told(root) == [
        "authors.yaml:3:1: warning: ritesh-nambiar: no article names this author; delete the entry, or name it in an article"
    ]


def test_an_author_is_used_by_a_former_id_or_in_a_draft(newsroom: Newsroom) -> None:
    authors = "mina: {name: Mina, aliases: [m, mm]}\nlee: {name: Lee}\n"
    text = GOOD.replace("[mina-park, ritesh-nambiar]", "m")
    draft = GOOD.replace("[mina-park, ritesh-nambiar]", "lee").replace(":x", ":y") + "status: draft\n"
    assert told(newsroom({"authors.yaml": authors, "articles/a.yaml": text, "articles/b.yaml": draft})) == []


def test_nobody_can_tell_of_whom_a_broken_article_speaks(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: no\nauthor: mina-park\n"})
    content = load_content(root)
    assert content.errors
    assert lint_content(content, root, NOW) == ()


LINKS: Final[Files] = {
    "articles/other.yaml": GOOD.replace(":x", ":other") + "aliases: [former]\n",
    "articles/draft.yaml": GOOD.replace(":x", ":draft") + "status: draft\n",
    "articles/later.yaml": GOOD.replace(":x", ":later").replace("2026-01-02", "2031-01-01"),
    "articles/gone.yaml": GOOD.replace(":x", ":gone") + "expires: 2026-02-01\n",
}


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("/articles/other/", ""),
        ("/articles/former/", ""),
        ("articles/other", ""),
        ("https://news.example/articles/other/#top", ""),
        ("/articles/gone/", ""),
        ("https://elsewhere.example/articles/othre/", ""),
        ("/category/asia/", ""),
        ("/articles/othre/", "body: a link to 'othre', but no article has this slug; did you mean 'other'?"),
        ("/articles/%C3%BCber/", "body: a link to 'über', but no article has this slug"),
        ("articles/zzzzzz", "body: a link to 'zzzzzz', but no article has this slug"),
        (
            "https://news.example/articles/othre/?a#b",
            "body: a link to 'othre', but no article has this slug; did you mean 'other'?",
        ),
        ("/articles/draft/", "body: a link to 'draft', which is not public yet; see articles/draft.yaml"),
        ("/articles/later/", "body: a link to 'later', which is not public yet; see articles/later.yaml"),
        ("http://news.example/", "'http://news.example/' is this very site, without https; write /"),
        (
            "http://news.example/category/asia/?x=1",
            "'http://news.example/category/asia/?x=1' is this very site, without https; write /category/asia/",
        ),
        ("http://other.example/", ""),
    ],
)
def test_links(newsroom: Newsroom, link: str, message: str) -> None:
    text = f"{GOOD}body: |\n  Text.\n\n  See [this]({link}) now.\n"
    expected = [f"articles/a.yaml:9:14: warning: {message}"] if message else []
    assert told(newsroom({**LINKS, "articles/a.yaml": text})) == expected


def test_a_link_in_markdown_below_its_keys(newsroom: Newsroom) -> None:
    text = f"---\n{GOOD}---\nSee [it](/articles/othre/).\n"
    assert told(newsroom({**LINKS, "articles/a.md": text})) == [
        "articles/a.md:8:10: warning: body: a link to 'othre', but no article has this slug; did you mean 'other'?"
    ]


def test_what_is_wrong_with_the_keys_of_a_markdown_file_has_its_place(newsroom: Newsroom) -> None:
    assert [line[:24] for line in of_article(newsroom, f"---\n{GOOD}slug: b\n---\nText\n", "articles/a.md")] == [
        "articles/a.md:7:7: warni"
    ]


def test_a_link_to_an_article_that_appears_with_this_one(newsroom: Newsroom) -> None:
    text = GOOD.replace("2026-01-02", "2031-01-01") + "body: '[it](/articles/later/)'\n"
    assert told(newsroom({**LINKS, "articles/a.yaml": text})) == []


def test_a_link_to_an_article_that_is_set_aside_is_not_lost(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": GOOD + "body: '[it](/articles/broken/)'\n", "articles/broken.yaml": "title: no\n"})
    assert lint_content(load_content(root), root, NOW) == ()


def test_a_site_below_a_path_and_without_https(newsroom: Newsroom) -> None:
    site = "title: A\nbase_url: {}\nid_domain: news.example\n"
    text = GOOD + "link: http://news.example/daily/x\nbody: '[it](/articles/b/)'\n"
    root = newsroom({"site.yaml": site.format("https://news.example/daily"), "articles/a.yaml": text})
    assert told(root) == [
        "articles/a.yaml:6:7: warning: 'http://news.example/daily/x' is this very site, without https; write /x",
        "articles/a.yaml:7:13: warning: body: a link to 'b', but no article has this slug",
    ]
    root = newsroom({"site.yaml": site.format("http://news.example/daily"), "articles/a.yaml": text})
    assert len(told(root)) == 1


def test_drafts_and_withdrawn_articles_are_left_alone(newsroom: Newsroom) -> None:
    for status in ("draft", "withdrawn"):
        text = GOOD.replace("summary: One.\n", "") + f"status: {status}\nslug: zz\nbody: '[x](/articles/none/)'\n"
        assert of_article(newsroom, text) == []


def test_a_file_that_is_gone_by_now_loses_its_places_only(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "articles/a.yaml": GOOD + "slug: b\nbody: '[x](/articles/none/)'\n",
            "authors.yaml": "lee: {name: Lee}\nmina-park: {name: M}\nritesh-nambiar: {name: R}\n",
        }
    )
    content = load_content(root)
    (root / "articles/a.yaml").unlink()
    (root / "authors.yaml").write_text("- x\n")
    assert [(one.path, one.line) for one in lint_content(content, root, NOW)] == [
        ("articles/a.yaml", 1),
        ("articles/a.yaml", 1),
        ("authors.yaml", 1),
    ]


def test_thousands_of_dead_links_do_not_flood_the_terminal(newsroom: Newsroom) -> None:
    links = " ".join(f"[x](/articles/none-{number}/)" for number in range(3000))
    assert len(of_article(newsroom, f"{GOOD}body: |\n  {links}\n")) == 100


def test_a_picture_elsewhere_is_advised_on_too(newsroom: Newsroom) -> None:
    far = "image: {src: https://x.example/p.png, type: image/png, width: 5, height: 5}\n"
    assert len(of_article(newsroom, GOOD + far, **{"media/q.jpg": picture()})) == 2


@no_deadline
@given(
    st.text(max_size=200),
    st.sampled_from(["articles/a.yaml", "articles/a.md", "articles/정 상.yaml"]),
    st.lists(
        st.sampled_from(
            ["[a](/articles/", "%", "é/)", "http://news.example", "&amp;", "<a href='/articles/x", "'>", "\n", "`", "é"]
        )
    ),
)
def test_whatever_an_article_says_advice_never_fails(title: str, path: str, parts: list[str]) -> None:
    front = yaml.safe_dump({"title": f"A{title}", "published": "2026-01-02", "id": "tag:news.example,2026:a"})
    body = "".join(parts)
    text = f"---\n{front}---\n{body}" if path.endswith(".md") else front + yaml.safe_dump({"body": body})
    with tempfile.TemporaryDirectory() as folder:
        root = newsrooms.write(Path(folder), SETTINGS)
        (root / "articles").mkdir()
        (root / path).write_text(text, "utf-8")
        content = load_content(root)
        found = lint_content(content, root, NOW)
        lines = text.count("\n") + 1
        assert all(1 <= one.line <= lines and one.severity == "warning" for one in found if one.path == path)
        assert not content.articles or any("no summary" in one.message for one in found)


def test_the_nearest_of_very_many_names_is_looked_for_a_few_times_only(newsroom: Newsroom) -> None:
    former = [f"name-{number}" for number in range(500)]
    links = " ".join(f"[x](/articles/name-{number}x/)" for number in range(90))
    root = newsroom({"articles/a.yaml": f"{GOOD}aliases: {former}\nbody: '{links}'\n"})
    hinted = ["did you mean 'name-" in line for line in told(root)]
    assert len(hinted) == 90
    assert 0 < sum(hinted) < 90


@pytest.mark.parametrize(
    ("body", "place", "name", "hint"),
    [
        ("a\n\n```\n<iframe>\n```\n\nb <iframe src=x></iframe>", "12:3", "iframe", "write a link to what it shows"),
        ("a\n\n<div>\n<form>\n</form>\n</div>", "9:1", "form", "write a link to a page that has it"),
        ("a[^1]\n\n[^1]: b <font color=red>c</font>", "8:9", "font", "leave looks to the theme"),
        ("a <script>b</script>", "6:3", "script", "write a link to a page that has it"),
        ("write to <your name>", "6:10", "your", "write Markdown"),
    ],
)
def test_html_that_is_taken_out_is_warned_of_with_its_line(
    newsroom: Newsroom, body: str, place: str, name: str, hint: str
) -> None:
    head = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    lines = [one for one in told(newsroom({"articles/a.md": head + body})) if "is taken out" in one]
    assert len(lines) == 1
    assert lines[0].startswith(f"articles/a.md:{place}: warning: body: <{name}> is taken out; ")
    assert hint in lines[0]


def test_html_that_readers_show_is_not_warned_of(newsroom: Newsroom) -> None:
    head = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    body = "a <b>b</b> <!-- c --> `<iframe>` &lt;iframe&gt; <https://x.example>\n\n<figure><img src='https://x.example/a.png'></figure>"
    assert not [one for one in told(newsroom({"articles/a.md": head + body})) if "is taken out" in one]


def bearing(tags: str, stem: str) -> dict[str, str]:
    keys = GOOD.replace("tag:news.example,2026:x", f"tag:news.example,2026:{stem}")
    return {f"articles/{stem}.yaml": f"{keys}tags: {tags}\n"}


def test_two_tags_that_punctuation_alone_tells_apart_are_one(newsroom: Newsroom) -> None:
    files = (
        bearing("[St. Louis, C++]", "a") | bearing("[C, St Louis]", "b") | bearing("ST. LOUIS", "c") | bearing("St. Louis", "d")
    )
    assert told(newsroom(files)) == [
        (
            "articles/b.yaml:6:11: warning: tags: 'St Louis' (articles/b.yaml) and 'St. Louis' (articles/a.yaml and 2 more) "
            "are one tag, with one page and feed at /tag/st-louis/; "
            "write 'St. Louis' everywhere; two tags must differ in a letter, a digit or one of + # & @"
        )
    ]


def test_a_sign_and_its_word_are_one_tag_and_three_spellings_are_compared_with_the_most_used(newsroom: Newsroom) -> None:
    files = bearing("C++", "a") | bearing("C plus plus", "b") | bearing("C++", "c") | bearing("'C: ++'", "d")
    lines = told(newsroom(files))
    assert [line.partition(" are one tag")[0] for line in lines] == [
        "articles/b.yaml:6:7: warning: tags: 'C plus plus' (articles/b.yaml) and 'C++' (articles/a.yaml and 1 more)",
        "articles/d.yaml:6:7: warning: tags: 'C: ++' (articles/d.yaml) and 'C++' (articles/a.yaml and 1 more)",
    ]


@pytest.mark.parametrize(
    "spellings",
    [
        ("C", "C++", "'C#'", ".NET", "net", "R&D", "R D", "Café", "Cafe"),
        ("China", "CHINA", "china"),
        ("South Korea", "south-korea", "South_Korea"),
        ("'#metoo'", "metoo"),
        ("R&D", "R & D", "Ｒ＆Ｄ"),
    ],
    ids=["signs", "case", "spaces", "hashtag", "widths"],
)
def test_tags_that_are_two_or_plainly_one_are_not_told_of(newsroom: Newsroom, spellings: tuple[str, ...]) -> None:
    files = {path: text for n, title in enumerate(spellings) for path, text in bearing(title, f"a{n}").items()}
    assert told(newsroom(files)) == []


def test_the_tags_of_drafts_are_left_alone(newsroom: Newsroom) -> None:
    files = bearing("St. Louis", "a") | bearing("St Louis\nstatus: draft", "b")
    assert told(newsroom(files)) == []
