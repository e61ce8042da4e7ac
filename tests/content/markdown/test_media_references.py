"""References of a text to media files, and images that are not in the media folder."""

from __future__ import annotations

import threading

import pytest

from feedsvc.content.markdown.render import RenderedMarkdown, is_simple, render
from tests.content.markdown.rendering import BASE, render_markdown


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


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Social media won, 65% &amp; more<br>.", True),
        ("[a](https://x.example/b)", True),
        ("[a](media/b.pdf)", False),
        (r"[a](media\b.pdf)", False),
        ("![a](https://x.example/b.png)", False),
        ("<Video src=x>", False),
    ],
)
def test_texts_without_files_are_detected_without_rendering(markdown: str, expected: bool) -> None:
    assert is_simple(markdown) == expected
