"""The former address of an image variant in older feeds leads to the current variant after the image has changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from feedsvc import export
from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.live.live import Live
from feedsvc.publication.document import Redirect
from feedsvc.publication.publication import Publication
from feedsvc.web.app import create_app
from tests.helpers.http_client import call
from tests.helpers.newsrooms import NOW, SITE, picture, write

ARTICLE = """
    id: tag:news.example,2026:one
    title: One
    published: 2026-02-20
    image: {src: media/one.jpg, alt: A lab}
    """
DAY = timedelta(days=1)


def newsroom(root: Path) -> Path:
    return write(root / "content", {**SITE, "articles/one.yaml": ARTICLE, "media/one.jpg": picture(700, 400)})


def load_edition(root: Path, age: timedelta = timedelta()) -> Publication:
    """Return the publication of the content folder at NOW + `age`."""
    return Publication(build_catalog(load_content(root / "content"), NOW + age), variant_store=VariantStore(root / "pictures"))


def variant_address(publication: Publication, width: int = 640) -> str:
    return f"/sized/{digest_of(publication.catalog.media['media/one.jpg'])}-{width}/one.jpg"


def replace_image(root: Path, width: int = 701) -> None:
    write(root / "content", {"media/one.jpg": picture(width, 400)})


def former_address(root: Path) -> str:
    """Write the newsroom; return the address of its image's variant."""
    newsroom(root)
    return variant_address(load_edition(root))


def build_tree(root: Path) -> tuple[Path, Path]:
    """Build a tree of the newsroom; return the tree and the file of its image's variant."""
    former = former_address(root)
    export.build(load_edition(root), root / "out")
    return root / "out", root / "out" / former[1:]


def test_former_variant_address_redirects_temporarily_to_the_current_variant_or_image(tmp_path: Path) -> None:
    former = former_address(tmp_path)
    replace_image(tmp_path)
    assert variant_address(load_edition(tmp_path)) != former
    live = Live(ContentFolder(tmp_path / "content"), None, lambda: NOW, variant_store=VariantStore(tmp_path / "pictures"))
    response = call(create_app(live), f"/daily{former}")
    assert (response.status, response["location"]) == (302, f"/daily{variant_address(load_edition(tmp_path))}")
    replace_image(tmp_path, 500)
    assert load_edition(tmp_path).resolve(former) == Redirect(target="/media/one.jpg", is_permanent=False)
    for invalid in ("/sized/abc-640/one.jpg", "/sized/0123456789abcdef-641/one.jpg"):
        assert load_edition(tmp_path).resolve(invalid) is None
    write(tmp_path / "content", {"articles/one.yaml": f"{ARTICLE}    status: draft\n"})
    assert load_edition(tmp_path).resolve(former) is None


def test_static_tree_keeps_a_former_variant_for_90_days_after_it_was_current_for_the_last_time(tmp_path: Path) -> None:
    out, former = build_tree(tmp_path)
    for day, width in ((1, 701), (80, 700), (81, 701), (170, 701)):
        replace_image(tmp_path, width)
        export.build(load_edition(tmp_path, day * DAY), out)
        assert former.is_file(), day
    write(tmp_path / "content", {"site.yaml": str(SITE["site.yaml"]).replace("News of", "All of")})
    export.build(load_edition(tmp_path, 173 * DAY), out)  # after a change of settings, all documents are rendered again
    assert not former.exists()


def test_static_tree_removes_former_variants_of_an_image_that_is_no_longer_public(tmp_path: Path) -> None:
    out, former = build_tree(tmp_path)
    replace_image(tmp_path)
    export.build(load_edition(tmp_path, DAY), out)
    write(tmp_path / "content", {"articles/one.yaml": f"{ARTICLE}    status: draft\n"})
    export.build(load_edition(tmp_path, 2 * DAY), out)
    assert not former.exists()
    assert not (out / "sized").exists()
