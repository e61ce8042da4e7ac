"""Warnings of `check` about the text of articles: broken links, links without https, removed HTML."""

from __future__ import annotations

from typing import Final

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint.articles import lint_content
from tests.broken_files.case import Files
from tests.conftest import Newsroom
from tests.content.lint.checking import NOW, VALID_ARTICLE, warnings, warnings_of_article

LOCAL: Final = "leads readers to their own computer, not to this one; write the public address"
NO_SCHEME: Final = "has no https://, so it leads to a page of this site; write https://"
LINKS: Final[Files] = {
    "articles/other.yaml": VALID_ARTICLE.replace(":x", ":other") + "aliases: [former]\n",
    "articles/draft.yaml": VALID_ARTICLE.replace(":x", ":draft") + "status: draft\n",
    "articles/later.yaml": VALID_ARTICLE.replace(":x", ":later").replace("2026-01-02", "2027-01-01"),
    "feeds.yaml": "short: {title: In short, include: {all: true}, content: summary}\n",
    "pages/us.md": "---\ntitle: Us\nslug: about.us\n---\nText.\n",
    "pages/about.md": "---\ntitle: About\n---\nText.\n",
    "root/guide.md": "Text.\n",
    "redirects.yaml": "exact: {/old/old-name.md: /articles/other/}\n",
    "articles/gone.yaml": VALID_ARTICLE.replace(":x", ":gone") + "expires: 2026-02-01\n",
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
        ("/feeds/short/feed.rss", ""),
        ("/category/aisa/", "body: a link to the category 'aisa', which does not exist; did you mean 'asia'?"),
        ("/author/nobody/", "body: a link to the author 'nobody', which does not exist"),
        ("/feeds/shrt/", "body: a link to the feed 'shrt', which does not exist; did you mean 'short'?"),
        ("/guide.md", ""),
        ("/old/old-name.md", ""),
        ("/shop/", ""),
        (
            "other.yaml",
            "body: 'other.yaml' is the name of a file, and readers find nothing there; write the address, /articles/other/",
        ),
        (
            "../articles/2026/other.yaml#top",
            "body: 'other.yaml' is the name of a file, and readers find nothing there; write the address, /articles/other/",
        ),
        ("pages/about.md", "body: 'about.md' is the name of a file, and readers find nothing there; write the address, /about/"),
        (
            "x.md",
            "body: 'x.md' is the name of a file, and readers find nothing there; write the address, one like /articles/a-title/",
        ),
        ("/articles/othre/", "body: a link to 'othre', but no article has this slug; did you mean 'other'?"),
        ("/articles/%C3%BCber/", "body: a link to 'über', but no article has this slug"),
        ("articles/zzzzzz", "body: a link to 'zzzzzz', but no article has this slug"),
        (
            "https://news.example/articles/othre/?a#b",
            "body: a link to 'othre', but no article has this slug; did you mean 'other'?",
        ),
        ("/articles/draft/", "body: a link to 'draft', which is not public yet; see articles/draft.yaml"),
        ("/articles/later/", "body: a link to 'later', which is not public yet; see articles/later.yaml"),
        ("http://news.example/", "'http://news.example/' is this site without https; write https://news.example/"),
        (
            "http://news.example/category/asia/?x=1",
            "'http://news.example/category/asia/?x=1' is this site without https; write https://news.example/category/asia/?x=1",
        ),
        (
            "http://news.example:80",
            "'http://news.example:80' is this site without https; write https://news.example",
        ),
        ("http://news.example:8080/", ""),
        ("http://127.0.0.1:8000/articles/other/", f"'http://127.0.0.1:8000/articles/other/' {LOCAL}"),
        ("https://localhost", f"'https://localhost' {LOCAL}"),
        ("http://[::1]/x", f"'http://[::1]/x' {LOCAL}"),
        ("https://localhost.example/", ""),
        ("example.org", f"body: 'example.org' {NO_SCHEME}example.org"),
        ("www.example.media/x.pdf?y=1", f"body: 'www.example.media/x.pdf' {NO_SCHEME}www.example.media/x.pdf"),
        ("Example.ORG/x/", f"body: 'Example.ORG/x/' {NO_SCHEME}Example.ORG/x/"),
        ("annual-report.pdf", ""),
        ("/about.us/", ""),
        ("script.js", ""),
        ("https://news.example/category/asia/?from=http://other.example/", ""),
        ("http://other.example/", ""),
    ],
)
def test_broken_and_insecure_links_have_warnings(newsroom: Newsroom, link: str, message: str) -> None:
    text = f"{VALID_ARTICLE}body: |\n  Text.\n\n  See [this]({link}) now.\n"
    expected = [f"articles/a.yaml:9:14: warning: {message}"] if message else []
    assert warnings(newsroom({**LINKS, "articles/a.yaml": text})) == expected


def test_a_broken_link_in_a_markdown_file_has_its_position(newsroom: Newsroom) -> None:
    text = f"---\n{VALID_ARTICLE}---\nSee [it](/articles/othre/).\n"
    assert warnings(newsroom({**LINKS, "articles/a.md": text})) == [
        "articles/a.md:8:10: warning: body: a link to 'othre', but no article has this slug; did you mean 'other'?"
    ]


def test_broken_and_insecure_links_of_a_static_page_have_warnings(newsroom: Newsroom) -> None:
    page = (
        "---\ntitle: About\n---\nSee [it](/articles/othre/), [that](/articles/later/)\nand [us](http://news.example/feed.rss).\n"
    )
    assert warnings(
        newsroom({**LINKS, "pages/about.md": page, "pages/new.md": f"---\ntitle: N\nstatus: draft\n{page[17:]}"})
    ) == [
        "pages/about.md:4:10: warning: body: a link to 'othre', but no article has this slug; did you mean 'other'?",
        "pages/about.md:4:36: warning: body: a link to 'later', which is not public yet; see articles/later.yaml",
        (
            "pages/about.md:5:10: warning: 'http://news.example/feed.rss' is this site without https; "
            "write https://news.example/feed.rss"
        ),
    ]


def test_a_host_in_html_has_its_position_and_links_of_a_local_site_have_no_warning(newsroom: Newsroom) -> None:
    text = VALID_ARTICLE.replace("One", "example.org") + "body: 'Ask example.org: <a href=example.org>here</a>'\n"
    assert warnings(newsroom({"articles/a.yaml": text})) == [
        f"articles/a.yaml:6:33: warning: body: 'example.org' {NO_SCHEME}example.org"
    ]
    site = "title: A\nbase_url: http://localhost:8000\nid_domain: news.example\n"
    body = "body: '[a](/category/asia/) [b](http://localhost:8000) [c](http://127.0.0.1/)'\n"
    (line,) = warnings(newsroom({"site.yaml": site, "articles/a.yaml": VALID_ARTICLE + body}))
    assert f"'http://127.0.0.1/' {LOCAL}" in line


def test_a_link_to_an_article_scheduled_for_the_same_moment_has_no_warning(newsroom: Newsroom) -> None:
    text = VALID_ARTICLE.replace("2026-01-02", "2027-01-01") + "body: '[it](/articles/later/)'\n"
    assert warnings(newsroom({**LINKS, "articles/a.yaml": text})) == []


def test_a_link_to_a_broken_article_has_no_warning(newsroom: Newsroom) -> None:
    root = newsroom(
        {"articles/a.yaml": VALID_ARTICLE + "body: '[it](/articles/broken/)'\n", "articles/broken.yaml": "title: no\n"}
    )
    assert lint_content(load_content(root), root, NOW) == ()


def test_links_of_a_site_below_a_path_and_of_a_site_without_https(newsroom: Newsroom) -> None:
    site = "title: A\nbase_url: {}\nid_domain: news.example\n"
    text = VALID_ARTICLE + "link: http://news.example/daily/x\nbody: '[it](/articles/b/)'\n"
    root = newsroom({"site.yaml": site.format("https://news.example/daily"), "articles/a.yaml": text})
    assert warnings(root) == [
        "articles/a.yaml:6:7: warning: 'http://news.example/daily/x' is this site without https; write https://news.example/daily/x",
        "articles/a.yaml:7:13: warning: body: a link to 'b', but no article has this slug",
    ]
    root = newsroom({"site.yaml": site.format("http://news.example/daily"), "articles/a.yaml": text})
    assert len(warnings(root)) == 1


def test_links_beside_a_site_below_a_path_are_not_links_to_the_site_without_https(newsroom: Newsroom) -> None:
    site = "title: A\nbase_url: https://news.example/news\nid_domain: news.example\n"
    links = "[a](http://news.example/newspaper/x) [b](http://news.example/shop/) [c](http://news.example/news?a=1&b=2#c)"
    root = newsroom({"site.yaml": site, "articles/a.yaml": f"{VALID_ARTICLE}body: |\n  {links}\n"})
    message = "'http://news.example/news?a=1&b=2#c' is this site without https"
    assert [line.partition("warning: ")[2] for line in warnings(root)] == [
        f"{message}; write https://news.example/news?a=1&b=2#c"
    ]


def test_at_most_a_hundred_broken_links_are_reported(newsroom: Newsroom) -> None:
    links = " ".join(f"[x](/articles/none-{number}/)" for number in range(3000))
    assert len(warnings_of_article(newsroom, f"{VALID_ARTICLE}body: |\n  {links}\n")) == 100


def test_suggestions_for_many_broken_links_are_limited(newsroom: Newsroom) -> None:
    aliases = [f"name-{number}" for number in range(500)]
    links = " ".join(f"[x](/articles/name-{number}x/)" for number in range(90))
    root = newsroom({"articles/a.yaml": f"{VALID_ARTICLE}aliases: {aliases}\nbody: '{links}'\n"})
    has_suggestion = ["did you mean 'name-" in line for line in warnings(root)]
    assert len(has_suggestion) == 90
    assert 0 < sum(has_suggestion) < 90


@pytest.mark.parametrize(
    ("body", "position", "name", "hint"),
    [
        ("a\n\n```\n<iframe>\n```\n\nb <iframe src=x></iframe>", "12:3", "iframe", "write a link to what it shows"),
        ("a\n\n<div>\n<form>\n</form>\n</div>", "9:1", "form", "write a link to a page that has it"),
        ("a[^1]\n\n[^1]: b <font color=red>c</font>", "8:9", "font", "leave looks to the theme"),
        ("a <script>b</script>", "6:3", "script", "write a link to a page that has it"),
        ("write to <your name>", "6:10", "your", "write Markdown"),
    ],
)
def test_removed_html_has_a_warning_with_its_position(newsroom: Newsroom, body: str, position: str, name: str, hint: str) -> None:
    head = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    lines = [warning for warning in warnings(newsroom({"articles/a.md": head + body})) if "is removed" in warning]
    assert len(lines) == 1
    assert lines[0].startswith(f"articles/a.md:{position}: warning: body: <{name}> is removed, ")
    assert hint in lines[0]


def test_allowed_html_has_no_warning(newsroom: Newsroom) -> None:
    head = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    body = "a <b>b</b> <!-- c --> `<iframe>` &lt;iframe&gt; <https://x.example>\n\n<figure><img src='https://x.example/a.png'></figure>"
    assert not [warning for warning in warnings(newsroom({"articles/a.md": head + body})) if "is removed" in warning]


NO_NOTE: Final = "marks a footnote, but no note has this mark; write the note in a line that begins with [^1]:"
SHORTCODE: Final = (
    "is a shortcode of another program, which readers see as it stands; "
    "write a picture as ![a boat](media/boat.jpg), others as a link"
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('Look: [gallery ids="1,2"]', f'8:7: warning: body: [gallery ids="1,2"] {SHORTCODE}'),
        ("[caption id=x]A boat[/caption]", f"8:1: warning: body: [caption id=x] {SHORTCODE}"),
        ("[contact-form-7 id='1']", f"8:1: warning: body: [contact-form-7 id='1'] {SHORTCODE}"),
        ("{{< youtube abc >}}", "8:1: warning: body: {{< youtube abc >}} " + SHORTCODE),
        ("{% include figure.html %}", "8:1: warning: body: {% include figure.html %} " + SHORTCODE),
        ("It rained. [^1]", f"8:12: warning: body: [^1] {NO_NOTE}"),
        ("It rained.[^1]\n\n[^1]: All day.", ""),
        ("Write `[gallery ids=1]`, or:\n\n    {{< youtube abc >}} [^1]", ""),
        ("[gallery](https://a.example/) and [sic] and {x}", ""),
    ],
)
def test_shortcodes_and_footnote_marks_that_readers_would_see_have_warnings(newsroom: Newsroom, body: str, message: str) -> None:
    expected = [f"articles/a.md:{message}"] if message else []
    assert warnings_of_article(newsroom, f"---\n{VALID_ARTICLE}---\n{body}\n", "articles/a.md") == expected


def test_shortcodes_in_a_static_page_have_warnings(newsroom: Newsroom) -> None:
    lines = warnings(newsroom({"pages/about.md": "---\ntitle: About\n---\n[gallery]\n"}))
    assert lines[-1] == f"pages/about.md:4:1: warning: body: [gallery] {SHORTCODE}"
