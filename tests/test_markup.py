"""Markdown becomes HTML that any reader may show: nothing that runs, nothing relative."""

from __future__ import annotations

from typing import Final

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.markup import Markup, excerpt, plain, render

BASE: Final = "https://news.example/daily"
PAGE: Final = f"{BASE}/articles/a/"
ADDRESSES: Final = ("href", "src", "cite", "poster", "srcset", "action", "formaction", "data", "background", "longdesc")


def rendered(markdown: str) -> Markup:
    return render(markdown, base_url=BASE, page=PAGE)


def attributes(html: str) -> list[tuple[str, str, str]]:
    """Element, attribute, value of everything in a fragment, as a browser reads it."""
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [(element.tag, name, value) for element in fragment.iter() for name, value in element.attrib.items() if element.tag]


def elements(html: str) -> set[str]:
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return {element.tag for element in fragment.iter() if isinstance(element.tag, str)} - {"DOCUMENT_FRAGMENT"}


def is_harmless(html: str) -> bool:
    """No element that runs, no handler, every address absolute and of a scheme that readers open."""
    for element, name, value in attributes(html):
        if name.startswith("on") or name in ("style", "id", "class", "srcdoc", "name"):
            return False
        if name in ADDRESSES and not value.startswith(("https://", "http://", "mailto:", "tel:")):
            return False
        if element == "meta":
            return False
    active = {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base", "link", "meta", "template"}
    return not elements(html) & active


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n\nb *c* **d** `e`", "<h2>A</h2>\n<p>b <em>c</em> <strong>d</strong> <code>e</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("~~a~~", "<p><s>a</s></p>"),
        (
            "|a|\n|-|\n|b|",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>",
        ),
        ("```\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("a & b ]]> c", "<p>a &amp; b ]]&gt; c</p>"),
        ('<p lang="ko" dir="ltr">정</p>', '<p lang="ko" dir="ltr">정</p>'),
        ("a  \nb", "<p>a<br>\nb</p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(markdown: str, html: str) -> None:
    assert rendered(markdown).html == html


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("/about", f"{BASE}/about"),
        ("about", f"{BASE}/about"),
        ("./about", f"{BASE}/about"),
        ("articles/b/", f"{BASE}/articles/b/"),
        ("/articles/b/#part", f"{BASE}/articles/b/#part"),
        ("?page=2", f"{PAGE}?page=2"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("http://x.example", "http://x.example"),
        ("https://x.example/ü?q=é#ß", "https://x.example/%C3%BC?q=%C3%A9#%C3%9F"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("tel:+82-2-1", "tel:+82-2-1"),
        ("media/a%20b.png", f"{BASE}/media/a%20b.png"),
        ("HTTPS://x.example/A", "https://x.example/A"),
    ],
)
@pytest.mark.parametrize("form", ["[t]({})", '<a href="{}">t</a>'])
def test_every_link_is_absolute(written: str, address: str, form: str) -> None:
    assert attributes(rendered(form.format(written)).html) == [("a", "href", address)]


@pytest.mark.parametrize("written", ["[t](#part)", '<a href="#part">t</a>', "[t](#)"])
def test_a_link_within_the_text_that_would_lead_nowhere_is_none(written: str) -> None:
    assert rendered(written).html == ("<p><a>t</a></p>")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n## B\n###### C", "<h2>A</h2>\n<h3>B</h3>\n<h6>C</h6>"),
        ("## B\n### C", "<h2>B</h2>\n<h3>C</h3>"),
        ('<h1 lang="ko">A</h1>', '<h2 lang="ko">A</h2>'),
        ("<abbr title='<h1>'>x</abbr>\n# A", '<p><abbr title="&lt;h1&gt;">x</abbr></p>\n<h2>A</h2>'),
    ],
)
def test_the_title_stays_the_only_first_heading(markdown: str, html: str) -> None:
    assert rendered(markdown).html == html


@pytest.mark.parametrize(
    ("markdown", "alt"),
    [('<img src="media/p.png">', ""), ('<img title=" alt=&quot;x" src="media/p.png">', ""), ("![a](media/p.png)", "a")],
)
def test_a_picture_of_which_nothing_is_told_is_skipped_when_read_aloud(markdown: str, alt: str) -> None:
    assert [value for _, name, value in attributes(rendered(markdown).html) if name == "alt"] == [alt]


@pytest.mark.parametrize("base", ["https://news.example", BASE, "http://[::1]:8000/x"])
def test_pictures_are_absolute_below_any_base(base: str) -> None:
    html = render("![p](media/p.png)\n\n![p](/media/p.png)", base_url=base, page=f"{base}/articles/a/").html
    assert [value for _, name, value in attributes(html) if name == "src"] == [f"{base}/media/p.png"] * 2


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//x.example/a.js></SCRIPT>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<style>p{color:red}</style>",
        "<style><img src=x onerror=alert(1)></style>",
        "<iframe src=https://x.example></iframe>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<object data=x.swf></object><embed src=x>",
        "<p onclick=alert(1) style='x' class=y id=z>t</p>",
        "<img src=media/p.png onerror=alert(1)>",
        "<img/src=x/onerror=alert(1)>",
        "<a href=javascript:alert(1)>t</a>",
        "<a href='JaVaScRiPt:alert(1)'>t</a>",
        "<a href='&#106;avascript:alert(1)'>t</a>",
        "<a href='java&#10;script:alert(1)'>t</a>",
        "<a href='java\tscript:alert(1)'>t</a>",
        "<a href=' &#1; javascript:alert(1)'>t</a>",
        "<a href='vbscript:x'>t</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>t</a>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "![x](data:image/png;base64,AAAA)",
        "[t](javascript:alert(1))",
        "[t](JAVASCRIPT:alert(1))",
        "[t](&#106;avascript:alert(1))",
        "[t](<java script:alert(1)>)",
        "[t](file:///etc/passwd)",
        "<javascript:alert(1)>",
        "[t]: javascript:alert(1)\n\n[t]",
        "<svg onload=alert(1)><a xlink:href='javascript:x'><text>t</text></a></svg>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<form action=/x><input name=q><button formaction=javascript:x>b</button></form>",
        "<base href=https://x.example/><link rel=stylesheet href=x><meta http-equiv=refresh content=0>",
        "<video src=javascript:x poster=javascript:y onplay=z></video>",
        "<blockquote cite='javascript:x'>q</blockquote>",
        "<img srcset='x.png 2x' src=x.png>",
        "<template><script>alert(1)</script></template>",
        "<!--><script>alert(1)</script>-->",
        "<p title='\"><script>alert(1)</script>'>t</p>",
    ],
)
def test_nothing_that_runs_survives(markdown: str) -> None:
    html = rendered(markdown).html
    assert is_harmless(html), html


@pytest.mark.parametrize(
    ("markdown", "media"),
    [
        ("![p](media/p.png)", {"media/p.png"}),
        ("[p](/media/p.png)", {"media/p.png"}),
        (f"![p]({BASE}/media/p.png)", {"media/p.png"}),
        ("![p](media/p.png?v=1#x)", {"media/p.png"}),
        ("![p](<media/a b.png>)", {"media/a b.png"}),
        ("![p](media/%EC%A0%95.png)", {"media/정.png"}),
        ("![p](media/정.png)", {"media/정.png"}),
        ("![p](x/../media/p.png)", {"media/p.png"}),
        ("<video poster=media/p.png><source src=media/v.mp4></video>", {"media/p.png", "media/v.mp4"}),
        ("`media/p.png` media/p.png", set()),
        ("![p](https://news.example/media/p.png)", set()),  # outside the base's path
        ("![p](https://x.example/media/p.png)", set()),
    ],
)
def test_references_to_media_are_collected(markdown: str, media: set[str]) -> None:
    assert set(rendered(markdown).media.values()) == media


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("<img alt=a>", ""),
        ('<img alt=" src=x">', ""),
        ('<img alt="a > b" src="javascript:x">', ""),
        ("<source src='javascript:x'>", ""),
        ('<img alt="a > b" src="https://x.example/p.png">', '<img alt="a &gt; b" src="https://x.example/p.png">'),
    ],
)
def test_a_picture_without_an_address_is_gone(markdown: str, html: str) -> None:
    assert rendered(markdown).html == html


@pytest.mark.parametrize(
    ("written", "kept"), [("5", "5"), ("100%", None), ("0", None), ("5px", None), ("99999", "99999"), ("999999", None)]
)
def test_a_width_is_a_number_of_pixels(written: str, kept: str | None) -> None:
    html = rendered(f'<img src="https://x.example/p.png" width="{written}">').html
    assert {name: value for _, name, value in attributes(html)}.get("width") == kept


def test_characters_written_as_entities_are_unfit_all_the_same() -> None:
    assert rendered("a&#7;b <abbr title='c&#x1F;&#xFFFE;'>d</abbr>").html == '<p>a\ufffdb <abbr title="c">d</abbr></p>'.replace(
        "\ufffd", ""
    )


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>A</h1><p>b <em>c</em>d</p>", "A b cd"),
        ("<p>a<br>b</p>\n<ul><li>c</li><li>d</li></ul>", "a b c d"),
        ("<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3"),
        ("<p>a</p><pre>code</pre><table><tr><td>x</td></tr></table><p>b</p>", "a b"),
        ("<p>a&nbsp;b</p>", "a b"),
        ("<script>x</script><style>y</style>", ""),
        ("", ""),
    ],
)
def test_the_text_of_html_is_one_line(html: str, text: str) -> None:
    assert plain(html) == text


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("one two three", 20, "one two three"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("가나다라마바사", 3, "가나다…"),
        ("ab👩\u200d💻cd", 3, "ab…"),
        ("ab👍🏽cd", 3, "ab…"),
        ("abe\u0301cd", 3, "ab…"),
        ("\u0301\u0301\u0301", 2, "…"),
    ],
)
def test_an_excerpt_ends_where_a_reader_would_cut(text: str, longest: int, short: str) -> None:
    assert excerpt(text, longest) == short


PIECES: Final = st.sampled_from(
    [
        *("<", ">", "a", "</", "<a href=", "<img src=", "'", '"', "javascript:", "data:", "&#106;", "[", "](", ")", "!["),
        *("\n", "\n\n", "`", "|", "- ", "<svg", "<style>", "<!--", "-->", "<p ", "onerror=x", " ", "media/", "../", "//"),
        *("#", "?", "%", "%00", "정", "<table>", "</p>", "\\", "*", "_"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text())
def test_any_text_becomes_harmless_html(markdown: str) -> None:
    html = rendered(markdown).html
    assert is_harmless(html), html
