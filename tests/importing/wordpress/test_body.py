"""Bodies of posts as browsers would get them: blocks, shortcodes, embeds, galleries."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.wordpress.figures import NOT_EXPORTED
from tests.importing.wordpress.reading import read_all
from tests.importing.wordpress_export import WxrItem, attachment, write_export

PICTURES = (
    attachment(21, "a.jpg", excerpt="Caption A", meta=(("_wp_attachment_image_alt", "Alt A"),), parent=1, position=2),
    attachment(22, "b.jpg", parent=1, position=1),
    attachment(23, "c.mp3", title="Song C", parent=1),
)
UPLOADS = "https://paper.example/wp-content/uploads/2020/03/"
FIGURE_A = f'<figure><img src="{UPLOADS}a.jpg" alt="Alt A"><figcaption>Caption A</figcaption></figure>'
FIGURE_B = f'<figure><img src="{UPLOADS}b.jpg" alt=""></figure>'
FIGURE_C = f'<figure><audio src="{UPLOADS}c.mp3" controls></audio><figcaption>Song C</figcaption></figure>'


def read_post(
    folder: Path, content: str, *others: WxrItem, meta: tuple[tuple[str, str], ...] = ()
) -> tuple[SourcePost, list[Omission]]:
    path = write_export(folder / "export.xml", WxrItem(number=1, content=content, meta=meta), *PICTURES, *others)
    posts, omissions = read_all(path)
    return posts["1"], omissions


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<!-- wp:paragraph -->\n<p>Hello</p>\n<!-- /wp:paragraph -->", "<p>Hello</p>"),
        ('<!-- wp:heading {"level":3} -->\n<h3>Head</h3>\n<!-- /wp:heading -->', "<h3>Head</h3>"),
        ("<!-- wp:separator -->\n<hr/>\n<!-- /wp:separator -->", "<hr/>"),
        ("<!-- wp:spacer -->\n<div></div>\n<!-- /wp:spacer -->", ""),
        ("<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->", ""),
        ("<!-- wp:html -->\n<b>raw</b>\n<!-- /wp:html -->", "<b>raw</b>"),
        (
            (
                '<!-- wp:columns --><div class="c"><!-- wp:column --><div><!-- wp:paragraph --><p>1</p>'
                "<!-- /wp:paragraph --></div><!-- /wp:column --></div><!-- /wp:columns -->"
            ),
            "<p>1</p>",
        ),
        (
            '<!-- wp:button --><div><a class="l" href="https://x.example/?a=1&amp;b=2">Go <b>on</b></a></div><!-- /wp:button -->',
            '<p><a href="https://x.example/?a=1&amp;b=2">Go on</a></p>',
        ),
        (
            (
                '<!-- wp:file {"href":"https://x.example/f.pdf"} --><div><a href="https://x.example/f.pdf">Report</a>'
                '<a href="https://x.example/f.pdf" download>Download</a></div><!-- /wp:file -->'
            ),
            '<p><a href="https://x.example/f.pdf">Report</a></p>',
        ),
        (
            (
                '<!-- wp:embed {"url":"https://vimeo.com/76979871"} --><figure><div>\nhttps://vimeo.com/76979871\n</div>'
                "<figcaption>Film</figcaption></figure><!-- /wp:embed -->"
            ),
            '<p><a href="https://vimeo.com/76979871">https://vimeo.com/76979871</a></p>\n<p>Film</p>',
        ),
        (
            "<!-- wp:core-embed/youtube --><div>https://youtu.be/abcdefg?a=1&amp;b=2</div><!-- /wp:core-embed/youtube -->",
            '<p><a href="https://youtu.be/abcdefg?a=1&amp;b=2">https://youtu.be/abcdefg?a=1&amp;b=2</a></p>',
        ),
        (
            (
                '<!-- wp:gallery {"ids":[1,2]} --><figure><ul><li><figure><img src="1"/></figure></li>'
                '<li><figure><img src="2"/></figure></li></ul><figcaption>Both</figcaption></figure><!-- /wp:gallery -->'
            ),
            '<figure><img src="1"/></figure>\n<figure><img src="2"/></figure>\n<p>Both</p>',
        ),
        (
            (
                '<!-- wp:gallery --><figure><!-- wp:image --><figure><img src="1"/></figure><!-- /wp:image -->\n'
                '<!-- wp:image --><figure><img src="2"/></figure><!-- /wp:image -->'
                "<figcaption>Both</figcaption></figure><!-- /wp:gallery -->"
            ),
            '<figure><img src="1"/></figure>\n<figure><img src="2"/></figure>\n<p>Both</p>',
        ),
        ('<!-- wp:gallery {"ids":[21,22]} /-->', f"{FIGURE_A}\n{FIGURE_B}"),
        ("<!-- wp:shortcode -->\n[gallery ids='22,21']\n<!-- /wp:shortcode -->", f"{FIGURE_B}\n{FIGURE_A}"),
        ("<!-- wp:acme/note --><div>kept</div><!-- /wp:acme/note -->", "<div>kept</div>"),
        ("<!-- wp:paragraph -->\n<p>open", "<p>open"),
        ('<!-- wp:paragraph {"broken} -->\n<p>x</p><!-- /wp:paragraph --><!-- /wp:list -->', "<p>x</p>"),
    ],
)
def test_block(tmp_path: Path, content: str, expected: str) -> None:
    post, omissions = read_post(tmp_path, content)
    assert post.body == expected
    assert omissions == []


@pytest.mark.parametrize("block", ["latest-posts", "jetpack/contact-form", "acme/price"])
def test_block_without_content_is_reported(tmp_path: Path, block: str) -> None:
    post, omissions = read_post(tmp_path, f"<!-- wp:paragraph --><p>x</p><!-- /wp:paragraph --><!-- wp:{block} /-->")
    assert post.body == "<p>x</p>"
    assert [omission.what.endswith(f"block {block}") for omission in omissions] == [True]


def test_reusable_blocks_are_resolved_also_one_that_contains_itself(tmp_path: Path) -> None:
    block = WxrItem(number=40, post_type="wp_block", content='<p>again</p><!-- wp:block {"ref":40} /-->')
    post, omissions = read_post(tmp_path, '<!-- wp:block {"ref":40} /--><!-- wp:block {"ref":41} /-->', block)
    assert post.body.count("again") == 5
    assert [omission.reason for omission in omissions] == ["it contains itself", NOT_EXPORTED]


def test_footnotes_come_from_postmeta(tmp_path: Path) -> None:
    link = '<sup data-fn="a" class="fn"><a href="#a" id="a-link">1</a></sup>'
    content = f"<!-- wp:paragraph --><p>x{link}</p><!-- /wp:paragraph -->\n<!-- wp:footnotes /-->"
    post, _ = read_post(tmp_path, content, meta=(("footnotes", '[{"id":"a","content":"A <em>note</em>"}]'),))
    assert post.body == '<p>x<sup data-fn="a" class="fn">1</sup></p>\n<ol><li>A <em>note</em></li></ol>'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[gallery]", f"{FIGURE_B}\n{FIGURE_A}"),
        ('before\n\n[gallery ids="21"]\n\nafter', f"<p>before</p>\n{FIGURE_A}\n<p>after</p>"),
        ("[gallery exclude=21]", FIGURE_B),
        ('[playlist ids="23"]', FIGURE_C),
        (
            '[caption id="attachment_5" width="300"]<a href="https://x.example"><img src="x.jpg" /></a> A <em>cap</em>[/caption]',
            '<figure><a href="https://x.example"><img src="x.jpg" /></a><figcaption>A <em>cap</em></figcaption></figure>',
        ),
        (
            '[caption caption="Old &quot;style&quot;"]<img src="x.jpg" />[/caption]',
            '<figure><img src="x.jpg" /><figcaption>Old "style"</figcaption></figure>',
        ),
        (
            '[audio mp3="https://x.example/a.mp3"][/audio]',
            '<figure><audio src="https://x.example/a.mp3" controls></audio></figure>',
        ),
        ("[audio https://x.example/a.mp3]", '<figure><audio src="https://x.example/a.mp3" controls></audio></figure>'),
        (
            '[video mp4="https://x.example/v.mp4" poster="https://x.example/p.jpg"][/video]',
            '<figure><video src="https://x.example/v.mp4" controls poster="https://x.example/p.jpg"></video></figure>',
        ),
        (
            "[embed width=100]https://vimeo.com/76979871[/embed]",
            '<p><a href="https://vimeo.com/76979871">https://vimeo.com/76979871</a></p>',
        ),
        ("[youtube=https://youtu.be/abcdefg]", '<p><a href="https://youtu.be/abcdefg">https://youtu.be/abcdefg</a></p>'),
        (
            "[youtube abcdefg]",
            '<p><a href="https://www.youtube.com/watch?v=abcdefg">https://www.youtube.com/watch?v=abcdefg</a></p>',
        ),
        ("[code lang=php]if (a &lt; b) {\n\n  [x]\n}[/code]", "<pre><code>if (a &lt; b) {\n\n  [x]\n}</code></pre>"),
        ("[[gallery]] shows [gallery ids=22]", f"<p>[gallery] shows {FIGURE_B}"),
        ("He said [sic] and [1] and [a b]", "<p>He said [sic] and [1] and [a b]</p>"),
        ("https://other.example/page", "<p>https://other.example/page</p>"),
        ("one<!--more-->two", "<p>onetwo</p>"),
        ("one\n\n<!--more Read on-->\n\ntwo<!--nextpage-->three", "<p>one</p>\n<p>two</p>\n<p>three</p>"),
    ],
)
def test_shortcode(tmp_path: Path, content: str, expected: str) -> None:
    post, omissions = read_post(tmp_path, content)
    assert post.body == expected
    assert omissions == []


@pytest.mark.parametrize(
    ("content", "expected", "name"),
    [
        ('a [foo x="1"]kept [sic][/foo] b', "<p>a kept [sic] b</p>", "foo"),
        ("a [contact-form-7 id='3'] b", "<p>a  b</p>", "contact-form-7"),
        ("[vc_row][vc_column]text[/vc_column][/vc_row]", "<p>text</p>", "vc_row"),
    ],
)
def test_unknown_shortcode_is_reported_and_its_text_kept(tmp_path: Path, content: str, expected: str, name: str) -> None:
    post, omissions = read_post(tmp_path, content)
    assert post.body == expected
    assert omissions[0].what.endswith(f"shortcode [{name}]")


def test_missing_pictures_of_a_gallery_are_reported(tmp_path: Path) -> None:
    post, omissions = read_post(tmp_path, '[gallery ids="21,99"]')
    assert post.body == FIGURE_A
    assert omissions[0].reason == NOT_EXPORTED


@pytest.mark.parametrize(
    ("content", "address"),
    [
        ("https://www.youtube.com/watch?v=abcdefg", "https://www.youtube.com/watch?v=abcdefg"),
        ("https://twitter.com/user/status/1234567", "https://twitter.com/user/status/1234567"),
        ('<iframe src="https://www.youtube.com/embed/abcdefg?rel=0"></iframe>', "https://www.youtube.com/watch?v=abcdefg"),
        (
            '<iframe src="https://www.youtube-nocookie.com/embed/videoseries?rel=0&amp;list=PL12_3"></iframe>',
            "https://www.youtube.com/playlist?list=PL12_3",
        ),
        (
            '<iframe src="//www.youtube.com/embed/live_stream?channel=UC12_3&amp;autoplay=1"></iframe>',
            "https://www.youtube.com/channel/UC12_3/live",
        ),
        ('<iframe src="//player.vimeo.com/video/76979871"></iframe>', "https://vimeo.com/76979871"),
        ('<iframe src="https://maps.example/?q=1&amp;z=2"></iframe>', "https://maps.example/?q=1&amp;z=2"),
        (
            '<object data="x.swf"><embed src="https://www.youtube.com/v/abcdefg"></embed></object>'.replace(' data="x.swf"', ""),
            "https://www.youtube.com/watch?v=abcdefg",
        ),
    ],
)
def test_embed_is_a_link(tmp_path: Path, content: str, address: str) -> None:
    assert read_post(tmp_path, content)[0].body == f'<p><a href="{address}">{address}</a></p>'


def test_title_of_a_film_comes_from_the_answer_that_wordpress_stored(tmp_path: Path) -> None:
    stored = '<iframe title="The &amp; Film" src="https://www.youtube.com/embed/abcdefg?feature=oembed"></iframe>'
    post, _ = read_post(tmp_path, "https://youtu.be/abcdefg", meta=(("_oembed_1f", stored), ("_oembed_time_1f", "1")))
    assert post.body == '<p><a href="https://youtu.be/abcdefg">The &amp; Film</a></p>'


@pytest.mark.parametrize(("version", "title"), [("1.2", "Q&amp;A: R&amp;D"), ("1.1", "Q&A: R&D")])
def test_ampersand_in_the_title_of_a_sound_shows_as_one(tmp_path: Path, version: str, title: str) -> None:
    items = WxrItem(number=1, content='[gallery ids="24"]'), attachment(24, "d.mp3", title=title)
    posts, _ = read_all(write_export(tmp_path / "export.xml", *items, version=version))
    assert "<figcaption>Q&amp;A: R&amp;D</figcaption>" in posts["1"].body


def test_link_to_the_page_of_a_picture_leads_to_the_picture(tmp_path: Path) -> None:
    page = "https://paper.example/walk/pier/"
    item = WxrItem(number=1, content=f'<p><a class="x" href="{page}">Pier</a> <a href="{page}2/">Two</a></p>')
    posts, _ = read_all(write_export(tmp_path / "export.xml", item, attachment(9, link=page)))
    address = "https://paper.example/wp-content/uploads/2020/03/9.jpg"
    assert posts["1"].body == f'<p><a class="x" href="{address}">Pier</a> <a href="{page}2/">Two</a></p>'
