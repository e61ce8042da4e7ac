"""Images with a marker in all their metadata, in every role: no response, tree or bucket contains the marker."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from feedsvc import export
from feedsvc.content.images.formats import rights_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.export import file_name
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.marked_images import AUTHOR, ENCODERS, MARKER, OWNER, draw_noise, jpeg
from tests.helpers.running_server import ServerProcess, serving

SIZE = (700, 480)


def newsroom(root: Path, *settings_lines: str) -> Path:
    files: dict[str, str | bytes] = dict(newsrooms.SITE)
    files["site.yaml"] = str(files["site.yaml"]).replace("logo: media/logo.png", "logo: media/photo.png") + "".join(
        f"\n        {line}" for line in settings_lines
    )
    files["authors.yaml"] = "ritesh: {name: Ritesh Nambiar, avatar: media/avatar.jpg}\n"
    files["media/avatar.jpg"] = jpeg((800, 600), draw=draw_noise)  # more than one read returns
    for name, make in ENCODERS.items():
        files[f"media/{name}"] = make(SIZE)
        files[f"media/text-{name}"], files[f"media/file-{name}"] = make((80, 50)), make((90, 60))
        slug = name.replace(".", "-")
        files[f"articles/{slug}.yaml"] = f"""
            id: tag:news.example,2026:{slug}
            title: {slug}
            published: 2026-02-20
            author: ritesh
            image: {{src: media/{name}, alt: A picture}}
            enclosures: [{{src: media/file-{name}}}]
            body: "![b](media/text-{name})"
            """
    return newsrooms.write(root, files)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return newsroom(tmp_path_factory.mktemp("content").resolve())


@pytest.fixture(scope="module")
def publication(content: Path, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    catalog_publication = newsrooms.load_publication(content)
    return Publication(catalog_publication.catalog, variant_store=VariantStore(tmp_path_factory.mktemp("pictures")))


@pytest.fixture(scope="module")
def tree(publication: Publication, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    out = tmp_path_factory.mktemp("out")
    export.build(publication, out)
    return {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def server(content: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(content, tmp_path_factory.mktemp("state"), "--base-url", newsrooms.BASE) as running:
        yield running


def fetch(server: ServerProcess, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Request a path below the base URL; return status, headers and body."""
    url = server.url.rstrip("/").removesuffix("/daily") + "/daily" + quote(path)
    with urlopen(
        Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()}), timeout=120
    ) as response:
        return response.status, response.headers, response.read()


def test_no_file_of_a_tree_contains_the_marker(tree: Mapping[str, bytes], content: Path) -> None:
    assert all(MARKER in file.read_bytes() for file in (content / "media").iterdir() if file.name != "logo.png")
    assert {f"media/{name}" for name in ENCODERS} < tree.keys()
    assert sum(name.startswith("sized/") for name in tree) == sum("moving" not in name for name in ENCODERS)
    assert [name for name, data in tree.items() if MARKER in data] == []


def test_server_sends_images_without_the_marker_and_with_the_bytes_of_the_tree(
    server: ServerProcess, tree: Mapping[str, bytes], publication: Publication
) -> None:
    assert len(tree["media/avatar.jpg"]) > 300_000, "more than one read"
    for path in (path for path in publication.paths() if path.startswith("/media/")):
        _, headers, data = fetch(server, path)
        assert MARKER not in data, path
        assert data == tree[file_name(path)], path
        assert int(headers["Content-Length"]) == len(data)
        for start, end in ((100, 199), (77, 250_000)):
            status, headers, part = fetch(server, path, Range=f"bytes={start}-{end}")
            assert (status, part) == (206, data[start : end + 1])
            assert headers["Content-Range"] == f"bytes {start}-{min(end, len(data) - 1)}/{len(data)}"


def test_enclosure_length_is_the_length_of_the_cleaned_file(publication: Publication, tree: Mapping[str, bytes]) -> None:
    items = json.loads(tree["feed.json"])["items"]
    assert items
    for attachment in (attachment for item in items for attachment in item["attachments"]):
        assert attachment["size_in_bytes"] == len(tree[attachment["url"].removeprefix(f"{newsrooms.BASE}/")])


def test_image_variant_keeps_copyright_and_creator_only(tree: Mapping[str, bytes]) -> None:
    variants = {name: data for name, data in tree.items() if name.startswith("sized/") and not name.endswith(".gif")}
    assert {name.rpartition(".")[2] for name in variants} == {"jpg", "png", "webp"}
    for name, data in variants.items():
        rights = rights_of(io.BytesIO(data))
        assert (rights.copyright, rights.creators) == (OWNER, (AUTHOR,)), name
        with Image.open(io.BytesIO(data)) as image:
            assert not dict(image.getexif())
            assert not image.info.get("icc_profile")


def test_keep_metadata_publishes_the_original_files(tmp_path: Path) -> None:
    content = newsroom(tmp_path.resolve() / "content", "keep_metadata: true")
    out = tmp_path / "out"
    export.build(newsrooms.load_publication(content), out)
    for name in ENCODERS:
        assert (out / "media" / name).read_bytes() == (content / "media" / name).read_bytes()
