"""Markdown to HTML: elements, absolute URLs, no active content."""

from __future__ import annotations

import html
import re
import threading
from typing import Final
from urllib.parse import unquote

import html5lib
import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedsvc import uris
from feedsvc.content.markdown import render as render_module
from feedsvc.content.markdown.render import RenderedMarkdown, excerpt, may_show_media, plain_text, render
from feedsvc.content.text import FORBIDDEN_CHARACTER

BASE: Final = "https://news.example/daily"
PAGE: Final = f"{BASE}/articles/a/"
URL_ATTRIBUTES: Final = ("href", "src", "cite", "poster", "srcset", "action", "formaction", "data", "background", "longdesc")


def render_markdown(markdown: str) -> RenderedMarkdown:
    return render(markdown, base_url=BASE, page=PAGE)


def attributes(html: str) -> list[tuple[str, str, str]]:
    """Return (element, attribute, value) of all attributes of a fragment, as a browser parses it."""
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [(element.tag, name, value) for element in fragment.iter() for name, value in element.attrib.items() if element.tag]


def elements(html: str) -> set[str]:
    """Return the names of all elements of a fragment, as a browser parses it."""
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return {element.tag for element in fragment.iter() if isinstance(element.tag, str)} - {"DOCUMENT_FRAGMENT"}


def has_foreign_id_or_class(name: str, value: str) -> bool:
    """Return whether an attribute is an id or a class that no footnote has."""
    pattern = {"id": r"fn-[0-9]+-a|fnref-[0-9]+-[0-9]+-a", "class": r"footnote-ref|footnote-backref|footnotes"}.get(name)
    return bool(pattern) and not re.fullmatch(pattern, value)


def is_harmless(html: str) -> bool:
    """Return whether the HTML has no active element, no event handler, and only absolute URLs with a harmless scheme."""
    for element, name, value in attributes(html):
        if name.startswith("on") or name in ("style", "srcdoc", "name") or has_foreign_id_or_class(name, value):
            return False
        if name in URL_ATTRIBUTES and not value.startswith(("https://", "http://", "mailto:", "tel:")):
            return False
        if element == "meta":
            return False
    active = {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base", "link", "meta", "template"}
    return not elements(html) & active


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("오전 10~12시, 오후 2~4시", "<p>오전 10~12시, 오후 2~4시</p>"),
        ("5~6 km, ~~later~~ 7~8 km", "<p>5~6 km, <del>later</del> 7~8 km</p>"),
        ("`a~b~c`, **~5** \\~d~", "<p><code>a~b~c</code>, <strong>~5</strong> ~d~</p>"),
        ('[a~b](https://x.example/~a/~b "c~d~")', '<p><a href="https://x.example/~a/~b" title="c~d~">a~b</a></p>'),
        ("https://x.example/a~b~c", '<p><a href="https://x.example/a~b~c">https://x.example/a~b~c</a></p>'),
        ("<https://x.example/정~b~c>", '<p><a href="https://x.example/%EC%A0%95~b~c">https://x.example/정~b~c</a></p>'),
    ],
)
def test_ranges_with_tildes_are_not_struck_out(markdown: str, html: str) -> None:
    """The text between two single tildes of a paragraph was rendered as deleted, and the tildes were removed."""
    assert render_markdown(markdown).html == html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n\nb *c* **d** `e`", "<h2>A</h2>\n<p>b <em>c</em> <strong>d</strong> <code>e</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("~~a~~", "<p><del>a</del></p>"),
        (
            "|a|\n|-|\n|b|",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>",
        ),
        ("```\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
        ("a & b ]]> c", "<p>a &amp; b ]]&gt; c</p>"),
        ('<p lang="ko" dir="ltr">정</p>', '<p lang="ko" dir="ltr">정</p>'),
        ("a  \nb", "<p>a<br>\nb</p>"),
        ("See www.x.example.", '<p>See <a href="http://www.x.example">www.x.example</a>.</p>'),
        ("(https://x.example/a)", '<p>(<a href="https://x.example/a">https://x.example/a</a>)</p>'),
        ("a@x.example", '<p><a href="mailto:a@x.example">a@x.example</a></p>'),
        ("<b>a</b> <span class=x id=y>b</span>", "<p><b>a</b> <span>b</span></p>"),
        ("a <blink>b</blink>", "<p>a b</p>"),
        ("<iframe src=x>a <b>c</b></iframe>", "a <b>c</b>"),
        ("a<!-- b -->c<script>d</script>e", "<p>ace</p>"),
        ("", ""),
    ],
)
def test_markdown_is_rendered_as_html(markdown: str, html: str) -> None:
    assert render_markdown(markdown).html == html


@pytest.mark.parametrize(
    ("reference", "url"),
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
@pytest.mark.parametrize("template", ["[t]({})", '<a href="{}">t</a>'])
def test_every_link_is_rendered_with_an_absolute_url(reference: str, url: str, template: str) -> None:
    assert attributes(render_markdown(template.format(reference)).html) == [("a", "href", url)]


@pytest.mark.parametrize("markdown", ["[t](#part)", '<a href="#part">t</a>', "[t](#)"])
def test_a_link_to_a_fragment_without_target_has_no_href(markdown: str) -> None:
    assert render_markdown(markdown).html == ("<p><a>t</a></p>")


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n## B\n###### C", "<h2>A</h2>\n<h3>B</h3>\n<h6>C</h6>"),
        ("## B\n### C", "<h2>B</h2>\n<h3>C</h3>"),
        ('<h1 lang="ko">A</h1>', '<h2 lang="ko">A</h2>'),
        ("<abbr title='<h1>'>x</abbr>\n# A", '<p><abbr title="&lt;h1&gt;">x</abbr></p>\n<h2>A</h2>'),
    ],
)
def test_headings_of_level_one_become_level_two(markdown: str, html: str) -> None:
    assert render_markdown(markdown).html == html


@pytest.mark.parametrize(
    ("markdown", "alt"),
    [('<img src="media/p.png">', ""), ('<img title=" alt=&quot;x" src="media/p.png">', ""), ("![a](media/p.png)", "a")],
)
def test_an_image_without_alt_gets_an_empty_one(markdown: str, alt: str) -> None:
    assert [value for _, name, value in attributes(render_markdown(markdown).html) if name == "alt"] == [alt]


@pytest.mark.parametrize("base", ["https://news.example", BASE, "http://[::1]:8000/x"])
def test_images_are_rendered_with_absolute_urls_below_any_base(base: str) -> None:
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
def test_active_content_is_removed(markdown: str) -> None:
    html = render_markdown(markdown).html
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
def test_references_to_media_files_are_collected(markdown: str, media: set[str]) -> None:
    assert set(render_markdown(markdown).media.values()) == media


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
def test_an_image_without_a_valid_url_is_removed(markdown: str, html: str) -> None:
    assert render_markdown(markdown).html == html


@pytest.mark.parametrize(
    ("width", "expected"), [("5", "5"), ("100%", None), ("0", None), ("5px", None), ("99999", "99999"), ("999999", None)]
)
def test_a_width_that_is_no_number_of_pixels_is_removed(width: str, expected: str | None) -> None:
    html = render_markdown(f'<img src="https://x.example/p.png" width="{width}">').html
    assert {name: value for _, name, value in attributes(html)}.get("width") == expected


def test_forbidden_characters_written_as_entities_are_removed() -> None:
    assert render_markdown(
        "a&#7;b <abbr title='c&#x1F;&#xFFFE;'>d</abbr>"
    ).html == '<p>a\ufffdb <abbr title="c">d</abbr></p>'.replace("\ufffd", "")


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
def test_plain_text_of_html_is_one_line(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("text", "max_length", "expected"),
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
def test_an_excerpt_ends_after_a_word_or_a_grapheme(text: str, max_length: int, expected: str) -> None:
    assert excerpt(text, max_length) == expected


@pytest.mark.parametrize("page", [PAGE, f"{BASE}/articles/%EC%A0%95-2/"])
def test_footnotes_and_their_references_link_to_each_other(page: str) -> None:
    text = "a[^x] b[^x] c[^정y]\n\n[^x]: One.\n[^정y]: [Two](/two)."
    html = render(text, base_url=BASE, page=page).html
    slug = {PAGE: "a", f"{BASE}/articles/%EC%A0%95-2/": "정-2"}[page]
    ids = [value for _, name, value in attributes(html) if name == "id"]
    assert ids == [*(f"fnref-{number}-{slug}" for number in ("1-1", "1-2", "2-1")), f"fn-1-{slug}", f"fn-2-{slug}"]
    links = [unquote(value) for _, name, value in attributes(html) if name == "href" and "#" in value]
    assert {link.removeprefix(f"{unquote(page)}#") for link in links} == set(ids)


def test_the_footnotes_of_two_articles_never_share_an_id() -> None:
    pages = [f"{BASE}/articles/{slug}/" for slug in ("a", "a-1", "1-a", "1", "1-1", "2-a", "1-1-a")]
    text = "".join(f"a[^{n}] b[^{n}] " for n in range(3)) + "\n\n" + "".join(f"[^{n}]: c\n" for n in range(3))
    ids = [value for page in pages for _, name, value in attributes(render(text, base_url=BASE, page=page).html) if name == "id"]
    assert len(ids) == len(set(ids)) == len(pages) * 9


@pytest.mark.parametrize(
    "markup",
    [
        "<li id=fn-1>x</li>",
        '<p id="fn-1-a" class="footnotes">x</p>',
        '<section class="footnotes" data-footnotes><ol><li id="fn-1">x</li></ol></section>',
        '<sup class="footnote-ref"><a href="#fn-1" id="fnref-1" data-footnote-ref>1</a></sup>',
        '<a href="#fnref-1" class="footnote-backref" data-footnote-backref data-footnote-backref-idx="1">x</a>',
        '<a id="note0123456789abcdef-fn-1">x</a>',
    ],
)
def test_html_of_the_text_cannot_have_the_ids_of_footnotes(markup: str) -> None:
    html = render_markdown(f"a[^1] b\n\n{markup}\n\n{markup} [^1]\n\n[^1]: c {markup}\n").html
    ids = [value for _, name, value in attributes(html) if name == "id"]
    assert len(ids) == len(set(ids))
    assert is_harmless(html), html


def test_plain_text_has_no_footnotes() -> None:
    assert plain_text(render_markdown("A[^1] b.\n\nC[^1].\n\n[^1]: Note.").html) == "A b. C."


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("![x](photo.png)", ("photo.png",)),
        ("![x](/images/photo.png)", ("/images/photo.png",)),
        ("![x](../photo.png)", ("../photo.png",)),
        ("![x][p]\n\n[p]: photo.png", ("photo.png",)),
        ("<video poster=p.png src=media/v.mp4></video>", ("p.png",)),
        ("![x](/static/logo.png) ![x](media/p.png) ![x](https://x.example/p.png) ![x](//x.example/p.png)", ()),
        (f"![x]({BASE}/uploads/p.png) [x](photo.png)", ()),  # other paths of the host are not checked
        ("`![x](photo.png)`", ()),
    ],
)
def test_images_of_the_site_outside_media_are_collected(markdown: str, expected: tuple[str, ...]) -> None:
    assert render_markdown(markdown).misplaced_references == expected


def test_a_link_to_a_host_of_more_than_253_characters_has_no_href() -> None:
    host = "a." * 125 + "example"
    assert attributes(render_markdown(f"[a](https://{host}/) [b](https://{host[6:]}/)").html) == [
        ("a", "href", f"https://{host[6:]}/")
    ]


def test_threads_that_render_at_the_same_time_do_not_mix_references() -> None:
    documents: dict[int, RenderedMarkdown] = {}

    def work(number: int) -> None:
        for _ in range(200):
            base = f"https://n{number}.example"
            documents[number] = render("![x](media/a.png) [b](c)", base_url=base, page=f"{base}/articles/a/")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        base_url = f"https://n{number}.example"
        assert documents[number].html == f'<p><img src="{base_url}/media/a.png" alt="x"> <a href="{base_url}/c">b</a></p>'


PIECES: Final = st.sampled_from(
    [
        *("<", ">", "a", "</", "<a href=", "<img src=", "'", '"', "javascript:", "data:", "&#106;", "[", "](", ")", "!["),
        *("\n", "\n\n", "`", "|", "- ", "<svg", "<style>", "<!--", "-->", "<p ", "onerror=x", " ", "media/", "../", "//"),
        *("#", "?", "%", "%00", "정", "<table>", "</p>", "\\", "*", "_", "[^1]", "[^1]: ", "<li id=fn-1>", "~", "www.a.example"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text())
def test_any_text_is_rendered_as_harmless_html(markdown: str) -> None:
    html = render_markdown(markdown).html
    assert is_harmless(html), html


PLAIN_REFERENCES: Final = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["", "/", "https://x.example", "http://a-b.c1.example", f"https://{'a' * 64}.example", f"http://{'a.' * 130}b"]
    ),
    st.sampled_from(["", "/", "//", "/../", "a/"]),
    st.text("aZ0/._~+,=@-?&#%:", max_size=12),
)


@given(PLAIN_REFERENCES.filter(render_module._NORMALIZED_URL.fullmatch))
def test_a_normalized_url_resolves_to_itself(url: str) -> None:
    assert uris.resolve(BASE, PAGE, url) == url


SPELLINGS: Final = st.lists(
    st.sampled_from(
        [
            *("media/", "media", "/", "m", "e", "d", "i", "a", "me", "dia/", "p.png", "%6D", "%6d", "%", "6", "D", "%65", "%2F"),
            *("&#109;", "&#x6d;", "&#109", "&#x6D", "&#47;", "&#37;", "&#32", "&#x200A", "&#68;", "&sol;", "&percnt;", "&Tab;"),
            *("&NewLine;", "\\", "\\/", "\n", "\t", "\r", "\n> ", "\n  ", " ", "./", "../", "x", "_", "?", "#", "//", f"{BASE}/"),
            *("\\|", "|", "\0"),
        ]
    ),
    max_size=9,
).map("".join)


@given(
    st.sampled_from(
        [
            *(
                "[a]({})",
                "![a](<{}>)",
                '<a href="{}">',
                "> <img src='{}'>",
                "[a]\n\n[a]: {}",
                "<a href={}>",
                "{}",
                f"{BASE}/{{}}",
            ),
            *("| a |\n|---|\n| [a]({}) |", '| a |\n|---|\n| <a href="{}"> |', "- [^a]\n\n[^a]: [a](<{}>)"),
        ]
    ),
    SPELLINGS,
)
@example('<a href="{}">', "&#32media/x")
@example('> <a href="{}">', "me\n> dia/x")
@example("[a]({})", "m&#101;dia\\/x")
def test_a_text_that_may_not_show_media_has_no_references_to_media(template: str, reference: str) -> None:
    text = template.format(reference)
    assert may_show_media(text) or not render(text, base_url=BASE, page=PAGE).media


@pytest.mark.parametrize(
    "text", ["Social media won.", "[a](https://x.example/multimedia/b)", "It&#8217;s 65% &amp; more<br>", ""]
)
def test_texts_without_media_are_detected_without_rendering(text: str) -> None:
    assert not may_show_media(text)


HTML: Final = st.lists(
    st.sampled_from(
        [
            *(
                "<p>",
                "</p>",
                "<b>",
                "<br>",
                '<a href="x">',
                "</a>",
                "<pre>",
                "</pre>",
                "<script>",
                "</script>",
                "<table>",
                "<td>",
            ),
            *("<!--", "-->", "<", ">", "&", "&amp;", "&lt;", "&nbsp;", "&copy", "&amp;lt;", "&#7;", '<img alt="&lt;">', "<li>"),
            *("a", "b ", "\n", "\r", "\x1c", "\x85", "\xa0", "\0", "\x07", "é", "<textarea>", "<svg>", "<code>", "<h2>", "</h2>"),
        ]
    ),
    max_size=14,
).map("".join)


@given(HTML)
@example("a \0 b")
def test_plain_text_of_any_html_equals_the_text_of_a_parser(html_text: str) -> None:
    spaced = render_module._BLOCK_END.sub(r"\g<0> ", html_text)
    bare = nh3.clean(spaced, tags=set(), attributes={}, clean_content_tags=render_module._NON_PROSE_ELEMENTS)
    assert plain_text(html_text) == FORBIDDEN_CHARACTER.sub("", " ".join(html.unescape(bare).split())).strip()
