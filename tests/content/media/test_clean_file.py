"""Images whose metadata cannot be removed: reported as problems, and neither served nor built."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc import export
from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.errors import ContentError
from feedsvc.export import file_name
from feedsvc.publication.document import FileResource
from feedsvc.publication.publication import Publication
from feedsvc.publication.renderer import no_last_modified
from feedsvc.web.media_files import MediaResponder
from tests.helpers.newsrooms import NOW, SITE, picture, write

HEAD = "id: tag:news.example,2026:one\ntitle: One\npublished: 2026-02-20\n"
DAMAGED = b"\xff\xd8\xff\xe1\x00\x20Exif\0\0 48.2082 N"
MESSAGE = (
    "is damaged or no picture at all (the header is cut off), so camera and location data cannot be taken out of it; "
    "save it again as JPEG or PNG"
)


@pytest.mark.parametrize(
    ("lines", "position"),
    [
        ("body: '![x](media/a.jpg)'\n", "articles/one.yaml:4:13: body: "),
        ("enclosures: [{src: media/a.jpg}]\n", "articles/one.yaml:4:20: enclosures.src: "),
    ],
)
def test_an_article_with_a_damaged_image_is_reported(tmp_path: Path, lines: str, position: str) -> None:
    write(tmp_path, {**SITE, "articles/one.yaml": HEAD + lines, "media/a.jpg": DAMAGED})
    assert [str(problem) for problem in ContentFolder(tmp_path).read().content.problems] == [f"{position}'media/a.jpg' {MESSAGE}"]


def test_an_author_with_a_damaged_image_is_reported(tmp_path: Path) -> None:
    write(tmp_path, {**SITE, "authors.yaml": "a: {name: A, avatar: media/a.jpg}\n", "media/a.jpg": DAMAGED})
    assert [str(problem) for problem in ContentFolder(tmp_path).read().content.problems] == [
        f"authors.yaml:1:22: avatar: 'media/a.jpg' {MESSAGE}"
    ]


def test_a_site_with_a_damaged_logo_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, {**SITE, "media/logo.png": b"\x89PNG\r\n\x1a\n"})
    with pytest.raises(ContentError) as error:
        ContentFolder(tmp_path).read()
    assert "the picture ends before its pixels" in str(error.value.problems[0])


def test_with_keep_metadata_damaged_images_are_accepted(tmp_path: Path) -> None:
    site = {**SITE, "site.yaml": f"{SITE['site.yaml']}keep_metadata: true\n"}
    write(tmp_path, {**site, "articles/one.yaml": HEAD + "enclosures: [{src: media/a.jpg}]\n", "media/a.jpg": DAMAGED})
    content = ContentFolder(tmp_path).read().content
    assert not content.problems
    assert content.articles[0].enclosures[0].length == len(DAMAGED)


def test_a_change_of_keep_metadata_takes_effect_without_a_restart(tmp_path: Path) -> None:
    data = picture()[:2] + b"\xff\xfe\x00\x08secret" + picture()[2:]
    folder = ContentFolder(
        write(tmp_path, {**SITE, "articles/one.yaml": HEAD + "enclosures: [{src: media/a.jpg}]\n", "media/a.jpg": data})
    )
    assert folder.read().content.articles[0].enclosures[0].length == len(picture())
    write(tmp_path, {"site.yaml": f"{SITE['site.yaml']}keep_metadata: true\n"})
    assert folder.read().content.articles[0].enclosures[0].length == len(data)


def test_an_image_that_is_damaged_later_is_neither_served_nor_built(tmp_path: Path) -> None:
    """The article stays in its last valid version; the tree may still contain the image of an earlier build, with metadata."""
    root = write(
        tmp_path / "content", {**SITE, "articles/one.yaml": HEAD + "body: '![x](media/a.jpg)'\n", "media/a.jpg": picture()}
    )
    folder, out = ContentFolder(root), tmp_path / "out"
    export.build(Publication(build_catalog(folder.read().content, NOW)), out)
    assert (out / "media/a.jpg").is_file()
    write(root, {"media/a.jpg": DAMAGED})
    content = folder.read().content
    assert len(content.errors) == 1
    publication = Publication(build_catalog(content, NOW))
    file = publication.resolve("/media/a.jpg")
    assert isinstance(file, FileResource)
    assert MediaResponder(lambda *_: no_last_modified("", "")).respond(file, ("GET", {}), NOW, None) is None
    assert "/media/a.jpg" not in set(publication.file_paths())
    export.build(publication, out)
    assert not (out / file_name("/media/a.jpg")).exists()
