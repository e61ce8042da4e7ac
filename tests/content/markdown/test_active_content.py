"""HTML of any Markdown text is harmless: no active content, no ids of footnotes."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.content.markdown.render import render
from tests.content.markdown.rendering import BASE, PAGE, attributes, is_harmless, render_markdown


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
