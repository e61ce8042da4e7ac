"""The address of a copy that a feed named leads to the current copy once the picture has other bytes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from feedsvc import export
from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.export.s3.upload import Upload
from feedsvc.live.live import Live
from feedsvc.publication.document import Redirect
from feedsvc.publication.publication import Publication
from feedsvc.web.app import application
from tests.export.s3.moto import Shelf
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


def edition(root: Path, now: timedelta = timedelta()) -> Publication:
    return Publication(
        build_catalog(load_content(root / "content"), NOW + now), variant_store=VariantStore(root / "pictures", is_one_shot=True)
    )


def address(publication: Publication, width: int = 640) -> str:
    return f"/sized/{digest_of(publication.catalog.media['media/one.jpg'])}-{width}/one.jpg"


def draw_anew(root: Path, width: int = 701) -> None:
    write(root / "content", {"media/one.jpg": picture(width, 400)})


def former_address(root: Path) -> str:
    """Write the newsroom, and return the address of its picture's copy."""
    newsroom(root)
    return address(edition(root))


def built(root: Path) -> tuple[Path, Path]:
    """Build a tree of the newsroom, and return it and the file of its picture's copy."""
    former = former_address(root)
    export.build(edition(root), root / "out")
    return root / "out", root / "out" / former[1:]


def assert_stays(former: Path, root: Path, *days: int) -> None:
    """Build the tree after each number of days."""
    for several in days:
        export.build(edition(root, several * DAY), root / "out")
        assert former.is_file(), several


def test_a_reader_of_an_old_feed_is_sent_to_the_current_copy(tmp_path: Path) -> None:
    former = former_address(tmp_path)
    draw_anew(tmp_path)
    now = edition(tmp_path)
    assert address(now) != former
    assert now.resolve(former) == Redirect(target=address(now), is_permanent=False)


def test_the_move_is_for_now_since_the_next_copy_may_be_another(tmp_path: Path) -> None:
    former = former_address(tmp_path)
    draw_anew(tmp_path)
    live = Live(ContentFolder(tmp_path / "content"), None, lambda: NOW, variant_store=VariantStore(tmp_path / "pictures"))
    got = call(application(live), f"/daily{former}")
    assert (got.status, got["location"]) == (302, f"/daily{address(edition(tmp_path))}")


def test_a_reader_of_an_old_feed_is_sent_to_a_picture_that_has_become_too_narrow_for_copies(tmp_path: Path) -> None:
    former = former_address(tmp_path)
    draw_anew(tmp_path, 500)
    assert edition(tmp_path).resolve(former) == Redirect(target="/media/one.jpg", is_permanent=False)


def test_the_former_copy_of_a_picture_that_is_not_public_leads_nowhere(tmp_path: Path) -> None:
    former = former_address(tmp_path)
    write(tmp_path / "content", {"articles/one.yaml": f"{ARTICLE}    status: draft\n"})
    assert edition(tmp_path).resolve(former) is None


def test_an_address_that_no_feed_can_have_named_leads_nowhere(tmp_path: Path) -> None:
    newsroom(tmp_path)
    now = edition(tmp_path)
    assert now.resolve("/sized/abc-640/one.jpg") is None
    assert now.resolve("/sized/0123456789abcdef-641/one.jpg") is None


def test_a_static_tree_keeps_a_former_copy_for_90_days_and_no_longer(tmp_path: Path) -> None:
    out, former = built(tmp_path)
    draw_anew(tmp_path)
    assert_stays(former, tmp_path, 1, 40, 90)
    write(tmp_path / "content", {"site.yaml": str(SITE["site.yaml"]).replace("News of", "All of")})
    export.build(edition(tmp_path, 92 * DAY), out)  # other settings: all documents are made anew
    assert not former.exists()


def test_a_static_tree_removes_the_former_copy_of_a_picture_that_was_taken_back_at_once(tmp_path: Path) -> None:
    out, former = built(tmp_path)
    draw_anew(tmp_path)
    export.build(edition(tmp_path, DAY), out)
    write(tmp_path / "content", {"articles/one.yaml": f"{ARTICLE}    status: draft\n"})
    export.build(edition(tmp_path, 2 * DAY), out)
    assert not former.exists()
    assert not (out / "sized").exists()


def test_a_former_copy_that_is_named_again_counts_anew(tmp_path: Path) -> None:
    out, former = built(tmp_path)
    draw_anew(tmp_path)
    export.build(edition(tmp_path, DAY), out)
    draw_anew(tmp_path, 700)
    export.build(edition(tmp_path, 80 * DAY), out)
    draw_anew(tmp_path)
    assert_stays(former, tmp_path, 81, 170)


def test_a_bucket_keeps_a_former_copy_for_90_days_and_no_longer(tmp_path: Path, shelf: Shelf) -> None:
    newsroom(tmp_path)
    first = edition(tmp_path)
    former = f"daily{address(first)}"

    def put(publication: Publication) -> None:
        with Upload(f"s3://{shelf.name}/daily/") as upload:
            upload.build(publication)

    put(first)
    draw_anew(tmp_path)
    for days in (1, 90):
        put(edition(tmp_path, days * DAY))
        assert former in shelf.all_keys()
    put(edition(tmp_path, 92 * DAY))
    assert former not in shelf.all_keys()
    assert f"daily{address(edition(tmp_path))}" in shelf.all_keys()
