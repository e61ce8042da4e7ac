"""Markdown to HTML: elements, absolute URLs, images."""

from __future__ import annotations

import pytest

from feedsvc.content.markdown.render import render
from tests.content.markdown.rendering import BASE, PAGE, attributes, render_markdown


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


def test_a_link_to_a_host_of_more_than_253_characters_has_no_href() -> None:
    host = "a." * 125 + "example"
    assert attributes(render_markdown(f"[a](https://{host}/) [b](https://{host[6:]}/)").html) == [
        ("a", "href", f"https://{host[6:]}/")
    ]
