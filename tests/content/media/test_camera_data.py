"""An AVIF with camera data is not sent and nothing public names it; what refers to it is published without it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.store import ContentStore
from feedsvc.export import build
from feedsvc.live.live import Live
from tests.helpers import newsrooms
from tests.helpers.marked_images import avif, avif_with_metadata
from tests.helpers.trees import contents

_PATH: Final = "media/camera.avif"
_ADDRESS: Final = f"{newsrooms.BASE}/{_PATH}"
_REASON: Final = (
    f"'{_PATH}' has metadata, perhaps camera and location (an item of the type Exif), which is not removed from AVIF, "
    "so it is not sent; save it again without camera data, or as JPEG"
)
_BODY: Final = f"""Before.

![A pier]({_PATH} "At six.")

<video src="media/film.mp4" poster="/{_PATH}"></video> [The picture]({_ADDRESS})

After.
"""


def _newsroom(root: Path) -> Path:
    lead = f"{{src: {_PATH}, alt: x, credit: y}}"
    sources = f"[{{name: Archive, url: '{_ADDRESS}'}}]"
    enclosures = f"[{{src: {_PATH}}}]"
    files = {
        **newsrooms.article(
            "a", image=lead, enclosures=enclosures, sources=sources, authors="[mina]", body=newsrooms.yaml_string(_BODY)
        ),
        **newsrooms.article("b", link=_ADDRESS),
        "authors.yaml": f"mina: {{name: Mina, avatar: {_PATH}}}\n",
        "pages/about.md": f"---\ntitle: About\n---\n![Us]({_PATH})\n",
        "site.yaml": f"title: N\nbase_url: {newsrooms.BASE}\nid_domain: news.example\nlogo: {_PATH}\nfeed: {{markdown: true}}\n",
        "media/film.mp4": b"film",
    }
    newsrooms.write(root, files)
    (root / _PATH).write_bytes(avif_with_metadata())
    return root


def test_what_names_an_avif_with_camera_data_is_published_without_it(tmp_path: Path) -> None:
    """Each article that named one had an error and was held back."""
    live = Live(ContentFolder(_newsroom(tmp_path / "content")), None)
    problems = live.edition.content.problems
    assert {(problem.severity, problem.rule, problem.message.partition(": ")[2]) for problem in problems} == {
        ("warning", "metadata", _REASON)
    }
    assert [f"{problem.path} {problem.message.partition(':')[0]}" for problem in problems] == [
        *("articles/a.yaml body",) * 3,
        *("articles/a.yaml image.src", "articles/a.yaml enclosures.src", "articles/a.yaml sources.url"),
        *("articles/b.yaml link", "authors.yaml avatar", "pages/about.md body", "site.yaml logo"),
    ]
    assert live.edition.publication.resolve(f"/{_PATH}") is None
    build(live.edition.publication, tmp_path / "out")
    tree = contents(tmp_path / "out")
    assert [path for path, data in tree.items() if b"camera" in data or "camera" in path] == []
    page = tree["articles/a/index.html"].decode()
    assert all(text in page for text in ("Before.", "The picture", "After.", "film.mp4"))
    assert {"articles/b/index.html", "about/index.html"} <= tree.keys()


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_picture_that_is_saved_again_without_camera_data_appears(tmp_path: Path, *, is_restarted: bool) -> None:
    root, state = _newsroom(tmp_path / "content"), tmp_path / "articles.sqlite"
    folder = ContentFolder(root, store=ContentStore(state))
    live = Live(folder, None)
    folder.save()
    (root / _PATH).write_bytes(avif())
    if is_restarted:
        live = Live(ContentFolder(root, store=ContentStore(state)), None)
    else:
        live.reload()
    publication = live.edition.publication
    assert live.edition.content.problems == ()
    assert publication.resolve(f"/{_PATH}") is not None
    assert newsrooms.text_of(publication, "/articles/a/").count(_PATH) >= 3
    assert all(_PATH in newsrooms.text_of(publication, path) for path in ("/about/", "/author/mina/", "/feed.rss"))


def test_a_site_that_keeps_metadata_sends_the_picture(tmp_path: Path) -> None:
    root = _newsroom(tmp_path)
    site = root / "site.yaml"
    site.write_text(f"{site.read_text()}keep_metadata: true\n")
    assert load_content(root).problems == ()
