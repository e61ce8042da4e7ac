"""References of a text to media files, and images that are not in the media folder."""

from __future__ import annotations

import threading
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedsvc.content.markdown.render import RenderedMarkdown, may_show_media, render
from tests.content.markdown.rendering import BASE, PAGE, render_markdown


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
