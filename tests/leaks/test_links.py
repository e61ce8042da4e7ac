"""A symbolic link in the content folder makes nothing outside media/ a medium, and shows no file from outside the folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from feedsvc import export
from feedsvc.content import safe_read
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media.files import MediaFolder
from feedsvc.content.media.thumbnails import VariantError, VariantStore, digest_of
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import application
from tests.audience.waiting import until
from tests.cli.test_cli import run
from tests.helpers.http_client import Response, call
from tests.helpers.newsrooms import load_publication, picture, write
from tests.web.conftest import Clock

SECRET: Final = "zqunpublished"  # the word that must not show
DRAFT: Final = f"title: {SECRET}\npublished: 2026-01-10\nstatus: draft\nbody: {SECRET}\n"
PHOTO: Final = picture(64, 48, "PNG") + SECRET.encode()  # bytes after the end of a PNG are let pass


def newsroom(root: Path, article: str = "", site: str = "", files: Mapping[str, str | bytes] | None = None) -> Path:
    """A draft among the articles and a picture in a folder that nobody publishes."""
    return write(
        root,
        {
            "site.yaml": f"title: A\nbase_url: https://a.example\nid_domain: a.example\n{site}",
            "articles/draft.yaml": DRAFT,
            "articles/photo.png": PHOTO,
            "drafts/photo.png": PHOTO,
            "drafts/notes.txt": SECRET,
            "articles/a.yaml": f"id: tag:a.example,2026:a\ntitle: A\npublished: 2026-01-02\n{article}",
            "media/plain.txt": "a plain file",
            **(files or {}),
        },
    )


def link(root: Path, path: str, target: str | Path) -> None:
    """A symbolic link in the place of whatever is there."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        place.rename(root.parent / f"was-{place.name}")
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def app(root: Path) -> Callable[[str], Response]:
    live = Live(ContentFolder(root), LastModifiedStore(None), Clock(), VariantStore(root.parent / "pictures"))
    served = application(live)
    return lambda path: call(served, path)


# How a link is made, what it is called then, and what of it an article or the settings refer to.
LINKS: Final = {
    "a file": ("media/x.txt", "../articles/draft.yaml", "media/x.txt"),
    "a file by its absolute path": ("media/x.txt", "{root}/articles/draft.yaml", "media/x.txt"),
    "a file in a folder of another name": ("media/x.txt", "../drafts/notes.txt", "media/x.txt"),
    "a chain": ("media/one.txt", "two.txt", "media/one.txt"),
    "a folder": ("media/sub", "../articles", "media/sub/draft.yaml"),
    "media itself": ("media", "articles", "media/draft.yaml"),
    "the content folder": ("media/all", "..", "media/all/articles/draft.yaml"),
    "site.yaml": ("media/site.yaml", "../site.yaml", "media/site.yaml"),
}


@pytest.mark.parametrize(("place", "target", "path"), LINKS.values(), ids=LINKS)
def test_a_link_in_media_publishes_no_draft(tmp_path: Path, place: str, target: str, path: str) -> None:
    root = newsroom(tmp_path / "content", f"enclosures: [{{src: {path}}}]\n")
    if place == "media/one.txt":
        link(root, "media/two.txt", "../articles/draft.yaml")
    link(root, place, target.format(root=root))
    assert app(root)(f"/{path}").status == 404
    [problem] = load_content(root).problems
    assert problem.path == "articles/a.yaml"
    assert f"'{path}' lies behind a symbolic link that leaves media/" in problem.message
    assert "put the file itself there" in problem.message
    out = tmp_path / "out"
    done = run("build", out, root, "--state", tmp_path / "state", "--skip-broken")
    assert "symbolic link" in done.stderr
    assert in_tree(out) == []
    assert not (out / path).exists()


def in_tree(out: Path) -> list[Path]:
    return [file for file in out.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def test_check_names_the_link_and_what_to_do(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content", "enclosures: [{src: media/x.txt}]\n")
    link(root, "media/x.txt", "../articles/draft.yaml")
    done = run("check", root)
    assert done.returncode == 1
    assert (
        "articles/a.yaml:4:20: error: enclosures.src: 'media/x.txt' lies behind a symbolic link that leaves media/" in done.stdout
    )


REFERENCES: Final = {
    "lead picture": ("image: {src: media/x.png, alt: a}\n", ""),
    "picture in the text": ("body: '![a](media/x.png)'\n", ""),
    "enclosure": ("enclosures: [{src: media/x.png}]\n", ""),
    "avatar": ("author: ann\n", ""),
    "logo": ("", "logo: media/x.png\n"),
    "icon": ("", "icon: media/x.png\n"),
}


@pytest.mark.parametrize("target", ["../drafts/photo.png", "../articles/photo.png"])
@pytest.mark.parametrize(("article", "site"), REFERENCES.values(), ids=REFERENCES)
def test_a_picture_behind_a_link_is_sent_from_nowhere(tmp_path: Path, article: str, site: str, target: str) -> None:
    files = {"authors.yaml": "ann: {name: Ann, avatar: media/x.png}\n"} if "ann" in article else {}
    root = newsroom(tmp_path / "content", article, site, files)
    link(root, "media/x.png", target)
    if site:
        with pytest.raises(ContentError) as error:
            app(root)
        problems = error.value.problems
    else:
        assert app(root)("/media/x.png").status == 404
        problems = load_content(root).problems
    assert any("symbolic link that leaves media/" in problem.message for problem in problems)
    run("build", tmp_path / "out", root, "--state", tmp_path / "state", "--skip-broken")
    assert in_tree(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("place", "target", "path"),
    [
        ("media/x.txt", "plain.txt", "media/x.txt"),
        ("media/2026/x.txt", "../plain.txt", "media/2026/x.txt"),
        ("media/again", ".", "media/again/plain.txt"),
    ],
)
def test_a_link_within_media_is_followed_as_before(tmp_path: Path, place: str, target: str, path: str) -> None:
    root = newsroom(tmp_path / "content", f"enclosures: [{{src: {path}}}]\n")
    link(root, place, target)
    assert load_content(root).problems == ()
    assert app(root)(f"/{path}").body == b"a plain file"
    assert run("build", tmp_path / "out", root, "--state", tmp_path / "state").returncode == 0
    assert (tmp_path / "out" / path).read_bytes() == b"a plain file"


def test_the_content_folder_may_still_be_a_link(tmp_path: Path) -> None:
    newsroom(tmp_path / "releases/1", "enclosures: [{src: media/plain.txt}]\n")
    (tmp_path / "current").symlink_to("releases/1")
    assert app(tmp_path / "current")("/media/plain.txt").body == b"a plain file"
    assert load_content(tmp_path / "current").problems == ()


# --- Links that come later ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "target"), [("media/sub/x.txt", "../../articles/draft.yaml"), ("media/sub", "../elsewhere"), ("media", "other")]
)
def test_a_medium_that_becomes_a_link_is_no_longer_sent(tmp_path: Path, place: str, target: str) -> None:
    path = "media/sub/x.txt"
    files = {path: "first", "elsewhere/x.txt": SECRET, "other/sub/x.txt": SECRET}
    root = newsroom(tmp_path / "content", f"enclosures: [{{src: {path}}}]\n", files=files)
    served = app(root)
    assert served(f"/{path}").body == b"first"
    publication = load_publication(root)
    link(root, place, target)
    assert served(f"/{path}").status == 404
    # A build that had read the folder before.
    with pytest.raises(FeedsvcError, match=r"cannot be read .*build again"):
        export.build(publication, tmp_path / "out")
    assert in_tree(tmp_path / "out") == []


def test_the_last_valid_version_of_an_article_sends_no_draft(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content", "enclosures: [{src: media/x.txt}]\n", files={"media/x.txt": "first"})
    clock, folder = Clock(), ContentFolder(root)
    live = Live(folder, LastModifiedStore(None), clock, VariantStore(tmp_path / "pictures"))
    served = application(live)
    assert call(served, "/media/x.txt").body == b"first"
    link(root, "media/x.txt", "../articles/draft.yaml")
    live.reload()
    assert call(served, "/articles/a/").status == 200
    assert call(served, "/media/x.txt").status == 404
    assert any("symbolic link" in problem.message for problem in live.edition.content.problems)


def test_no_narrower_copy_is_made_through_a_link(tmp_path: Path) -> None:
    big = picture(800, 600, "PNG")
    root = newsroom(tmp_path / "content", files={"media/sub/x.png": big, "elsewhere/x.png": big})
    file = MediaFolder(root).file("media/sub/x.png")
    tag = digest_of(file)
    renditions = VariantStore(tmp_path / "pictures")
    link(root, "media/sub", "../elsewhere")
    with pytest.raises(VariantError):
        renditions.get_or_make(file, tag, 320)


def test_narrower_pictures_are_sent_from_a_state_folder_behind_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or from one that --state names by a relative path."""
    root = newsroom(tmp_path / "content", "image: {src: media/x.png, alt: a}\n", files={"media/x.png": picture(800, 600, "PNG")})
    (tmp_path / "real").mkdir()
    (tmp_path / "state").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    tag = digest_of(MediaFolder(root).file("media/x.png"))
    for state in (tmp_path / "state", Path("real")):
        served = application(Live(ContentFolder(root), LastModifiedStore(None), Clock(), VariantStore(state / "pictures")))
        page = call(served, "/articles/a/").body.decode()
        address = f"/sized/{tag}-320/x.png"
        assert address in page
        until(lambda served=served, address=address: call(served, address).status == 200)  # made in the background


# --- Links that come between a check and the opening -------------------------------------------------------------

_SWAPPING: Final = """
import os, sys, time
place, real, link = sys.argv[1:]
end = time.monotonic() + 60
print("ready", flush=True)
while time.monotonic() < end:
    os.rename(place, real); os.rename(link, place)
    os.rename(place, link); os.rename(real, place)
"""


@contextmanager
def swapping(place: Path, target: str | Path) -> Iterator[None]:
    """A folder that is a link in every other moment."""
    real, spare = place.parent.parent / "spare-real", place.parent / ".spare-link"
    spare.symlink_to(target)
    process = subprocess.Popen([sys.executable, "-c", _SWAPPING, place, real, spare], stdout=subprocess.PIPE)
    assert process.stdout
    try:
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.communicate()


def tried(once: Callable[[], bytes | None], seconds: float = 4) -> set[bytes | None]:
    """What came of trying again and again."""
    end, found = time.monotonic() + seconds, set[bytes | None]()
    while time.monotonic() < end:
        found.add(once())
    return found


def test_a_folder_swapped_for_a_link_within_a_request_sends_no_draft(tmp_path: Path) -> None:
    files = {"media/sub/x.txt": "first", "elsewhere/x.txt": SECRET}
    root = newsroom(tmp_path / "content", "enclosures: [{src: media/sub/x.txt}]\n", files=files)
    served = app(root)
    assert served("/media/sub/x.txt").body == b"first"
    with swapping(root / "media/sub", "../elsewhere"):
        found = tried(lambda: served("/media/sub/x.txt").body)
    assert {body for body in found if body and SECRET.encode() in body} == set()
    assert b"first" in found


def test_a_folder_swapped_for_a_link_within_a_look_shows_no_file_from_outside(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"x.yaml": f"title: {SECRET}\n"})
    root = newsroom(tmp_path / "content", files={"articles/sub/x.yaml": "title: first\n"})

    def once() -> bytes | None:
        data = safe_read.read_file(root, "articles/sub/x.yaml")
        return data if isinstance(data, bytes) else None

    with swapping(root / "articles/sub", tmp_path / "outside"):
        found = tried(once)
    assert found <= {b"title: first\n", None}
    assert b"title: first\n" in found


def test_a_link_swapped_for_another_shows_no_file_from_outside(tmp_path: Path) -> None:
    """It leads to a file of the folder when it is looked at, and elsewhere when it is opened."""
    write(tmp_path / "outside", {"x.yaml": f"title: {SECRET}\n"})
    root = newsroom(tmp_path / "content", files={"drafts/x.yaml": "title: first\n"})
    code = (
        "import os, sys, time\nplace, good, bad = sys.argv[1:]\nend = time.monotonic() + 60\nprint('ready', flush=True)\n"
        "while time.monotonic() < end:\n  for target in (bad, good):\n"
        "    os.symlink(target, place + '-new'); os.rename(place + '-new', place)\n"
    )
    place = root / "articles/x.yaml"
    place.symlink_to("../drafts/x.yaml")
    process = subprocess.Popen(
        [sys.executable, "-c", code, place, "../drafts/x.yaml", tmp_path / "outside/x.yaml"], stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == b"ready\n"

        def once() -> bytes | None:
            data = safe_read.read_file(root, "articles/x.yaml")
            return data if isinstance(data, bytes) else None

        assert tried(once) <= {b"title: first\n", None}
    finally:
        process.kill()
        process.communicate()


# --- Themes and articles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("theme/static/x.css", "../../articles/draft.yaml"),
        ("theme/static/x.css", "../../drafts/notes.txt"),
        ("theme/static", "../drafts"),
        ("theme", "drafts"),
    ],
)
def test_a_link_in_a_theme_publishes_no_draft(tmp_path: Path, place: str, target: str) -> None:
    root = newsroom(tmp_path / "content", files={"drafts/x.css": SECRET, "drafts/static/x.css": SECRET})
    link(root, place, target)
    served = app(root)
    for name in ("x.css", "notes.txt", "draft.yaml"):
        assert SECRET.encode() not in served(f"/static/{name}").body
    [problem] = load_content(root).problems
    assert problem.path == place
    assert problem.message == "a symbolic link that leaves theme/ is not followed"
    run("build", tmp_path / "out", root, "--state", tmp_path / "state", "--skip-broken")
    assert in_tree(tmp_path / "out") == []


def test_a_link_within_a_theme_is_followed_as_before(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content", files={"theme/static/x.css": "a {}"})
    link(root, "theme/static/y.css", "x.css")
    assert load_content(root).problems == ()
    assert app(root)("/static/y.css").body == b"a {}"


def test_an_article_s_link_out_of_the_folder_says_what_to_do(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"x.yaml": f"title: {SECRET}\npublished: 2026-01-01\n"})
    root = newsroom(tmp_path / "content")
    link(root, "articles/x.yaml", tmp_path / "outside/x.yaml")
    done = run("check", root)
    assert "articles/x.yaml:1:1: error: a symbolic link that leaves the content folder is not followed; " in done.stdout
    assert "put the file itself there" in done.stdout
    assert SECRET not in done.stdout
    assert os.path.islink(root / "articles/x.yaml")
